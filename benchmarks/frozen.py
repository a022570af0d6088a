"""VGG16, partly frozen and not: the whole net in every epoch, against the frozen part once and faster convolutions."""

import contextlib
import os
import tempfile
import time
from functools import partial

import keras
import numpy as np

from benchmarks.comparison import Comparison, Goal, in_turns
from benchmarks.methods import Silent
from helpers.training import TrainingResult, fit
from helpers.transfer import BASES, pretrained_classifier

EPOCHS, BATCH_SIZE = 5, 128
PLAIN, OURS = "the whole net each epoch", "the frozen part once"
KERAS, FASTER = "Keras's convolutions", "as matrix products where that is faster"
DEPTHS = {"new head": 0, "last block": BASES["VGG16"].last_block}
OBSTACLE = f"once in {EPOCHS} epochs the frozen part is {1 / EPOCHS:g} of the plain work already"
TITLES = {name: f"Five epochs of VGG16's {name}" for name in DEPTHS}
GOALS = {  # at most this share of the plain method's time
    TITLES["new head"]: (Goal(OURS, 0.10, at_least=False, against=PLAIN, obstacle=OBSTACLE),),
    TITLES["last block"]: (Goal(OURS, 1 / 3, at_least=False, against=PLAIN),),
}


def measure(num_images: int = 2_500, rounds: int = 3) -> list[Comparison]:
    """Measure VGG16 at 32x32 with everything frozen, its last block trainable, and all of it, both methods in turns.

    Weights and images are random: how long a step takes does not depend on what is in them. A ninth as many validation
    images is used, as in the notebook. With frozen layers times are from the model's compilation to the end of the last
    epoch: tracing, computing and writing the features, and reading them are all in them.

    Args:
        num_images: Training images.
        rounds: How often each method is measured.
    """
    data = _data(num_images), _data(num_images // 9)
    partly = [_compare(name, depth, data, rounds) for name, depth in DEPTHS.items()]
    return [*partly, _nothing_frozen(num_images // 2, rounds)]


def _compare(name: str, depth: int | str, data, rounds: int) -> Comparison:
    """Both methods for one depth."""
    methods = {PLAIN: partial(_seconds, depth, False, *data), OURS: partial(_seconds, depth, True, *data)}
    return Comparison(
        TITLES[name],
        f"{len(data[0][0]):,} images of 32x32, batches of {BATCH_SIZE}; compiling and computing the features included.",
        "seconds",
        in_turns(methods, rounds),
        baseline=PLAIN,
        goals=GOALS[TITLES[name]],
    )


def _nothing_frozen(num_images: int, rounds: int) -> Comparison:
    """The whole net trainable, with Keras's convolutions and with the faster ones."""
    data = _data(num_images), _data(num_images // 9)
    methods = {KERAS: partial(_seconds_of_epoch, False, *data), FASTER: partial(_seconds_of_epoch, True, *data)}
    return Comparison(
        "An epoch of all of VGG16",
        f"{num_images:,} images of 32x32, batches of {BATCH_SIZE}, nothing frozen; the epoch that compiles left out.",
        "seconds",
        in_turns(methods, rounds),
        baseline=KERAS,
    )


def _seconds(depth: int | str, fast: bool, train, validation) -> float:
    """Seconds of `fit` from an empty cache."""
    with tempfile.TemporaryDirectory() as folder, _environment("COURSEWORK_CACHE", folder):
        model = pretrained_classifier(BASES["VGG16"], None, depth)
        start = time.perf_counter()
        _fit(model, train, validation, EPOCHS, fast)
        return time.perf_counter() - start


def _seconds_of_epoch(fast: bool, train, validation) -> float:
    """Seconds of an epoch in which nothing is compiled."""
    model = pretrained_classifier(BASES["VGG16"], None, "everything")
    return _fit(model, train, validation, 2, fast).seconds_by_epoch[1]


def _fit(model: keras.Model, train, validation, epochs: int, fast: bool) -> TrainingResult:
    """Compile and train, silently."""
    model.compile(keras.optimizers.Adam(1e-4), "sparse_categorical_crossentropy", metrics=["accuracy"])
    options = {"epochs": epochs, "batch_size": BATCH_SIZE, "seed": 0, "progress": Silent(), "fast": fast}
    return fit(model, *train, validation_data=validation, **options)


def _data(num_images: int) -> tuple[np.ndarray, np.ndarray]:
    """Random images and classes."""
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (num_images, 32, 32, 3), dtype="uint8"), rng.integers(0, 10, num_images)


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
