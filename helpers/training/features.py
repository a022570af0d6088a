"""The output of a frozen part, computed once for each image and kept on disk, memory-mapped.

The files are in `$COURSEWORK_CACHE/features`, each named after all that determines its content: safe to delete, never
stale. The folder is bounded: the files unused for longest make room.
"""

import hashlib
import json
import os
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from helpers.data.decoded import cache_folder
from helpers.fast.layers import all_layers, fast_layers, is_fast
from helpers.files import remove_half_written, replacing, write_json
from helpers.machine import uses_gpu, versions, versions_that_count
from helpers.training.batches import OrderedBatches
from helpers.training.feeding import feed
from helpers.training.identity import TRAINING_VERSION, cleaned, described_lambdas, foreign_code, names_by_place
from helpers.training.splitting import Node, graph, narrow_places

LIMIT_BYTES = 8 * 2**30  # of all features on disk
EXTRACTION_BATCH = 960  # images; no gradients are kept, so larger than a training batch
CHUNK_BYTES = 2**28  # of features held in memory at a time
POOLS = (keras.layers.MaxPooling2D, keras.layers.AveragePooling2D)


class Features(NamedTuple):
    """What a frozen part makes of images.

    Attributes:
        values: (n, ...), memory-mapped and read-only, float32; float16 where the part computes with it. Either holds
            every value exactly: NumPy's files know no bfloat16, of which float32 holds each.
        seconds: What computing them took from the images on, whenever that was.
        earlier: Whether they, or a part of the way to them, were computed before.
    """

    values: np.ndarray
    seconds: float
    earlier: bool


def frozen_features(frozen: keras.Model, images: np.ndarray, fast: bool = True) -> Features:
    """Return a frozen model's output for each image, from disk if it was computed before.

    Where a pool lies in front of the last layer with weights, with nothing beside it, the part up to that pool is
    computed and kept first, always: so several depths of one net share it, and a result never depends on what was kept
    before.

    Args:
        frozen: A part that never changes, as `split_frozen` makes it.
        images: What it takes, (n, ...).
        fast: Whether faster implementations of its layers are used.
    """
    path = features_folder() / f"{features_key(frozen, images, fast)}.npy"
    if found := _open(path, (len(images), *frozen.output_shape[1:])):
        return found
    inputs, seconds, earlier, rest = images, 0.0, False, frozen
    if shared := _shared_part(frozen, len(images)):
        inputs, seconds, earlier = frozen_features(shared, images, fast)
        rest = keras.Model(shared.outputs, frozen.outputs)
    make_room(features_bytes(frozen, len(images)))
    start = time.perf_counter()
    with replacing(path) as file, fast_layers(rest, enabled=fast):
        digest = _write(file, rest, inputs)
    seconds += time.perf_counter() - start
    write_json(path.with_suffix(".json"), {"sha256": digest, "seconds": seconds})
    return Features(np.load(path, mmap_mode="r", allow_pickle=False), seconds, earlier)


def features_key(frozen: keras.Model, images: np.ndarray, fast: bool = True) -> str:
    """Name all that determines features: layers, their code, precision, weights, images, and what computes.

    Args:
        frozen, images, fast: As for `frozen_features`.

    Returns:
        32 hexadecimal digits.
    """
    device = "gpu" if uses_gpu() else "cpu"
    about = [keras.backend.backend(), versions_that_count(versions()), device, TRAINING_VERSION, fast and is_fast()]
    digest = hashlib.sha256(f"{about} {images.shape} {images.dtype}".encode())
    for start in range(0, len(images), 10_000):
        digest.update(np.ascontiguousarray(images[start : start + 10_000]))
    nodes = graph(frozen)
    for node in nodes:
        about = [node.kind, _config(node), node.parents]
        digest.update(json.dumps(about, sort_keys=True, default=str).encode())
        for weight in node.weights:
            digest.update(np.ascontiguousarray(keras.ops.convert_to_numpy(weight)).view("uint8"))
    if code := foreign_code([node.layer for node in nodes]):
        digest.update(json.dumps(code).encode())
    return digest.hexdigest()[:32]


def _config(node: Node):
    """What a layer is made with; of a model without the names of its layers, which are others in each process."""
    if not isinstance(node.layer, keras.Model):
        return described_lambdas(node.config)
    return [
        cleaned(node.config, names_by_place(node.layer)),
        [each.dtype_policy.name for each in all_layers(node.layer)],
    ]


