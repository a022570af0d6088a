"""Flips and crops: true ones, every image once an epoch, each epoch a function of (seed, epoch)."""

import keras
import numpy as np
import pytest

from helpers.training import fit
from helpers.training.batches import AugmentedBatches, ShuffledBatches


@pytest.fixture
def images():
    """20 random images 4x5, none like its mirror."""
    return np.random.default_rng(0).integers(1, 256, (20, 4, 5, 3), dtype="uint8")


def batches_of(data):
    """An epoch's batches as they are now."""
    return [data[i] for i in range(len(data))]


def epoch_of(data):
    """An epoch's images and labels, joined."""
    x, y = zip(*batches_of(data), strict=True)
    return np.concatenate(x), np.concatenate(y)


def test_every_image_comes_once_an_epoch_and_the_last_batch_may_be_smaller(images):
    data = AugmentedBatches(images, np.arange(20), batch_size=6, seed=0)
    assert [len(y) for _, y in batches_of(data)] == [6, 6, 6, 2]
    for epoch in range(2):
        data.draw_epoch(epoch)
        x, y = epoch_of(data)
        assert sorted(y) == list(range(20))
        assert x.shape == images.shape
        assert x.dtype == np.uint8


def test_each_image_is_a_crop_of_the_padded_image_or_the_mirror_of_one(images):
    data = AugmentedBatches(images, np.arange(20), batch_size=7, seed=3, padding=2)
    padded = np.pad(images, ((0, 0), (2, 2), (2, 2), (0, 0)))
    places, mirrored = set(), set()
    for epoch in range(20):
        data.draw_epoch(epoch)
        for image, index in zip(*epoch_of(data), strict=True):
            crops = {
                (top, left): padded[index, top : top + 4, left : left + 5] for top in range(5) for left in range(5)
            }
            found = [(at, m) for at, crop in crops.items() for m in (1, -1) if np.array_equal(image, crop[:, ::m])]
            assert found
            if len(found) == 1:
                places.add(found[0][0])
                mirrored.add(found[0][1])
    assert len(places) == 25  # every place is drawn
    assert mirrored == {1, -1}


def test_half_of_the_images_are_mirrored(images):
    data = AugmentedBatches(images, np.arange(20), batch_size=20, seed=0, padding=0)
    flipped = 0
    for epoch in range(50):
        data.draw_epoch(epoch)
        x, y = data[0]
        flipped += sum(not np.array_equal(image, images[index]) for image, index in zip(x, y, strict=True))
    assert flipped / 1_000 == pytest.approx(0.5, abs=0.06)  # four standard deviations


def test_alternating_flips_show_each_image_both_ways_in_two_epochs(images):
    data = AugmentedBatches(images, np.arange(20), batch_size=20, seed=0, padding=0, flips="alternating")
    flipped = []
    for epoch in range(4):
        data.draw_epoch(epoch)
        x, y = data[0]
        flipped.append([not np.array_equal(x[y == k][0], images[k]) for k in range(20)])
    assert 0 < sum(flipped[0]) < 20
    assert flipped[1] == [not mirrored for mirrored in flipped[0]]
    assert flipped[2:] == flipped[:2]


def test_without_flips_and_padding_the_images_are_the_images(images):
    x, y = AugmentedBatches(images, np.arange(20), batch_size=20, seed=0, padding=0, flips="none")[0]
    np.testing.assert_array_equal(x, images[y])


def test_a_reflecting_border_shows_no_black(images):
    data = AugmentedBatches(images, np.arange(20), batch_size=20, seed=0, padding=2, border="reflect")
    assert data[0][0].min() > 0  # the images have no black pixel
    padded = np.pad(images, ((0, 0), (2, 2), (2, 2), (0, 0)), "reflect")
    assert set(np.unique(data[0][0])) <= set(np.unique(padded))


@pytest.mark.parametrize("option", ["border", "flips"])
def test_an_unknown_border_or_flip_is_refused(images, option):
    with pytest.raises(ValueError, match=f"{option}: expected one of .*, got 'other'"):
        AugmentedBatches(images, np.arange(20), batch_size=20, seed=0, **{option: "other"})


