"""Report E's ConvNet."""

import keras
from keras import layers

from helpers.models.common import probabilities


def report_e_convnet(
    input_shape: tuple[int, int, int] = (32, 32, 3),
    num_classes: int = 10,
    activation: str = "leaky_relu",
) -> keras.Model:
    """Report E's ConvNet: two blocks of two 3x3 convolutions (32, then 64), a dense layer of 512, and dropout.

    2,171,178 parameters, 1,408 of them not trainable, at (32, 32, 3) and 10 classes. The running statistics have a
    momentum of 0.9, PyTorch's default: with Keras's 0.99 they are far behind after the few steps of a short run.

    Args:
        input_shape: (height, width, channels) of the uint8 images, 0 to 255; scaled to -1 to 1 inside.
        num_classes: Number of classes.
        activation: After each batch normalisation: "leaky_relu", with a slope of 0.01 below 0, or a name of Keras's.

    Returns:
        uint8 (batch, *input_shape) -> float32 probabilities (batch, num_classes).
    """

    def activate(x):
        return layers.LeakyReLU(0.01)(x) if activation == "leaky_relu" else layers.Activation(activation)(x)

    images = keras.Input(input_shape, dtype="uint8", name="images")
    x = layers.Rescaling(1 / 127.5, -1, name="scale_pixels")(images)
    for i, filters in enumerate((32, 64), 1):
        for j in (1, 2):
            x = layers.Conv2D(filters, 3, padding="same", name=f"conv_{i}_{j}")(x)
            x = activate(layers.BatchNormalization(momentum=0.9, name=f"batch_norm_{i}_{j}")(x))
        x = layers.MaxPooling2D(2, name=f"pool_{i}")(x)  # 32x32 -> 16x16 -> 8x8
        x = layers.Dropout(0.25, name=f"dropout_{i}")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(512, name="hidden_1")(x)
    x = activate(layers.BatchNormalization(momentum=0.9, name="batch_norm_3")(x))
    x = layers.Dropout(0.5, name="dropout_3")(x)
    return keras.Model(images, probabilities(x, num_classes), name="report_e_convnet")
