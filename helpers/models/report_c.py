"""Report C's MLP and CNNs."""

from collections.abc import Sequence

import keras
from keras import layers

from helpers.models.common import probabilities


def report_c_mlp(
    input_shape: tuple[int, int, int] = (32, 32, 3),
    num_classes: int = 10,
    mean: Sequence[float] = (0.5, 0.5, 0.5),
    std: Sequence[float] = (0.25, 0.25, 0.25),
) -> keras.Model:
    """Report C's MLP: 3072-256-128-10 with ReLU, on channels normalised by their mean and standard deviation.

    820,874 parameters, all trainable, at (32, 32, 3) and 10 classes.

    Args:
        input_shape: (height, width, channels) of the uint8 images, 0 to 255.
        num_classes: Number of classes.
        mean: Mean of each channel over the training images, pixels taken as 0 to 1.
        std: Standard deviation of each channel, likewise.

    Returns:
        uint8 (batch, *input_shape) -> float32 probabilities (batch, num_classes).

    Raises:
        ValueError: Not a mean and a standard deviation for each channel.
    """
    if not len(mean) == len(std) == input_shape[-1]:
        raise ValueError(f"mean, std: expected {input_shape[-1]} channels, got {len(mean)} and {len(std)}")
    images = keras.Input(input_shape, dtype="uint8", name="images")
    scale, offset = [1 / (255 * s) for s in std], [-m / s for m, s in zip(mean, std, strict=True)]
    x = layers.Rescaling(scale, offset, name="normalise_channels")(images)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(256, activation="relu", name="hidden_1")(x)
    x = layers.Dense(128, activation="relu", name="hidden_2")(x)
    return keras.Model(images, probabilities(x, num_classes), name="report_c_mlp")


def report_c_cnn(
    input_shape: tuple[int, int, int] = (32, 32, 3),
    num_classes: int = 10,
    batch_norm: bool = False,
    mean: Sequence[float] = (0.5, 0.5, 0.5),
    std: Sequence[float] = (0.25, 0.25, 0.25),
) -> keras.Model:
    """A CNN that can stand for report C's two, whose layers were in pictures that are lost.

    Three blocks of two 3x3 convolutions (32, 64; 128, 128; 256, 256) and a pool, then Dense 1024 and 512: 5,851,338
    parameters at (32, 32, 3) and 10 classes. With batch normalisation after each convolution, and the dropout that the
    report's prose adds, before each dense layer: 5,854,794, of them 1,728 not trainable.

    Args:
        input_shape: (height, width, channels) of the uint8 images, 0 to 255.
        num_classes: Number of classes.
        batch_norm: Whether it has batch normalisation, and dropout.
        mean: Mean of each channel over the training images, pixels taken as 0 to 1.
        std: Standard deviation of each channel, likewise.

    Returns:
        uint8 (batch, *input_shape) -> float32 probabilities (batch, num_classes).
    """
    images = keras.Input(input_shape, dtype="uint8", name="images")
    scale, offset = [1 / (255 * s) for s in std], [-m / s for m, s in zip(mean, std, strict=True)]
    x = layers.Rescaling(scale, offset, name="normalise_channels")(images)
    for i, pair in enumerate(((32, 64), (128, 128), (256, 256)), 1):
        for j, filters in enumerate(pair, 1):
            x = layers.Conv2D(filters, 3, padding="same", name=f"conv_{i}_{j}")(x)
            x = layers.BatchNormalization(name=f"batch_norm_{i}_{j}")(x) if batch_norm else x
            x = layers.Activation("relu", name=f"relu_{i}_{j}")(x)
        x = layers.MaxPooling2D(2, name=f"pool_{i}")(x)  # 32x32 -> 16x16 -> 8x8 -> 4x4
    x = layers.Flatten(name="flatten")(x)
    for i, units in enumerate((1024, 512), 1):
        x = layers.Dropout(0.5, name=f"dropout_{i}")(x) if batch_norm else x
        x = layers.Dense(units, activation="relu", name=f"hidden_{i}")(x)
    return keras.Model(images, probabilities(x, num_classes), name="report_c_cnn")
