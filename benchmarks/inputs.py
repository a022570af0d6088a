"""What feeding the net costs beside training it: shuffling, batches, augmentation, loading."""

import os
import tempfile
import time
from functools import partial

import keras
import numpy as np

from benchmarks.comparison import Comparison, Goal, in_turns
from benchmarks.methods import Silent, keras_net
from helpers.data import DataNotFoundError, load_cifar10
from helpers.training import fit
from helpers.training.batches import AugmentedBatches, ShuffledBatches
from helpers.training.feeding import feed

EPOCH, BATCHES, AUGMENTED = "an epoch of report A's CNN", "shuffled batches", "flipped and cropped batches"
TITLE = "Handing images to the net"
GOALS = (Goal(BATCHES, 0.03, False, EPOCH), Goal(AUGMENTED, 0.10, False, EPOCH))
FIRST, LATER = "first: verified and decoded", "later: memory-mapped"


def measure(num_images: int = 6_400, rounds: int = 3) -> list[Comparison]:
    """Hand an epoch's batches on without training on them, and load CIFAR-10 for the first time and again.

    Args:
        num_images: Images an epoch.
        rounds: How often each is measured.
    """
    rng = np.random.default_rng(0)
    data = rng.integers(0, 256, (num_images, 32, 32, 3), dtype="uint8"), rng.integers(0, 10, num_images)
    model = keras_net("report A's CNN")
    methods = {EPOCH: partial(_seconds_of_epoch, model, *data)}
    for name, kind in ((BATCHES, ShuffledBatches), (AUGMENTED, AugmentedBatches)):
        batches = kind(*data, 128, 0)
        methods[name] = partial(_seconds_of_batches, batches, feed(batches))
    for method in methods.values():
        method()
    epoch = Comparison(
        TITLE,
        f"Seconds for {num_images:,} images: training on them, and handing all their batches on as for training.",
        "seconds",
        in_turns(methods, rounds),
        baseline=EPOCH,
        goals=GOALS,
    )
    return [epoch, _loading(rounds)]


def _loading(rounds: int) -> Comparison:
    """Loading CIFAR-10."""
    about = "CIFAR-10, 60,000 images, from files that the system has in memory until every pixel has been read."
    try:
        load_cifar10()
        values, missing = in_turns({FIRST: _load_first, LATER: _load}, rounds), {}
    except DataNotFoundError as error:
        values, missing = {}, {LATER: str(error)}
    return Comparison("Loading", about, "seconds", values, baseline=FIRST, missing=missing)


def _load() -> float:
    """Seconds until every pixel has been read."""
    start = time.perf_counter()
    images, _, _ = load_cifar10()
    images.max()
    return time.perf_counter() - start


def _load_first() -> float:
    """The same with nothing decoded before."""
    before = os.environ.get("COURSEWORK_CACHE")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["COURSEWORK_CACHE"] = folder
        try:
            return _load()
        finally:
            os.environ.pop("COURSEWORK_CACHE")
            os.environ |= {"COURSEWORK_CACHE": before} if before is not None else {}


def _seconds_of_epoch(model: keras.Model, images, labels) -> float:
    """An epoch of `fit`, the second: the first compiles."""
    result = fit(model, images, labels, validation_data=None, epochs=2, batch_size=128, seed=0, progress=Silent())
    return result.seconds_by_epoch[1]


def _seconds_of_batches(batches, fed) -> float:
    """All batches of an epoch, handed on as to `fit`, which wraps them once for all epochs."""
    start = time.perf_counter()
    batches.draw_epoch(1)
    for _ in fed if fed is not batches else (batches[k] for k in range(len(batches))):
        pass
    return time.perf_counter() - start
