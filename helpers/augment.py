"""Training batches flipped and cropped at random, each a function of (seed, epoch)."""

import keras
import numpy as np


class AugmentedBatches(keras.utils.PyDataset):
    """Batches of training images, shuffled anew each epoch, flipped left-right half the time and cropped at random.

    The crop pads each side with black and cuts the original size at a random place. Epoch k of a seed is the same
    whenever it is drawn.

    Args:
        images: uint8 (n, height, width, channels), 0 to 255.
        labels: Integer classes (n,).
        batch_size: Images a batch; the last may hold fewer.
        seed: Seed of the order, the flips and the crops.
        padding: Pixels of black on each side that the crop moves in.
    """

    def __init__(self, images: np.ndarray, labels: np.ndarray, batch_size: int, seed: int, padding: int = 4):
        super().__init__()
        self.num_images, self.batch_size = len(images), batch_size
        self._labels, self._seed, self._padding = labels, seed, padding
        margin = (padding, padding)
        self._padded = np.pad(images, ((0, 0), margin, margin, (0, 0)))
        # A view: (n, 2 * padding + 1, 2 * padding + 1, channels, height, width), every crop of every image.
        self._crops = np.lib.stride_tricks.sliding_window_view(self._padded, images.shape[1:3], axis=(1, 2))
        self.draw_epoch(0)

    def __len__(self) -> int:
        """Number of batches an epoch."""
        return -(-self.num_images // self.batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return batch `index` of this epoch: images uint8 (batch, height, width, channels), labels (batch,)."""
        batch = slice(index * self.batch_size, (index + 1) * self.batch_size)
        chosen, flipped = self._order[batch], self._flipped[batch]
        images = self._crops[chosen, self._top[batch], self._left[batch]].transpose(0, 2, 3, 1)
        return np.where(flipped[:, None, None, None], images[:, :, ::-1], images), self._labels[chosen]

    def draw_epoch(self, epoch: int) -> None:
        """Make all of an epoch's random choices, from (seed, epoch) alone; epochs are counted from 0.

        `fit` calls this as each epoch begins.
        """
        rng = np.random.default_rng([self._seed, epoch])
        self._order = rng.permutation(self.num_images)
        self._flipped = rng.random(self.num_images) < 0.5
        self._top, self._left = rng.integers(0, 2 * self._padding + 1, (2, self.num_images))
