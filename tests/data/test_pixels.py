"""Pixels: reduced resolutions are averaged, not picked; statistics by channel are exact."""

import keras
import numpy as np
import pytest

from helpers.data import at_resolution, channel_statistics, reduce_resolution


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


NOISE = np.random.default_rng(0).integers(0, 256, (64, 32, 32, 3), dtype="uint8")


def fine_power(images: np.ndarray, size: int) -> float:
    """Share of the power, brightness aside, in waves too short for a resolution, of more than size / 2 an image."""
    spectrum = np.abs(np.fft.fft2(images.astype("float64") - images.mean(), axes=(1, 2))) ** 2
    waves = np.abs(np.fft.fftfreq(images.shape[1]) * images.shape[1])
    fine = np.maximum(waves[:, None], waves) > size / 2
    return spectrum[:, fine].sum() / spectrum.sum()


@pytest.mark.parametrize("size", [16, 8])
def test_what_a_low_resolution_cannot_hold_is_gone(size):
    stripes = NOISE // 2 + np.where(np.arange(32) % 2, 0, 60).astype("uint8")[:, None, None]  # a wave of two pixels
    striped, plain = at_resolution(stripes, size), at_resolution(NOISE // 2 + np.uint8(30), size)
    np.testing.assert_allclose(striped[:, 4:-4].astype(int), plain[:, 4:-4], atol=2)  # at the border a rest is left
    assert fine_power(NOISE, size) > 0.7
    assert fine_power(at_resolution(NOISE, size), size) < 0.1


@pytest.mark.parametrize("size", [16, 8])
def test_blocks_reduced_again_are_the_same_small_images(size):
    small, blocks = reduce_resolution(NOISE, size), at_resolution(NOISE, size, smooth=False)
    cells = blocks.reshape(64, size, 32 // size, size, 32 // size, 3)
    assert (cells == cells[:, :, :1, :, :1]).all()
    np.testing.assert_array_equal(cells[:, :, 0, :, 0], small)


@pytest.mark.parametrize("smooth", [True, False])
def test_the_full_resolution_gives_the_same_images(smooth):
    np.testing.assert_array_equal(at_resolution(NOISE, 32, smooth), NOISE)


def test_each_image_is_resized_by_itself_however_many_there_are():
    many = NOISE[np.arange(2_500) % 64, :8, :8]
    np.testing.assert_array_equal(at_resolution(many, 4), at_resolution(many[:64], 4)[np.arange(2_500) % 64])


@pytest.mark.parametrize("size", [16, 8, 5])
def test_it_is_the_backends_own_antialiased_resizing_but_for_its_rounding(size):
    def kerass(images, side):
        pixels = keras.ops.image.resize(images.astype("float32"), (side, side), antialias=True)
        return np.clip(keras.ops.convert_to_numpy(pixels), 0, 255)

    small = reduce_resolution(NOISE, size)
    np.testing.assert_allclose(small, kerass(NOISE, size), atol=0.51)
    np.testing.assert_allclose(at_resolution(NOISE, size), kerass(small, 32), atol=0.51)


def test_blocks_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="divides the images' side of 28 pixels, got 8"):
        at_resolution(np.zeros((1, 28, 28, 1), "uint8"), 8, smooth=False)


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
