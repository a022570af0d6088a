"""Data sets, the ways to split them, and reduced resolutions.

images, labels, class_names = load_cifar10()
split = split_report_a(len(images))
x_train, y_train = images[split.train], labels[split.train]
"""

from helpers.data.checksums import DamagedFileError
from helpers.data.pixels import channel_statistics, reduce_resolution
from helpers.data.sources import (
    LOADERS,
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
    count_leaked_images,
    split_kfold,
    split_official,
    split_report_a,
    split_report_b,
    split_report_c,
    split_report_e,
    split_stratified,
)

__all__ = [
    "LOADERS",
    "DamagedFileError",
    "DataFolderError",
    "DataNotFoundError",
    "Dataset",
    "Split",
    "channel_statistics",
    "check_split",
    "count_leaked_images",
    "data_folder",
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
