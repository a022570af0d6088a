"""`fit`: Keras's own training loop, interrupted at any moment and gone on with to the same end."""

import logging
import os
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import keras
import numpy as np

from helpers.batches import OrderedBatches, ShuffledBatches
from helpers.checkpoints import FRESH_VARIABLE, RunFiles
from helpers.environment import environment
from helpers.feeding import feed
from helpers.progress import Progress
from helpers.training.callbacks import Checkpoint, Clock, DrawEpoch, Report, StopOnNan, Stopping
from helpers.training.grouping import choose_steps, grouped_steps
from helpers.training.identity import run_identity, settings_of
from helpers.training.result import TrainingResult

VALIDATION_BATCH = 500  # images; no gradients are kept, so larger than a training batch


def fit(
    model: keras.Model,
    x,
    y=None,
    *,
    validation_data: tuple[np.ndarray, np.ndarray] | None,
    epochs: int,
    batch_size: int,
    seed: int,
    patience: int | None = None,
    name: str = "run",
    progress: Progress | None = None,
    callbacks: tuple[keras.callbacks.Callback, ...] = (),
    runs_dir: str | os.PathLike | None = None,
    steps_per_execution: int | None = None,
) -> TrainingResult:
    """Train a compiled model with `model.fit`, or take its weights from a run that has ended.

    Args:
        model: Compiled, with the metric "accuracy".
        x: Training images, such as uint8 (n, height, width, channels), or a dataset of batches such as
            `AugmentedBatches`.
        y: Integer classes (n,); None with a dataset of batches.
        validation_data: Images and classes that decide when to stop; never the test images. None looks at none, where
            nothing is to be decided: that saves their time.
        epochs: Most epochs, 1 or more.
        batch_size: Images a step.
        seed: Seed of the shuffling. The initial weights and the dropout's seeds are drawn before, when the model is
            built.
        patience: Epochs without a better validation accuracy before stopping; the best weights are then restored.
            None trains all epochs and keeps the last weights.
        name: What the line of progress calls the run.
        progress: The notebook's progress; default, of this run alone.
        callbacks: More of Keras's callbacks. What they do must depend on the epoch and the step alone: what they
            remember is not kept when a run is interrupted.
        runs_dir: Folder where runs are kept, a checkpoint an epoch. An interrupted run goes on from it to the result
            that it would have had; a finished one is not trained again, unless it began before the time in
            `$COURSEWORK_FRESH`. None keeps nothing.
        steps_per_execution: Steps that Keras computes in one call, which changes no result. None lets `choose_steps`
            decide: several on TensorFlow in a run of many, unless a callback looks at batches.

    Raises:
        ValueError: An impossible argument, or a model that is not compiled; nothing was trained.
        TrainingDivergedError: The loss became NaN or infinite.
        CheckpointError: The run cannot be kept in `runs_dir`.
    """
    whole_numbers = {"epochs": epochs, "batch_size": batch_size, "patience": patience}
    _check(model, x, y, validation_data, whole_numbers | {"steps_per_execution": steps_per_execution}, callbacks)
    batches = x if y is None else ShuffledBatches(x, y, batch_size, seed)
    steps = steps_per_execution or choose_steps(model, callbacks, epochs * len(batches))
    model.optimizer.build(model.trainable_variables)
    files, identity, progress = None, None, progress or Progress()
    if runs_dir is not None:
        settings = {"epochs": epochs, "patience": patience, "seed": seed}
        identity = run_identity(model, batches, validation_data, settings, callbacks)
        files = RunFiles(Path(runs_dir) / identity, identity, os.environ.get(FRESH_VARIABLE))
    with files.held(lambda: progress.waits(name)) if files else nullcontext():
        if files and (finished := files.finished()):
            _assign(model, finished[0])
            result = TrainingResult(**finished[1], identity=identity, reused=True)
        else:
            with grouped_steps(model, steps):
                values = _train(model, batches, validation_data, epochs, patience, name, progress, callbacks, files)
            values["hyperparameters"]["steps_per_execution"] = steps
            result = TrainingResult(**values | {"seed": seed}, identity=identity)
            if files:
                kept = result.as_dict()
                del kept["identity"], kept["reused"]
                files.finish(_arrays(model), kept)
    progress.finish(name, result, epochs)
    return result


