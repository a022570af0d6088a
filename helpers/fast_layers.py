"""Three layers with Keras's own weights and results that a processor computes in less time, on TensorFlow.

What costs there, measured with bfloat16, and what is done instead:

- GELU: TensorFlow's `erf` and the chain of small operations around it. Here each direction is one compiled loop, in
  bfloat16 of a polynomial, whose error is far below the rounding.
- The weight gradient of a convolution with many channels on small maps. Here it is one matrix product a tap.
- Keras's batch normalisation, a chain of operations over the whole activation; on a flattened one of 204,800 features
  it took a third of report A's net without pools. Here it is TensorFlow's fused one.

On another backend, on a GPU, or with `fast=False`, these are Keras's own layers.
"""

import math
from functools import cache

import keras
import numpy as np
from keras import layers, ops
from numpy.polynomial import Chebyshev, Polynomial

from helpers.devices import uses_gpu

FARTHEST, DEGREE = 4.5, 9  # GELU's polynomials: at most 7e-5 off, its derivative's 1e-4; bfloat16 rounds by 2e-3 of 1
MATRIX_CHANNELS = 128  # input channels from which the matrix products are the faster way


def is_fast() -> bool:
    """Whether the faster way exists here: TensorFlow on a processor."""
    return keras.backend.backend() == "tensorflow" and not uses_gpu()


def gelu(fast: bool = True):
    """GELU, x * P(N(0, 1) <= x), exact to rounding, computed in float32 and returned in the type that came."""
    return _compiled_gelu() if fast and is_fast() else keras.activations.gelu


def convolution(filters: int, fast: bool = True, kernel_initializer="glorot_uniform", name=None) -> layers.Layer:
    """A 3x3 convolution that keeps the size, without bias or activation."""
    kind = MatrixGradientConv2D if fast and is_fast() else layers.Conv2D
    options = {"padding": "same", "use_bias": False, "kernel_initializer": kernel_initializer, "name": name}
    return kind(filters, 3, **options)


def batch_norm(fast: bool = True, **options) -> layers.Layer:
    """Batch normalisation of maps (batch, height, width, channels), or of (batch, features), over the last axis."""
    kind = FusedBatchNormalization if fast and is_fast() else layers.BatchNormalization
    return kind(**options)


@keras.saving.register_keras_serializable("coursework")
class MatrixGradientConv2D(layers.Conv2D):
    """A 'same' convolution of stride 1 whose weight gradient is a matrix product a tap, over the valid region.

    Raises:
        ValueError: A bias, an activation, or other than plain steps: it would be left out.
    """

    def __init__(self, filters, kernel_size, **options):
        super().__init__(filters, kernel_size, **options)
        plain = (self.strides, self.dilation_rate, self.groups, self.padding) == ((1, 1), (1, 1), 1, "same")
        if not plain or self.use_bias or self.activation is not keras.activations.linear:
            raise ValueError(
                f"{self.name}: expected padding 'same', stride, dilation and groups of 1, no bias and no activation, "
                "which this convolution has no faster way for; use keras.layers.Conv2D"
            )

    def call(self, inputs):
        """(batch, height, width, channels) -> (batch, height, width, filters)."""
        if inputs.shape[-1] < MATRIX_CHANNELS:
            return super().call(inputs)
        return convolve(inputs, ops.cast(self.kernel, self.compute_dtype))


@keras.saving.register_keras_serializable("coursework")
class FusedBatchNormalization(layers.BatchNormalization):
    """Batch normalisation over the last axis in one operation a direction."""

    def call(self, inputs, training=None, mask=None):
        """(batch, height, width, channels), or (batch, features) -> the same shape."""
        import tensorflow as tf

        shape = ops.shape(inputs)
        inputs = inputs if len(shape) == 4 else ops.reshape(inputs, (-1, 1, 1, shape[-1]))
        ones, given = ops.ones(inputs.shape[-1:]), {}
        scale, shift = self.gamma if self.scale else ones, self.beta if self.center else 0 * ones
        if not training or not self.trainable:
            given = {"mean": self.moving_mean, "variance": self.moving_variance}
        outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            inputs, scale, shift, epsilon=self.epsilon, is_training=not given, **given
        )
        if not given:
            count = ops.cast(ops.size(inputs), variance.dtype) / inputs.shape[-1]
            variance = variance * (count - 1) / count  # Keras's is not Bessel-corrected
            for moving, new in ((self.moving_mean, mean), (self.moving_variance, variance)):
                moving.assign(moving * self.momentum + new * (1 - self.momentum))
        return ops.reshape(outputs, shape) if len(shape) != 4 else outputs


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


@cache
def _compiled_gelu():
    """GELU with its derivative, each direction one loop that XLA compiles, so one pass over memory."""
    import tensorflow as tf

    def probability(x):
        return 0.5 * (1 + tf.math.erf(x * math.sqrt(0.5)))

    def slope(x):
        return probability(x) + x * tf.exp(-0.5 * tf.square(x)) * (1 / math.sqrt(2 * math.pi))

    by_polynomial = {exact: _polynomial(lambda x, exact=exact: exact(x).numpy()) for exact in (probability, slope)}

    def evaluate(exact, x):
        wide = tf.cast(x, "float32")
        if x.dtype == tf.float32:
            return exact(wide)
        near = tf.clip_by_value(wide, -FARTHEST, FARTHEST)
        return 0.5 + near * tf.math.polyval(by_polynomial[exact], near * near * (2 / FARTHEST**2) - 1)

    @tf.function(jit_compile=True)
    def forward(x):
        return tf.cast(tf.cast(x, "float32") * evaluate(probability, x), x.dtype)

    @tf.function(jit_compile=True)
    def backward(x, upstream):
        return tf.cast(tf.cast(upstream, "float32") * evaluate(slope, x), x.dtype)

    @tf.custom_gradient
    def gelu(x):
        return forward(x), lambda upstream: backward(x, upstream)

    return gelu


def _polynomial(function) -> list[float]:
    """Coefficients of (function(x) - 0.5) / x by 2 (x / FARTHEST)^2 - 1, highest power first.

    The function rises from about 0 at -FARTHEST to about 1 at FARTHEST, and is odd around 0.5. It is interpolated at
    Chebyshev's points, then stretched to be 0 and 1 at the ends.
    """
    fitted = Chebyshev.interpolate(lambda x2: (function(np.sqrt(x2)) - 0.5) / np.sqrt(x2), DEGREE, [0, FARTHEST**2])
    fitted *= 0.5 / (FARTHEST * fitted(FARTHEST**2))
    return fitted.convert(kind=Polynomial, domain=fitted.domain).coef[::-1].tolist()
