"""Convolutions as matrix products: the same values, and the same gradients, with the same weights."""

import keras
import numpy as np
import pytest
from keras import layers

from helpers import fast_layers
from helpers.fast.convolutions import (
    MatrixGradientConvolution,
    SmallMapConvolution,
    with_fast_convolutions,
)


@pytest.mark.parametrize(("height", "width", "kernel_size"), [(2, 2, 3), (1, 1, 3), (1, 2, 3), (3, 2, 5), (2, 2, 4)])
def test_a_convolution_on_a_small_map_is_a_matrix_product_with_its_weights(height, width, kernel_size):
    keras.utils.set_random_seed(0)
    pixels = keras.Input((height, width, 3))
    x = layers.Conv2D(4, kernel_size, padding="same", activation="tanh", bias_initializer="normal")(pixels)
    model = keras.Model(pixels, x)
    product = with_fast_convolutions(model)
    assert type(product.layers[-1]) is SmallMapConvolution
    assert [id(weight) for weight in product.trainable_weights] == [id(weight) for weight in model.trainable_weights]
    batch = np.random.default_rng(0).normal(size=(5, height, width, 3)).astype("float32")
    np.testing.assert_allclose(product.predict(batch, verbose=0), model.predict(batch, verbose=0), atol=1e-5)


def test_other_convolutions_stay_as_they_are():
    pixels = keras.Input((2, 2, 3))
    others = [{"strides": 2}, {"padding": "valid", "kernel_size": 1}, {"kernel_size": 1}, {"groups": 3, "filters": 3}]
    for options in others:
        layer = layers.Conv2D(**{"filters": 4, "kernel_size": 3, "padding": "same"} | options)
        model = keras.Model(pixels, layer(pixels))
        assert with_fast_convolutions(model).layers[-1] is layer


def wide_net(kernel_size=3):
    """A net whose second convolution has many channels: on TensorFlow its weight gradient is a product a tap."""
    keras.utils.set_random_seed(0)
    pixels = keras.Input((6, 5, 3))
    x = layers.Conv2D(fast_layers.MATRIX_CHANNELS, 1, activation="relu", name="wide")(pixels)
    x = layers.Conv2D(4, kernel_size, padding="same", activation="tanh", bias_initializer="normal", name="last")(x)
    model = keras.Model(pixels, layers.GlobalAveragePooling2D()(x))
    model.compile(keras.optimizers.SGD(1.0), "mse")
    return model


@pytest.mark.parametrize("kernel_size", [3, 5, (2, 4)])
def test_many_channels_train_alike_in_the_faster_way(kernel_size):
    rng = np.random.default_rng(0)
    batch, targets = (rng.normal(size=shape).astype("float32") for shape in ((8, 6, 5, 3), (8, 4)))
    plain, shared = wide_net(kernel_size), wide_net(kernel_size)
    fast = with_fast_convolutions(shared)
    assert (type(fast.layers[2]) is MatrixGradientConvolution) == fast_layers.is_fast()
    np.testing.assert_allclose(fast.predict(batch, verbose=0), plain.predict(batch, verbose=0), atol=1e-6)
    fast.compile(keras.optimizers.SGD(1.0), "mse")
    before = plain.get_weights()
    for model in (plain, fast):
        model.train_on_batch(batch, targets)
    for old, ours, theirs in zip(before, shared.get_weights(), plain.get_weights(), strict=True):
        assert np.abs(theirs - old).max() > 1e-4
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_what_does_not_train_needs_no_faster_gradient():
    model = wide_net()
    model.get_layer("last").trainable = False
    assert with_fast_convolutions(model).layers[2] is model.get_layer("last")
