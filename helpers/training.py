"""`fit`: Keras's own training loop with timing, early stopping, a stop on NaN, and one line of progress."""

import logging
import math
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

import keras
import numpy as np

from helpers.progress import Progress, format_seconds

VALIDATION_BATCH = 1000  # images; no gradients are kept, so larger than a training batch


class TrainingDivergedError(RuntimeError):
    """The loss became NaN or infinite."""


@dataclass(frozen=True)
class TrainingResult:
    """What a training run did, apart from the model itself.

    Attributes:
        history: Figures by epoch: loss, accuracy, val_loss, val_accuracy, learning_rate.
        seconds_first_step: From the call to the end of the first step: tracing, compiling and one batch.
        seconds_by_epoch: Whole epochs, validation included; the first includes `seconds_first_step`.
        seconds: The sum of the epochs.
        images_per_second: Training alone, median over the epochs after the first (the first if it is the only one).
        best_epoch: Epoch, counted from 1, whose weights the model has now.
        stopped_early: Whether the patience ran out before the epochs did.
        hyperparameters: Optimizer with its configuration, batch size, epochs, patience.
        seed: Seed of the shuffling.
        started: Time of the start, ISO 8601, UTC.
    """

    history: dict[str, list[float]]
    seconds_first_step: float
    seconds_by_epoch: list[float]
    seconds: float
    images_per_second: float
    best_epoch: int
    stopped_early: bool
    hyperparameters: dict = field(repr=False)
    seed: int
    started: str

    def as_dict(self) -> dict:
        """The fields as plain values, for a record."""
        return asdict(self)


def fit(
    model: keras.Model,
    x,
    y=None,
    *,
    validation_data: tuple[np.ndarray, np.ndarray],
    epochs: int,
    batch_size: int,
    seed: int,
    patience: int | None = None,
    name: str = "run",
    progress: Progress | None = None,
    callbacks: tuple[keras.callbacks.Callback, ...] = (),
) -> TrainingResult:
    """Train a compiled model with `model.fit`.

    Args:
        model: Compiled, with the metric "accuracy".
        x: Training images uint8 (n, height, width, channels), or a dataset of batches such as `AugmentedBatches`.
        y: Integer classes (n,); None with a dataset of batches.
        validation_data: Images and classes that decide when to stop; never the test images.
        epochs: Most epochs, 1 or more.
        batch_size: Images a step.
        seed: Seed of the shuffling. The initial weights and the dropout's seeds are drawn before, when the model is
            built.
        patience: Epochs without a better validation accuracy before stopping; the best weights are then restored.
            None trains all epochs and keeps the last weights.
        name: What the line of progress calls the run.
        progress: The notebook's progress; default, of this run alone.
        callbacks: More of Keras's callbacks.

    Raises:
        ValueError: An impossible argument, or a model that is not compiled; nothing was trained.
        TrainingDivergedError: The loss became NaN or infinite.
    """
    _check(model, x, y, epochs, batch_size, patience)
    num_images = len(x) if y is not None else x.num_images
    progress = progress or Progress()
    clock, started = _Clock(), datetime.now(UTC).isoformat(timespec="seconds")
    stopping = _early_stopping(patience)
    logging.getLogger("tensorflow").setLevel("ERROR")  # it warns that each new model is traced anew
    keras.utils.set_random_seed(seed)
    progress.start(name, epochs)
    # A dataset of batches shuffles for itself: without "shuffle": False, Keras would put its batches in another order.
    options = {"shuffle": False} if y is None else {"y": y, "batch_size": batch_size, "shuffle": True}
    model.fit(
        x,
        **options,
        epochs=epochs,
        validation_data=validation_data,
        validation_batch_size=VALIDATION_BATCH,
        callbacks=[clock, *_drawing(x), _StopOnNan(name), *stopping, *callbacks, _Report(progress)],
        verbose=0,
    )
    result = _result(model, clock, num_images, epochs, batch_size, patience, seed, started)
    progress.finish(_summary(result, epochs))
    return result


