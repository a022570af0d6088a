"""The faster layers compute what Keras's own do: the same results and gradients, to rounding."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from helpers import fast_layers

pytestmark = pytest.mark.skipif(not fast_layers.is_fast(), reason="the faster layers are TensorFlow's, on a processor")


def differentiate(layer, x, **options):
    """A layer's output, and the gradients of a weighted sum of it by its input and its weights, as arrays."""
    import tensorflow as tf

    rng = np.random.default_rng(1)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x, **options)
        loss = ops.sum(ops.cast(y, "float32") * rng.standard_normal(y.shape).astype("float32"))
    weights = getattr(layer, "trainable_variables", [])
    gradients = tape.gradient(loss, [x, *(weight.value for weight in weights)])
    return [np.asarray(ops.cast(value, "float32")) for value in (y, *gradients)]


def images(channels, dtype="float32", size=6):
    """Standard normal maps (8, size, size + 1, channels)."""
    rng = np.random.default_rng(0)
    return ops.cast(ops.convert_to_tensor(rng.standard_normal((8, size, size + 1, channels)).astype("float32")), dtype)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-6), ("bfloat16", 2**-7), ("float16", 2**-10)])
def test_gelu_is_the_exact_one_with_its_derivative_to_rounding(dtype, tolerance):
    x = np.linspace(-6, 6, 4001).astype("float32")
    rounded = ops.cast(ops.convert_to_tensor(x), dtype)
    wide = ops.cast(rounded, "float32")
    plain = differentiate(lambda t: keras.activations.gelu(t, approximate=False), wide)
    fast = differentiate(fast_layers.gelu(), rounded)
    assert fast_layers.gelu()(rounded).dtype == rounded.dtype
    for ours, theirs in zip(fast, plain, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=min(tolerance, 4e-4))


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_far_from_zero_gelu_passes_all_or_nothing(dtype):
    x = ops.cast(ops.convert_to_tensor([-1000.0, -10.0, 10.0, 1000.0]), dtype)
    outputs, gradient = differentiate(fast_layers.gelu(), x)
    np.testing.assert_allclose(outputs, [0, 0, 10, 1000], atol=1e-3)
    np.testing.assert_allclose(gradient[:2], 0, atol=1e-5)


@pytest.mark.parametrize("channels", [3, fast_layers.MATRIX_CHANNELS])
def test_the_convolution_and_its_gradients_are_the_plain_ones(channels):
    x = images(channels)
    fast, plain = fast_layers.convolution(16), fast_layers.convolution(16, fast=False)
    assert type(plain) is layers.Conv2D
    fast.build(x.shape)
    plain.build(x.shape)
    plain.set_weights(fast.get_weights())
    for ours, theirs in zip(differentiate(fast, x), differentiate(plain, x), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4 * np.abs(theirs).max())


@pytest.mark.parametrize(
    "option", [{"use_bias": True}, {"activation": "relu"}, {"strides": 2}, {"padding": "valid"}, {"groups": 2}]
)
def test_the_convolution_refuses_what_it_would_leave_out(option):
    plain = {"padding": "same", "use_bias": False}
    fast_layers.MatrixGradientConv2D(4, 3, **plain)
    with pytest.raises(ValueError, match=r"expected padding 'same'.*use keras.layers.Conv2D"):
        fast_layers.MatrixGradientConv2D(4, 3, **plain | option)


def test_the_weight_gradient_is_no_less_exact_in_bfloat16_than_the_plain_one(keep_precision):
    exact, kernel = images(128), np.random.default_rng(2).standard_normal((3, 3, 128, 16)).astype("float32") / 30

    def gradient(policy, fast):
        keras.config.set_dtype_policy(policy)
        layer = fast_layers.convolution(16, fast)
        layer.build(exact.shape)
        layer.set_weights([kernel])
        return differentiate(layer, ops.cast(exact, layer.compute_dtype))[2]

    reference = gradient("float32", fast=False)
    ours, theirs = (np.abs(gradient("mixed_bfloat16", fast) - reference).mean() for fast in (True, False))
    assert ours < 0.01 * np.abs(reference).mean()
    assert ours < 1.5 * theirs


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("trainable", [True, False])
@pytest.mark.parametrize("parts", [{}, {"scale": False}, {"center": False}])
@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize(("policy", "rtol", "atol"), [("float32", 1e-3, 1e-4), ("mixed_bfloat16", 0.01, 0.01)])
def test_batch_normalisation_is_the_plain_one(keep_precision, training, trainable, parts, flat, policy, rtol, atol):
    keras.config.set_dtype_policy(policy)
    x = images(4, keras.config.dtype_policy().compute_dtype) * 3 + 1
    x = ops.reshape(x, (-1, 4)) if flat else x
    kinds = [fast_layers.batch_norm(fast, momentum=0.6, epsilon=1e-5, **parts) for fast in (True, False)]
    assert type(kinds[1]) is layers.BatchNormalization
    results = []
    for layer in kinds:
        layer.build(x.shape)
        for weight in layer.trainable_weights:
            weight.assign(np.linspace(0.5, 2.0, 4))
        layer.trainable = trainable
        results.append(differentiate(layer, x, training=training))
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=atol)
    for ours, theirs in zip(kinds[0].get_weights(), kinds[1].get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_elsewhere_and_on_demand_the_layers_are_kerass_own(monkeypatch):
    monkeypatch.setattr(fast_layers, "is_fast", lambda: False)
    assert fast_layers.gelu() is keras.activations.gelu
    assert type(fast_layers.convolution(4)) is layers.Conv2D
    assert type(fast_layers.batch_norm()) is layers.BatchNormalization
