"""Decoded images on disk: made once, then memory-mapped by every process that asks.

The folder is `$COURSEWORK_CACHE`, else the user's cache folder. It is safe to delete at any time.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from helpers.data.checksums import read_verified
from helpers.files import remove_half_written, replacing, write_json

Arrays = tuple[np.ndarray, np.ndarray]
DECODED = ("images.npy", "labels.npy")
DECODER_VERSION = 1  # raise it with a change after which the same files give other images or labels


class CacheFolderError(OSError):
    """Decoded images cannot be kept where they should be."""


def cache_folder() -> Path:
    """Return the folder of decoded images, made if need be.

    Raises:
        CacheFolderError: It cannot be written to.
    """
    chosen = os.environ.get("COURSEWORK_CACHE")
    user = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "coursework"
    folder = Path(chosen).expanduser() if chosen else user
    with _explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder


def load_decoded(folder: Path, md5s: dict[str, str], decode: Callable[[list[bytes]], Arrays]) -> Arrays:
    """Return a data set's images and labels, decoding its files only if that was not done before.

    Args:
        folder: Where the published files lie.
        md5s: Published MD5 by file name, in the order that `decode` takes their bytes.
        decode: Verified bytes, a file each -> (images uint8, labels int64).

    Returns:
        Images (memory-mapped, read-only) and labels (int64).

    Raises:
        DamagedFileError: A file is new or has changed since it was verified, and its MD5 is wrong.
        CacheFolderError: The decoded images cannot be kept: no permission, or no room.
    """
    cache = cache_folder() / f"{folder.name}-{next(iter(md5s.values()))[:8]}-{DECODER_VERSION}"
    stamps = {str((folder / name).resolve()): _stamp(folder / name) for name in md5s}
    known = _read_json(cache / "verified.json")
    arrays = _open(cache, known)
    if arrays and all(known.get(path) == stamp for path, stamp in stamps.items()):
        return arrays
    contents = [read_verified(folder / name, md5) for name, md5 in md5s.items()]
    if arrays:  # by someone else, perhaps, who alone may write there: then these files are verified each time
        with suppress(OSError):
            write_json(cache / "verified.json", known | stamps)
        return arrays
    with _explained(cache):
        cache.mkdir(parents=True, exist_ok=True)
        remove_half_written(cache)
        images, labels = decode(contents)
        _check_room(cache, images.nbytes + labels.nbytes)
        for name, array in zip(DECODED, (images, labels), strict=True):
            with replacing(cache / name) as file:
                np.save(file, array, allow_pickle=False)
        known |= {name: _sha256(cache / name) for name in DECODED}
        write_json(cache / "verified.json", known | stamps)
    return _open(cache, known)


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    """Turn the system's word on a folder that cannot be written to into one that says what to do."""
    try:
        yield
    except CacheFolderError:
        raise
    except OSError as error:
        raise CacheFolderError(
            f"decoded images cannot be kept in {folder} ({error}): set COURSEWORK_CACHE to a writable folder with room"
        ) from error


def _stamp(path: Path) -> list[int]:
    """Size in bytes and modification time in nanoseconds: what changes when a file does."""
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]


def _read_json(path: Path) -> dict:
    """A small JSON file, empty where it is missing or torn."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return {}


def _sha256(path: Path) -> str:
    """A file's SHA-256; of CIFAR-10's images less than half a second."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _open(cache: Path, known: dict) -> Arrays | None:
    """The two arrays, or None where either is missing or another than was decoded."""
    try:
        if any(_sha256(cache / name) != known.get(name) for name in DECODED):
            return None
        images = np.load(cache / "images.npy", mmap_mode="r", allow_pickle=False)
        labels = np.load(cache / "labels.npy", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return images, labels


def _check_room(cache: Path, needed: int) -> None:
    """Refuse to fill a disk."""
    free = shutil.disk_usage(cache).free
    if free < needed:
        raise CacheFolderError(
            f"{cache} has {free / 2**20:.0f} MiB free, and the decoded images need {needed / 2**20:.0f} MiB: "
            "make room, or set COURSEWORK_CACHE to a folder on another disk"
        )
