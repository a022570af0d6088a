"""What a table of results cannot hold of one net, rounding allowed for, and what in it is odd.

A printed figure stands for all numbers that round to it. Figures contradict each other only if no such numbers fit.
"""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import ceil, floor, lcm

import pandas as pd

from helpers.claims.figures import figure
from helpers.claims.printed_nets import (
    AVERAGES,
    CONFUSED,
    IMAGES,
    NET,
    NUM_CLASSES,
    OF_CLASS,
    OFFICIAL,
    Net,
    in_words,
    nets_of,
)
from helpers.claims.published import load_figures, load_variants, published_folder
from helpers.claims.ranges import Range, f1_of, implied_recall, mean_of

SEVERITIES = {
    "inconsistent": "No numbers that round to the printed ones fit together.",
    "remarkable": "It can be, but it is odd.",
}
BATCHES = (32, 64, 128, 256, 512)  # sizes whose mean of batches is tried, where an accuracy is no whole number
TINY = 1e-9  # what float64 may miss a printed figure's bound by


@dataclass(frozen=True)
class Finding:
    """Something that is wrong or odd in a table.

    Attributes:
        severity: A key of `SEVERITIES`.
        report, experiment, variant: Of which net.
        text: What the table says, and what it would have to be.
    """

    severity: str
    report: str
    experiment: str
    variant: str
    text: str

    @property
    def net(self) -> str:
        """Report, experiment and variant."""
        return f"{self.report} / {self.experiment} / {self.variant}"


def find_inconsistencies(table: pd.DataFrame) -> list[Finding]:
    """Find what a table of results cannot hold of one net, and what in it is odd.

    Args:
        table: A row a figure, as `load_figures` gives them: report, experiment, variant, metric, class, value; and, if
            there are any, epoch, and printed, the value's very text. Besides the printed metrics, "confused_with:dog"
            of the class cat counts the cats that are taken for dogs.

    Returns:
        What cannot be, then what is odd.
    """
    nets = nets_of(table)
    found = [Finding("inconsistent", *net.key, text) for net in nets for check in CHECKS for text in check(net)]
    found += [Finding("remarkable", *net.key, text) for net in nets for text in _tested_on_validation(net)]
    return found + [finding for pair in itertools.combinations(nets, 2) for finding in _repeats(*pair)]


def published_table() -> pd.DataFrame:
    """All printed figures as `load_figures` gives them, and the printed confusion matrices as counts."""
    kept, rows = json.loads((published_folder() / "confusion_matrices.json").read_text()), []
    for name, matrix in kept["matrices"].items():
        for true, counts in zip(kept["classes"], matrix, strict=True):
            for said, count in zip(kept["classes"], counts, strict=True):
                rows.append([*name.split("/"), f"{CONFUSED}{said}", true, count, str(count)])
    counts = pd.DataFrame(rows, columns=[*NET, "metric", "class", "value", "printed"])
    return pd.concat([load_figures(), counts], ignore_index=True)


def findings_table(report: str = "", experiment: str = "") -> pd.DataFrame:
    """What the published tables cannot hold of one net, or hold that is odd.

    Args:
        report: "A" to "E"; default, all.
        experiment: As in published.csv; default, all.

    Returns:
        A row a finding, all columns text: severity, net, what the table says.
    """
    rows = [
        [finding.severity, finding.net.replace("_", " "), finding.text]
        for finding in _published_findings()
        if finding.report == (report or finding.report) and finding.experiment == (experiment or finding.experiment)
    ]
    return pd.DataFrame(rows, columns=["severity", "net", "what the table says"])


@cache
def _published_findings() -> list[Finding]:
    """All that is wrong or odd in the published tables."""
    return find_inconsistencies(published_table())


def _class_accuracies(net: Net) -> Iterator[str]:
    """A class's accuracy against its recall, which it is."""
    recalls = net.by_class.get("recall", {})
    for name, accuracy in net.by_class.get("class_accuracy", {}).items():
        if name in recalls and not accuracy.fits(recalls[name]):
            yield f"class accuracy of {name} {accuracy.text}, but its recall {recalls[name].text}: these are the same"


def _f1s(net: Net) -> Iterator[str]:
    """F1 against precision and recall of each class; never of averages, for which it need not hold."""
    for name, f1 in net.by_class.get("f1", {}).items():
        precision = net.by_class.get("precision", {}).get(name)
        if precision is None:
            continue
        said, recall = net.of_class("recall").get(name, ("", None))
        needed = implied_recall(precision, f1)
        if needed is None:
            yield f"F1 of {name} {f1.text}: with a precision of {precision.text} no recall is high enough for it"
        elif said == "class accuracy" and not recall.fits(needed):
            needs = f"precision {precision.text} and F1 {f1.text} need {needed.text}"
            yield f"class accuracy of {name}, which is its recall, {recall.text}: {needs}"
        elif said == "recall" and not f1.fits(made := f1_of(precision, recall)):
            yield f"F1 of {name} {f1.text}: precision {precision.text} and recall {recall.text} make it {made.text}"


