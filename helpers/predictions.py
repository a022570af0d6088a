"""What nets said of test images, and the images' classes: as text in records, and back."""

import base64
import json
import zlib
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from helpers.files import remove_half_written, replacing, write_json
from helpers.fingerprints import digest_of_arrays
from helpers.records import RecordError

LARGEST_SET = 100 * 2**20  # bytes
PROBABILITY_STEPS = 65_535  # a probability is kept as a whole number of these


@dataclass(frozen=True)
class Predictions:
    """What a net said of each test image.

    Attributes:
        y_pred: The most probable class, int64 (n,).
        confidence: Its probability, float64 (n,), to within 1e-5.
        second: The second most probable class, int64 (n,).
    """

    y_pred: np.ndarray
    confidence: np.ndarray
    second: np.ndarray


def pack_predictions(y_prob: np.ndarray) -> dict[str, str]:
    """Predictions as text for a record: some 20 kB for 10,000 images.

    Args:
        y_prob: Probabilities (n, classes), at most 256 classes.
    """
    order = np.argsort(-y_prob, axis=1, kind="stable")
    y_pred, confidence = y_prob.argmax(axis=1), y_prob.max(axis=1).astype("float64")
    steps = np.round(np.clip(confidence, 0, 1) * PROBABILITY_STEPS).astype("<u2")
    columns = {"y_pred": y_pred.astype("u1"), "confidence": steps, "second": order[:, 1].astype("u1")}
    return {name: base64.b64encode(zlib.compress(column.tobytes(), 9)).decode() for name, column in columns.items()}


def unpack_predictions(test: dict) -> Predictions:
    """The predictions in a record's test.

    Args:
        test: `record["test"]`, or one of `record["tests"]`.

    Raises:
        RecordError: They are not there, or not as many as images.
    """
    try:
        packed = test["predictions"]
        kinds = {"y_pred": "u1", "confidence": "<u2", "second": "u1"}
        found = {
            name: np.frombuffer(zlib.decompress(base64.b64decode(packed[name])), kind) for name, kind in kinds.items()
        }
    except (KeyError, TypeError, ValueError, zlib.error) as error:
        raise RecordError(f"expected predictions for each test image, got {type(error).__name__}: {error}") from error
    if {len(column) for column in found.values()} != {test["images"]}:
        raise RecordError(f"expected predictions for {test['images']} images, got {[len(c) for c in found.values()]}")
    confidence = found["confidence"] / PROBABILITY_STEPS
    return Predictions(found["y_pred"].astype("int64"), confidence, found["second"].astype("int64"))


def keep_labels(folder: Path, y_test: np.ndarray) -> None:
    """Keep the classes of test images, once: records name them by their digest alone.

    Args:
        folder: `reports/<profile>/labels`.
        y_test: Integer classes (n,), at most 256 classes.
    """
    digest = digest_of_arrays(y_test)
    if not _labels_path(folder, digest).is_file() or read_labels(folder, digest) is None:
        Path(folder).mkdir(parents=True, exist_ok=True)
        remove_half_written(Path(folder))
        packed = {"y_true": base64.b64encode(zlib.compress(y_test.astype("u1").tobytes(), 9)).decode()}
        write_json(_labels_path(folder, digest), {"labels_sha256": digest, "dtype": str(y_test.dtype)} | packed)


def read_labels(folder: Path, digest: str | None) -> np.ndarray | None:
    """The classes of test images with a digest, int64 (n,); None where they are not kept or were altered."""
    try:
        return _labels(_labels_path(folder, digest or ""), digest)
    except (OSError, KeyError, TypeError, ValueError, zlib.error):
        return None


@cache  # what was found: what is missing now may be there later
def _labels(path: Path, digest: str) -> np.ndarray:
    """The classes in a file, int64 (n,), if they have the digest."""
    kept = json.loads(path.read_text())
    labels = np.frombuffer(zlib.decompress(base64.b64decode(kept["y_true"])), "u1").astype(kept["dtype"])
    if digest_of_arrays(labels) != digest:
        raise ValueError(f"{path} was altered")
    return labels.astype("int64")


def keep_images(folder: Path, x_test: np.ndarray) -> None:
    """Keep test images for pages that show some of them: a cache, each set once, never committed.

    Args:
        folder: `reports/<profile>/.images`.
        x_test: uint8 (n, height, width, channels); of other types, and of sets above 100 MB, nothing is kept.
    """
    path = _images_path(folder, digest_of_arrays(x_test))
    if x_test.dtype == "uint8" and x_test.nbytes <= LARGEST_SET and not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_half_written(path.parent)
        with suppress(OSError), replacing(path) as file:  # a page without pictures is better than no page
            np.save(file, x_test)


def read_images(folder: Path, digest: str | None) -> np.ndarray | None:
    """Test images with a digest, uint8 (n, height, width, channels); None where they are not kept or were altered."""
    try:
        images = np.load(_images_path(folder, digest or ""), allow_pickle=False)
    except (OSError, ValueError, EOFError, BadZipFile):
        return None
    return images if digest_of_arrays(images) == digest else None


def _images_path(folder: Path, digest: str) -> Path:
    """The file of images with a digest."""
    return Path(folder) / f"{digest[:16]}.npy"


def _labels_path(folder: Path, digest: str) -> Path:
    """The file of classes with a digest."""
    return Path(folder) / f"{digest[:16]}.json"
