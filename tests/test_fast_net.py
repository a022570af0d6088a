"""Notebook 14's net: whitened patches, kernels that hand channels on, and the mean over views."""

import keras
import numpy as np
import pytest

from helpers import fast_layers, fast_net
from helpers.runs import count_parameters


@pytest.fixture(scope="module")
def images():
    """256 images 32x32 whose neighbouring pixels are alike, as in photographs."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (256, 8, 8, 3)).repeat(4, axis=1).repeat(4, axis=2)
    return np.clip(coarse + rng.normal(0, 20, coarse.shape), 0, 255).astype("uint8")


def test_whitened_patches_are_equally_strong_in_all_directions_and_uncorrelated(images):
    mean, std = (0.5, 0.45, 0.4), (0.25, 0.24, 0.26)
    kernel = fast_net.patch_whitening(images, mean, std, epsilon=0.0)
    assert kernel.shape == (2, 2, 3, 24)
    assert kernel.dtype == np.float32
    np.testing.assert_array_equal(kernel[..., 12:], -kernel[..., :12])
    x = keras.ops.convert_to_tensor((images / 255 - mean) / std, "float32")
    filtered = keras.ops.convert_to_numpy(keras.ops.conv(x, kernel[..., :12], padding="valid")).reshape(-1, 12)
    np.testing.assert_allclose(filtered.T @ filtered / len(filtered), np.eye(12), atol=0.01)


def test_the_net_has_1_973_920_parameters_of_which_the_whitening_does_not_train(images):
    kernel = fast_net.patch_whitening(images, (0.5,) * 3, (0.25,) * 3)
    model = fast_net.fast_net(whitening=kernel)
    counts = count_parameters(model)
    assert (counts["total"], counts["non_trainable"]) == (1_973_920, 2_592)
    assert model.get_layer("whiten").trainable_weights == []
    np.testing.assert_array_equal(model.get_layer("whiten").get_weights()[0], kernel)
    assert len(fast_net.fast_net().get_layer("whiten").trainable_weights) == 1


def test_the_faster_net_predicts_what_the_plain_one_does(images):
    nets = [fast_net.fast_net(fast=fast) for fast in (True, False)]
    nets[1].set_weights(nets[0].get_weights())
    ours, theirs = (net.predict(images[:32], verbose=0) for net in nets)
    np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(ours.sum(axis=1), 1, rtol=1e-5)
    assert any(type(layer) is not keras.layers.Conv2D for layer in nets[0].layers) or not fast_layers.is_fast()


def test_a_convolution_hands_its_channels_on_at_first():
    kernel = keras.ops.convert_to_numpy(fast_net.pass_on((3, 3, 4, 6)))
    x = np.random.default_rng(0).standard_normal((2, 5, 5, 4)).astype("float32")
    y = keras.ops.convert_to_numpy(keras.ops.conv(x, kernel, padding="same"))
    np.testing.assert_allclose(y[..., :4], x, rtol=1e-5, atol=1e-6)
    assert 0.5 / 6 < np.abs(kernel[..., 4:]).max() <= 1 / 6


class Brightness(keras.Model):
    """Sure of class 1 by the share of light in the leftmost column."""

    def call(self, images):
        light = keras.ops.mean(keras.ops.cast(images[:, :, 0], "float32"), axis=(1, 2)) / 255 * 0.8 + 0.1
        return keras.ops.stack([1 - light, light], axis=1)


def test_views_are_the_image_its_shifts_and_all_mirrors():
    images = np.zeros((1, 4, 4, 3), "uint8")
    images[:, :, 0] = 255  # the left column: the mirror image has it on the right
    (probabilities,) = fast_net.predict_views(Brightness(), images, shift=0)
    odds = np.sqrt((0.9 / 0.1) * (0.1 / 0.9))  # the geometric mean of both views
    assert probabilities[1] / probabilities[0] == pytest.approx(odds)
    (probabilities,) = fast_net.predict_views(Brightness(), images, shift=1)
    # Up-left reflects column 1 to the front, down-right moves the left column away; the mirrors meet neither.
    assert probabilities[1] < 0.5
    assert probabilities.sum() == pytest.approx(1)
