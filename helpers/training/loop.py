"""`fit`: Keras's own training loop, which can be interrupted at any moment and resumed to the same end."""

import os
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import keras
import numpy as np

from helpers.fast.layers import fast_layers
from helpers.machine import environment
from helpers.progress import Progress
from helpers.training.arguments import check_arguments
from helpers.training.batches import OrderedBatches, ShuffledBatches
from helpers.training.callbacks import Checkpoint, Clock, DrawEpoch, Report, StopOnNan, Stopping
from helpers.training.checkpoints import RunFiles
from helpers.training.compiled_metrics import all_metrics, build_metrics, has_metrics
from helpers.training.feeding import feed
from helpers.training.frozen import TrainingPlan, plan_training
from helpers.training.grouping import choose_steps, grouped_steps
from helpers.training.identity import Identity, identify
from helpers.training.optimizers import build_optimizer, settings_of
from helpers.training.result import TrainingResult
from helpers.training.state import arrays_of, assign, is_of, numbered, source_of
from helpers.variables import FRESH

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
    fast: bool = True,
    steps_per_execution: int | None = None,
    identity: Identity | None = None,
) -> TrainingResult:
    """Train a compiled model with `model.fit`, or take its weights from a run that has ended.

    Layers are computed by the faster implementations of `helpers.fast` where there are some, and what frozen layers in
    front give is computed once for each image: neither changes the model, and results only by rounding.

    Args:
        model: Compiled, with the metric "accuracy".
        x: Training images, such as uint8 (n, height, width, channels), or a dataset of batches such as
            `AugmentedBatches`.
        y: Integer classes (n,); None with a dataset of batches.
        validation_data: Images and classes that decide when to stop; never the test images. None looks at none, where
            nothing is to be decided: that saves their time.
        epochs: Most epochs, 1 or more.
        batch_size: Images a step.
        seed: Seed of the shuffling; a dataset of batches has its own, beside which this is only noted. The initial
            weights and the dropout's seeds are drawn before, when the model is built.
        patience: Epochs without a better validation accuracy before stopping; the best weights are then restored.
            None trains all epochs and keeps the last weights.
        name: What the line of progress calls the run.
        progress: The notebook's progress; default, of this run alone.
        callbacks: More of Keras's callbacks, made anew for each run. What they do must depend on the epoch and the step
            alone: what they remember is not kept when a run is interrupted, nor are random numbers that a layer of
            one's own draws without a `keras.random.SeedGenerator`. Behind frozen layers their model is the part that
            trains, which takes what those layers give; with `fast=False` it is the whole.
        runs_dir: Folder where runs are kept, a checkpoint an epoch. An interrupted run is resumed from it, to the
            result that it would have had; a finished one is not trained again, unless it began before the time in
            `$COURSEWORK_FRESH`. None keeps nothing.
        fast: False has every layer computed as Keras does it, frozen ones in every epoch.
        steps_per_execution: Steps that Keras computes in one call, which changes no result. None lets `choose_steps`
            decide: several on TensorFlow in a run of many, unless a callback looks at batches.
        identity: What `identify_run` said of the same arguments, where it was asked before.

    Raises:
        ValueError: An impossible argument, or a model that is not compiled; nothing was trained.
        TrainingDivergedError: The loss became NaN or infinite.
        CheckpointError: The run cannot be kept in `runs_dir`.
    """
    whole_numbers = {"epochs": epochs, "batch_size": batch_size, "patience": patience}
    check_arguments(
        model, x, y, validation_data, whole_numbers | {"steps_per_execution": steps_per_execution}, callbacks
    )
    batches, progress = _as_batches(x, y, batch_size, seed), progress or Progress()
    if identity is None:
        options = {"epochs": epochs, "patience": patience, "seed": seed, "callbacks": callbacks, "fast": fast}
        identity = identify_run(model, batches, validation_data=validation_data, batch_size=batch_size, **options)
    folder = runs_dir and Path(runs_dir) / identity.run
    files = RunFiles(folder, identity.run, os.environ.get(FRESH)) if folder else None
    with files.held(lambda: progress.waits(name)) if files else nullcontext():
        finished = _with_metrics(files.finished(), model) if files else None
        if finished:
            assign(source_of(finished[0], model), finished[0], model.optimizer)
            values = finished[1] | {"reused": True}
        else:
            begun = (files and _with_metrics(files.latest(), model)) or ({}, {})
            plan = _plan(model, batches, validation_data, fast, begun[0])
            steps = steps_per_execution or choose_steps(plan.model, callbacks, epochs * len(batches))
            with fast_layers(plan.model, enabled=fast), grouped_steps(plan.model, steps):
                values = _train(plan, epochs, patience, name, progress, callbacks, files, begun) | {"seed": seed}
            values["hyperparameters"]["steps_per_execution"] = steps
            if files:
                files.finish(arrays_of(plan.model), values)
    result = TrainingResult(**values, setting=identity.setting, identity=identity.run)
    progress.finish(name, result, epochs)
    return result


