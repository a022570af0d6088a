"""A made-up record of a run."""

import numpy as np

from helpers.metrics import summarise_test
from helpers.predictions import pack_predictions

CLASSES = ["dark", "dim", "light", "bright"]
Y_TRUE = np.arange(64) % 4
Y_PROB = np.random.default_rng(0).dirichlet(np.ones(4), 64).astype("float32")


def record_of(**changed) -> dict:
    """A made-up record of a run, before it is written."""
    test = summarise_test(Y_TRUE, Y_PROB, CLASSES) | {"predictions": pack_predictions(Y_PROB)}
    return {
        "kind": "run", "notebook": "03_cnn", "variant": "cnn", "seed": 10, "profile": "full", "dataset": "cifar10",
        "setting": "a" * 32, "identity": "b" * 32, "started": "2026-03-05T14:30:00+00:00", "device": "a processor",
        "versions": {"keras": "3.15.1"}, "history": {"loss": [2.0, 1.0], "val_accuracy": [0.25, 0.5]},
        "seconds_by_epoch": [3.0, 1.0], "seconds_first_step": 1.5, "seconds": 4.0, "images_per_second": 64.0,
        "best_epoch": 2, "disturbed": False, "test": test, "tests": {},
    } | changed  # fmt: skip
