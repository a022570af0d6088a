"""What frozen layers compute is computed once: training and prediction begin behind them."""

from dataclasses import dataclass

import keras
import numpy as np

from helpers.training.batches import OrderedBatches, ShuffledBatches
from helpers.training.checkpoints import CheckpointError
from helpers.training.features import LIMIT_BYTES, features_folder, frozen_features, has_room, kept_bytes
from helpers.training.feeding import feed
from helpers.training.splitting import split_frozen

PREDICTION_BATCH = 500  # images; twice as many are 7 % faster, but a CNN's maps of them take 135 MB more
Labelled = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class TrainingPlan:
    """What is trained, on what.

    Attributes:
        model: The model, or the part of it behind its frozen layers, with which it shares all layers.
        batches: Training batches.
        validation: Validation images or features, and classes; None without.
        frozen_part: None where nothing is frozen in front; else plain values: `about`, a sentence; `seconds` that
            computing the kept features took, 0 where nothing is kept; `shared`, whether that time was measured once
            and other runs have it too.
    """

    model: keras.Model
    batches: ShuffledBatches
    validation: Labelled | None
    frozen_part: dict | None = None


def behind_frozen(model: keras.Model) -> keras.Model:
    """The part of a model behind its frozen layers, sharing all layers; the model itself where none is in front."""
    parts = split_frozen(model)
    return parts[1] if parts else model


def _worthwhile_split(model: keras.Model) -> tuple[keras.Model, keras.Model] | None:
    """What `split_frozen` gives, where features are read faster than computed; else None.

    A first layer that whitens, say, is computed in no time, and gives ten times as many values as an image has.
    """
    parts = split_frozen(model)
    shape = parts[0].output_shape[1:] if parts else (None,)
    return parts if None not in shape and parts[0].count_params() > np.prod(shape) else None


def plan_training(
    model, batches: ShuffledBatches, validation: Labelled | None, keep: bool | None = None
) -> TrainingPlan:
    """Run the frozen layers in front of a model once for each image, and return what is left to train.

    Args:
        model: Uncompiled or compiled.
        batches: Of its training images.
        validation: Images and classes, or None.
        keep: Whether features are kept; None: where there is room for them.

    Raises:
        CheckpointError: They are to be kept, and there is no room.
    """
    parts = _worthwhile_split(model)
    if parts is None:
        return TrainingPlan(model, batches, validation)
    every_epoch = {"seconds": 0.0, "shared": False, "about": "the whole net runs in every epoch: "}
    if type(batches) is not ShuffledBatches:
        every_epoch["about"] += "augmentation changes the images in front of the frozen layers"
        return TrainingPlan(model, batches, validation, every_epoch)
    frozen, rest = parts
    parts_of_data = [batches.num_images, *([len(validation[0])] if validation else [])]
    needed = sum(kept_bytes(frozen, num_images) for num_images in parts_of_data)  # each is kept by itself
    room = has_room(needed)
    limit = f"{needed / 2**30:.1f} GiB exceed the limit of {LIMIT_BYTES / 2**30:.0f} GiB or the disk"
    if keep and not room:
        raise CheckpointError(
            f"the run goes on with what its frozen layers compute, kept on disk: expected room for it, but {limit}; "
            f"make room where {features_folder()} lies, then run again: training goes on from the last checkpoint."
        )
    if keep is False or not room:
        every_epoch["about"] += "there was no room for features when it began" if room else f"features of {limit}"
        return TrainingPlan(model, batches, validation, every_epoch)
    found = [frozen_features(frozen, batches.images)]
    found += [frozen_features(frozen, validation[0])] if validation else []
    seconds, shape = sum(part.seconds for part in found), found[0].values.shape[1:]
    size = sum(part.values.nbytes for part in found) / 2**20
    about = f"the frozen layers run once: {' x '.join(map(str, shape))} features an image, {size:,.0f} MiB on disk"
    frozen_part = {"about": about, "seconds": seconds, "shared": any(part.earlier for part in found)}
    kept = (found[1].values, validation[1]) if validation else None
    return TrainingPlan(rest, batches.of(found[0].values), kept, frozen_part)


def predict(model: keras.Model, images: np.ndarray, fast: bool = True) -> np.ndarray:
    """Predict class probabilities; what frozen layers in front compute is kept, where there is room for it.

    Args:
        model: uint8 images -> probabilities.
        images: uint8 (n, height, width, channels).
        fast: Whether what is kept was computed by faster implementations, as in training.

    Returns:
        float32 (n, classes), each row summing to 1.
    """
    parts = _worthwhile_split(model)
    if parts and has_room(kept_bytes(parts[0], len(images))):
        images, model = frozen_features(parts[0], images, fast).values, parts[1]
    return np.asarray(model.predict(feed(OrderedBatches(images, batch_size=PREDICTION_BATCH)), verbose=0))
