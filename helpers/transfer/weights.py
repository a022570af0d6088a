"""ImageNet weights: from the data folder, else by Keras's download; verified before any of them reaches a net."""

import hashlib
from pathlib import Path

import h5py
import keras
import numpy as np

from helpers.data import data_folder
from helpers.data.checksums import DamagedFileError
from helpers.data.downloads import DownloadError, check_reachable, fetch, keras_folder
from helpers.transfer.bases import Base

Arrays = dict[str, list[np.ndarray]]  # by layer


class WeightsNotFoundError(FileNotFoundError):
    """Pretrained weights are neither in the data folder nor to be downloaded."""


def load_weights(base: Base) -> tuple[Arrays, str]:
    """Load a base's ImageNet weights, from `$COURSEWORK_DATA/weights`, else by Keras's download.

    The folder may hold Keras's published file, or `<base>_imagenet_notop.weights.h5`, the same weights as
    `keras.Model.save_weights` writes them.

    Args:
        base: One of `BASES`.

    Returns:
        Arrays by layer; and where they come from, and how they were verified, in a few words.

    Raises:
        WeightsNotFoundError: Not there, and the download failed.
        DamagedFileError: A file that cannot be read, or holds other numbers than the published ones.
        ValueError: The weights of another net.
    """
    path = _local(base) or _download(base)
    if _checksum(path, base.checksum) == base.checksum:
        net = _net(base)
        net.load_weights(path)
        arrays = {layer.name: layer.get_weights() for layer in net.layers if layer.weights}
        return arrays, f"{path.name}, Keras's published file by its checksum"
    arrays = read_arrays(path, base) if base.arrays_sha256 else {}
    found = digest_arrays(arrays)
    if not arrays or found != base.arrays_sha256:
        raise DamagedFileError(
            f"{path} does not hold {base.name}'s published ImageNet weights: expected "
            f"{f'arrays of SHA-256 {base.arrays_sha256} or ' if base.arrays_sha256 else ''}a file of checksum "
            f"{base.checksum}, got {f'arrays of SHA-256 {found}' if arrays else 'another'}. It was altered, damaged or "
            "trained further, and nothing of it was used. Delete it and fetch it again."
        )
    return arrays, f"{path.name}, the published numbers by their SHA-256"


def find_weights(base: Base) -> tuple[Arrays | None, str]:
    """Load a base's ImageNet weights if they are available, else say why not; a file that is there must be right.

    Returns:
        Arrays by layer, and where they come from; or None, and what is missing and how to get it.
    """
    try:
        return load_weights(base)
    except WeightsNotFoundError as error:
        return None, str(error)


def read_arrays(path: Path, base: Base) -> Arrays:
    """Read what `keras.Model.save_weights` wrote as arrays by layer, in the order of a base's layers.

    HDF5 runs no code. Shapes are compared before any array is read: a small file may claim to hold a huge one.

    Raises:
        DamagedFileError: It is no HDF5 file, is cut short, or has another layout.
        ValueError: A layer or a shape is not of this base.
    """
    try:
        with h5py.File(path) as file:
            kept = [(group["vars"].attrs["name"], group["vars"]) for group in file["layers"].values()]
            kept = {name: [values[str(k)] for k in range(len(values))] for name, values in kept if len(values)}
            got = {name: [(tuple(array.shape), array.dtype.name) for array in arrays] for name, arrays in kept.items()}
            expected = _shapes(base)
            wrong = next((name for name in [*expected, *got] if expected.get(name) != got.get(name)), None)
            arrays = {} if wrong else {name: [array[()] for array in kept[name]] for name in expected}
    except (OSError, KeyError, RuntimeError, AttributeError, TypeError, ValueError) as error:
        raise DamagedFileError(
            f"{path} cannot be read as a weights file ({error}; {path.stat().st_size:,} bytes). It was cut short or is "
            "another file, and nothing of it was used. Delete it and fetch it again."
        ) from error
    if wrong:
        raise ValueError(
            f"{path} holds the weights of another net than {base.name}: layer {wrong!r} was expected to be "
            f"{expected.get(wrong, 'absent')}, got {got.get(wrong, 'absent')}. Nothing of it was used."
        )
    return arrays


def _shapes(base: Base) -> dict[str, list[tuple[tuple[int, ...], str]]]:
    """Shape and dtype of each weight of a base, by layer; of layers without weights nothing."""
    layers = {layer.name: layer.weights for layer in _net(base).layers}
    return {name: [(tuple(w.shape), "float32") for w in weights] for name, weights in layers.items() if weights}


def digest_arrays(arrays: Arrays) -> str:
    """The SHA-256 of weights: of each array in order, the layer's name, the shape, and little-endian float32 bytes."""
    digest = hashlib.sha256()
    for name, layer in arrays.items():
        for array in layer:
            digest.update(f"{name} {array.shape}\n".encode())
            digest.update(np.ascontiguousarray(array, "<f4"))
    return digest.hexdigest()


def _local(base: Base) -> Path | None:
    """The weights file in the data folder, None where there is none."""
    folder = data_folder()
    names = (_published_name(base), f"{base.name.lower()}_imagenet_notop.weights.h5")
    paths = [folder / "weights" / name for name in names] if folder else []
    return next((path for path in paths if path.is_file()), None)


def _download(base: Base) -> Path:
    """Keras's own download, or the earlier one in its cache."""
    kept = keras_folder() / "models" / _published_name(base)
    try:
        if not kept.is_file():
            check_reachable(base.address)
        return fetch(kept.name, base.address, cache_subdir="models", file_hash=base.checksum)
    except DownloadError as error:
        raise WeightsNotFoundError(
            f"{base.name}'s ImageNet weights are unavailable: {_published_name(base)} is not in the folder weights "
            f"of COURSEWORK_DATA, and {error}. Either put the file there, or connect to the network and run again, "
            "Keras then downloads it once."
        ) from error


def _published_name(base: Base) -> str:
    """The name of Keras's own file."""
    return base.address.rpartition("/")[2]


def _checksum(path: Path, like: str) -> str:
    """A file's MD5 or SHA-256, whichever is as long as the expected one."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5" if len(like) == 32 else "sha256").hexdigest()


def _net(base: Base) -> keras.Model:
    """The base with random weights, at its smallest size."""
    net = getattr(keras.applications, base.name)
    return net(weights=None, include_top=False, input_shape=(base.min_size, base.min_size, 3))