def _check(model, x, y, epochs: int, batch_size: int, patience: int | None) -> None:
    """Refuse what cannot be trained, before anything is."""
    if getattr(model, "optimizer", None) is None or not model.compiled:
        raise ValueError("the model is not compiled: call model.compile(optimizer, loss, metrics) first")
    for name, value in (("epochs", epochs), ("batch_size", batch_size), ("patience", patience)):
        if value is not None and (not isinstance(value, int | np.integer) or value < 1):
            raise ValueError(f"{name}: expected a whole number of 1 or more, came {value!r}")
    if y is not None and len(x) != len(y):
        raise ValueError(f"x and y: expected as many images as classes, came {len(x)} and {len(y)}")
    if y is None and not hasattr(x, "num_images"):
        raise ValueError(
            "y is missing: expected the classes of x, or a dataset of batches such as AugmentedBatches as x"
        )
    if y is None and x.batch_size != batch_size:
        raise ValueError(f"batch_size: expected that of the dataset of batches, {x.batch_size}, came {batch_size}")


def _early_stopping(patience: int | None) -> list[keras.callbacks.Callback]:
    """Keras's early stopping on the validation accuracy, or nothing."""
    if patience is None:
        return []
    return [keras.callbacks.EarlyStopping("val_accuracy", mode="max", patience=patience, restore_best_weights=True)]


def _drawing(x) -> list[keras.callbacks.Callback]:
    """Draws the epoch that is trained: Keras draws one more when it builds the model, and counting would be off."""
    if not hasattr(x, "draw_epoch"):
        return []
    return [keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: x.draw_epoch(epoch))]


class _Clock(keras.callbacks.Callback):
    """Seconds of the first step, of the training part of each epoch, and of whole epochs; and the history."""

    async_safe = True  # reads no figures of a batch, so Keras need not wait for them

    def __init__(self):
        super().__init__()
        self.first_step, self.training, self.epochs, self.history = None, [], [], {}

    def on_epoch_begin(self, epoch, logs=None):
        self._start, self._trained = time.perf_counter(), None

    def on_train_batch_end(self, batch, logs=None):
        if self.first_step is None:
            self.first_step = time.perf_counter() - self._start

    def on_test_begin(self, logs=None):
        self._trained = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        end = time.perf_counter()
        self.training.append((self._trained or end) - self._start)
        self.epochs.append(end - self._start)
        rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        for key, value in (logs | {"learning_rate": rate}).items():
            self.history.setdefault(key, []).append(float(value))


class _StopOnNan(keras.callbacks.Callback):
    """Ends a run whose loss is no longer a number."""

    def __init__(self, name: str):
        super().__init__()
        self._name = name

    def on_epoch_end(self, epoch, logs=None):
        if not all(math.isfinite(logs[key]) for key in ("loss", "val_loss") if key in logs):
            rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
            raise TrainingDivergedError(
                f"{self._name}: the loss is {logs['loss']} after epoch {epoch + 1} at a learning rate of {rate:g}. "
                "Expected a finite loss: lower the learning rate, or set precision to float32. No record was written."
            )


class _Report(keras.callbacks.Callback):
    """Tells the progress of each epoch."""

    def __init__(self, progress: Progress):
        super().__init__()
        self._progress = progress

    def on_epoch_end(self, epoch, logs=None):
        self._progress.epoch(epoch + 1, logs)


def _result(model, clock: _Clock, num_images, epochs, batch_size, patience, seed, started) -> TrainingResult:
    """The result of a run that has ended."""
    accuracies = clock.history["val_accuracy"]
    trained = len(accuracies)
    best = int(np.argmax(accuracies)) + 1 if patience else trained
    steady = clock.training[1:] or clock.training
    # The class's name: Keras numbers its own, "sgd_1" for the second of a process.
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)  # within float16's loss scaling
    optimizer = optimizer.get_config() | {"name": type(optimizer).__name__}
    return TrainingResult(
        history=clock.history,
        seconds_first_step=clock.first_step,
        seconds_by_epoch=clock.epochs,
        seconds=sum(clock.epochs),
        images_per_second=num_images / float(np.median(steady)),
        best_epoch=best,
        stopped_early=trained < epochs,
        hyperparameters={
            "optimizer": optimizer,
            "batch_size": batch_size,
            "epochs": epochs,
            "patience": patience,
            "train_images": num_images,
        },
        seed=seed,
        started=started,
    )


def _summary(result: TrainingResult, epochs: int) -> str:
    """A run in one line."""
    best = result.history["val_accuracy"][result.best_epoch - 1]
    return (
        f"{len(result.seconds_by_epoch)} of {epochs} epochs, {format_seconds(result.seconds)}, "
        f"{result.images_per_second:,.0f} images/s; val_accuracy {best:.3f} at epoch {result.best_epoch}"
    )
