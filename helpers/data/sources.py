"""CIFAR-10 and Fashion-MNIST: from a local folder, else by Keras's download, else (if allowed) a stand-in."""

import os
import pickle
from pathlib import Path
from typing import NamedTuple

import numpy as np

from helpers.data.checksums import CIFAR10_MD5, FASHION_MNIST_MD5, DamagedFileError, is_published
from helpers.data.decoded import load_decoded
from helpers.data.downloads import DownloadError, alone, check_reachable, fetch, keras_folder

TITLES = {"cifar10": "CIFAR-10", "fashion_mnist": "Fashion-MNIST", "digits": "scikit-learn's digits"}  # for reading
CIFAR10_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
FASHION_MNIST_CLASSES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
# The same names, addresses and checksum as keras.datasets, so that a download Keras already made is used.
CIFAR10_ARCHIVE = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
CIFAR10_ARCHIVE_SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
FASHION_MNIST_FILES = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"


class DataNotFoundError(FileNotFoundError):
    """A data set is neither in a local folder nor to be downloaded."""


class DataFolderError(DataNotFoundError):
    """A data folder was named that does not exist or is incomplete: never worked around."""


class Dataset(NamedTuple):
    """Images uint8 (n, height, width, channels), 0 to 255; labels int64 (n,); class names by label."""

    images: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]


def data_folder(data_dir: str | os.PathLike | None = None) -> Path | None:
    """Return the local data folder: `data_dir`, else `$COURSEWORK_DATA`, else None.

    Raises:
        DataFolderError: A folder was named that does not exist.
    """
    named = data_dir or os.environ.get("COURSEWORK_DATA")
    if not named:
        return None
    folder = Path(named).expanduser()
    if not folder.is_dir():
        raise DataFolderError(
            f"the data folder {folder} does not exist. Expected a folder with cifar-10-batches-py/ and fashion-mnist/ "
            "in it; correct COURSEWORK_DATA, or unset it to let Keras download the data."
        )
    return folder


def load_cifar10(data_dir: str | os.PathLike | None = None) -> Dataset:
    """Load CIFAR-10's 60,000 images: the 50,000 for training, then the 10,000 for testing, in the official order.

    Args:
        data_dir: A folder with `cifar-10-batches-py/` in it; default `$COURSEWORK_DATA`, then Keras's download.

    Returns:
        Images uint8 (60000, 32, 32, 3), memory-mapped; labels int64 (60000,), 0 to 9; ten class names.

    Raises:
        DataNotFoundError: No local files, and the download failed.
        DamagedFileError: A file's MD5 is not the published one; nothing of it was unpickled.

    Reference:
        A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.
    """
    folder = _local(data_dir, "cifar-10-batches-py", CIFAR10_MD5) or _download_cifar10()
    return Dataset(*load_decoded(folder, CIFAR10_MD5, _decode_cifar10), CIFAR10_CLASSES)


def load_fashion_mnist(data_dir: str | os.PathLike | None = None) -> Dataset:
    """Load Fashion-MNIST's 70,000 images: the 60,000 for training, then the 10,000 for testing, in the official order.

    Args:
        data_dir: A folder with `fashion-mnist/` in it; default `$COURSEWORK_DATA`, then Keras's download.

    Returns:
        Images uint8 (70000, 28, 28, 1), memory-mapped; labels int64 (70000,), 0 to 9; ten class names.

    Raises:
        DataNotFoundError: No local files, and the download failed.
        DamagedFileError: A file's MD5 is not the published one.

    Reference:
        H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a Novel Image Dataset", arXiv:1708.07747.
    """
    folder = _local(data_dir, "fashion-mnist", FASHION_MNIST_MD5)
    try:
        arrays = load_decoded(folder or _download_fashion_mnist(), FASHION_MNIST_MD5, _decode_fashion_mnist)
    except DamagedFileError as damaged:
        if folder:
            raise
        try:  # Keras downloads to a file's own name, so what was killed on the way left a part
            arrays = load_decoded(_download_fashion_mnist(anew=True), FASHION_MNIST_MD5, _decode_fashion_mnist)
        except DataNotFoundError:
            raise damaged from None
    return Dataset(*arrays, FASHION_MNIST_CLASSES)


