"""Pixels: reduced resolutions, statistics by channel."""

import numpy as np


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
    import keras  # here, so that finding and splitting data needs no backend

    side = images.shape[1]
    if not 1 <= size <= side:
        raise ValueError(f"size: expected 1 to {side} pixels, got {size}")
    small = keras.ops.image.resize(images.astype("float32"), (size, size), antialias=True, data_format="channels_last")
    return np.clip(np.round(keras.ops.convert_to_numpy(small)), 0, 255).astype("uint8")


def channel_statistics(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each channel, pixels taken as 0 to 1.

    Args:
        images: uint8 (n, height, width, channels), 0 to 255.

    Returns:
        Means and standard deviations, float64 (channels,). Exact, from counts of the 256 values: no float copy is made.
    """
    values = np.arange(256) / 255
    counts = np.stack([np.bincount(images[..., c].ravel(), minlength=256) for c in range(images.shape[-1])])
    share = counts / counts.sum(axis=1, keepdims=True)
    mean = share @ values
    return mean, np.sqrt(np.maximum(share @ values**2 - mean**2, 0))  # rounding may fall just below 0
