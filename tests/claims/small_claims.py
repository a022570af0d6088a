"""Runs close to a mean, and the verdicts on them."""

import numpy as np
from made_up import make_run, make_test, matrix_of

from helpers.claims import judge_claims

FIVE = range(10, 15)
NUM_TESTED = 32  # claims, second readings among them; E2 is held against the print
CLOSE = np.array([-0.002, -0.001, 0.0, 0.001, 0.002])  # around a mean, five seeds


def runs_of(variant: str, mean: float, seeds=FIVE, seconds: float = 100.0, **more) -> list[dict]:
    """Runs of a variant whose accuracies lie close to a mean, and their seconds to another."""
    scatter = np.resize(CLOSE, len(seeds))
    return [
        make_run(variant, seed, mean + off, seconds * (1 + off), **more)
        for seed, off in zip(seeds, scatter, strict=True)
    ]


def judge(claim_id: str, results, reading: str = ""):
    """The verdict on one claim, all others without runs or as they are."""
    judged = judge_claims(results, draws=0)
    return next(j for j in judged if (j.claim["id"], j.claim["reading"]) == (claim_id, reading))


def verdict(claim_id: str, results, reading: str = "") -> str:
    return judge(claim_id, results, reading).verdict


def with_losses(variant, change, seeds=(10, 11, 12)):
    """Runs of Fashion-MNIST of 50 epochs whose validation loss changes by so much after the 40th."""
    losses = lambda seed: [1.0] * 40 + [1.0 + change + seed / 1e5] * 10  # noqa: E731
    history = lambda seed: {"val_loss": losses(seed), "accuracy": [0.9] * 50, "val_accuracy": [0.9] * 50}  # noqa: E731
    seen = {"training images": make_test(matrix_of(0.9))}
    return [make_run(variant, seed, 0.9, dataset="fashion_mnist", history=history(seed), tests=seen) for seed in seeds]