def load_digits(input_shape: tuple[int, int, int] = (32, 32, 3)) -> Dataset:
    """Load scikit-learn's 1,797 bundled 8x8 digits, enlarged: a stand-in that needs no download.

    Args:
        input_shape: (height, width, channels); each side at least 8.

    Returns:
        Images uint8 (1797, *input_shape), each pixel repeated and the rest padded with black; labels int64; names.

    Raises:
        ValueError: A side below 8.
    """
    from sklearn.datasets import load_digits as bundled  # scikit-learn takes a second to import; most loads need none

    height, width, channels = input_shape
    if min(height, width) < 8:
        raise ValueError(f"input_shape: expected sides of 8 or more for 8x8 digits, got {height}x{width}")
    digits = bundled()
    pixels = np.round(digits.images * (255 / 16)).astype("uint8").repeat(height // 8, 1).repeat(width // 8, 2)
    top, left = (height - pixels.shape[1]) // 2, (width - pixels.shape[2]) // 2
    images = np.zeros((len(pixels), height, width, channels), "uint8")
    images[:, top : top + pixels.shape[1], left : left + pixels.shape[2]] = pixels[..., None]
    return Dataset(images, digits.target.astype("int64"), tuple(str(digit) for digit in range(10)))


LOADERS = {"cifar10": load_cifar10, "fashion_mnist": load_fashion_mnist, "digits": load_digits}


def load_dataset(name: str, stand_in: bool = False) -> tuple[Dataset, str]:
    """Load a data set by name and say which one it really is.

    Args:
        name: "cifar10", "fashion_mnist" or "digits".
        stand_in: Whether the digits, shaped like the data set, may replace it where it is unavailable.

    Returns:
        The data set, and the name of what was loaded: `name`, or "digits" for the stand-in.

    Raises:
        ValueError: An unknown name.
        DataFolderError: A local folder was named that is missing or incomplete, stand-in or not.
        DataNotFoundError: It is unavailable, and no stand-in is allowed.
    """
    if name not in LOADERS:
        raise ValueError(f"unknown data set {name!r}: expected one of {', '.join(LOADERS)}")
    try:
        return LOADERS[name](), name
    except DataNotFoundError as error:
        if not stand_in or isinstance(error, DataFolderError):
            raise
        print(f"scikit-learn's digits stand in. {error}")
        return load_digits((28, 28, 1) if name == "fashion_mnist" else (32, 32, 3)), "digits"


def _local(data_dir, name: str, md5s: dict) -> Path | None:
    """The data set's own folder in the local data folder, if all its files are there."""
    folder = data_folder(data_dir)
    if folder and all((folder / file).is_file() for file in md5s):
        raise DataFolderError(
            f"the data folder {folder} is the data set's own: expected the one above it, with {name}/ in it; correct "
            "COURSEWORK_DATA"
        )
    if folder is None or not (folder / name).is_dir():
        return None
    missing = [file for file in md5s if not (folder / name / file).is_file()]
    if missing:
        raise DataFolderError(f"{folder / name} lacks {', '.join(missing)}: expected the files as published")
    return folder / name


def _download_cifar10() -> Path:
    """Keras's own download, checked by SHA-256 and unpacked, or the earlier one in its cache."""
    unpacked = _keras_cache() / "cifar-10-batches-py-target" / "cifar-10-batches-py"
    with alone("cifar-10"):  # while another process unpacks it, files are there in part
        if all((unpacked / file).is_file() for file in CIFAR10_MD5):
            return unpacked
        options = {"extract": True, "file_hash": CIFAR10_ARCHIVE_SHA256}
        return _fetch("CIFAR-10", "cifar-10-batches-py-target", CIFAR10_ARCHIVE, **options) / "cifar-10-batches-py"


def _download_fashion_mnist(anew: bool = False) -> Path:
    """Keras's own download of the four files, or the earlier one in its cache; anew, without its damaged files."""
    folder = _keras_cache() / "fashion-mnist"
    with alone("fashion-mnist"):
        for name, md5 in FASHION_MNIST_MD5.items():
            if not (folder / name).is_file() or (anew and not is_published(folder / name, md5)):
                options = {"cache_subdir": "datasets/fashion-mnist"} | ({"force_download": True} if anew else {})
                folder = _fetch("Fashion-MNIST", name, FASHION_MNIST_FILES + name, **options).parent
    return folder


def _keras_cache() -> Path:
    """The folder that keras.utils.get_file keeps data sets in."""
    return keras_folder() / "datasets"


def _fetch(name: str, fname: str, url: str, **options) -> Path:
    """Download a file, a failure said in our words."""
    try:
        check_reachable(url)
        return fetch(fname, url, **options)
    except DownloadError as error:
        raise _not_found(name, error) from error


def _not_found(name: str, error: DownloadError) -> DataNotFoundError:
    """The error with the three remedies."""
    folder = data_folder()
    copy = f"no folder of it in COURSEWORK_DATA, {folder}" if folder else "no local copy"
    return DataNotFoundError(
        f"{name} is unavailable: {copy}, and {error}. Any one of these helps: "
        "(1) set COURSEWORK_DATA to a folder with cifar-10-batches-py/ and fashion-mnist/ as published; "
        "(2) connect to the network and run again, Keras then downloads it once; "
        "(3) run PROFILE=quick or smoke, which fall back on scikit-learn's bundled digits and say so."
    )


def _decode_cifar10(contents: list[bytes]) -> tuple[np.ndarray, np.ndarray]:
    """Six verified pickles -> images (60000, 32, 32, 3), labels."""
    batches = [pickle.loads(content, encoding="bytes") for content in contents]
    images = np.concatenate([batch[b"data"] for batch in batches]).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    labels = np.concatenate([batch[b"labels"] for batch in batches])
    return np.ascontiguousarray(images), labels.astype("int64")


def _decode_fashion_mnist(contents: list[bytes]) -> tuple[np.ndarray, np.ndarray]:
    """Four verified idx files (train images, labels, test images, labels) -> images (70000, 28, 28, 1), labels."""
    train_images, train_labels, test_images, test_labels = contents
    images = [np.frombuffer(raw, "uint8", offset=16).reshape(-1, 28, 28, 1) for raw in (train_images, test_images)]
    labels = [np.frombuffer(raw, "uint8", offset=8) for raw in (train_labels, test_labels)]
    return np.concatenate(images), np.concatenate(labels).astype("int64")