def test_an_epoch_is_a_function_of_seed_and_epoch(images):
    first, second = (AugmentedBatches(images, np.arange(20), batch_size=6, seed=5) for _ in range(2))
    epochs = []
    for epoch in range(3):
        first.draw_epoch(epoch)
        epochs.append(epoch_of(first)[0])
    second.draw_epoch(2)  # without drawing those before
    np.testing.assert_array_equal(epoch_of(second)[0], epochs[2])
    np.testing.assert_array_equal(second[1][0], second[1][0])  # asking twice changes nothing
    assert not np.array_equal(epochs[0], epochs[1])
    later = AugmentedBatches(images, np.arange(20), batch_size=6, seed=5, first_epoch=1)
    later.draw_epoch(1)
    np.testing.assert_array_equal(epoch_of(later)[0], epochs[2])
    assert later.describe() != first.describe()
    other = AugmentedBatches(images, np.arange(20), batch_size=6, seed=6)
    assert not np.array_equal(epoch_of(other)[0], epochs[0])


def test_the_training_images_are_left_as_they_are(images):
    before = images.copy()
    x, _ = AugmentedBatches(images, np.arange(20), batch_size=20, seed=0)[0]
    x[:] = 0
    np.testing.assert_array_equal(images, before)


def test_fit_trains_on_the_epochs_in_the_order_that_they_are_drawn(build_tiny, tiny_data):
    images, labels = tiny_data
    asked = []

    class Recorded(AugmentedBatches):
        def __getitem__(self, index):
            x, y = super().__getitem__(index)
            asked.append((index, x.tobytes()))
            return x, y

    data = Recorded(images, labels, batch_size=16, seed=9)
    result = fit(build_tiny(), data, validation_data=tiny_data, epochs=3, batch_size=16, seed=0)
    assert result.hyperparameters["train_images"] == 64

    expected, drawn = [], AugmentedBatches(images, labels, batch_size=16, seed=9)
    for epoch in range(3):
        drawn.draw_epoch(epoch)
        expected += [(i, x.tobytes()) for i, (x, _) in enumerate(batches_of(drawn))]
    assert asked[-12:] == expected  # Keras looks at a batch or two before it begins


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="only JAX keeps the images on the device")
@pytest.mark.parametrize("flips", ["random", "alternating", "none"])
def test_batches_put_together_on_the_device_are_those_put_together_by_numpy(images, monkeypatch, flips):
    def both():
        plain = ShuffledBatches(images, np.arange(20), 6, seed=2)
        augmented = AugmentedBatches(images, np.arange(20), 6, seed=2, padding=2, border="reflect", flips=flips)
        return plain, augmented

    here = both()
    monkeypatch.setattr("helpers.training.batches.uses_gpu", lambda: True)
    for host, device in zip(here, both(), strict=True):
        for epoch in range(2):
            host.draw_epoch(epoch)
            device.draw_epoch(epoch)
            for (expected, classes), (x, y) in zip(batches_of(host), batches_of(device), strict=True):
                assert not isinstance(x, np.ndarray)
                assert x.dtype == "uint8"
                np.testing.assert_array_equal(np.asarray(x), expected)
                np.testing.assert_array_equal(y, classes)
        assert device.describe() == host.describe()


def test_images_beyond_what_a_device_holds_stay_where_they_are(images, monkeypatch):
    monkeypatch.setattr("helpers.training.batches.uses_gpu", lambda: True)
    monkeypatch.setattr("helpers.training.batches.MOST_ON_DEVICE", images.nbytes - 1)
    x, _ = ShuffledBatches(images, np.arange(20), 6, seed=2)[0]
    assert isinstance(x, np.ndarray)


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="only JAX keeps the images on the device")
def test_training_from_the_device_is_the_same(build_tiny, tiny_data, monkeypatch):
    losses = []
    for on_gpu in (False, True):
        monkeypatch.setattr("helpers.training.batches.uses_gpu", lambda on_gpu=on_gpu: on_gpu)
        result = fit(build_tiny(), *tiny_data, validation_data=None, epochs=2, batch_size=16, seed=1)
        losses.append(result.history["loss"])
    assert losses[0] == losses[1]
