"""Made-up tables of students, of report A's CNN, and what reads and writes them."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
from made_up import CLASSES

from helpers.claims import figure
from helpers.claims.printed_nets import AVERAGES

TABLES = Path(__file__).parent / "tables"
SUPPORTS = [904, 886, 901, 963, 868, 904, 858, 930, 885, 901]  # of report A's test
RECALLS = [0.74, 0.85, 0.62, 0.54, 0.66, 0.64, 0.80, 0.78, 0.83, 0.79]
HEADER = "report,experiment,variant,metric,class,value"
NET = "A,dense_vs_cnn,cnn"


def draw(seed: int, recalls=RECALLS) -> np.ndarray:
    """A confusion matrix of report A's test, as one run of a CNN might have it."""
    rng = np.random.default_rng(seed)
    wrong = np.random.default_rng(0).dirichlet(np.full(10, 2.0), 10)  # the same for all runs
    np.fill_diagonal(wrong, 0)
    shares = wrong / wrong.sum(axis=1, keepdims=True) * (1 - np.array(recalls))[:, None] + np.diag(recalls)
    return np.array([rng.multinomial(n, share) for n, share in zip(SUPPORTS, shares, strict=True)])


def student_rows(matrix: np.ndarray, counts: bool = False) -> list[list[str]]:
    """What a student would write down of a confusion matrix, rounded to two digits, as rows of a CSV."""
    rows = [[m, "", f"{figure(m).of_counts(matrix, CLASSES):.2f}"] for m in AVERAGES if "micro" not in m]
    rows += [["parameters", "", "573510"], ["trainable_parameters", "", "566910"]]
    rows += [["non_trainable_parameters", "", "6600"]]
    for k, name in enumerate(CLASSES):
        of_class = ("precision", "recall", "f1")
        rows += [[m, name, f"{figure(f'class_{m}:{name}').of_counts(matrix, CLASSES):.2f}"] for m in of_class]
        rows += [["support", name, str(SUPPORTS[k])]]
    if counts:
        pairs = [(i, k) for i in range(10) for k in range(10)]
        rows += [[f"confused_with:{CLASSES[k]}", CLASSES[i], str(matrix[i, k])] for i, k in pairs]
    return [NET.split(",") + row for row in rows]


HONEST, LEAKED = draw(0), draw(0, [0.93] * 10)


def typos() -> list[list[str]]:
    """The honest table with two digits of an F1 swapped, and two of a support."""
    rows = student_rows(HONEST)
    for row in rows:
        if row[3:5] in (["f1", "dog"], ["support", "cat"]):
            row[5] = {"963": "936"}.get(row[5], row[5][:2] + row[5][:1:-1])
    return rows


def write(path: Path, rows: list[list[str]], header: str = HEADER) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header.split(","), *rows])
    return path


def table_of(*rows: str) -> pd.DataFrame:
    """A table of report A's CNN: "accuracy,,0.72" and the like."""
    fields = [NET.split(",") + row.split(",") for row in rows]
    table = pd.DataFrame(fields, columns=[*HEADER.split(",")[:5], "printed"])
    return table.assign(value=pd.to_numeric(table["printed"]))
