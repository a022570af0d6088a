"""Images a second of several nets, each trained by several methods, and their share of the processor's peak."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace

import keras
import numpy as np
from keras import ops

from benchmarks.comparison import Comparison, Goal, in_turns
from benchmarks.methods import METHODS, keras_net
from benchmarks.nets import FAST_NET, MEASURED, NETS, OF_REPORTS, WITHOUT_GELU
from benchmarks.trainers import started
from helpers.costs import training_work

TRAINING, MEMORY, SHARE = "Training ", "Memory of training ", "Share of the matrix-product peak"  # titles' beginnings
PEAK_SIDE = 4096  # of the square matrices whose product is the peak
PEAK_GOALS = {FAST_NET: 0.75, "report A's CNN": 0.65}
PEAK_GOAL = 0.45  # of every other net
PEAK_OBSTACLE = "activations, normalisation, pools and the optimizer's step count no operations"
OBSTACLE = "float32 on both sides: this processor is no faster in bfloat16"
GOALS = (
    Goal("ours", 1.8, against="plain Keras", fastest=True),
    Goal("ours", 1.0, against="PyTorch float32"),  # the faster one where 16 bits bring nothing
    Goal("ours", 1.0, against="PyTorch bfloat16"),
)


def measure_reports(num_images: int | None = None, rounds: int = 3) -> Iterator[Comparison]:
    """The same as `measure` for the other nets of the reports."""
    return measure(num_images, rounds, tuple(OF_REPORTS), ", nets of the reports")


def measure(
    num_images: int | None = None, rounds: int = 3, nets: tuple[str, ...] = tuple(MEASURED), of_which: str = ""
) -> Iterator[Comparison]:
    """Train each net by each method, an epoch at a time and in turns, and multiply matrices in between.

    Args:
        num_images: Images an epoch; None takes what is long enough for each net.
        rounds: How often each method is measured.
        nets: Which nets.
        of_which: What the share of the peak is called more than that.
    """
    shares, memory = {}, {}
    for net in nets:
        count = num_images or NETS[net].num_images
        with started(net, count) as (trainers, missing):
            values = in_turns(trainers | {"peak": peak}, rounds)
            peaks = {name: [trainer.end() / 2**20] for name, trainer in trainers.items()}
        at_best = values.pop("peak")
        if "ours" in values:
            shares[net] = list(np.multiply(values["ours"], 2 * training_work(keras_net(net))) / at_best)
        if net == WITHOUT_GELU:  # only shows where the share of the peak goes
            continue
        memory[net] = peaks
        yield Comparison(
            f"{TRAINING}{net}",
            f"{count:,} images an epoch, batches of {NETS[net].batch_size}, Adam, no augmentation; "
            + "; ".join(f"{method}: {about}" for method, about in METHODS.items()),
            "images a second",
            values,
            baseline="plain Keras",
            goals=training_goals(net, keras.config.dtype_policy().name),
            missing=missing,
        )
    yield _share(shares, of_which)
    yield from _memory(memory)


def training_goals(net: str, precision: str) -> tuple[Goal, ...]:
    """What training a net is held to, and why less can be reached where 16 bits bring nothing.

    Args:
        net: Of `NETS`.
        precision: Name of ours' dtype policy, such as "mixed_bfloat16".
    """
    obstacle = OBSTACLE if precision == "float32" else ""
    return () if net == FAST_NET else tuple(replace(goal, obstacle=obstacle) for goal in GOALS)


def share_goals(nets: Iterable[str]) -> tuple[Goal, ...]:
    """What the share of the peak is held to, of all nets but the one that only shows where the share goes."""
    return tuple(
        Goal(net, PEAK_GOALS.get(net, PEAK_GOAL), obstacle=PEAK_OBSTACLE) for net in nets if net != WITHOUT_GELU
    )


def peak() -> float:
    """Operations a second of a matrix product in the precision that is set."""
    dtype = keras.config.dtype_policy().compute_dtype
    matrix = ops.ones((PEAK_SIDE, PEAK_SIDE), dtype)
    best = 0.0
    for _ in range(5):
        start = time.perf_counter()
        ops.convert_to_numpy(ops.matmul(matrix, matrix)[0, :1])
        best = max(best, 2 * PEAK_SIDE**3 / (time.perf_counter() - start))
    return best


def _share(shares: dict[str, list[float]], of_which: str) -> Comparison:
    """How much of the peak each net's training reaches."""
    return Comparison(
        f"{SHARE}{of_which}",
        f"Operations of the convolutions and dense layers a second, ours, over those of products of {PEAK_SIDE:,} x "
        f"{PEAK_SIDE:,} matrices in {keras.config.dtype_policy().compute_dtype} in the same round. Each of the two "
        "gradients counts where it is needed; activations, normalisation and pools do not count, and take their time"
        f"{': one net is measured without its activation as well' * (WITHOUT_GELU in shares)}.",
        "share",
        shares,
        goals=share_goals(shares),
    )


def _memory(memory: dict[str, dict[str, list[float]]]) -> list[Comparison]:
    """Peak memory of each method's process."""
    return [
        Comparison(f"{MEMORY}{net}", "Peak of each method's process, libraries included.", "MiB", values)
        for net, values in memory.items()
    ]
