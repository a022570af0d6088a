"""The published architectures: uint8 images in, class probabilities out, uncompiled.

Pixels are scaled inside the model, and the softmax is computed in float32 whatever the precision policy.
"""

import math
from collections.abc import Sequence

import keras
import pandas as pd
from keras import layers


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
    return keras.Model(images, _probabilities(x, num_classes), name="report_c_mlp")


def report_e_convnet(
    input_shape: tuple[int, int, int] = (32, 32, 3),
    num_classes: int = 10,
    activation: str = "leaky_relu",
) -> keras.Model:
    """Report E's ConvNet: two blocks of two 3x3 convolutions (32, then 64), a dense layer of 512, and dropout.

    2,171,178 parameters, 1,408 of them not trainable, at (32, 32, 3) and 10 classes.

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
            x = activate(layers.BatchNormalization(name=f"batch_norm_{i}_{j}")(x))
        x = layers.MaxPooling2D(2, name=f"pool_{i}")(x)  # 32x32 -> 16x16 -> 8x8
        x = layers.Dropout(0.25, name=f"dropout_{i}")(x)
    x = layers.Flatten(name="flatten")(x)
    x = activate(layers.BatchNormalization(name="batch_norm_3")(layers.Dense(512, name="hidden_1")(x)))
    x = layers.Dropout(0.5, name="dropout_3")(x)
    return keras.Model(images, _probabilities(x, num_classes), name="report_e_convnet")


def _report_a_head(x, num_classes: int, dropout_rate: float):
    """The layers that both of report A's nets end in, from a flat (batch, features) tensor."""
    x = layers.BatchNormalization(name="batch_norm_1")(x)
    x = layers.Dense(100, activation="relu", name="hidden_1")(x)
    x = layers.BatchNormalization(name="batch_norm_2")(x)
    x = layers.Dense(100, activation="relu", name="hidden_2")(x)
    x = layers.Dropout(dropout_rate, name="dropout")(x)
    return _probabilities(x, num_classes)


def _probabilities(x, num_classes: int):
    """A dense layer and its softmax, in float32 also under a mixed policy."""
    return layers.Dense(num_classes, activation="softmax", dtype="float32", name="probabilities")(x)


def count_parameters(model: keras.Model) -> dict[str, int]:
    """Numbers of parameters: total, trainable, non_trainable."""
    total = model.count_params()
    trainable = sum(math.prod(weight.shape) for weight in model.trainable_weights)
    return {"total": total, "trainable": trainable, "non_trainable": total - trainable}


def describe_layers(model: keras.Model) -> pd.DataFrame:
    """The layers of a model as a table: what a reader counts in a report.

    Args:
        model: A functional model.

    Returns:
        A row a layer, in order: layer, kind, kernels (their number), kernel size, output shape, parameters.
    """
    rows = []
    for layer in (layer for layer in model.layers if not isinstance(layer, layers.InputLayer)):
        convolution = isinstance(layer, layers.Conv2D)
        rows.append(
            {
                "layer": layer.name,
                "kind": type(layer).__name__,
                "kernels": layer.filters if convolution else "",
                "kernel size": "x".join(map(str, layer.kernel_size)) if convolution else "",
                "output shape": " x ".join(map(str, layer.output.shape[1:])),
                "parameters": f"{layer.count_params():,}",
            }
        )
    return pd.DataFrame(rows)
