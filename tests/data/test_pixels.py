"""Pixels: reduced resolutions are averaged, not picked; statistics by channel are exact."""

import numpy as np
import pytest

from helpers.data import channel_statistics, reduce_resolution


@pytest.mark.parametrize("size", [16, 8, 1])
def test_a_constant_image_stays_constant(size):
    images = np.full((2, 32, 32, 3), [10, 128, 255], "uint8")
    small = reduce_resolution(images, size)
    assert small.shape == (2, size, size, 3)
    assert small.dtype == np.uint8
    assert (small == [10, 128, 255]).all()


def test_a_checkerboard_turns_grey_as_the_filter_is_antialiased():
    cells = (np.arange(32) + 1) // 2  # two pixels wide and off by one: without the filter, 8x8 would be black and white
    board = ((cells[:, None] + cells) % 2 * 255).astype("uint8")[None, :, :, None]
    inner = reduce_resolution(board, 8)[0, 1:-1, 1:-1, 0]
    np.testing.assert_allclose(inner, 127.5, atol=1)


def test_the_mean_brightness_is_kept():
    images = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), dtype="uint8")
    assert reduce_resolution(images, 8).mean() == pytest.approx(images.mean(), abs=1)


def test_the_same_size_gives_the_same_images():
    images = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3), dtype="uint8")
    np.testing.assert_array_equal(reduce_resolution(images, 8), images)


@pytest.mark.parametrize("size", [0, -8, 33])
def test_a_size_that_is_no_reduction_is_refused(size):
    with pytest.raises(ValueError, match=f"expected 1 to 32 pixels, got {size}"):
        reduce_resolution(np.zeros((1, 32, 32, 3), "uint8"), size)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_statistics_of_each_channel_are_numpys(channels):
    rng = np.random.default_rng(0)
    images = (rng.integers(0, 256, (50, 8, 8, channels)) // np.arange(1, channels + 1)).astype("uint8")
    mean, std = channel_statistics(images)
    np.testing.assert_allclose(mean, (images / 255).mean(axis=(0, 1, 2)))
    np.testing.assert_allclose(std, (images / 255).std(axis=(0, 1, 2)))


def test_cifar10s_training_images_have_the_statistics_that_the_field_knows(cifar10):
    mean, std = channel_statistics(cifar10.images[:50_000])
    assert mean.round(4).tolist() == [0.4914, 0.4822, 0.4465]
    assert std.round(4).tolist() == [0.2470, 0.2435, 0.2616]
