"""What data sets and splits look like in a table: rows of text, for reading."""

import numpy as np

from helpers.data.sources import Dataset
from helpers.data.splits import Split


def describe_dataset(dataset: Dataset) -> dict[str, str]:
    """Number, size, type and values of a data set's images, and how many a class has."""
    images, labels, class_names = dataset
    sizes = np.bincount(labels, minlength=len(class_names))
    return {
        "images": f"{len(images):,}",
        "height x width x channels": " x ".join(map(str, images.shape[1:])),
        "type": str(images.dtype),
        "values": f"{images.min()} to {images.max()}",
        "mean by channel": ", ".join(f"{mean:.0f}" for mean in images.mean(axis=(0, 1, 2))),
        "classes": str(len(sizes)),
        "images a class": " to ".join(f"{size:,}" for size in sorted({sizes.min(), sizes.max()})),
    }


def describe_split(split: Split, num_images: int) -> dict[str, str]:
    """Number and share of a split's images by part, and how many of all images are in exactly one part."""
    row = {part: f"{size:,} ({size / num_images:.1%})" for part, size in split.sizes.items()}
    times = np.bincount(np.concatenate([split.train, split.validation, split.test]), minlength=num_images)
    return row | {"images in exactly one part": f"{np.sum(times == 1):,} of {num_images:,}"}
