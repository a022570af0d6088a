"""Pixels: reduced resolutions, statistics by channel."""

import math

import numpy as np

IMAGES_AT_ONCE = 1_000  # resized in float64: 25 MB of 32x32 pixels in colour


def reduce_resolution(images: np.ndarray, size: int) -> np.ndarray:
    """Shrink square images with an antialiased bilinear filter.

    Args:
        images: uint8 (n, side, side, channels), 0 to 255.
        size: The new side in pixels, 1 to the present side.

    Returns:
        uint8 (n, size, size, channels).

    Raises:
        ValueError: The size is not between 1 and the present side.
    """
    side = images.shape[1]
    if not 1 <= size <= side:
        raise ValueError(f"size: expected 1 to {side} pixels, got {size}")
    return _resize(images, size)


def at_resolution(images: np.ndarray, size: int, smooth: bool = True) -> np.ndarray:
    """Show square images at a lower resolution in as many pixels as before: reduce them, then enlarge them again.

    Args:
        images: uint8 (n, side, side, channels), 0 to 255.
        size: The resolution, a side in pixels, 1 to the images' side.
        smooth: True enlarges by bilinear interpolation, which blurs; False repeats pixels, which gives blocks and takes
            a resolution that divides the side.

    Returns:
        uint8 (n, side, side, channels). They hold no more than the reduced images: who has these can make them.

    Raises:
        ValueError: The size is not between 1 and the side, or does not divide it where blocks are asked for.
    """
    side, small = images.shape[1], reduce_resolution(images, size)
    if smooth:
        return _resize(small, side)
    if side % size:
        raise ValueError(f"size: blocks need a size that divides the images' side of {side} pixels, got {size}")
    return small.repeat(side // size, axis=1).repeat(side // size, axis=2)


def _resize(images: np.ndarray, size: int) -> np.ndarray:
    """Images bilinearly resized to size x size, antialiased where they shrink, some at a time.

    In whole numbers, which float64 holds exactly, and divided once: backends and processors differ in the last digits,
    so in a pixel here and there, and a run is known by its images.
    """
    side, channels = images.shape[1], images.shape[-1]
    if size == side:
        return images.copy()
    weights = _weights(side, size)
    across, total = np.kron(weights, np.eye(channels)).T, np.outer(weights.sum(axis=1), weights.sum(axis=1))
    resized = np.empty((len(images), size, size, channels), "uint8")
    for start in range(0, len(images), IMAGES_AT_ONCE):
        part = slice(start, start + IMAGES_AT_ONCE)
        rows = weights @ images[part].reshape(-1, side, side * channels)  # (n, size, side * channels)
        sums = (rows.reshape(-1, side * channels) @ across).reshape(-1, size, size, channels)
        resized[part] = np.round(sums / total[..., None])
    return resized


def _weights(side: int, size: int) -> np.ndarray:
    """Whole numbers (size, side): what each of `side` pixels adds to each of `size`, by a triangle around it."""
    middles, places = (2 * np.arange(size) + 1) * side - size, 2 * size * np.arange(side)  # in 1 / (2 size) of a pixel
    weights = np.maximum(0, 2 * max(side, size) - np.abs(middles[:, None] - places))
    return (weights // np.gcd.reduce(weights, axis=None)).astype("float64")


def channel_statistics(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each channel, pixels taken as 0 to 1.

    Args:
        images: uint8 (n, height, width, channels), 0 to 255.

    Returns:
        Means and standard deviations, float64 (channels,): the nearest to the exact ones, by whole numbers, so that
        they are the same on every processor; they are part of a net's configuration.
    """
    counts = [np.bincount(images[..., c].ravel(), minlength=256).tolist() for c in range(images.shape[-1])]
    n = sum(counts[0])
    sums = [[sum(value**power * count for value, count in enumerate(each)) for each in counts] for power in (1, 2)]
    mean = [total / (255 * n) for total in sums[0]]
    std = [math.sqrt((n * square - total**2) / (255 * n) ** 2) for total, square in zip(*sums, strict=True)]
    return np.array(mean), np.array(std)
