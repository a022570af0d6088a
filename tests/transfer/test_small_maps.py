"""Convolutions on small maps as matrix products: the same values with the same weights."""

import keras
import numpy as np
import pytest
from keras import layers

from helpers.transfer.small_maps import SmallMapConvolution, with_small_maps


@pytest.mark.parametrize(("height", "width", "kernel_size"), [(2, 2, 3), (1, 1, 3), (1, 2, 3), (3, 2, 5), (2, 2, 4)])
def test_a_convolution_on_a_small_map_is_a_matrix_product_with_its_weights(height, width, kernel_size):
    keras.utils.set_random_seed(0)
    pixels = keras.Input((height, width, 3))
    x = layers.Conv2D(4, kernel_size, padding="same", activation="tanh", bias_initializer="normal")(pixels)
    model = keras.Model(pixels, x)
    product = with_small_maps(model)
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
        assert with_small_maps(model).layers[-1] is layer
