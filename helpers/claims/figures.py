"""The figures that claims and printed tables are about: how each is read, and what counts as no difference.

A figure is written as its name, with an argument behind a colon where it needs one: "accuracy", "class_f1:cat",
"val_loss_change:40-50".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from helpers.claims.published import published_folder
from helpers.claims.readers import OF_MATRIX, OF_RUN, Counts, split_pair
from helpers.data.sources import CIFAR10_CLASSES, FASHION_MNIST_CLASSES

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
CLASSES = (*CIFAR10_CLASSES, *FASHION_MNIST_CLASSES)
WORDS = {  # the argument is put in, both parts of a pair
    "class_recall": "recall of {}",
    "class_precision": "precision of {}",
    "class_f1": "F1 of {}",
    "confusion": "{} and {} taken for each other",
    "taken_for": "{} taken for {}, minus for the next",
    "f1_below_others": "F1 of {} below the next lowest",
    "val_accuracy_change": "validation accuracy from epoch {} to {}",
    "val_loss_change": "validation loss from epoch {} to {}",
    "val_loss_since": "validation loss since epoch {}",
    "train_accuracy_since": "training accuracy since epoch {}",
    "recall_above_others": "mean recall of {} minus that of the other classes",
    "generalisation_gap": "training minus validation accuracy, dropout off",
    "epoch_time": "time of an epoch",
}
EXACT = ("parameters", "trainable_parameters", "non_trainable_parameters")  # chance has no part in them
COUNTS = (*EXACT, "epochs_run", "best_epoch")  # whole numbers
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

    @property
    def margin_in_words(self) -> str:
        """The margin alone, without what a count is of, which differs between claims."""
        return f"{self.margin:g} {self.unit}" if self.name == "count" else self.meaning

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
    def improves(self) -> int:
        """The sign of its change for the better, 1 or -1; 0 of what is no change over epochs."""
        return (-1 if "loss" in self.name else 1) if self.name.endswith("_change") else 0

    @property
    def words(self) -> str:
        """What it is called in a sentence, such as "recall of cat"."""
        said = WORDS.get(self.name, self.name.replace("_", " "))
        parts = split_pair(self.argument, CLASSES) if said.count("{}") == 2 else (self.argument,)
        return said.format(*(part.replace("+", ", ") for part in parts))

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
