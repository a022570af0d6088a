"""Checks of one net's printed rates (accuracies, recalls, precisions, F1, averages) against each other."""

from collections.abc import Iterator
from math import ceil, floor

from helpers.claims.printed_nets import NUM_CLASSES, OFFICIAL, Net, in_words
from helpers.claims.ranges import Range, f1_of, implied_recall, mean_of


def class_accuracies(net: Net) -> Iterator[str]:
    """A class's accuracy against its recall, which it is."""
    recalls = net.by_class.get("recall", {})
    for name, accuracy in net.by_class.get("class_accuracy", {}).items():
        if name in recalls and not accuracy.fits(recalls[name]):
            yield f"class accuracy of {name} {accuracy.text}, but its recall {recalls[name].text}: these are the same"


def f1s(net: Net) -> Iterator[str]:
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


def averages(net: Net) -> Iterator[str]:
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


def predictions(net: Net) -> Iterator[str]:
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
