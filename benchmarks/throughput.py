"""Images a second of several nets, each trained by several methods, and their share of the processor's peak."""

import time

import keras
import numpy as np
from keras import ops

from benchmarks.comparison import Comparison, Goal, in_turns
from benchmarks.methods import BATCH_SIZES, FAST_NET, METHODS, NUM_IMAGES, WITHOUT_GELU, keras_net, started
from helpers.costs import training_work

PEAK_SIDE = 4096  # of the square matrices whose product is the peak
PEAK_GOAL = 0.75  # of the fast recipe's net
GOALS = {
    "report A's CNN": (Goal("ours", 1.7, against="plain Keras"), Goal("ours", 1.0, against="PyTorch bfloat16")),
}


def measure(num_images: int | None = None, rounds: int = 3) -> list[Comparison]:
    """Train each net by each method, an epoch at a time and in turns, and multiply matrices in between.

    Args:
        num_images: Images an epoch; None takes what is long enough for each net.
        rounds: How often each method is measured.
    """
    comparisons, shares, memory = [], {}, {}
    for net in BATCH_SIZES:
        count = num_images or NUM_IMAGES[net]
        with started(net, count) as (trainers, missing):
            values = in_turns(trainers | {"peak": peak}, rounds)
            peaks = {name: [trainer.end() / 2**20] for name, trainer in trainers.items()}
        flops = np.divide(values["ours"], 1 / (2 * training_work(keras_net(net))))
        shares[net] = list(flops / values.pop("peak"))
        if net == WITHOUT_GELU:  # only shows where the share of the peak goes
            continue
        memory[net] = peaks
        comparisons.append(
            Comparison(
                f"Training {net}",
                f"{count:,} images an epoch, batches of {BATCH_SIZES[net]}, Adam, no augmentation; "
                + "; ".join(f"{method}: {about}" for method, about in METHODS.items()),
                "images a second",
                values,
                baseline="plain Keras",
                goals=GOALS.get(net, ()),
                missing=missing,
            )
        )
    return [*comparisons, _share(shares), *_memory(memory)]


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


def _share(shares: dict[str, list[float]]) -> Comparison:
    """How much of the peak each net's training reaches."""
    return Comparison(
        "Share of the matrix-product peak",
        f"Operations of the convolutions and dense layers a second, ours, over those of products of {PEAK_SIDE:,} x "
        f"{PEAK_SIDE:,} matrices in {keras.config.dtype_policy().compute_dtype} in the same round. Each of the two "
        "gradients counts where it is needed; activations, normalisation and pools do not count, and take their time: "
        "one net is measured without its activation as well. Nets are trained as above.",
        "share",
        shares,
        goals=(Goal(FAST_NET, PEAK_GOAL, obstacle="what counts no operations: see the row without GELU"),),
    )


def _memory(memory: dict[str, dict[str, list[float]]]) -> list[Comparison]:
    """Peak memory of each method's process."""
    return [
        Comparison(f"Memory of training {net}", "Peak of each method's process, libraries included.", "MiB", values)
        for net, values in memory.items()
    ]
