"""Images that are in a data set twice: exact copies, and near-duplicates by correlation."""

import hashlib

import numpy as np

from helpers.data.splits import Split

BLOCK = 4  # pixels of a side that are averaged before images are correlated
AT_ONCE = 1000  # images that are correlated with all others at a time: more would take too much memory


def count_leaked_images(images: np.ndarray, split: Split) -> dict[str, int]:
    """Count images of one part whose exact content, byte for byte, is also in another.

    Args:
        images: All images, uint8 (n, height, width, channels).
        split: The split.

    Returns:
        Counts for "validation in train", "test in train" and "test in validation".
    """
    contents = {
        part: [hashlib.blake2b(images[i].tobytes(), digest_size=16).digest() for i in getattr(split, part)]
        for part in ("train", "validation", "test")
    }
    pairs = (("validation", "train"), ("test", "train"), ("test", "validation"))
    return {f"{part} in {other}": _count_members(contents[part], contents[other]) for part, other in pairs}


def find_similar_images(images: np.ndarray, wanted: np.ndarray, among: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Match images with those of highest correlation, which brightness and contrast do not affect.

    It is a coarse search for near-duplicates: images are averaged over blocks of 4x4 pixels first.

    Args:
        images: uint8 (n, height, width, channels); height and width multiples of 4.
        wanted: Indices (m,) of the images to match.
        among: Indices of the images to match them with.

    Returns:
        For each of `wanted`, the index of its most similar image, int64 (m,), and their correlation, float32 (m,).
    """
    blocks = _unit_blocks(images)
    nearest, correlation = [], []
    for start in range(0, len(wanted), AT_ONCE):
        similarity = blocks[wanted[start : start + AT_ONCE]] @ blocks[among].T
        nearest.append(among[similarity.argmax(axis=1)])
        correlation.append(similarity.max(axis=1))
    return np.concatenate(nearest), np.concatenate(correlation)


def _unit_blocks(images: np.ndarray) -> np.ndarray:
    """Images as means over blocks, each without its mean and of length 1, float32 (n, values)."""
    count, height, width, channels = images.shape
    blocks = images.reshape(count, height // BLOCK, BLOCK, width // BLOCK, BLOCK, channels)
    blocks = blocks.mean(axis=(2, 4), dtype="float32").reshape(count, -1)
    blocks -= blocks.mean(axis=1, keepdims=True)
    return blocks / (np.linalg.norm(blocks, axis=1, keepdims=True) + 1e-9)  # an image of one colour has no contrast


def _count_members(items: list[bytes], others: list[bytes]) -> int:
    """How many of the items are among the others."""
    known = set(others)
    return sum(item in known for item in items)
