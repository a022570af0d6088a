"""The figures of one net in a table of results, as `consistency` looks at them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.claims.printed import renamed_metrics
from helpers.claims.ranges import Range, f1_of, implied_recall, range_of

NET = ["report", "experiment", "variant"]
EXACT_COUNTS = ("parameters", "trainable_parameters", "non_trainable_parameters", "epochs_run", "best_epoch", "support")
CONFUSED = "confused_with:"
OF_CLASS = {name: f"class_{name}" for name in ("precision", "recall", "f1")} | {"class_accuracy": "class_recall"}
AVERAGES = ["accuracy", *(f"{k}_{m}" for k in ("macro", "weighted", "micro") for m in ("precision", "recall", "f1"))]
NUM_CLASSES = 10
IMAGES = {"A": 9_000, "B": 10_000, "C": 10_000, "D": 10_000}  # of the test; E's are as many as its supports say
OFFICIAL = ("B", "C", "D")  # tested on all of the official test images: as many of each class


@dataclass(frozen=True)
class Net:
    """The figures of one net: of the whole net by metric, of its classes by metric and class, its history by epoch."""

    key: tuple[str, str, str]
    whole: dict[str, Range]
    by_class: dict[str, dict[str, Range]]
    by_epoch: dict[str, dict[int, Range]]

    def of_class(self, metric: str) -> dict[str, tuple[str, Range]]:
        """A class's recall or F1 by class, with what it is called: as printed, else as precision and the other say."""
        found = {name: (metric, value) for name, value in self.by_class.get(metric, {}).items()}
        if metric == "recall":
            given = self.by_class.get("class_accuracy", {})
            found = {name: ("class accuracy", value) for name, value in given.items()} | found
        other = {"recall": "f1", "f1": "recall"}.get(metric)
        for name, precision in self.by_class.get("precision", {}).items():
            known = self.by_class.get(other, {}).get(name)
            if known and name not in found:
                implied = (implied_recall if metric == "recall" else f1_of)(precision, known)
                found |= {name: (f"{in_words(metric)} by precision and {in_words(other)}", implied)} if implied else {}
        return found

    @property
    def supports(self) -> dict[str, int]:
        """Test images by class: as printed, else of the official test; empty where they are not known."""
        printed = {name: int(value.low) for name, value in self.by_class.get("support", {}).items()}
        if len(printed) == NUM_CLASSES or self.key[0] not in OFFICIAL:
            return printed
        names = {name for of_class in self.by_class.values() for name in of_class}
        return dict.fromkeys(names, IMAGES[self.key[0]] // NUM_CLASSES)

    @property
    def num_images(self) -> list[int]:
        """How many test images there may be: as many as all supports say, and as the protocol says."""
        total = sum(self.supports.values()) if len(self.supports) == NUM_CLASSES else None
        return list(dict.fromkeys(count for count in (total, IMAGES.get(self.key[0])) if count))

    @property
    def accuracies(self) -> list[tuple[str, Range]]:
        """The figures that are the accuracy by definition, each with what it is called."""
        names = ("accuracy", "micro_precision", "micro_recall", "micro_f1", "weighted_recall")
        return [(in_words(name), self.whole[name]) for name in names if name in self.whole]


def nets_of(table: pd.DataFrame) -> list[Net]:
    """The figures of a table by net, under our names where variants.csv says that the report has others."""
    nets = []
    for key, rows in tidy(table).groupby(NET, sort=False):
        net, renamed = Net(key, {}, {}, {}), renamed_metrics(*key[:2])
        given = set(rows.loc[(rows["class"] == "") & rows["epoch"].isna(), "metric"])
        for metric, name, epoch, printed in rows[["metric", "class", "epoch", "printed"]].itertuples(index=False):
            most = 1 if metric in (*AVERAGES, *OF_CLASS) else None
            value = range_of(printed, metric in EXACT_COUNTS or metric.startswith(CONFUSED), most)
            if pd.notna(epoch):
                net.by_epoch.setdefault(metric, {})[int(epoch)] = value
            elif name:
                net.by_class.setdefault(metric, {})[name] = value
            else:
                of_report = renamed.get((key[2], metric), metric)
                net.whole[metric if of_report in given else of_report] = value
        nets.append(net)
    return nets


def in_words(metric: str) -> str:
    """A metric as sentences write it: "macro F1"."""
    return metric.replace("_", " ").replace("f1", "F1")


def tidy(table: pd.DataFrame) -> pd.DataFrame:
    """A table with all columns: printed, the value's very text; class, "" of a whole net; epoch, NaN after training."""
    text = table["printed"] if "printed" in table else table["value"].astype(str)
    return table.assign(printed=text, epoch=table.get("epoch", np.nan), **{"class": table["class"].fillna("")})
