"""The rate finder: a short run with a rising learning rate, from which the highest useful rate is read."""

import math
from dataclasses import dataclass

import keras
import numpy as np

from helpers.training.optimizers import build_optimizer, optimizer_of

SMOOTHING = 0.9  # share of the past in the running mean of the loss
EXPLODED = 4  # times the lowest smoothed loss: there the run ends
BELOW_LOWEST = 3  # the suggested rate is the one of the lowest smoothed loss divided by this


@dataclass(frozen=True)
class RateTest:
    """A short training run with a rising learning rate.

    Attributes:
        rates: Learning rate of each step, float64 (steps,).
        losses: Loss of each step's batch, float64 (steps,).
        smoothed: Running mean of the losses, float64 (steps,).
        suggested: The rate where `smoothed` is lowest, divided by 3: there the loss still falls.
    """

    rates: np.ndarray
    losses: np.ndarray
    smoothed: np.ndarray
    suggested: float

    def as_dict(self) -> dict:
        """The fields as plain values, for a record."""
        return {name: np.asarray(value).tolist() for name, value in vars(self).items()}


def find_learning_rate(
    model: keras.Model,
    x: np.ndarray,
    y: np.ndarray,
    *,
    batch_size: int,
    seed: int,
    lowest: float = 1e-5,
    highest: float = 10.0,
    steps: int = 200,
) -> RateTest:
    """Raise the learning rate by the same factor at each step and record the loss, until it explodes.

    The model, its optimizer and its dropout are afterwards as they were.

    Args:
        model: Freshly built, and compiled with a number as its learning rate.
        x: Training images uint8 (n, height, width, channels).
        y: Integer classes (n,).
        batch_size: Images a step, as in the training to come.
        seed: Seed of the order of the images, which is repeated where they do not suffice.
        lowest: Learning rate of the first step, above 0.
        highest: Learning rate of the last step, if it comes to that.
        steps: Most steps, 2 or more.

    Raises:
        ValueError: An impossible argument, or a model that cannot be tested; nothing was trained.
        RuntimeError: The loss is lowest at the first or the last step, so no rate can be read from it.

    Reference:
        L. N. Smith, "Cyclical Learning Rates for Training Neural Networks", WACV 2017, section 3.3.
    """
    _check(model, x, y, batch_size, lowest, highest, steps)
    batches = np.random.default_rng(seed).permutation(len(x))
    batches = np.resize(batches, (steps, min(batch_size, len(x))))
    build_optimizer(model)
    kept = [(variable, np.array(variable)) for variable in (*model.variables, *model.optimizer.variables)]
    losses, smoothed, mean = [], [], 0.0
    rates = np.geomspace(lowest, highest, steps)
    try:
        for step, (rate, batch) in enumerate(zip(rates, batches, strict=True), start=1):
            model.optimizer.learning_rate = rate
            loss = float(model.train_on_batch(x[batch], y[batch], return_dict=True)["loss"])
            mean = SMOOTHING * mean + (1 - SMOOTHING) * loss
            current = mean / (1 - SMOOTHING**step)  # without the zero that the running mean starts from
            if not current < EXPLODED * min(smoothed, default=math.inf):  # also where it is no number
                break
            losses.append(loss)
            smoothed.append(current)
    finally:  # also where it is interrupted: the model is as it was
        for variable, value in kept:
            variable.assign(value)
    return _read(rates[: len(losses)], np.array(losses), np.array(smoothed), steps)


def _check(model: keras.Model, x, y, batch_size: int, lowest: float, highest: float, steps: int) -> None:
    """Refuse what cannot be tested, before anything is trained."""
    if getattr(model, "optimizer", None) is None or not model.compiled:
        raise ValueError("the model is not compiled: call model.compile(optimizer, loss) first")
    if hasattr(optimizer_of(model), "optimizers"):
        raise ValueError("the model has several optimizers: expected one, whose learning rate is then raised")
    if callable(optimizer_of(model)._learning_rate):  # a schedule, or a function
        raise ValueError("the optimizer has a schedule: expected a number as its learning rate, which is then raised")
    if len(x) != len(y) or not len(x):
        raise ValueError(f"x and y: expected as many images as classes, one or more, got {len(x)} and {len(y)}")
    for name, value, low in (("batch_size", batch_size, 1), ("steps", steps, 2)):
        if not isinstance(value, int | np.integer) or value < low:
            raise ValueError(f"{name}: expected a whole number of {low} or more, got {value!r}")
    if not 0 < lowest < highest < math.inf:
        raise ValueError(f"expected 0 < lowest < highest, got lowest {lowest!r} and highest {highest!r}")


def _read(rates: np.ndarray, losses: np.ndarray, smoothed: np.ndarray, steps: int) -> RateTest:
    """The test with the rate read from it, if the loss first fell and then rose."""
    best = int(np.argmin(smoothed)) if len(smoothed) else 0
    if best == 0:
        raise RuntimeError("the loss never fell, so no rate can be read: lower `lowest`, or look at the model's loss")
    if best == steps - 1:
        raise RuntimeError(f"the loss still fell at a rate of {rates[-1]:g}, the highest: raise `highest`")
    return RateTest(rates, losses, smoothed, float(rates[best] / BELOW_LOWEST))
