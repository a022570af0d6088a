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
    images = keras.Input(input_shape, dtype="uint8", name="images")
    x = layers.Flatten(name="flatten")(_normalised(images, mean, std))
    x = layers.Dense(256, activation="relu", name="hidden_1")(x)
    x = layers.Dense(128, activation="relu", name="hidden_2")(x)
    return keras.Model(images, probabilities(x, num_classes), name="report_c_mlp")


def report_c_cnn(
    input_shape: tuple[int, int, int] = (32, 32, 3),
    num_classes: int = 10,
    batch_norm: bool = False,
    dropout_rate: float = 0.0,
    mean: Sequence[float] = (0.5, 0.5, 0.5),
    std: Sequence[float] = (0.25, 0.25, 0.25),
) -> keras.Model:
    """A CNN that can stand for report C's two, whose layers were in pictures that are lost.

    Three blocks of two 3x3 convolutions (32, 64, 128 kernels) and a pool, then Dense 256: 814,122 parameters at (32,
    32, 3) and 10 classes; with batch normalisation after each convolution 815,914, of them 896 not trainable. Its
    running statistics have a momentum of 0.9, PyTorch's default. Without it the net reaches the printed accuracies in
    the report's ten epochs.

    Args:
        input_shape: (height, width, channels) of the uint8 images, 0 to 255.
        num_classes: Number of classes.
        batch_norm: Whether it has batch normalisation.
        dropout_rate: Share of the dense layer's inputs dropped in training, 0 up to 1; the report prints none.
        mean: Mean of each channel over the training images, pixels taken as 0 to 1.
        std: Standard deviation of each channel, likewise.

    Returns:
        uint8 (batch, *input_shape) -> float32 probabilities (batch, num_classes).

    Raises:
        ValueError: Not a mean and a standard deviation for each channel.
    """
    images = keras.Input(input_shape, dtype="uint8", name="images")
    x = _normalised(images, mean, std)
    for i, filters in enumerate((32, 64, 128), 1):
        for j in (1, 2):
            x = layers.Conv2D(filters, 3, padding="same", name=f"conv_{i}_{j}")(x)
            x = layers.BatchNormalization(momentum=0.9, name=f"batch_norm_{i}_{j}")(x) if batch_norm else x
            x = layers.Activation("relu", name=f"relu_{i}_{j}")(x)
        x = layers.MaxPooling2D(2, name=f"pool_{i}")(x)  # 32x32 -> 16x16 -> 8x8 -> 4x4
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dropout(dropout_rate, name="dropout")(x) if dropout_rate else x
    x = layers.Dense(256, activation="relu", name="hidden_1")(x)
    return keras.Model(images, probabilities(x, num_classes), name="report_c_cnn")


def _normalised(images, mean: Sequence[float], std: Sequence[float]):
    """Images of 0 to 255 with each channel normalised by its mean and standard deviation."""
    if not len(mean) == len(std) == images.shape[-1]:
        raise ValueError(f"mean, std: expected {images.shape[-1]} channels, got {len(mean)} and {len(std)}")
    scale, offset = [1 / (255 * s) for s in std], [-m / s for m, s in zip(mean, std, strict=True)]
    return layers.Rescaling(scale, offset, name="normalise_channels")(images)
