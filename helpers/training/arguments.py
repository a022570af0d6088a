"""What `fit` refuses to train, before anything is."""

import keras
import numpy as np

from helpers.training.batches import ShuffledBatches
from helpers.training.compiled_metrics import check_names, names_in_history
from helpers.training.optimizers import optimizer_of

FORGETFUL = (  # callbacks that know more than the epoch and the step, or have put other weights into the model
    keras.callbacks.EarlyStopping,
    keras.callbacks.ReduceLROnPlateau,
    keras.callbacks.BackupAndRestore,
    keras.callbacks.SwapEMAWeights,
)


def check_arguments(model, x, y, validation_data, whole_numbers: dict[str, int | None], callbacks) -> None:
    """Refuse what cannot be trained, before anything is.

    Args:
        model, x, y, validation_data, callbacks: As for `fit`.
        whole_numbers: What must be a whole number of 1 or more, or None: epochs, batch_size, patience,
            steps_per_execution.

    Raises:
        ValueError: What was expected, what it got, and what to do.
    """
    if getattr(model, "optimizer", None) is None or not model.compiled:
        raise ValueError("the model is not compiled: call model.compile(optimizer, loss, metrics) first")
    for name, value in whole_numbers.items():
        if value is not None and (not isinstance(value, int | np.integer) or value < 1):
            raise ValueError(f"{name}: expected a whole number of 1 or more, got {value!r}")
    if whole_numbers["patience"] is not None and validation_data is None:
        raise ValueError("patience: expected validation_data to watch, got None; or leave patience out")
    check_names(model)
    named = names_in_history(model)
    if whole_numbers["patience"] is not None and named is not None and "accuracy" not in named:
        raise ValueError(
            f"patience: expected 'accuracy' among the metrics, to watch it on the validation images, got "
            f"{list(named)}: compile with metrics=['accuracy'], or leave patience out"
        )
    optimizer = optimizer_of(model)
    if whole_numbers["patience"] is not None and any(
        getattr(each, "use_ema", False) for each in (optimizer, *getattr(optimizer, "optimizers", ()))
    ):
        raise ValueError(
            "patience: brings back the weights of the best epoch, and the mean that the optimizer keeps with "
            "use_ema=True would be lost: expected one of the two"
        )
    if validation_data is not None and len(validation_data[0]) != len(validation_data[1]):
        counts = " and ".join(str(len(part)) for part in validation_data)
        raise ValueError(f"validation_data: expected as many images as classes, got {counts}")
    if y is not None and len(x) != len(y):
        raise ValueError(f"x and y: expected as many images as classes, got {len(x)} and {len(y)}")
    if y is None and not isinstance(x, ShuffledBatches):
        raise ValueError(
            "y is missing: expected the classes of x, or a dataset of batches such as AugmentedBatches as x"
        )
    if y is None and x.batch_size != (got := whole_numbers["batch_size"]):
        raise ValueError(f"batch_size: expected that of the dataset of batches, {x.batch_size}, got {got}")
    for callback in callbacks:
        if isinstance(callback, FORGETFUL):
            raise ValueError(
                f"callbacks: {type(callback).__name__} would forget what it knows when a run is interrupted: expected "
                "callbacks that depend on the epoch and the step alone; for early stopping give patience, for averaged "
                "weights helpers.fast.net.AverageWeights"
            )
        if whole_numbers["patience"] is not None and getattr(callback, "replaces_weights", False):
            raise ValueError(
                f"callbacks: {type(callback).__name__} replaces the weights at the end, and patience brings back those "
                "of the best epoch: expected one of the two"
            )
