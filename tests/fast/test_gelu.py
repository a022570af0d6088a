"""GELU in one loop a direction: the exact one with its derivative, to rounding."""

import keras
import numpy as np
import pytest
from keras import ops

from helpers.fast.gelu import compiled_gelu
from helpers.fast.layers import is_fast

pytestmark = pytest.mark.skipif(not is_fast(), reason="the faster layers are TensorFlow's, on a processor")


def values_and_slopes(function, x) -> list[np.ndarray]:
    """A function's values and its derivative, as float32."""
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return [np.asarray(ops.cast(value, "float32")) for value in (y, tape.gradient(y, x))]


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-6), ("bfloat16", 2**-7), ("float16", 2**-10)])
def test_gelu_is_the_exact_one_with_its_derivative_to_rounding(dtype, tolerance):
    x = np.linspace(-6, 6, 4001).astype("float32")
    rounded = ops.cast(ops.convert_to_tensor(x), dtype)
    wide = ops.cast(rounded, "float32")
    plain = values_and_slopes(lambda t: keras.activations.gelu(t, approximate=False), wide)
    fast = values_and_slopes(compiled_gelu(), rounded)
    assert compiled_gelu()(rounded).dtype == rounded.dtype
    for ours, theirs in zip(fast, plain, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=min(tolerance, 4e-4))


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_far_from_zero_gelu_passes_all_or_nothing(dtype):
    x = ops.cast(ops.convert_to_tensor([-1000.0, -10.0, 10.0, 1000.0]), dtype)
    outputs, slopes = values_and_slopes(compiled_gelu(), x)
    np.testing.assert_allclose(outputs, [0, 0, 10, 1000], atol=1e-3)
    np.testing.assert_allclose(slopes[:2], 0, atol=1e-5)
