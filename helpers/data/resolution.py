"""Reduced resolutions."""

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
        raise ValueError(f"size: expected 1 to {side} pixels, came {size}")
    small = keras.ops.image.resize(images.astype("float32"), (size, size), antialias=True, data_format="channels_last")
    return np.clip(np.round(keras.ops.convert_to_numpy(small)), 0, 255).astype("uint8")
