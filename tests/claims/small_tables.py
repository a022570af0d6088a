"""A table of one net, as small as a check of it needs, and what is found in it."""

import numpy as np
import pandas as pd
from made_up import CLASSES

from helpers.claims.consistency import find_inconsistencies

A, B, C, D, E = (
    ("A", "dense_vs_cnn", "cnn"),
    ("B", "resolution", "tvtv_16x16"),
    ("C", "batch_norm", "cnn_plain"),
    ("D", "depth", "model_1"),
    ("E", "optimizer_activation", "best"),
)
SUPPORTS_A = ["904", "886", "901", "963", "868", "904", "858", "930", "885", "901"]
RECALLS = ["0.716", "0.823", "0.623", "0.638", "0.705", "0.621", "0.824", "0.807", "0.844", "0.799"]  # sum 7.400


def table(net=A, by_epoch=None, by_class=None, **whole) -> pd.DataFrame:
    """A table of one net: figures of the whole net, by metric and class, by metric and epoch; all values text."""
    rows = [[*net, metric, "", np.nan, value] for metric, value in whole.items()]
    for metric, values in (by_class or {}).items():
        values = values if isinstance(values, dict) else dict(zip(CLASSES, values, strict=True))
        rows += [[*net, metric, name, np.nan, value] for name, value in values.items()]
    for metric, values in (by_epoch or {}).items():
        rows += [[*net, metric, "", epoch, value] for epoch, value in enumerate(values, 1)]
    columns = ["report", "experiment", "variant", "metric", "class", "epoch", "printed"]
    return pd.DataFrame(rows, columns=columns).assign(value=lambda t: pd.to_numeric(t["printed"]))


def found(*tables: pd.DataFrame) -> list[str]:
    return [finding.text for finding in find_inconsistencies(pd.concat(tables, ignore_index=True))]


def matrix_rows(matrix) -> dict[str, dict[str, str]]:
    """Confusion counts as a table has them, by metric and class."""
    return {
        f"confused_with:{said}": {true: str(matrix[i][k]) for i, true in enumerate(CLASSES)}
        for k, said in enumerate(CLASSES)
    }
