"""Notebook 14's net: whitened patches, kernels that hand channels on, and the mean over views."""

import keras
import numpy as np
import pytest

from helpers import fast_layers, fast_net
from helpers.training.batches import ShuffledBatches
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
    own = {fast_layers.MatrixGradientConv2D, fast_layers.FusedBatchNormalization}
    assert own & {type(layer) for layer in nets[0].layers} == (own if fast_layers.is_fast() else set())
    assert not own & {type(layer) for layer in nets[1].layers}


def test_a_convolution_hands_its_channels_on_at_first():
    kernel = keras.ops.convert_to_numpy(fast_net.pass_on((3, 3, 4, 6)))
    x = np.random.default_rng(0).standard_normal((2, 5, 5, 4)).astype("float32")
    y = keras.ops.convert_to_numpy(keras.ops.conv(x, kernel, padding="same"))
    np.testing.assert_allclose(y[..., :4], x, rtol=1e-5, atol=1e-6)
    assert 0.5 / 6 < np.abs(kernel[..., 4:]).max() <= 1 / 6


def test_kernels_need_not_hand_their_channels_on():
    kernels = [fast_net.fast_net(passes_on=on).get_layer("conv_2_2").get_weights()[0] for on in (True, False)]
    assert [float(np.abs(kernel).max()) for kernel in kernels] == [1.0, pytest.approx(1 / 48, rel=0.01)]  # 3 * 3 * 256


def test_statistics_are_measured_anew_and_nothing_else_changes(images):
    model = keras.Sequential(
        [keras.Input((32, 32, 3), dtype="uint8"), keras.layers.Rescaling(1 / 255), keras.layers.BatchNormalization()]
    )
    model.layers[-1].momentum = 0.6
    gamma, beta, _, variance = model.get_weights()
    batches = ShuffledBatches(images, np.zeros(len(images)), batch_size=256, seed=0)
    for _ in range(10):
        fast_net.measure_statistics(model, batches, num_batches=1)
    measured = model.get_weights()
    np.testing.assert_array_equal(measured[:2], [gamma, beta])
    share = 1 - 0.6**10
    x = images / 255
    np.testing.assert_allclose(measured[2], share * x.mean(axis=(0, 1, 2)), rtol=1e-4)
    np.testing.assert_allclose(measured[3], share * x.var(axis=(0, 1, 2)) + (1 - share) * variance, rtol=1e-4)


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
    # Moved down-right, the image begins with its column 1, mirrored, and is dark there as its mirror image is; moved
    # up-left, it begins with column 1 itself: only the centre, half of the weight, has the light on the left.
    (probabilities,) = fast_net.predict_views(Brightness(), images, shift=1)
    assert probabilities[1] / probabilities[0] == pytest.approx((0.9 / 0.1) ** (0.25 - 0.75))
    assert probabilities.sum() == pytest.approx(1)
