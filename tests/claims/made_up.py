"""Made-up records, with what claims read of them, and the results that they would be found in."""

import hashlib
from pathlib import Path

import numpy as np

from helpers.claims import Results

CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


def matrix_of(recalls, images=1000) -> np.ndarray:
    """A confusion matrix (10, 10) with these recalls; what is wrong is taken for the next class."""
    right = np.round(np.broadcast_to(recalls, 10) * images).astype(int)
    matrix = np.diag(right)
    for k in range(10):
        matrix[k, (k + 1) % 10] = images - right[k]
    return matrix


def make_test(matrix) -> dict:
    """A record's test with a confusion matrix."""
    matrix = np.asarray(matrix)
    recall, precision = (np.diag(matrix) / np.maximum(1, matrix.sum(axis=axis)) for axis in (1, 0))
    f1 = 2 * np.diag(matrix) / (matrix.sum(axis=0) + matrix.sum(axis=1))
    columns = {"precision": precision, "recall": recall, "f1-score": f1, "support": matrix.sum(axis=1)}
    by_class = {name: {c: float(v[k]) for c, v in columns.items()} for k, name in enumerate(CLASSES)}
    macro = {c: float(v.mean()) for c, v in columns.items()}
    accuracy = float(np.trace(matrix) / matrix.sum())
    test = {"accuracy": accuracy, "loss": 1.0, "images": int(matrix.sum()), "by_class": by_class}
    return test | {"macro_avg": macro, "weighted_avg": macro, "confusion_matrix": matrix.tolist()}


def make_run(variant: str, seed: int, accuracy=0.7, seconds: float = 100.0, **more) -> dict:
    """A record of the full protocol, the same recall in every class unless `accuracy` names ten."""
    record = {
        "variant": variant, "seed": seed, "profile": "full", "dataset": "cifar10", "seconds": seconds,
        "parameters": {"total": 573_510, "trainable": 566_910, "non_trainable": 6_600},
        "backend": "tensorflow", "device": "a processor", "disturbed": False, "frozen_part": None,
        "seconds_by_epoch": [seconds / 2] * 2, "seconds_first_step": 1.0, "best_epoch": 2,
        "history": {"accuracy": [0.5, 0.6], "val_accuracy": [0.5, 0.55], "val_loss": [1.2, 1.1], "loss": [1.2, 1.0]},
        "test": make_test(matrix_of(accuracy, 10_000)), "tests": {},
    } | more  # fmt: skip
    return record | {"sha256": hashlib.sha256(repr(sorted(record.items())).encode()).hexdigest()}


def results_of(folder: Path = Path("nowhere"), chosen: dict | None = None, **pages: list[dict]) -> Results:
    """Results with the runs of some notebooks, given as `n03_cnn=[...]`."""
    runs: dict = {}
    for name, records in pages.items():
        for record in records:
            runs.setdefault((name[1:], record["variant"]), {})[record["seed"]] = record
    return Results(folder, runs, chosen or {})