def _averages(net: Net) -> Iterator[str]:
    """Averages against the means of the classes' figures, and figures that are one by definition."""
    supports = net.supports if len(net.supports) == NUM_CLASSES else {}
    even = len(set(supports.values())) == 1 if supports else net.key[0] in OFFICIAL
    for metric in ("recall", "precision", "f1"):
        values = {name: value for name, (_, value) in net.of_class(metric).items()}
        macro, weighted = ([(f"{k} {in_words(metric)}", net.whole.get(f"{k}_{metric}"))] for k in ("macro", "weighted"))
        weighted = net.accuracies if metric == "recall" else weighted
        if len(values) == NUM_CLASSES:
            macro.append((f"the mean {in_words(metric)} of the ten classes is", mean_of(values)))
            if set(supports) == set(values) and not even:
                weighted = [
                    *weighted,
                    (
                        f"the mean {in_words(metric)} of the ten classes, weighted by support, is",
                        mean_of(values, supports),
                    ),
                ]
        if even:
            yield from _disagreement(weighted + macro, "with as many images of each class these are the same")
        else:
            yield from _disagreement(macro, "these are the same")
            yield from _disagreement(weighted, "these are the same")


def _disagreement(same: list[tuple[str, Range | None]], reason: str) -> Iterator[str]:
    """One sentence if figures that are the same by definition cannot be."""
    same = [(name, value) for name, value in same if value]
    for name, value in same:
        others = [f"{other} {its.text}" for other, its in same if not value.fits(its)]
        if others:
            yield f"{name} {value.text}, but {' and '.join(others)}: {reason}"
            return


def _whole_images(net: Net) -> Iterator[str]:
    """Shares of images that are no whole number of them."""
    for name, value in net.accuracies[:1]:
        if net.num_images and not any(map(value.has_whole, net.num_images)):
            yield f"{_part(name, value, net.num_images[0])}; {_of_batches(value, net.num_images[0])}"
    for name, (said, value) in net.of_class("recall").items():
        support = net.supports.get(name)
        if support and not value.has_whole(support):
            yield _part(f"{said} of {name}", value, support)


def _predictions(net: Net) -> Iterator[str]:
    """Precisions and recalls that need more predictions, or fewer, than there are test images."""
    recalls, precisions, supports = net.of_class("recall"), net.by_class.get("precision", {}), net.supports
    if not len(recalls) == len(precisions) == NUM_CLASSES or set(supports) != set(precisions):
        return
    if any(not precision.low for precision in precisions.values()):
        return  # of a precision that may be 0 there may be any number
    low = sum(recalls[name][1].low * supports[name] / precisions[name].high for name in supports)
    high = sum(recalls[name][1].high * supports[name] / precisions[name].low for name in supports)
    if not low <= sum(supports.values()) <= high:
        needed = f"{ceil(low):,} to {floor(high):,} predictions in all"
        yield f"precision and recall of the ten classes need {needed}; there are {sum(supports.values()):,} images"


def _part(name: str, value: Range, images: int) -> str:
    """The sentence on a share of some images that is no whole number of them."""
    number = float((value.low + value.high) / 2 * images)
    return f"{name} {value.text} of {images:,} images would be {number:,.8g} images: no whole number"


def _of_batches(value: Range, images: int) -> str:
    """What an accuracy that is no whole number of images may be: of usual batches, if that is no mere chance."""
    for size in BATCHES:
        parts = ceil(images / size) * lcm(size, images % size or 1)
        if images % size and value.has_whole(parts) and (value.high - value.low) * parts < Fraction(1, 20):
            return f"it fits the mean over {ceil(images / size)} batches of {size} images, the last of {images % size}"
    return "it may be a mean over batches, or of another number of images"


def _counts(net: Net) -> Iterator[str]:
    """Counts that do not add up."""
    printed, expected = net.by_class.get("support", {}), IMAGES.get(net.key[0])
    if len(printed) == NUM_CLASSES and expected and sum(net.supports.values()) != expected:
        total = sum(net.supports.values())
        reason = "one of them is mistyped, or the split is another"
        yield f"the supports add up to {total:,} images; the test of report {net.key[0]} has {expected:,}: {reason}"
    names = ("parameters", "trainable_parameters", "non_trainable_parameters")
    total, trained, fixed = (int(net.whole[name].low) if name in net.whole else None for name in names)
    if None not in (total, trained, fixed) and total != trained + fixed:
        yield f"{total:,} parameters, but {trained:,} trainable and {fixed:,} not trainable make {trained + fixed:,}"
    elif None not in (total, trained) and trained > total:
        yield f"{total:,} parameters, fewer than the {trained:,} trainable ones"
    best, run = net.whole.get("best_epoch"), net.whole.get("epochs_run")
    if best and run and best.low > run.low:
        yield f"best epoch {best.text}, but only {run.text} epochs were run"


