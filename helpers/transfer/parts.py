"""What to train of a net: the part behind its frozen layers, on their kept output, or else the whole."""

from dataclasses import dataclass

import keras
import numpy as np

from helpers.batches import ShuffledBatches
from helpers.metrics import predict
from helpers.transfer.fast_convolutions import with_fast_convolutions
from helpers.transfer.features import LIMIT_BYTES, features_bytes, frozen_features, has_room
from helpers.transfer.splitting import split_frozen

Labelled = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class TrainablePart:
    """What to compile and fit.

    Attributes:
        model: The part that trains, or the whole model. It shares its layers with the whole model.
        train: Training batches for `fit`.
        validation: Validation images or features, and classes, for `fit`.
        cached: Whether the frozen part's output is kept, so that it runs once.
        about: What is kept, or why nothing is, in a sentence.
        seconds: What computing the kept features took, now or when it was done; 0 where nothing is kept.
        frozen: The part in front of `model`, whose output is kept; None where nothing is.
        fast: Whether convolutions are computed as matrix products where that is faster.
    """

    model: keras.Model
    train: ShuffledBatches
    validation: Labelled
    cached: bool
    about: str
    seconds: float
    frozen: keras.Model | None
    fast: bool

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Predict class probabilities as `metrics.predict` does of the whole model.

        The frozen part's output is kept, where there is room for it.

        Args:
            images: uint8 (n, height, width, channels).

        Returns:
            float32 (n, classes), each row summing to 1.
        """
        if not self.cached:
            return predict(self.model, images)
        if not has_room(features_bytes(self.frozen, len(images))):
            return predict(keras.Sequential([self.frozen, self.model]), images)
        return predict(self.model, frozen_features(self.frozen, images, self.fast)[0])


def trainable_part(
    model: keras.Model,
    train: Labelled | ShuffledBatches,
    validation: Labelled,
    batch_size: int,
    seed: int,
    use_cache: bool = True,
    fast: bool = True,
) -> TrainablePart:
    """Run the frozen layers in front of a model once for each image, and return what is left to train.

    Args:
        model: Some layers frozen, uncompiled.
        train: Images and classes; or a dataset of batches, such as `AugmentedBatches`, whose images change.
        validation: Images and classes.
        batch_size: Images a step.
        seed: Seed of the order of the training images.
        use_cache: False trains the whole model on the images, in the same order.
        fast: Whether convolutions are computed as matrix products where that is faster; the net is the same.

    Raises:
        ValueError: As many images as classes are needed; nothing was computed.
    """
    for x, y in (train, validation) if isinstance(train, tuple) else (validation,):
        if len(x) != len(y):
            raise ValueError(f"x and y: expected as many images as classes, came {len(x)} and {len(y)}")
    parts = split_frozen(model) if use_cache and isinstance(train, tuple) else None
    reason = _reason_against(train, validation, parts, use_cache)
    if reason:
        batches = ShuffledBatches(*train, batch_size, seed) if isinstance(train, tuple) else train
        whole = with_fast_convolutions(model) if fast else model
        return TrainablePart(whole, batches, validation, False, reason, 0.0, None, fast)
    frozen, rest = parts
    (x, y), (x_val, y_val) = train, validation
    features, seconds, kept = frozen_features(frozen, x, fast)
    features_val, seconds_val, _ = frozen_features(frozen, x_val, fast)
    about = (
        f"the frozen layers run once: {' x '.join(map(str, features.shape[1:]))} features an image, "
        f"{(features.nbytes + features_val.nbytes) / 2**20:,.0f} MiB on disk, "
        + ("computed before in " if kept else "computed in ")
        + f"{seconds + seconds_val:.1f} s"
    )
    batches = ShuffledBatches(features, y, batch_size, seed)
    rest = with_fast_convolutions(rest) if fast else rest
    return TrainablePart(rest, batches, (features_val, y_val), True, about, seconds + seconds_val, frozen, fast)


def _reason_against(train, validation: Labelled, parts, use_cache: bool) -> str:
    """Why the frozen layers run in every epoch; "" where they need not."""
    every_epoch = "the whole net runs in every epoch: "
    if not use_cache:
        return every_epoch + "as asked"
    if not isinstance(train, tuple):
        return every_epoch + "augmentation changes the images in front of the frozen layers"
    if parts is None:
        return every_epoch + "no frozen layer lies in front of all that trains or is random"
    needed = features_bytes(parts[0], len(train[0]) + len(validation[0]))
    if not has_room(needed):
        return (
            every_epoch
            + f"features of {needed / 2**30:.1f} GiB exceed the limit of {LIMIT_BYTES / 2**30:.0f} GiB or the disk"
        )
    return ""
