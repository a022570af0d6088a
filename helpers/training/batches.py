"""Training batches whose order, and whatever else is drawn at random, is a function of (seed, epoch)."""

from functools import cached_property

import keras
import numpy as np

from helpers.fingerprints import digest_of_arrays
from helpers.machine import uses_gpu

BORDERS = {"black": "constant", "reflect": "reflect"}  # NumPy's names
FLIPS = ("random", "alternating", "none")
MOST_ON_DEVICE = 4 * 2**30  # bytes of images that are kept in a GPU's memory


def keeps_on_device(images: np.ndarray) -> bool:
    """Whether images are copied to the device once, and batches are put together there: JAX on a GPU."""
    return keras.backend.backend() == "jax" and uses_gpu() and images.nbytes <= MOST_ON_DEVICE


class OrderedBatches(keras.utils.PyDataset):
    """Batches of arrays in the order that they have, for validation and prediction.

    Args:
        arrays: Each (n, ...), such as images and labels.
        batch_size: Images a batch; the last may hold fewer.
    """

    def __init__(self, *arrays: np.ndarray, batch_size: int):
        super().__init__()
        self._arrays, self._batch_size = [np.asarray(array) for array in arrays], batch_size

    def __len__(self) -> int:
        """Number of batches."""
        return -(-len(self._arrays[0]) // self._batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, ...]:
        """Return batch `index` of each array: views, (batch, ...)."""
        batch = slice(index * self._batch_size, (index + 1) * self._batch_size)
        return tuple(array[batch] for array in self._arrays)


class ShuffledBatches(keras.utils.PyDataset):
    """Batches of training images in an order drawn anew each epoch; epoch k of a seed is the same whenever it is drawn.

    `fit` calls `draw_epoch` as each epoch begins. A dataset of batches of one's own derives from this one. Its code and
    the plain values that it holds count for a run's identity; it overrides `describe` with whatever else it draws from.

    Args:
        images: (n, ...), such as uint8 (n, height, width, channels).
        labels: Integer classes (n,), or what else the loss takes of each image, such as one-hot classes (n, classes).
        batch_size: Images a batch; the last may hold fewer.
        seed: Seed of the order.
        first_epoch: What the first epoch counts as, 0 or more, where training goes on that began with other batches.
    """

    def __init__(self, images: np.ndarray, labels: np.ndarray, batch_size: int, seed: int, first_epoch: int = 0):
        super().__init__()
        self.num_images, self.batch_size = len(images), batch_size
        self._images, self._labels, self._seed, self._first_epoch = images, np.asarray(labels), seed, first_epoch
        self.draw_epoch(0)

    def __len__(self) -> int:
        """Number of batches an epoch."""
        return -(-self.num_images // self.batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return batch `index` of this epoch: images (batch, ...), labels (batch,)."""
        chosen = self._order[self._batch(index)]
        return self._source[chosen], self._labels[chosen]

    def draw_epoch(self, epoch: int) -> None:
        """Make all of an epoch's random choices, from (seed, epoch) alone; epochs are counted from 0."""
        self._draw(np.random.default_rng([self._seed, self._first_epoch + epoch]))

    def describe(self) -> dict:
        """All that determines the batches, as plain values: the images by their digest."""
        images = digest_of_arrays(self._images, self._labels)
        return {"images": images, "seed": self._seed, "size": self.batch_size, "first_epoch": self._first_epoch}

    @property
    def images(self) -> np.ndarray:
        """The images (n, ...), in their own order."""
        return self._images

    def of(self, images: np.ndarray) -> "ShuffledBatches":
        """Plain batches of other images in place of these, such as their features, in the same order."""
        return ShuffledBatches(images, self._labels, self.batch_size, self._seed, self._first_epoch)

    @cached_property
    def _source(self):
        """What batches are taken from: the images, or their copy on the device."""
        return keras.ops.convert_to_tensor(self._images) if keeps_on_device(self._images) else self._images

    def _draw(self, rng: np.random.Generator) -> None:
        """Draw the order."""
        self._order = rng.permutation(self.num_images)

    def _batch(self, index: int) -> slice:
        """Where a batch lies in the epoch's order."""
        return slice(index * self.batch_size, (index + 1) * self.batch_size)


class AugmentedBatches(ShuffledBatches):
    """Shuffled batches of images that are flipped left-right half of the time and cropped at random.

    The crop pads each side and cuts the original size at a random place.

    Args:
        images: uint8 (n, height, width, channels), 0 to 255.
        labels: Integer classes (n,), or what else the loss takes of each image.
        batch_size: Images a batch; the last may hold fewer.
        seed: Seed of the order, the flips and the crops.
        padding: Pixels on each side that the crop moves in.
        border: What the padding holds: "black", or "reflect" for the image mirrored at its border.
        flips: "random"; "alternating", where half of the images, drawn once, are flipped in even epochs and the others
            in odd ones, so that two epochs in a row show each image both ways; or "none".
        first_epoch: What the first epoch counts as, as for `ShuffledBatches`.

    Raises:
        ValueError: Another border or other flips.

    Reference:
        Alternating flips: K. Jordan, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU", arXiv:2404.00498, 2024.
    """

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        batch_size: int,
        seed: int,
        padding: int = 4,
        border: str = "black",
        flips: str = "random",
        first_epoch: int = 0,
    ):
        for name, value, known in (("border", border, BORDERS), ("flips", flips, FLIPS)):
            if value not in known:
                raise ValueError(f"{name}: expected one of {', '.join(known)}, got {value!r}")
        self._padding, self._border, self._flips = padding, border, flips
        self._first_flipped = np.random.default_rng(seed).random(len(images)) < 0.5
        super().__init__(images, labels, batch_size, seed, first_epoch)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return batch `index` of this epoch: images uint8 (batch, height, width, channels), labels (batch,)."""
        batch = self._batch(index)
        chosen, flipped = self._order[batch], self._flipped[batch]
        if self._source is not self._padded:  # on the device: rows and columns of each crop, backwards where flipped
            rows, columns = (
                start[batch, None] + np.arange(size)
                for start, size in zip((self._top, self._left), self._images.shape[1:3], strict=True)
            )
            columns[flipped] = columns[flipped, ::-1]
            places = chosen[:, None, None], rows[:, :, None], columns[:, None]
            return self._source[places], self._labels[chosen]
        images = self._crops[chosen, self._top[batch], self._left[batch]]
        images[flipped] = images[flipped, :, ::-1]
        return images, self._labels[chosen]

    def draw_epoch(self, epoch: int) -> None:
        """Make all of an epoch's random choices, from (seed, epoch) alone; epochs are counted from 0."""
        super().draw_epoch(epoch)
        if self._flips == "alternating":
            self._flipped = self._first_flipped[self._order] ^ bool((self._first_epoch + epoch) % 2)
        elif self._flips == "none":
            self._flipped = np.zeros(self.num_images, bool)

    def describe(self) -> dict:
        """All that determines the batches, as plain values: the images by their digest."""
        own = {"padding": self._padding, "border": self._border, "flips": self._flips}
        return super().describe() | own

    @cached_property
    def _padded(self) -> np.ndarray:
        """The images with their padding, made when the first batch is wanted: batches may only be described."""
        margin = (self._padding, self._padding)
        return np.pad(self._images, ((0, 0), margin, margin, (0, 0)), BORDERS[self._border])

    @cached_property
    def _crops(self) -> np.ndarray:
        """A view (n, 2 * padding + 1, 2 * padding + 1, height, width, channels): every crop of every image."""
        crops = np.lib.stride_tricks.sliding_window_view(self._padded, self._images.shape[1:3], axis=(1, 2))
        return crops.transpose(0, 1, 2, 4, 5, 3)

    @cached_property
    def _source(self):
        """What crops are taken from: the padded images, or their copy on the device."""
        return keras.ops.convert_to_tensor(self._padded) if keeps_on_device(self._padded) else self._padded

    def _draw(self, rng: np.random.Generator) -> None:
        """Draw the order, the flips and the crops."""
        super()._draw(rng)
        self._flipped = rng.random(self.num_images) < 0.5
        self._top, self._left = rng.integers(0, 2 * self._padding + 1, (2, self.num_images))
