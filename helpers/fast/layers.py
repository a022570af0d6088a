"""Faster implementations of Keras's layers, put into a plain model while it computes: TensorFlow on a processor.

What costs there, measured with bfloat16, and what is done instead:

- GELU: TensorFlow's `erf` and the chain of small operations around it. Here each direction is one compiled loop, in
  bfloat16 of a polynomial, whose error is far below the rounding.
- Keras's batch normalisation, a chain of operations over the whole activation; on a flattened one of 204,800 features
  it took a third of report A's net without pools. Here it is TensorFlow's fused one.
- The weight gradient of a convolution with many channels on small maps. Here it is one matrix product a tap.
- A convolution on maps of 2x2, where a 3x3 kernel sees every pixel from every pixel, and four or more of its nine taps
  fall on padding. Here it is one matrix product.

The layers stay as they are: their `call` is replaced for a while. Weights and results are the same, but for rounding.
"""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import keras
from keras import layers, ops

from helpers.fast.gelu import compiled_gelu
from helpers.machine import uses_gpu

MATRIX_CHANNELS = 128  # input channels from which the matrix products are faster


def is_fast() -> bool:
    """Whether there are faster implementations here: TensorFlow on a processor."""
    return keras.backend.backend() == "tensorflow" and not uses_gpu()


@contextmanager
def fast_layers(*models: keras.Model, enabled: bool = True) -> Iterator[None]:
    """Have the layers of models computed by faster implementations; afterwards they are Keras's again.

    Functions that Keras has compiled before are compiled anew, within and afterwards.

    Args:
        *models: Built.
        enabled: False changes nothing.
    """
    found = [layer for model in models for layer in all_layers(model)] if enabled and is_fast() else []
    plain = [layer for layer in dict.fromkeys(found) if "call" not in vars(layer)]  # else it is replaced already
    replaced = [(layer, call) for layer in plain if (call := _faster(layer))]
    for layer, call in replaced:
        layer.call = call
    if replaced:
        _forget_compiled(models)
    try:
        yield
    finally:
        for layer, _ in replaced:
            del layer.call
        if replaced:
            _forget_compiled(models)


def all_layers(model: keras.Model) -> list[layers.Layer]:
    """All layers, those of models within the model included, in order."""
    found = []
    for layer in model.layers:
        found += [layer, *(all_layers(layer) if isinstance(layer, keras.Model) else [])]
    return found


def _forget_compiled(models) -> None:
    """Have Keras compile its functions anew."""
    for model in models:
        model.train_function = model.test_function = model.predict_function = None


def _faster(layer: layers.Layer) -> Callable | None:
    """A faster `call` of a layer; None where there is none."""
    if layer.compute_dtype not in ("float32", "bfloat16", "float16"):
        return None
    if type(layer) is layers.BatchNormalization and layer.built and _is_plain_norm(layer):
        return partial(_fused_norm, layer, layer.call)
    if type(layer) is layers.Activation and layer.activation is keras.activations.gelu:
        return partial(_gelu, compiled_gelu())
    if type(layer) is layers.Conv2D and _is_plain_convolution(layer):
        return partial(_convolution, layer, layer.call)
    return None


def _gelu(gelu: Callable, inputs):
    """GELU of any shape."""
    return gelu(inputs)


def _is_plain_norm(layer: layers.BatchNormalization) -> bool:
    """Whether it normalises over the last axis of maps or of flat features, by this device's and batch's statistics.

    They must be float32, whatever the layer computes in: TensorFlow's operation knows no others.
    """
    rank = layer.input_spec.ndim
    other = layer.synchronized or getattr(layer, "renorm", False)  # newer than Keras 3.13
    return rank in (2, 4) and layer.axis in (-1, rank - 1) and layer.variable_dtype == "float32" and not other


