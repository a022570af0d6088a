"""Report B's net for resolutions, and its two for Fashion-MNIST."""

import keras
from keras import layers

from helpers.models.common import probabilities


def report_b_convnet(
    input_shape: tuple[int, int, int] = (32, 32, 3),
    num_classes: int = 10,
    dropout_rate: float = 0.25,
    padding: str = "valid",
) -> keras.Model:
    """Report B's net: two blocks of three 3x3 convolutions (32, then 64), each with a pool, then Dense 512.

    412,298 parameters at (32, 32, 3) and 10 classes, without padding as in the report. Without padding it takes images
    of 22 pixels a side or more; with it also those of 16 and 8.

    Args:
        input_shape: (height, width, channels) of the uint8 images, 0 to 255.
        num_classes: Number of classes.
        dropout_rate: Share dropped after each pool and before the last layer, 0 up to 1; the report prints none.
        padding: "valid", as in the report, or "same".

    Returns:
        uint8 (batch, *input_shape) -> float32 probabilities (batch, num_classes).
    """
    images = keras.Input(input_shape, dtype="uint8", name="images")
    x = layers.Rescaling(1 / 255, name="scale_pixels")(images)
    for i, filters in enumerate((32, 64), 1):
        for j in (1, 2, 3):  # 32 -> 30 -> 28 -> 26, then 13 -> 11 -> 9 -> 7
            x = layers.Conv2D(filters, 3, padding=padding, activation="relu", name=f"conv_{i}_{j}")(x)
        x = layers.MaxPooling2D(2, name=f"pool_{i}")(x)  # 26 -> 13, then 7 -> 3
        x = layers.Dropout(dropout_rate, name=f"dropout_{i}")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(512, activation="relu", name="hidden")(x)
    x = layers.Dropout(dropout_rate, name="dropout_3")(x)
    return keras.Model(images, probabilities(x, num_classes), name="report_b_convnet")


def report_b_arc2(
    input_shape: tuple[int, int, int] = (28, 28, 1), num_classes: int = 10, dropout_rate: float = 0.25
) -> keras.Model:
    """Report B's Arc2: Conv 64 2x2, MaxPool 2, Dropout, Conv 64 2x2, Dropout, Dense 64 (on 9,216), Dense 10.

    607,306 parameters at (28, 28, 1) and 10 classes.

    Args:
        input_shape: (height, width, channels) of the uint8 images, 0 to 255.
        num_classes: Number of classes.
        dropout_rate: Share dropped after each convolution, 0 up to 1; the report's is 0.25.

    Returns:
        uint8 (batch, *input_shape) -> float32 probabilities (batch, num_classes).
    """
    return _arc(input_shape, num_classes, dropout_rate, pools=(True, False), name="report_b_arc2")


def report_b_arc3(
    input_shape: tuple[int, int, int] = (28, 28, 1), num_classes: int = 10, dropout_rate: float = 0.25
) -> keras.Model:
    """Report B's Arc3: Arc2 with a third Conv 64 2x2, and a second pool, which its table omits and its shape needs.

    136,330 parameters at (28, 28, 1) and 10 classes; the Dense 64 takes 1,600 inputs.

    Args:
        input_shape, num_classes, dropout_rate: As for `report_b_arc2`.

    Returns:
        uint8 (batch, *input_shape) -> float32 probabilities (batch, num_classes).
    """
    return _arc(input_shape, num_classes, dropout_rate, pools=(True, True, False), name="report_b_arc3")


def _arc(input_shape, num_classes: int, dropout_rate: float, pools: tuple[bool, ...], name: str) -> keras.Model:
    """Convolutions of 64 2x2 without padding, each with dropout and some with a pool, then Dense 64."""
    images = keras.Input(input_shape, dtype="uint8", name="images")
    x = layers.Rescaling(1 / 255, name="scale_pixels")(images)
    for i, has_pool in enumerate(pools, 1):  # 28 -> 27 -> 13 -> 12; with the second pool 12 -> 6 -> 5
        x = layers.Conv2D(64, 2, activation="relu", name=f"conv_{i}")(x)
        x = layers.MaxPooling2D(2, name=f"pool_{i}")(x) if has_pool else x
        x = layers.Dropout(dropout_rate, name=f"dropout_{i}")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(64, activation="relu", name="hidden")(x)
    return keras.Model(images, probabilities(x, num_classes), name=name)
