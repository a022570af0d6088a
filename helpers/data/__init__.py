"""Data sets, how they are split, and reduced resolutions.

images, labels, class_names = load_cifar10()
split = split_report_a(len(images))
x_train, y_train = images[split.train], labels[split.train]
"""

from helpers.data.checksums import DamagedFileError
from helpers.data.duplicates import count_leaked_images, find_similar_images
from helpers.data.pixels import at_resolution, channel_statistics, reduce_resolution
from helpers.data.sources import (
    LOADERS,
    TITLES,
    DataFolderError,
    DataNotFoundError,
    Dataset,
    data_folder,
    load_cifar10,
    load_dataset,
    load_digits,
    load_fashion_mnist,
)
from helpers.data.splits import (
    Split,
    check_split,
    split_kfold,
    split_official,
    split_report_a,
    split_report_b,
    split_report_c,
    split_report_e,
    split_stratified,
)
from helpers.data.tables import describe_dataset, describe_split

__all__ = [
    "LOADERS",
    "TITLES",
    "DamagedFileError",
    "DataFolderError",
    "DataNotFoundError",
    "Dataset",
    "Split",
    "at_resolution",
    "channel_statistics",
    "check_split",
    "count_leaked_images",
    "data_folder",
    "describe_dataset",
    "describe_split",
    "find_similar_images",
    "load_cifar10",
    "load_dataset",
    "load_digits",
    "load_fashion_mnist",
    "reduce_resolution",
    "split_kfold",
    "split_official",
    "split_report_a",
    "split_report_b",
    "split_report_c",
    "split_report_e",
    "split_stratified",
]
