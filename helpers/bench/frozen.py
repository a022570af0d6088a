"""Five epochs with frozen layers: the whole net in every epoch, against the frozen part once and the rest in each."""

import contextlib
import io
import os
import tempfile
import time

import keras
import numpy as np

from helpers.training import fit
from helpers.transfer import BASES, pretrained_classifier, trainable_part

EPOCHS, BATCH_SIZE = 5, 128
GOALS = {"new head": 0.10, "last block": 1 / 3}  # at most this share of the plain way's time


def measure(num_images: int, rounds: int) -> dict:
    """Measure VGG16 at 32x32 with everything frozen and with its last block trainable, both ways in turns.

    Weights and images are random: how long a step takes does not depend on what is in them.

    A tenth as many validation images is used, as in the notebook. Times are from the model's compilation to the end of
    the last epoch: tracing, computing and writing the features, and reading them are all in them.

    Args:
        num_images: Training images.
        rounds: How often each way is measured.

    Returns:
        By depth: seconds of each way a round, the ratios, their median, the goal.
    """
    rng = np.random.default_rng(0)
    data = [
        (rng.integers(0, 256, (count, 32, 32, 3), dtype="uint8"), rng.integers(0, 10, count))
        for count in (num_images, num_images // 9)
    ]
    results = {}
    for name, depth in {"new head": 0, "last block": BASES["VGG16"].last_block}.items():
        seconds = {"plain": [], "cached": []}
        for k in range(rounds):
            for way in list(seconds)[:: 1 if k % 2 == 0 else -1]:  # whatever slows the machine meets both
                model = pretrained_classifier(BASES["VGG16"], None, depth)
                seconds[way].append({"plain": _plain, "cached": _cached}[way](model, *data))
            print(
                f"{name}, round {k + 1}: plain {seconds['plain'][k]:.1f} s, cached {seconds['cached'][k]:.1f} s",
                flush=True,
            )
        results[name] = _summary(name, seconds)
    return {"images": num_images, "epochs": EPOCHS, "batch_size": BATCH_SIZE, "results": results}


def _plain(model: keras.Model, train, validation) -> float:
    """Seconds of `fit` on the whole model and the images."""
    start = time.perf_counter()
    _fit(model, *train, validation_data=validation)
    return time.perf_counter() - start


def _cached(model: keras.Model, train, validation) -> float:
    """Seconds of the frozen part once, from an empty cache, and of `fit` on the rest."""
    with tempfile.TemporaryDirectory() as folder, _environment("COURSEWORK_CACHE", folder):
        start = time.perf_counter()
        part = trainable_part(model, train, validation, BATCH_SIZE, seed=0)
        _fit(part.model, part.train, validation_data=part.validation)
        return time.perf_counter() - start


def _fit(model: keras.Model, x, y=None, **options) -> None:
    """Compile and train, silently."""
    model.compile(keras.optimizers.Adam(1e-4), "sparse_categorical_crossentropy", metrics=["accuracy"])
    with contextlib.redirect_stdout(io.StringIO()):
        fit(model, x, y, epochs=EPOCHS, batch_size=BATCH_SIZE, seed=0, **options)


def _summary(name: str, seconds: dict[str, list[float]]) -> dict:
    """Ratios by round, their median and range, against the goal; printed."""
    ratios = np.divide(seconds["cached"], seconds["plain"])
    goal, median = GOALS[name], float(np.median(ratios))
    print(
        f"{name}: the cached way takes {median:.2f} of the plain one's time, median of {len(ratios)} rounds "
        f"({min(ratios):.2f} to {max(ratios):.2f}); goal {goal:.2f}: {'reached' if median <= goal else 'not reached'}"
    )
    return {"seconds": seconds, "ratios": ratios.tolist(), "median_ratio": median, "goal": goal}


@contextlib.contextmanager
def _environment(name: str, value: str):
    """Set an environment variable for a while."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        os.environ.pop(name)
        os.environ |= {name: before} if before is not None else {}
