"""Data sets and splits as rows of a table."""

import numpy as np

from helpers.data import Dataset, Split, describe_dataset, describe_split


def test_a_data_set_is_described_by_its_images_and_classes():
    images = np.zeros((1_200, 4, 4, 2), "uint8")
    images[..., 1], images[0, 0, 0, 0] = 9, 255
    row = describe_dataset(Dataset(images, np.arange(1_200) % 5 // 2, ("cat", "dog", "ship")))
    assert row == {
        "images": "1,200",
        "height x width x channels": "4 x 4 x 2",
        "type": "uint8",
        "values": "0 to 255",
        "mean by channel": "0, 9",
        "classes": "3",
        "images a class": "240 to 480",
    }


def test_a_split_is_described_by_its_sizes_and_by_what_is_in_no_part_or_in_two():
    split = Split("made_up", np.array([0, 1, 2, 3]), np.array([4, 3]), np.array([5]))
    assert describe_split(split, 8) == {
        "train": "4 (50.0%)",
        "validation": "2 (25.0%)",
        "test": "1 (12.5%)",
        "images in exactly one part": "5 of 8",
    }
