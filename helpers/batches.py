"""Training batches whose order, and whatever else is drawn at random, is a function of (seed, epoch)."""

import keras
import numpy as np

from helpers.fingerprints import digest_of_arrays


class ShuffledBatches(keras.utils.PyDataset):
    """Batches of training images in an order drawn anew each epoch; epoch k of a seed is the same whenever it is drawn.

    `fit` calls `draw_epoch` as each epoch begins. A dataset of batches of one's own derives from this one.

    Args:
        images: (n, ...), such as uint8 (n, height, width, channels).
        labels: Integer classes (n,).
        batch_size: Images a batch; the last may hold fewer.
        seed: Seed of the order.
    """

    def __init__(self, images: np.ndarray, labels: np.ndarray, batch_size: int, seed: int):
        super().__init__()
        self.num_images, self.batch_size = len(images), batch_size
        self._images, self._labels, self._seed = images, np.asarray(labels), seed
        self.draw_epoch(0)

    def __len__(self) -> int:
        """Number of batches an epoch."""
        return -(-self.num_images // self.batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return batch `index` of this epoch: images (batch, ...), labels (batch,)."""
        chosen = self._order[self._batch(index)]
        return self._images[chosen], self._labels[chosen]

    def draw_epoch(self, epoch: int) -> None:
        """Make all of an epoch's random choices, from (seed, epoch) alone; epochs are counted from 0."""
        self._draw(np.random.default_rng([self._seed, epoch]))

    def describe(self) -> dict:
        """All that determines the batches, as plain values: the images by their digest."""
        return {"images": digest_of_arrays(self._images, self._labels), "seed": self._seed, "size": self.batch_size}

    def _draw(self, rng: np.random.Generator) -> None:
        """Draw the order."""
        self._order = rng.permutation(self.num_images)

    def _batch(self, index: int) -> slice:
        """Where a batch lies in the epoch's order."""
        return slice(index * self.batch_size, (index + 1) * self.batch_size)


class AugmentedBatches(ShuffledBatches):
    """Shuffled batches of images that are flipped left-right half of the time and cropped at random.

    The crop pads each side with black and cuts the original size at a random place.

    Args:
        images: uint8 (n, height, width, channels), 0 to 255.
        labels: Integer classes (n,).
        batch_size: Images a batch; the last may hold fewer.
        seed: Seed of the order, the flips and the crops.
        padding: Pixels of black on each side that the crop moves in.
    """

    def __init__(self, images: np.ndarray, labels: np.ndarray, batch_size: int, seed: int, padding: int = 4):
        self._padding, margin = padding, (padding, padding)
        self._padded = np.pad(images, ((0, 0), margin, margin, (0, 0)))
        # A view: (n, 2 * padding + 1, 2 * padding + 1, channels, height, width), every crop of every image.
        self._crops = np.lib.stride_tricks.sliding_window_view(self._padded, images.shape[1:3], axis=(1, 2))
        super().__init__(images, labels, batch_size, seed)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return batch `index` of this epoch: images uint8 (batch, height, width, channels), labels (batch,)."""
        batch = self._batch(index)
        chosen, flipped = self._order[batch], self._flipped[batch]
        images = self._crops[chosen, self._top[batch], self._left[batch]].transpose(0, 2, 3, 1)
        return np.where(flipped[:, None, None, None], images[:, :, ::-1], images), self._labels[chosen]

    def describe(self) -> dict:
        """All that determines the batches, as plain values: the images by their digest."""
        return super().describe() | {"padding": self._padding}

    def _draw(self, rng: np.random.Generator) -> None:
        """Draw the order, the flips and the crops."""
        super()._draw(rng)
        self._flipped = rng.random(self.num_images) < 0.5
        self._top, self._left = rng.integers(0, 2 * self._padding + 1, (2, self.num_images))
