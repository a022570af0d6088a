"""Images that are twice in a data set: exact copies by their bytes, near-duplicates by correlation."""

import numpy as np

from helpers.data import Split, count_leaked_images, find_similar_images


def parts(train, validation, test) -> Split:
    return Split("made_up", *(np.array(part, dtype="int64") for part in (train, validation, test)))


def test_duplicates_planted_in_two_parts_are_counted():
    images = np.random.default_rng(0).integers(0, 256, (100, 4, 4, 3), dtype="uint8")
    split = parts(range(70), range(70, 80), range(80, 100))
    assert set(count_leaked_images(images, split).values()) == {0}
    images[[70, 71]] = images[5]  # two validation images are the same training image
    images[[80, 81, 82]] = images[[6, 7, 8]]
    images[99] = images[79]
    images[98] = images[97]  # twice in one part is no leak
    assert count_leaked_images(images, split) == {
        "validation in train": 2,
        "test in train": 3,
        "test in validation": 1,
    }


def test_a_brighter_copy_with_less_contrast_is_the_most_similar_image():
    images = np.random.default_rng(0).integers(0, 128, (2_500, 8, 8, 3), dtype="uint8")
    images[:3] = images[[2_100, 2_200, 2_300]] // 2 + 90
    wanted, among = np.arange(1_200), np.arange(1_200, 2_500)  # more than are correlated at once
    nearest, correlation = find_similar_images(images, wanted, among)
    assert nearest[:3].tolist() == [2_100, 2_200, 2_300]
    assert correlation[:3].min() > 0.99 > correlation[3:].max()
    assert (correlation.shape, correlation.dtype) == ((1_200,), np.dtype("float32"))


def test_an_image_of_one_colour_correlates_with_none():
    images = np.full((4, 8, 8, 1), 7, "uint8")
    images[3] = np.arange(64).reshape(8, 8, 1)
    _, correlation = find_similar_images(images, np.array([0, 3]), np.array([1, 2]))
    np.testing.assert_array_equal(correlation, [0, 0])
