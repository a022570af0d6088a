"""Two trainings beside each other, with half of the cores each, against one after the other with all of them."""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from benchmarks.comparison import Comparison, in_turns
from benchmarks.nets import NETS
from benchmarks.trainers import Trainer
from helpers.limits import cpu_count
from suite.settings import limit_threads

ALONE, BESIDE = "one after the other, all cores", "two at a time, half of the cores each"
MEASURED = ("report A's CNN", "report B's ConvNet", "report B's Arc3", "report D's model 1", "report E's ConvNet")
TITLE = "Two trainings at once: "
BY_RATES = "Two trainings at a time: "  # earlier runs: the sum of both rates
EPOCHS = 3  # so many times the images of other benchmarks: both are to be under way together nearly all the time


def measure(num_images: int | None = None, rounds: int = 3) -> Iterator[Comparison]:
    """Train nets of the reports in both ways, in turns.

    Args:
        num_images: Images that each process trains on; None takes what is long enough for each net.
        rounds: How often each is measured.
    """
    for net in MEASURED:
        count = num_images or EPOCHS * NETS[net].num_images
        alone, *pair = _trainers(net, count)
        missing = next(filter(None, (trainer.missing for trainer in (alone, *pair))), "")
        try:
            values = {} if missing else in_turns({ALONE: alone, BESIDE: _together(pair, count)}, rounds)
        finally:
            for trainer in (alone, *pair):
                trainer.kill()
        yield Comparison(
            TITLE + net,
            f"{count:,} images a process and round, batches of {NETS[net].batch_size}, fit of the helpers.",
            "images a second, of both",
            values,
            baseline=ALONE,
            missing={BESIDE: missing} if missing else {},
        )


def _trainers(net: str, num_images: int) -> list[Trainer]:
    """One process with all cores and two with half of them, ready."""
    before = {name: value for name, value in os.environ.items() if "THREADS" in name or name == "NPROC"}
    trainers = []
    for threads in (cpu_count(), *[max(1, cpu_count() // 2)] * 2):
        limit_threads(threads)
        trainers.append(Trainer("ours", net, num_images))
    limit_threads(cpu_count())
    os.environ |= before
    for trainer in trainers:
        trainer.wait()
    return trainers


def _together(trainers: list[Trainer], num_images: int) -> Callable[[], float]:
    """Trains an epoch of both at the same time; images a second of both, until the slower has ended."""

    def train() -> float:
        with ThreadPoolExecutor(len(trainers)) as threads:
            start = time.perf_counter()
            list(threads.map(lambda trainer: trainer(), trainers))
            return len(trainers) * num_images / (time.perf_counter() - start)

    return train
