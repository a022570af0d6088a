"""What happens in each epoch beside the training: time, history, stopping, checkpoints, a line of progress."""

import math
import time
from collections.abc import Callable

import keras

from helpers.load import Load
from helpers.progress import Progress
from helpers.training.compiled_metrics import history_of
from helpers.training.optimizers import learning_rate_of


class TrainingDivergedError(RuntimeError):
    """The loss, or another figure of an epoch, became NaN or infinite."""


class Clock(keras.callbacks.Callback):
    """Seconds of the first step, of the training part of each epoch, and of whole epochs; and the history.

    Beside each epoch stands the share of the processor that other processes took meanwhile.

    Args:
        values: Those of an interrupted run, to go on from.
    """

    async_safe = True  # reads no figures of a batch, so Keras need not wait for them

    def __init__(self, values: dict | None = None):
        super().__init__()
        self.values = values or {"first_step": None, "training": [], "epochs": [], "others": [], "history": {}}

    def on_epoch_begin(self, epoch, logs=None):
        self._start, self._trained, self._load = time.perf_counter(), None, Load()

    def on_train_batch_end(self, batch, logs=None):
        if self.values["first_step"] is None:
            self.values["first_step"] = time.perf_counter() - self._start

    def on_test_begin(self, logs=None):
        keras.ops.convert_to_numpy(self.model.optimizer.iterations)  # waits until the last step is computed
        self._trained = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        end = time.perf_counter()
        self.values["training"].append((self._trained or end) - self._start)
        self.values["epochs"].append(end - self._start)
        self.values["others"].append(self._load.others())
        figures = history_of(self.model, logs) | {"learning_rate": float(learning_rate_of(self.model))}
        for key, value in figures.items():
            self.values["history"].setdefault(key, []).append(value)


class DrawEpoch(keras.callbacks.Callback):
    """Draws the epoch that is trained: Keras draws one more when it builds the model, and counting would be off."""

    async_safe = True

    def __init__(self, batches):
        super().__init__()
        self._batches = batches

    def on_epoch_begin(self, epoch, logs=None):
        self._batches.draw_epoch(epoch)


class StopOnNan(keras.callbacks.Callback):
    """Ends a run whose loss, or another figure of an epoch, is no longer a number."""

    def __init__(self, name: str):
        super().__init__()
        self._name = name

    def on_epoch_end(self, epoch, logs=None):
        if wrong := {key: value for key, value in logs.items() if not math.isfinite(value)}:
            first, *others = sorted(wrong, key=lambda key: (not key.endswith("loss"), key))
            besides = "".join(f", and the {key} is {wrong[key]}" for key in others)
            raise TrainingDivergedError(
                f"{self._name}: the {first} is {wrong[first]} after epoch {epoch + 1} at a learning rate of "
                f"{learning_rate_of(self.model):g}{besides}. Expected finite numbers: lower the learning rate, or set "
                "precision to float32; where it is a metric alone, mend that metric. No record was written."
            )


class Stopping(keras.callbacks.EarlyStopping):
    """Keras's early stopping on the validation accuracy, the best weights restored; it can go on where it was.

    Args:
        patience: Epochs without a better validation accuracy; None never stops and keeps the last weights.
        values: `values` of an interrupted run, to go on from.
        best_weights: `best_weights` of that run.
    """

    def __init__(self, patience: int | None, values: dict | None = None, best_weights: list | None = None):
        super().__init__("val_accuracy", mode="max", patience=patience or 0, restore_best_weights=True)
        self._on, self._values, self._weights = patience is not None, values, best_weights

    @property
    def values(self) -> dict:
        """What it remembers, but for the weights."""
        return {"wait": self.wait, "best": self.best, "best_epoch": self.best_epoch}

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        if self._values:
            self.wait, self.best, self.best_epoch = (self._values[key] for key in ("wait", "best", "best_epoch"))
            self.best_weights = self._weights or None

    def on_epoch_end(self, epoch, logs=None):
        if self._on:
            super().on_epoch_end(epoch, logs)


class Checkpoint(keras.callbacks.Callback):
    """Calls a function with the number of epochs trained so far; stands last, when all others have had their say."""

    def __init__(self, write: Callable[[int], None]):
        super().__init__()
        self._write = write

    def on_epoch_end(self, epoch, logs=None):
        self._write(epoch + 1)


class Report(keras.callbacks.Callback):
    """Tells the progress of each epoch."""

    def __init__(self, progress: Progress):
        super().__init__()
        self._progress = progress

    def on_epoch_end(self, epoch, logs=None):
        self._progress.epoch(epoch + 1, logs)
