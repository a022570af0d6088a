"""The figures that claims and printed tables are about: how each is read, and what counts as no difference.

A figure is written as its name, with an argument behind a colon where it needs one: "accuracy", "class_f1:cat",
"val_loss_change:40-50".
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from helpers.claims.published import published_folder
from helpers.runs import epoch_seconds, generalisation_gap

Counts = np.ndarray  # (..., classes, classes): rows the true class, columns the predicted one


# Of a confusion matrix


def _accuracy(counts: Counts, _classes: Sequence[str], _argument: str) -> np.ndarray:
    return np.trace(counts, axis1=-2, axis2=-1) / counts.sum(axis=(-2, -1))


def _recalls(counts: Counts) -> np.ndarray:
    return _divide(np.diagonal(counts, axis1=-2, axis2=-1), counts.sum(axis=-1))


def _precisions(counts: Counts) -> np.ndarray:
    return _divide(np.diagonal(counts, axis1=-2, axis2=-1), counts.sum(axis=-2))


def _f1s(counts: Counts) -> np.ndarray:
    return _divide(2 * np.diagonal(counts, axis1=-2, axis2=-1), counts.sum(axis=-1) + counts.sum(axis=-2))


def _macro(of_classes):
    return lambda counts, _classes, _argument: of_classes(counts).mean(axis=-1)


def _weighted(of_classes):
    def read(counts, _classes, _argument):
        supports = counts.sum(axis=-1)
        return (of_classes(counts) * supports).sum(axis=-1) / supports.sum(axis=-1)

    return read


def _of_class(of_classes):
    return lambda counts, classes, name: of_classes(counts)[..., _place(classes, name)]


def _confused(counts: Counts, classes: Sequence[str], pair: str) -> np.ndarray:
    """Images of either of two classes that are taken for the other."""
    one, other = (_place(classes, name) for name in pair.split("-"))
    return counts[..., one, other] + counts[..., other, one]


def _taken_for(counts: Counts, classes: Sequence[str], pair: str) -> np.ndarray:
    """Images of a class that are taken for a certain other, minus those that are taken for the next most frequent."""
    true, said = (_place(classes, name) for name in pair.split("-"))
    others = [k for k in range(len(classes)) if k not in (true, said)]
    return counts[..., true, said] - counts[..., true, others].max(axis=-1)


def _below_others(counts: Counts, classes: Sequence[str], name: str) -> np.ndarray:
    """By how much a class's F1 lies below the lowest of the other classes."""
    f1, place = _f1s(counts), _place(classes, name)
    return np.delete(f1, place, axis=-1).min(axis=-1) - f1[..., place]


OF_MATRIX: dict[str, Callable[[Counts, Sequence[str], str], np.ndarray]] = {
    "accuracy": _accuracy,
    "macro_precision": _macro(_precisions),
    "macro_recall": _macro(_recalls),
    "macro_f1": _macro(_f1s),
    "weighted_precision": _weighted(_precisions),
    "weighted_recall": _weighted(_recalls),
    "weighted_f1": _weighted(_f1s),
    "class_precision": _of_class(_precisions),
    "class_recall": _of_class(_recalls),
    "class_f1": _of_class(_f1s),
    "confusion": _confused,
    "taken_for": _taken_for,
    "f1_below_others": _below_others,
}


# Of a run's history and settings


def _change(key):
    def read(run, epochs):
        """From the end of one epoch to that of another; of a shorter run, to its last one."""
        first, last = (min(int(epoch), len(run["history"][key])) for epoch in epochs.split("-"))
        return run["history"][key][last - 1] - run["history"][key][first - 1]

    return read


def _since(key, reference):
    return lambda run, epoch: run["history"][key][-1] - reference(run["history"][key][: int(epoch)])


def _recall_lost(run, argument):
    """Recall lost in a further test: the mean of the named classes minus that of the others."""
    named, test = argument.split("@")
    lost = {k: f["recall"] - run["tests"][test]["by_class"][k]["recall"] for k, f in run["test"]["by_class"].items()}
    others = [value for name, value in lost.items() if name not in named.split("+")]
    return np.mean([lost[name] for name in named.split("+")]) - np.mean(others)


