"""VGG16, partly frozen and not: the whole net in every epoch, against the frozen part once and faster convolutions."""

import contextlib
import io
import os
import tempfile
import time
from functools import partial

import keras
import numpy as np

from benchmarks.comparison import Comparison, Goal, in_turns
from helpers.training import fit
from helpers.transfer import BASES, TrainablePart, pretrained_classifier, trainable_part

EPOCHS, BATCH_SIZE = 5, 128
PLAIN, OURS = "the whole net each epoch", "the frozen part once"
DEPTHS = {"new head": 0, "last block": BASES["VGG16"].last_block}
GOALS = {"new head": 0.10, "last block": 1 / 3}  # at most this share of the plain way's time
OBSTACLES = {"new head": f"once in {EPOCHS} epochs the frozen part is {1 / EPOCHS:g} of the plain way's work already"}


def measure(num_images: int = 2_500, rounds: int = 3) -> list[Comparison]:
    """Measure VGG16 at 32x32 with everything frozen, its last block trainable, and all of it, both ways in turns.

    Weights and images are random: how long a step takes does not depend on what is in them. A tenth as many validation
    images is used, as in the notebook. With frozen layers times are from the model's compilation to the end of the last
    epoch: tracing, computing and writing the features, and reading them are all in them.

    Args:
        num_images: Training images.
        rounds: How often each way is measured.
    """
    data = _data(num_images), _data(num_images // 9)
    partly = [_compare(name, depth, data, rounds) for name, depth in DEPTHS.items()]
    return [*partly, _nothing_frozen(num_images // 2, rounds)]


def _compare(name: str, depth: int | str, data, rounds: int) -> Comparison:
    """Both ways for one depth."""
    ways = {PLAIN: partial(_seconds, depth, False, *data), OURS: partial(_seconds, depth, True, *data)}
    return Comparison(
        f"Five epochs of VGG16's {name}",
        f"{len(data[0][0]):,} images of 32x32, batches of {BATCH_SIZE}; compiling and computing the features included.",
        "seconds",
        in_turns(ways, rounds),
        baseline=PLAIN,
        goals=(Goal(OURS, GOALS[name], at_least=False, against=PLAIN, obstacle=OBSTACLES.get(name, "")),),
    )


def _nothing_frozen(num_images: int, rounds: int) -> Comparison:
    """The whole net trainable, with Keras's convolutions and with the faster ones."""
    data, validation, plain = _data(num_images), _data(num_images // 9), "Keras's convolutions"
    ways = {plain: False, "as matrix products where that is faster": True}
    parts = {
        way: _part(pretrained_classifier(BASES["VGG16"], None, "everything"), fast, data, validation)
        for way, fast in ways.items()
    }
    for part in parts.values():
        _fit(part, 1)  # compiles
    return Comparison(
        "An epoch of all of VGG16",
        f"{num_images:,} images of 32x32, batches of {BATCH_SIZE}, nothing frozen; compiled before.",
        "seconds",
        in_turns({way: partial(_fit, part, 1) for way, part in parts.items()}, rounds),
        baseline=plain,
    )


def _seconds(depth: int | str, ours: bool, train, validation) -> float:
    """Seconds of `fit` on what trains, from an empty cache; or on the whole model and the images as it is."""
    with tempfile.TemporaryDirectory() as folder, _environment("COURSEWORK_CACHE", folder):
        model = pretrained_classifier(BASES["VGG16"], None, depth)
        start = time.perf_counter()
        _fit(_part(model, ours, train, validation), EPOCHS)
        return time.perf_counter() - start


def _part(model: keras.Model, ours: bool, train, validation) -> TrainablePart:
    """What to train of a model, in our way or in the plain one; compiled."""
    part = trainable_part(model, train, validation, BATCH_SIZE, seed=0, use_cache=ours, fast=ours)
    part.model.compile(keras.optimizers.Adam(1e-4), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return part


def _fit(part: TrainablePart, epochs: int) -> float:
    """Train, silently; seconds of the epochs."""
    with contextlib.redirect_stdout(io.StringIO()):
        options = {"validation_data": part.validation, "batch_size": BATCH_SIZE, "seed": 0}
        return fit(part.model, part.train, epochs=epochs, **options).seconds


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