def identify_run(
    model,
    x,
    y=None,
    *,
    validation_data,
    epochs,
    batch_size,
    seed,
    patience=None,
    callbacks=(),
    fast=True,
    setting_only=False,
    **settings,
) -> Identity:
    """Identify the run that `fit` would train with the same arguments.

    Args:
        model, x, y, validation_data, epochs, batch_size, seed, patience, callbacks, fast: As for `fit`.
        setting_only: As for `identity.identify`.
        **settings: More plain values that belong to the experiment.
    """
    batches = _as_batches(x, y, batch_size, seed)
    build_optimizer(model)
    settings |= {"epochs": epochs, "patience": patience, "seed": seed}
    return identify(model, batches, validation_data, settings, callbacks, fast, setting_only)


def _as_batches(x, y, batch_size: int, seed: int) -> ShuffledBatches:
    """The training images as a dataset of batches, if they are not one."""
    return x if y is None else ShuffledBatches(x, y, batch_size, seed)


def _plan(model, batches: ShuffledBatches, validation_data, fast: bool, begun: dict[str, np.ndarray]) -> TrainingPlan:
    """What is trained; a part of the model is compiled like the whole, with the same optimizer.

    A run that goes on trains what it was begun with, whatever room the disk has now: `begun` are its arrays.
    """
    plan = TrainingPlan(model, batches, validation_data)
    keep = None if not begun else not is_of(begun, model)
    if fast or keep:  # where no layer has a faster form, with and without them are one run
        plan = plan_training(model, batches, validation_data, keep)
    if plan.model is not model:
        asked = model._compile_config.config  # as given: `get_compile_config` has metrics in a form for files
        kept = {key: asked[key] for key in ("metrics", "weighted_metrics", "loss_weights")}
        kept |= {"run_eagerly": model.run_eagerly, "jit_compile": model.jit_compile}
        plan.model.compile(model.optimizer, model.loss, steps_per_execution=model.steps_per_execution, **kept)
    return plan


def _with_metrics(found: tuple[dict, dict] | None, model: keras.Model) -> tuple[dict, dict] | None:
    """What a finished or interrupted run left, if its history has the metrics that the model is compiled with now.

    An interrupted one, whose history is to go on, must have no others.
    """
    if not found:
        return None
    values = found[1]
    if "history" in values:
        return found if has_metrics(model, values["history"]) else None
    asked = all_metrics(model)
    return found if has_metrics(model, values["clock"]["history"]) and values.get("metrics", asked) == asked else None


def _train(plan: TrainingPlan, epochs: int, patience, name: str, progress: Progress, callbacks, files, begun) -> dict:
    """Train from the newest checkpoint, or from the start, to the end; the values of the result."""
    model, (arrays, values) = plan.model, begun
    if arrays:
        assign(model, arrays, model.optimizer)
    best = [arrays[f"best {i}"] for i in range(len(model.weights)) if f"best {i}" in arrays]
    clock, stopping = Clock(values.get("clock")), Stopping(patience, values.get("stopping"), best)
    started, trained = values.get("started", datetime.now(UTC).isoformat(timespec="seconds")), values.get("epochs", 0)
    frozen_part = values.get("frozen_part", plan.frozen_part)  # as it was when the run began: now it finds its own

    def keep(epoch: int) -> None:
        state = {"started": started, "epochs": epoch, "ended": model.stop_training or epoch == epochs}
        state |= {"clock": clock.values, "stopping": stopping.values, "frozen_part": frozen_part}
        state["metrics"] = all_metrics(model)
        files.checkpoint(arrays_of(model) | numbered("best", stopping.best_weights or []), state)

    where = environment()  # of the start: the code may change while it trains
    own = [clock, DrawEpoch(plan.batches), StopOnNan(name), stopping]
    last = [Report(progress), *([Checkpoint(keep)] if files else [])]  # a checkpoint holds what all others have done
    progress.start(name, epochs, trained)
    build_metrics(model, plan.batches)
    validation = plan.validation and feed(OrderedBatches(*plan.validation, batch_size=VALIDATION_BATCH))
    model.fit(
        feed(plan.batches),
        shuffle=False,  # they are shuffled: Keras would put whole batches in another order
        initial_epoch=trained,
        epochs=trained if values.get("ended") else epochs,
        validation_data=validation,
        callbacks=[*own, *callbacks, *last],
        verbose=0,
    )
    values = _values(plan, frozen_part, clock.values, epochs, patience)
    return values | {"started": started, "environment": where}


def _values(plan: TrainingPlan, frozen_part: dict | None, clock: dict, epochs: int, patience: int | None) -> dict:
    """The values of a run that has ended."""
    trained = len(clock["epochs"])
    steady = clock["training"][1:] or clock["training"]
    return {
        "history": clock["history"],
        "seconds_first_step": clock["first_step"],
        "seconds_by_epoch": clock["epochs"],
        "seconds": sum(clock["epochs"]) + (frozen_part["seconds"] if frozen_part else 0.0),
        "images_per_second": plan.batches.num_images / float(np.median(steady)),
        "best_epoch": int(np.argmax(clock["history"]["val_accuracy"])) + 1 if patience else trained,
        "stopped_early": trained < epochs,
        "others_by_epoch": clock["others"],
        "frozen_part": frozen_part,
        "hyperparameters": {
            "optimizer": settings_of(plan.model),
            "batch_size": plan.batches.batch_size,
            "epochs": epochs,
            "patience": patience,
            "train_images": plan.batches.num_images,
        },
    }
