"""Convolutions on maps of a few pixels as one matrix product each: the same function and weights, less time.

At 32x32 VGG16's last block works on maps of 2x2, of which a 3x3 kernel sees every pixel from every pixel, and four or
more of its nine taps fall on padding. Processors compute such convolutions far below their speed.
"""

import itertools

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("coursework")
class SmallMapConvolution(layers.Layer):
    """A 'same' convolution whose kernel reaches all pixels of its input from each of them, with that layer's weights.

    Args:
        convolution: The layer, built. What trains of it, trains here.
    """

    def __init__(self, convolution: layers.Conv2D, **options):
        super().__init__(name=f"{convolution.name}_as_product", dtype=convolution.dtype_policy, **options)
        self.convolution = convolution
        self.built = True

    def call(self, x):
        """(batch, height, width, channels) -> (batch, height, width, filters)."""
        height, width, channels = x.shape[1:]
        rows, columns, _, filters = self.convolution.kernel.shape
        pixels = list(itertools.product(range(height), range(width)))
        # Which tap takes an input pixel to an output pixel; gathered, since the gradient of slices is slow.
        taps = [
            (row_in - row + (rows - 1) // 2) * columns + column_in - column + (columns - 1) // 2
            for row_in, column_in in pixels
            for row, column in pixels
        ]
        kernel = ops.reshape(self.convolution.kernel, (rows * columns, channels, filters))
        matrix = ops.reshape(ops.take(kernel, taps, axis=0), (len(pixels), len(pixels), channels, filters))
        matrix = ops.reshape(ops.transpose(matrix, (0, 2, 1, 3)), (len(pixels) * channels, len(pixels) * filters))
        x = ops.matmul(ops.reshape(x, (-1, len(pixels) * channels)), matrix)
        x = ops.reshape(x, (-1, height, width, filters))
        return self.convolution.activation(x + self.convolution.bias if self.convolution.use_bias else x)

    def get_config(self):
        """What the layer is made with; part of the cache's key."""
        return super().get_config() | {"convolution": keras.saving.serialize_keras_object(self.convolution)}


def with_small_maps(model: keras.Model) -> keras.Model:
    """The same model, sharing all layers, with its convolutions on small maps computed as matrix products.

    Args:
        model: Functional.
    """
    return keras.models.clone_model(
        model, clone_function=lambda layer: SmallMapConvolution(layer) if _is_small(layer) else layer
    )


def _is_small(layer: layers.Layer) -> bool:
    """Whether a layer is a plain convolution whose kernel covers its whole input from each of its pixels."""
    if type(layer) is not layers.Conv2D or layer.data_format != "channels_last" or layer.padding != "same":
        return False
    plain = (*layer.strides, *layer.dilation_rate, layer.groups) == (1, 1, 1, 1, 1)
    sides = zip(layer.input.shape[1:3], layer.kernel_size, strict=True)
    return plain and all(side is not None and 2 * side - 1 <= size for side, size in sides)