def features_bytes(frozen: keras.Model, num_images: int) -> int:
    """The size of the features of so many images."""
    return num_images * int(np.prod(frozen.output_shape[1:])) * np.dtype(_dtype(frozen)).itemsize


def kept_bytes(frozen: keras.Model, num_images: int) -> int:
    """The size of all that `frozen_features` keeps of so many images: theirs, and those of a pool on the way."""
    shared = _shared_part(frozen, num_images)
    return features_bytes(frozen, num_images) + (features_bytes(shared, num_images) if shared else 0)


def has_room(needed: int) -> bool:
    """Whether features of so many bytes are within the limit, and the disk has room for them."""
    kept = sum(status.st_size for status in _kept().values())
    return needed <= min(LIMIT_BYTES, shutil.disk_usage(features_folder()).free + kept)


def make_room(needed: int) -> None:
    """Delete what a killed run left, and the features unused for longest until so many more bytes fit."""
    remove_half_written(features_folder())
    kept = sorted(_kept().items(), key=lambda item: item[1].st_mtime)
    sizes = {path: status.st_size for path, status in kept}
    free = shutil.disk_usage(features_folder()).free
    for path, _ in kept:
        if sum(sizes.values()) + needed <= LIMIT_BYTES and needed <= free:
            return
        free += sizes.pop(path)
        path.unlink(missing_ok=True)
        path.with_suffix(".json").unlink(missing_ok=True)


def _kept() -> dict[Path, os.stat_result]:
    """The files of all features, with their sizes and times; another process may remove some meanwhile."""
    found = {}
    for path in features_folder().glob("*.npy"):
        with suppress(FileNotFoundError):
            found[path] = path.stat()
    return found


def features_folder() -> Path:
    """The folder of all features, made if need be."""
    folder = cache_folder() / "features"
    folder.mkdir(exist_ok=True)
    return folder


def _shared_part(frozen: keras.Model, num_images: int) -> keras.Model | None:
    """The part up to the last pool in front of a model's last weights that alone joins both sides of it.

    None where there is no such pool, where its output would take much room, and where the model itself ends in a pool:
    that one is computed in one piece.
    """
    nodes = graph(frozen)
    last = max((k for k, node in enumerate(nodes) if node.weights), default=0)
    pools = [nodes[k] for k in narrow_places(nodes) if k < last and isinstance(nodes[k].layer, POOLS)]
    if not pools or isinstance(nodes[-1].layer, POOLS):
        return None
    part = keras.Model(frozen.inputs, pools[-1].output)
    return part if features_bytes(part, num_images) <= LIMIT_BYTES // 4 else None


def _write(file, frozen: keras.Model, images: np.ndarray) -> str:
    """Compute features and write them as NumPy does, a chunk of images at a time; returns the SHA-256 of all bytes."""
    dtype, shape = np.dtype(_dtype(frozen)), (len(images), *frozen.output_shape[1:])
    header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
    file.flush()
    digest = hashlib.sha256(Path(file.name).read_bytes())
    batches = max(1, CHUNK_BYTES // max(1, features_bytes(frozen, EXTRACTION_BATCH)))
    for start in range(0, len(images), batches * EXTRACTION_BATCH):
        chunk = images[start : start + batches * EXTRACTION_BATCH]
        predicted = frozen.predict(feed(OrderedBatches(chunk, batch_size=EXTRACTION_BATCH)), verbose=0)
        features = np.ascontiguousarray(predicted, dtype)
        file.write(features)
        digest.update(features)
    return digest.hexdigest()


def _open(path: Path, shape: tuple[int, ...]) -> Features | None:
    """Features of an earlier time; None where they are missing, cut short or altered."""
    try:
        stamp = json.loads(path.with_suffix(".json").read_text())
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != stamp["sha256"]:
                return None
        features = np.load(path, mmap_mode="r", allow_pickle=False)
        os.utime(path)  # used just now
        return Features(features, float(stamp["seconds"]), True) if features.shape == shape else None
    except (OSError, ValueError, KeyError, EOFError):
        return None


def _dtype(frozen: keras.Model) -> str:
    """How features are kept."""
    return "float16" if frozen.outputs[0].dtype == "float16" else "float32"
