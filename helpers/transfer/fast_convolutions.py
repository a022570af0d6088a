"""Convolutions as matrix products where a processor is slow at them: the same function and weights, less time.

At 32x32 VGG16's last block works on maps of 2x2, of which a 3x3 kernel sees every pixel from every pixel, and four or
more of its nine taps fall on padding: there a convolution is one product. On larger maps with many channels it is the
weight gradient that is slow: `fast_layers` computes it as a product a tap.
"""

import itertools

import keras
from keras import layers, ops

from helpers import fast_layers


class FastConvolution(layers.Layer):
    """A convolution of stride 1 that keeps the size, computed in another way.

    Args:
        convolution: The layer whose weights are used, built. What trains of it, trains here.
    """

    def __init__(self, convolution: layers.Conv2D, **options):
        super().__init__(name=f"{convolution.name}_as_product", dtype=convolution.dtype_policy, **options)
        self.convolution = convolution
        self.built = True

    def call(self, x):
        """(batch, height, width, channels) -> (batch, height, width, filters)."""
        x = self.convolve(x, ops.cast(self.convolution.kernel, self.compute_dtype))
        return self.convolution.activation(x + self.convolution.bias if self.convolution.use_bias else x)

    def get_config(self):
        """What the layer is made with; part of the cache's key."""
        return super().get_config() | {"convolution": keras.saving.serialize_keras_object(self.convolution)}


@keras.saving.register_keras_serializable("coursework")
class SmallMapConvolution(FastConvolution):
    """One matrix product, for a kernel that reaches all pixels of its input from each of them."""

    def convolve(self, x, kernel):
        """(batch, height, width, channels) -> (batch, height, width, filters), before bias and activation."""
        height, width, channels = x.shape[1:]
        rows, columns, _, filters = kernel.shape
        pixels = list(itertools.product(range(height), range(width)))
        # Which tap takes an input pixel to an output pixel; gathered, since the gradient of slices is slow.
        taps = [
            (row_in - row + (rows - 1) // 2) * columns + column_in - column + (columns - 1) // 2
            for row_in, column_in in pixels
            for row, column in pixels
        ]
        kernel = ops.reshape(kernel, (rows * columns, channels, filters))
        matrix = ops.reshape(ops.take(kernel, taps, axis=0), (len(pixels), len(pixels), channels, filters))
        matrix = ops.reshape(ops.transpose(matrix, (0, 2, 1, 3)), (len(pixels) * channels, len(pixels) * filters))
        x = ops.matmul(ops.reshape(x, (-1, len(pixels) * channels)), matrix)
        return ops.reshape(x, (-1, height, width, filters))


@keras.saving.register_keras_serializable("coursework")
class MatrixGradientConvolution(FastConvolution):
    """Keras's convolution, with its weight gradient by `fast_layers`."""

    def convolve(self, x, kernel):
        """(batch, height, width, channels) -> (batch, height, width, filters), before bias and activation."""
        return fast_layers.convolve(x, kernel)


def with_fast_convolutions(model: keras.Model) -> keras.Model:
    """The same model, sharing all layers, with the convolutions that are slow computed in a faster way.

    Args:
        model: Functional. What of it trains is known.
    """
    return keras.models.clone_model(model, clone_function=_faster)


def _faster(layer: layers.Layer) -> layers.Layer:
    """A layer in its fastest way."""
    if type(layer) is not layers.Conv2D or layer.data_format != "channels_last" or layer.padding != "same":
        return layer
    if (*layer.strides, *layer.dilation_rate, layer.groups) != (1, 1, 1, 1, 1):
        return layer
    sides = zip(layer.input.shape[1:3], layer.kernel_size, strict=True)
    if all(side is not None and 2 * side - 1 <= size for side, size in sides):
        return SmallMapConvolution(layer)
    slow = layer.trainable and layer.kernel_size != (1, 1) and layer.input.shape[-1] >= fast_layers.MATRIX_CHANNELS
    return MatrixGradientConvolution(layer) if slow and fast_layers.is_fast() else layer
