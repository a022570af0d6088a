"""Report A's dense net and CNN."""

import keras
from keras import layers

from helpers.models.common import probabilities


def report_a_dense(
    input_shape: tuple[int, int, int] = (32, 32, 3),
    num_classes: int = 10,
    dropout_rate: float = 0.2,
) -> keras.Model:
    """Report A's dense net: Flatten, BatchNorm, Dense 100, BatchNorm, Dense 100, Dropout, Dense 10.

    331,098 parameters, 6,344 of them not trainable, at (32, 32, 3) and 10 classes.

    Args:
        input_shape: (height, width, channels) of the uint8 images, 0 to 255.
        num_classes: Number of classes.
        dropout_rate: Share of the last hidden units dropped in training, 0 up to 1; the report prints none.

    Returns:
        uint8 (batch, *input_shape) -> float32 probabilities (batch, num_classes).
    """
    images = keras.Input(input_shape, dtype="uint8", name="images")
    x = layers.Rescaling(1 / 255, name="scale_pixels")(images)
    x = layers.Flatten(name="flatten")(x)
    return keras.Model(images, _report_a_head(x, num_classes, dropout_rate), name="report_a_dense")


def report_a_cnn(
    input_shape: tuple[int, int, int] = (32, 32, 3),
    num_classes: int = 10,
    dropout_rate: float = 0.5,
    pooling: bool = True,
    pool_stride: int = 2,
    conv_strides: tuple[int, int, int] = (1, 1, 1),
) -> keras.Model:
    """Report A's CNN: three convolutions (50 5x5, 100 3x3, 200 3x3), each halved by a pool, then the dense net's head.

    573,510 parameters, 6,600 of them not trainable, at (32, 32, 3) and 10 classes. Its variants: 21,539,910 (409,800)
    without pools or with a pool stride of 1; 261,510 (600) with a pool stride of 4 or convolution strides of (4, 1, 1);
    323,910 (1,800) with convolution strides of (2, 1, 1).

    Args:
        input_shape: (height, width, channels) of the uint8 images, 0 to 255.
        num_classes: Number of classes.
        dropout_rate: Share of the last hidden units dropped in training, 0 up to 1; the report prints none.
        pooling: Whether the pools are there.
        pool_stride: Pixels between neighbouring 2x2 windows of every pool, 1 or more.
        conv_strides: Pixels between neighbouring places of the kernels, a stride a convolution, each 1 or more.

    Returns:
        uint8 (batch, *input_shape) -> float32 probabilities (batch, num_classes).

    Raises:
        ValueError: A stride below 1, or not three strides of the convolutions.
    """
    if len(conv_strides) != 3 or min(pool_stride, *conv_strides) < 1:
        raise ValueError(
            f"conv_strides, pool_stride: expected three strides and one, each 1 or more, "
            f"got {conv_strides} and {pool_stride}"
        )
    images = keras.Input(input_shape, dtype="uint8", name="images")
    x = layers.Rescaling(1 / 255, name="scale_pixels")(images)
    for i, (filters, kernel_size, stride) in enumerate(zip((50, 100, 200), (5, 3, 3), conv_strides, strict=True), 1):
        x = layers.Conv2D(filters, kernel_size, stride, padding="same", activation="relu", name=f"conv_{i}")(x)
        if pooling:  # 32x32 -> 16x16 -> 8x8 -> 4x4
            x = layers.MaxPooling2D(2, pool_stride, padding="same", name=f"pool_{i}")(x)
    x = layers.Flatten(name="flatten")(x)
    return keras.Model(images, _report_a_head(x, num_classes, dropout_rate), name="report_a_cnn")


def _report_a_head(x, num_classes: int, dropout_rate: float):
    """The layers that both of report A's nets end in, from a flat (batch, features) tensor."""
    x = layers.BatchNormalization(name="batch_norm_1")(x)
    x = layers.Dense(100, activation="relu", name="hidden_1")(x)
    x = layers.BatchNormalization(name="batch_norm_2")(x)
    x = layers.Dense(100, activation="relu", name="hidden_2")(x)
    x = layers.Dropout(dropout_rate, name="dropout")(x)
    return probabilities(x, num_classes)
