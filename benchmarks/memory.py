"""Peak memory of a run of report A's CNN on all images, with validation and test: one epoch stands for all."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np

from benchmarks.comparison import Comparison, Goal

TITLE, OURS = "Memory of a whole run of report A's CNN", "ours"
GOALS = (Goal(OURS, 1.5e9 / 2**20, at_least=False),)  # MiB


def measure(num_images: int = 60_000, rounds: int = 1) -> list[Comparison]:
    """Train one epoch of report A's own split in a fresh process, and test.

    Args:
        num_images: Training, validation and test images together.
        rounds: Of no use here: the same is allocated every time.
    """
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        peak = pool.submit(_run, num_images).result()
    return [
        Comparison(
            TITLE,
            f"{num_images:,} uint8 images, split as report A did; an epoch with validation, then the test. Peak of the "
            "process, libraries included.",
            "MiB",
            {OURS: [peak]},
            goals=GOALS,
        )
    ]


def _run(num_images: int) -> float:
    """Train and test as the notebooks do; this process's peak in MiB."""
    from benchmarks.methods import Silent, keras_net
    from benchmarks.trainers import peak_memory
    from helpers.data import split_report_a
    from helpers.machine import use_precision
    from helpers.metrics import predict
    from helpers.training import fit

    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (num_images, 32, 32, 3), dtype="uint8")
    labels, split = rng.integers(0, 10, num_images), split_report_a(num_images)
    use_precision()
    model = keras_net("report A's CNN")
    train, validation = ((images[part], labels[part]) for part in (split.train, split.validation))
    fit(model, *train, validation_data=validation, epochs=1, batch_size=128, seed=0, progress=Silent())
    predict(model, images[split.test])
    return peak_memory() / 2**20
