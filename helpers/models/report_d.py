"""Report D's three CNNs of different depth."""

import keras
from keras import layers

from helpers.models.common import probabilities


def report_d_model_1(
    input_shape: tuple[int, int, int] = (32, 32, 3), num_classes: int = 10, batch_norm: bool = False
) -> keras.Model:
    """Report D's model 1: Conv 32 5x5, 64 3x3, 128 3x3, each with ReLU and a pool, then Dense 128.

    358,346 parameters at (32, 32, 3) and 10 classes.

    Args:
        input_shape: (height, width, channels) of the uint8 images, 0 to 255.
        num_classes: Number of classes.
        batch_norm: Whether batch normalisation follows each convolution, as in model 3.

    Returns:
        uint8 (batch, *input_shape) -> float32 probabilities (batch, num_classes).
    """
    images = keras.Input(input_shape, dtype="uint8", name="images")
    x = layers.Rescaling(1 / 255, name="scale_pixels")(images)
    for i, (filters, kernel_size) in enumerate(((32, 5), (64, 3), (128, 3)), 1):  # 32x32 -> 16x16 -> 8x8 -> 4x4
        x = layers.Conv2D(filters, kernel_size, padding="same", name=f"conv_{i}")(x)
        x = layers.BatchNormalization(name=f"batch_norm_{i}")(x) if batch_norm else x
        x = layers.Activation("relu", name=f"relu_{i}")(x)
        x = layers.MaxPooling2D(2, name=f"pool_{i}")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(128, activation="relu", name="hidden")(x)
    return keras.Model(images, probabilities(x, num_classes), name="report_d_model_1")


def report_d_model_2(input_shape: tuple[int, int, int] = (32, 32, 3), num_classes: int = 10) -> keras.Model:
    """Report D's model 2: Conv 32 7x7, 64 5x5, 128 3x3, 256 3x3, each pooled, GlobalAveragePooling, Dense 128 and 32.

    462,378 parameters at (32, 32, 3) and 10 classes.

    Args:
        input_shape, num_classes: As for `report_d_model_1`.

    Returns:
        uint8 (batch, *input_shape) -> float32 probabilities (batch, num_classes).
    """
    images = keras.Input(input_shape, dtype="uint8", name="images")
    x = layers.Rescaling(1 / 255, name="scale_pixels")(images)
    for i, (filters, kernel_size) in enumerate(((32, 7), (64, 5), (128, 3), (256, 3)), 1):  # 32x32 -> ... -> 2x2
        x = layers.Conv2D(filters, kernel_size, padding="same", activation="relu", name=f"conv_{i}")(x)
        x = layers.MaxPooling2D(2, name=f"pool_{i}")(x)
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    for i, units in enumerate((128, 32), 1):
        x = layers.Dense(units, activation="relu", name=f"hidden_{i}")(x)
    return keras.Model(images, probabilities(x, num_classes), name="report_d_model_2")


def report_d_model_3(input_shape: tuple[int, int, int] = (32, 32, 3), num_classes: int = 10) -> keras.Model:
    """Report D's model 3: model 1 with batch normalisation after each convolution, as in the report's code.

    359,242 parameters, 448 of them not trainable, at (32, 32, 3) and 10 classes.

    Args:
        input_shape, num_classes: As for `report_d_model_1`.

    Returns:
        uint8 (batch, *input_shape) -> float32 probabilities (batch, num_classes).
    """
    return report_d_model_1(input_shape, num_classes, batch_norm=True)