OF_RUN: dict[str, Callable[[dict, str], float]] = {
    "loss": lambda run, _: run["test"]["loss"],
    "training_time": lambda run, _: run["seconds"],
    "epoch_time": lambda run, _: epoch_seconds(run),
    "parameters": lambda run, _: run["parameters"]["total"],
    "trainable_parameters": lambda run, _: run["parameters"]["trainable"],
    "non_trainable_parameters": lambda run, _: run["parameters"]["non_trainable"],
    "train_accuracy": lambda run, _: max(run["history"]["accuracy"]),
    "val_accuracy": lambda run, _: max(run["history"]["val_accuracy"]),
    "epochs_run": lambda run, _: len(run["seconds_by_epoch"]),
    "best_epoch": lambda run, _: run["best_epoch"],
    "generalisation_gap": lambda run, _: generalisation_gap(run),
    "val_accuracy_change": _change("val_accuracy"),
    "val_loss_change": _change("val_loss"),
    "val_loss_since_lowest": _since("val_loss", min),  # of the epochs up to the one named
    "train_accuracy_since": _since("accuracy", lambda values: values[-1]),
    "recall_lost": _recall_lost,
}
# What reports call otherwise. Where they do not say which average, it is the one over the classes.
ALIASES = {"precision": "macro_precision", "recall": "macro_recall", "f1": "macro_f1", "class_accuracy": "class_recall"}
ALIASES |= {f"micro_{name}": "accuracy" for name in ("precision", "recall", "f1")}  # which they all equal
LABELS = {
    "training_time": "training time, s",
    "epoch_time": "an epoch, s",
    "loss": "loss, nats",
    "precision": "precision, macro",
    "f1": "f1, macro",
    "train_accuracy": "highest training accuracy",
    "val_accuracy": "highest validation accuracy",
}
WORDS = {  # the argument, and what stands behind its dash or @, are put in
    "class_recall": "recall of {}",
    "class_precision": "precision of {}",
    "class_f1": "F1 of {}",
    "confusion": "{} and {} taken for each other",
    "taken_for": "{} taken for {}, minus for the next",
    "f1_below_others": "F1 of {} below the next lowest",
    "val_accuracy_change": "validation accuracy from epoch {} to {}",
    "val_loss_change": "validation loss from epoch {} to {}",
    "val_loss_since_lowest": "validation loss, last epoch minus the lowest of the first {}",
    "train_accuracy_since": "training accuracy since epoch {}",
    "recall_lost": "recall of {} lost at {}, minus that of the others",
    "generalisation_gap": "training minus validation accuracy",
    "epoch_time": "time of an epoch",
}
EXACT = ("parameters", "trainable_parameters", "non_trainable_parameters")  # chance has no part in them
TIMES = ("training_time", "epoch_time")  # of the reports' computers nothing is known


@dataclass(frozen=True)
class Kind:
    """How figures of one kind are compared: a row of margins.csv.

    Attributes:
        name: Such as "accuracy".
        margin: Below it, a difference is none; of times, of the logarithm of their ratio.
        scale: From the figure to the unit in which a difference is shown.
        unit: That unit.
        form: How to format a difference in it.
        meaning: The margin in words.
    """

    name: str
    margin: float
    scale: float
    unit: str
    form: str
    meaning: str

    def show(self, difference: float) -> str:
        """A difference in words: "+2.1 points", or of times a ratio: "1.25 times"."""
        shown = np.exp(difference) if self.name == "time" else difference * self.scale
        return f"{shown:{self.form}}"


@dataclass(frozen=True)
class Figure:
    """A figure by its name and argument.

    Attributes:
        name: As in `OF_MATRIX` or `OF_RUN`.
        argument: What it needs besides, such as a class; "" where it needs nothing.
    """

    name: str
    argument: str = ""

    @property
    def is_time(self) -> bool:
        """Whether it is a time, which is compared as a ratio, and only on one device at rest."""
        return self.name in TIMES

    @property
    def words(self) -> str:
        """What it is called in a sentence, such as "recall of cat"."""
        said = WORDS.get(self.name, self.name.replace("_", " "))
        one, _, other = self.argument.partition("@" if "@" in self.argument else "-")
        return said.format(one.replace("+", ", "), other)

    @property
    def kind(self) -> Kind:
        """How two of them are compared."""
        words = {"loss": "loss", "confusion": "count", "taken_for": "count"}
        found = next((kind for word, kind in words.items() if word in self.name), "accuracy")
        return kinds()["time" if self.is_time else found]

    def __call__(self, run: dict) -> float:
        """Its value in a record, of the record's main test."""
        if self.name in OF_RUN:
            return float(OF_RUN[self.name](run, self.argument))
        return float(self.of_counts(np.array(run["test"]["confusion_matrix"]), list(run["test"]["by_class"])))

    def of_counts(self, counts: Counts, classes: Sequence[str]) -> np.ndarray:
        """Its value of confusion matrices (..., classes, classes), for a figure of `OF_MATRIX`."""
        return OF_MATRIX[self.name](counts, classes, self.argument)


@cache
def figure(text: str) -> Figure:
    """A figure as claims and reports write it, such as "accuracy" or "class_f1:cat".

    Raises:
        ValueError: There is no such figure.
    """
    name, _, argument = text.partition(":")
    name = ALIASES.get(name, name)
    if name not in OF_MATRIX and name not in OF_RUN:
        known = ", ".join(sorted([*OF_MATRIX, *OF_RUN, *ALIASES]))
        raise ValueError(f"figure: expected one of {known}, if need be with an argument behind a colon; got {text!r}")
    return Figure(name, argument)


@cache
def kinds() -> dict[str, Kind]:
    """The kinds of figures with their margins, from margins.csv."""
    table = pd.read_csv(published_folder() / "margins.csv", keep_default_na=False)
    return {row["kind"]: Kind(*row) for _, row in table.iterrows()}


def _place(classes: Sequence[str], name: str) -> int:
    """Where a class stands."""
    if name not in classes:
        raise ValueError(f"class: expected one of {', '.join(classes)}; got {name!r}")
    return list(classes).index(name)


def _divide(parts: np.ndarray, wholes: np.ndarray) -> np.ndarray:
    """Shares, 0 of nothing, as scikit-learn's with zero_division=0."""
    return np.divide(parts, wholes, out=np.zeros(np.broadcast_shapes(parts.shape, wholes.shape)), where=wholes > 0)