def _confusions(net: Net) -> Iterator[str]:
    """Confusion counts against the supports, and, where all are given, against every figure that follows from them."""
    counts = {k.removeprefix(CONFUSED): v for k, v in net.by_class.items() if k.startswith(CONFUSED)}
    table = pd.DataFrame({said: {true: int(v.low) for true, v in of.items()} for said, of in counts.items()})
    for name, row in table.iterrows():
        total, support, all_given = int(row.sum()), net.supports.get(name), row.count() == NUM_CLASSES
        if support is not None and (total > support or (all_given and total != support)):
            yield f"the confusion counts of {name} add up to {total:,} images; its support is {support:,}"
    if table.shape != (NUM_CLASSES, NUM_CLASSES) or table.isna().any(axis=None):
        return
    names = list(table.index)
    matrix = table[names].to_numpy(dtype="float64")
    figures = {(metric, ""): value for metric, value in net.whole.items() if metric in AVERAGES}
    figures |= {(OF_CLASS[m], name): v for m, of in net.by_class.items() if m in OF_CLASS for name, v in of.items()}
    for (metric, name), value in figures.items():
        of_matrix = figure(f"{metric}:{name}")
        number = float(of_matrix.of_counts(matrix, names))
        if not float(value.low) - TINY <= number <= float(value.high) + TINY:
            yield f"{in_words(of_matrix.words)} {value.text}: the confusion counts make it {number:.6g}"


def _tested_on_validation(net: Net) -> Iterator[str]:
    """A test that repeats the best epoch's validation, to four digits or more, or to three with the loss."""
    history, accuracy = net.by_epoch.get("val_accuracy", {}), net.whole.get("accuracy")
    if not history or not accuracy:
        return
    best = max(history, key=lambda epoch: Fraction(history[epoch].text))
    losses = [loss for loss in (net.whole.get("loss"), net.by_epoch.get("val_loss", {}).get(best)) if loss]
    agree = len(losses) == 2 and losses[0].fits(losses[1])
    digits = min(len(value.text.partition(".")[2]) for value in (accuracy, history[best]))
    enough = digits >= 3 if agree else digits >= 4 and len(losses) < 2
    if enough and Fraction(history[best].text) == Fraction(accuracy.text):
        loss = f", and the loss {losses[0].text} likewise" if agree else ""
        said = (
            f"test accuracy {accuracy.text} is the best validation accuracy, of epoch {best}, to the last digit{loss}"
        )
        yield f"{said}: the validation images seem to be the test images, so the epoch was chosen on them"


def _repeats(one: Net, other: Net) -> Iterator[Finding]:
    """Figures by class that two nets of a report share to the digit, though the nets differ."""
    if one.key[0] != other.key[0] or frozenset((one.key, other.key)) in _expected_repeats() or not _differ(one, other):
        return
    for metric in OF_CLASS:
        pair = [net.by_class.get(metric, {}) for net in (one, other)]
        shared = [name for name in pair[0] if name in pair[1]]
        same = [name for name in shared if pair[0][name].text == pair[1][name].text]
        digits = max((len(value.text.partition(".")[2]) for net in pair for value in net.values()), default=0)
        if len(shared) >= 8 and len(same) >= (5 if digits > 2 else len(shared)):  # two digits agree by chance
            rest = [name for name in shared if name not in same]
            but = f" (all but {', '.join(rest)})" if 0 < len(rest) <= 2 else ""
            of_one = "/".join(one.key[1:]) if one.key[1] != other.key[1] else one.key[2]
            said = f"{in_words(metric)} is that of {of_one} to the digit"
            text = f"{said} in {len(same)} of {len(shared)} classes{but}, though the two are different nets"
            yield Finding("remarkable", *other.key, text)


def _differ(one: Net, other: Net) -> bool:
    """Whether two nets differ: in their accuracies; where one has none, in any other figure."""
    if "accuracy" in one.whole and "accuracy" in other.whole:
        return one.whole["accuracy"].text != other.whole["accuracy"].text
    of_nets = [net.by_class | {"": net.whole} for net in (one, other)]
    texts = [{(m, k): v.text for m, of in net.items() for k, v in of.items()} for net in of_nets]
    return any(texts[0][key] != texts[1][key] for key in texts[0].keys() & texts[1].keys())


@cache
def _expected_repeats() -> set[frozenset]:
    """Pairs of nets of which variants.csv says that one repeats the other."""
    rows = load_variants().query("same_as != ''")[[*NET, "same_as"]].itertuples(index=False)
    return {frozenset(((report, *names), (report, *same.split("/")))) for report, *names, same in rows}


CHECKS = (_class_accuracies, _f1s, _averages, _predictions, _whole_images, _counts, _confusions)