def _check(model, x, y, validation_data, whole_numbers: dict[str, int | None], callbacks) -> None:
    """Refuse what cannot be trained, before anything is."""
    if getattr(model, "optimizer", None) is None or not model.compiled:
        raise ValueError("the model is not compiled: call model.compile(optimizer, loss, metrics) first")
    for name, value in whole_numbers.items():
        if value is not None and (not isinstance(value, int | np.integer) or value < 1):
            raise ValueError(f"{name}: expected a whole number of 1 or more, came {value!r}")
    if whole_numbers["patience"] is not None and validation_data is None:
        raise ValueError("patience: expected validation_data to watch, came None; or leave patience out")
    if y is not None and len(x) != len(y):
        raise ValueError(f"x and y: expected as many images as classes, came {len(x)} and {len(y)}")
    if y is None and not isinstance(x, ShuffledBatches):
        raise ValueError(
            "y is missing: expected the classes of x, or a dataset of batches such as AugmentedBatches as x"
        )
    if y is None and x.batch_size != (came := whole_numbers["batch_size"]):
        raise ValueError(f"batch_size: expected that of the dataset of batches, {x.batch_size}, came {came}")
    forgetful = (keras.callbacks.EarlyStopping, keras.callbacks.ReduceLROnPlateau, keras.callbacks.BackupAndRestore)
    for callback in callbacks:
        if isinstance(callback, forgetful):
            raise ValueError(
                f"callbacks: {type(callback).__name__} would forget what it knows when a run is interrupted: expected "
                "callbacks that depend on the epoch and the step alone; for early stopping give patience"
            )


def _train(model, batches, validation_data, epochs, patience, name, progress, callbacks, files) -> dict:
    """Train from the newest checkpoint, or from the start, to the end; the values of the result."""
    arrays, values = (files and files.latest()) or ({}, {})
    if arrays:
        _assign(model, arrays)
    best = [arrays[f"best {i}"] for i in range(len(model.weights)) if f"best {i}" in arrays]
    clock, stopping = Clock(values.get("clock")), Stopping(patience, values.get("stopping"), best)
    started, trained = values.get("started", datetime.now(UTC).isoformat(timespec="seconds")), values.get("epochs", 0)

    def keep(epoch: int) -> None:
        state = {"started": started, "epochs": epoch, "ended": model.stop_training or epoch == epochs}
        state |= {"clock": clock.values, "stopping": stopping.values}
        files.checkpoint(_arrays(model) | _numbered("best", stopping.best_weights or []), state)

    where = environment()  # of the start: the code may change while it trains
    own = [clock, DrawEpoch(batches), StopOnNan(name), stopping]
    last = [Report(progress), *([Checkpoint(keep)] if files else [])]  # a checkpoint holds what all others have done
    logging.getLogger("tensorflow").setLevel("ERROR")  # it warns that each new model is traced anew
    progress.start(name, epochs, trained)
    if validation_data is not None:
        validation_data = feed(OrderedBatches(*validation_data, batch_size=VALIDATION_BATCH))
    model.fit(
        feed(batches),
        shuffle=False,  # they are shuffled: Keras would put whole batches in another order
        initial_epoch=trained,
        epochs=trained if values.get("ended") else epochs,
        validation_data=validation_data,
        callbacks=[*own, *callbacks, *last],
        verbose=0,
    )
    return _values(model, clock.values, batches, epochs, patience) | {"started": started, "environment": where}


def _arrays(model: keras.Model) -> dict[str, np.ndarray]:
    """Weights, random states and the optimizer's state, by name."""
    return _numbered("variable", model.variables) | _numbered("optimizer", model.optimizer.variables)


def _numbered(kind: str, variables) -> dict[str, np.ndarray]:
    """Variables as arrays, named by their kind and place."""
    return {f"{kind} {i}": keras.ops.convert_to_numpy(variable) for i, variable in enumerate(variables)}


def _assign(model: keras.Model, arrays: dict[str, np.ndarray]) -> None:
    """Put what `_arrays` took out of a model back into it."""
    for kind, variables in (("variable", model.variables), ("optimizer", model.optimizer.variables)):
        for i, variable in enumerate(variables):
            variable.assign(arrays[f"{kind} {i}"])


def _values(model, clock: dict, batches: ShuffledBatches, epochs: int, patience: int | None) -> dict:
    """The values of a run that has ended."""
    trained = len(clock["epochs"])
    steady = clock["training"][1:] or clock["training"]
    return {
        "history": clock["history"],
        "seconds_first_step": clock["first_step"],
        "seconds_by_epoch": clock["epochs"],
        "seconds": sum(clock["epochs"]),
        "images_per_second": batches.num_images / float(np.median(steady)),
        "best_epoch": int(np.argmax(clock["history"]["val_accuracy"])) + 1 if patience else trained,
        "stopped_early": trained < epochs,
        "hyperparameters": {
            "optimizer": settings_of(model.optimizer),
            "batch_size": batches.batch_size,
            "epochs": epochs,
            "patience": patience,
            "train_images": batches.num_images,
        },
    }