def _fused_norm(layer: layers.BatchNormalization, plain: Callable, inputs, training=None, mask=None):
    """Batch normalisation in one operation a direction: (batch, height, width, channels) or (batch, features)."""
    if mask is not None:  # only some of the inputs are to count
        return plain(inputs, training=training, mask=mask)
    import tensorflow as tf

    shape = ops.shape(inputs)
    inputs = inputs if len(shape) == 4 else ops.reshape(inputs, (-1, 1, 1, shape[-1]))
    ones, given = ops.ones(inputs.shape[-1:]), {}
    scale, shift = layer.gamma if layer.scale else ones, layer.beta if layer.center else 0 * ones
    if not training or not layer.trainable:
        given = {"mean": layer.moving_mean, "variance": layer.moving_variance}
    outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
        inputs, scale, shift, epsilon=layer.epsilon, is_training=not given, **given
    )
    if not given:
        count = ops.cast(ops.size(inputs), variance.dtype) / inputs.shape[-1]
        variance = variance * (count - 1) / count  # Keras's is not Bessel-corrected
        for moving, new in ((layer.moving_mean, mean), (layer.moving_variance, variance)):
            moving.assign(moving * layer.momentum + new * (1 - layer.momentum))
    return ops.reshape(outputs, shape) if len(shape) != 4 else outputs


def _is_plain_convolution(layer: layers.Conv2D) -> bool:
    """Whether a convolution keeps the size of its maps and takes each place."""
    kept = layer.data_format == "channels_last" and layer.padding == "same" and layer.built
    return kept and (*layer.strides, *layer.dilation_rate, layer.groups) == (1, 1, 1, 1, 1)


def _convolution(layer: layers.Conv2D, plain: Callable, inputs):
    """(batch, height, width, channels) -> (batch, height, width, filters), by whichever implementation is fastest."""
    small = all(side and 2 * side - 1 <= size for side, size in zip(inputs.shape[1:3], layer.kernel_size, strict=True))
    slow = layer.trainable and layer.kernel_size != (1, 1) and inputs.shape[-1] >= MATRIX_CHANNELS
    if not small and not slow:
        return plain(inputs)
    kernel = ops.cast(layer.kernel, layer.compute_dtype)
    outputs = _small_map_convolution(inputs, kernel) if small else convolve(inputs, kernel)
    outputs = outputs + ops.cast(layer.bias, layer.compute_dtype) if layer.use_bias else outputs
    return layer.activation(outputs)


def _small_map_convolution(inputs, kernel):
    """One matrix product, for a kernel that reaches all pixels of its input from each of them."""
    height, width, channels = inputs.shape[1:]
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
    outputs = ops.matmul(ops.reshape(inputs, (-1, len(pixels) * channels)), matrix)
    return ops.reshape(outputs, (-1, height, width, filters))


@ops.custom_gradient
def convolve(inputs, kernel):
    """A 'same' convolution of stride 1 whose weight gradient is a matrix product a tap, over the valid region.

    Args:
        inputs: (batch, height, width, channels).
        kernel: (rows, columns, channels, filters), of the same type.

    Returns:
        (batch, height, width, filters).
    """

    def gradient(*upstreams, upstream=None):
        upstream = upstreams[0] if upstream is None else upstream
        to_inputs = ops.conv_transpose(upstream, kernel, padding="same")
        return to_inputs, _weight_gradient(inputs, upstream, kernel.shape[:2])

    return ops.conv(inputs, kernel, padding="same"), gradient


def _weight_gradient(inputs, upstream, kernel_size: tuple[int, int]):
    """Sum over images and places of input times upstream: (rows, columns, channels, filters)."""
    # Rows first and images third: what a tap takes of the rows is then a part of memory as it is, and of the columns
    # long pieces, which are copied once for all taps of a column.
    inputs, upstream = (ops.transpose(maps, (1, 2, 0, 3)) for maps in (inputs, upstream))
    taps = {}
    for column in range(kernel_size[1]):
        left, right = _shifted(inputs, upstream, column - (kernel_size[1] - 1) // 2, axis=1)
        for row in range(kernel_size[0]):
            taken, met = _shifted(left, right, row - (kernel_size[0] - 1) // 2, axis=0)
            taken, met = (ops.reshape(maps, (-1, maps.shape[-1])) for maps in (taken, met))
            taps[row, column] = ops.matmul(ops.transpose(taken), met)
    stacked = ops.stack([taps[tap] for tap in sorted(taps)])
    return ops.reshape(stacked, (*kernel_size, inputs.shape[-1], upstream.shape[-1]))


def _shifted(inputs, upstream, places: int, axis: int):
    """The parts of both that meet when the inputs are shifted by so many places along an axis."""
    if places == 0:
        return inputs, upstream
    before = (slice(None),) * axis
    first, last = (*before, slice(None, -abs(places))), (*before, slice(abs(places), None))
    return (inputs[last], upstream[first]) if places > 0 else (inputs[first], upstream[last])
