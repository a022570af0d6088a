"""Checks of one net's printed counts: of images, parameters, epochs and confusions, and of rates that they allow."""

from collections.abc import Iterator
from fractions import Fraction
from math import ceil, lcm

import pandas as pd

from helpers.claims.figures import figure
from helpers.claims.printed_nets import AVERAGES, CONFUSED, IMAGES, NUM_CLASSES, OF_CLASS, Net, in_words
from helpers.claims.ranges import Range

BATCHES = (32, 64, 128, 256, 512)  # sizes whose mean of batches is tried, where an accuracy is no whole number
PERCENT = (95, 105)  # what rounded percentages of ten classes add up to
MOST_NAMED = 3  # of missing counts
TINY = 1e-9  # what float64 may miss a printed figure's bound by


def whole_images(net: Net) -> Iterator[str]:
    """Shares of images that are no whole number of them."""
    for name, value in net.accuracies[:1]:
        if net.num_images and not any(map(value.has_whole, net.num_images)):
            yield f"{_part(name, value, net.num_images[0])}; {_of_batches(value, net.num_images[0])}"
    for name, (said, value) in net.of_class("recall").items():
        support = net.supports.get(name)
        if support and not value.has_whole(support):
            yield _part(f"{said} of {name}", value, support)


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


def counts(net: Net) -> Iterator[str]:
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


def confusions(net: Net) -> Iterator[str]:
    """Confusion counts against the supports, and against every figure that follows from them."""
    counts = {k.removeprefix(CONFUSED): v for k, v in net.by_class.items() if k.startswith(CONFUSED)}
    table = pd.DataFrame({said: {true: int(v.low) for true, v in of.items()} for said, of in counts.items()})
    found = list(_of_counts(net, table))
    rows = table[table.count(axis=1) == NUM_CLASSES].sum(axis=1)
    supports = [net.supports.get(name, 0) for name in rows.index]
    if found and len(rows) > 1 and rows.between(*PERCENT).all() and min(supports) > 2 * PERCENT[1]:
        yield "the confusion counts of each class add up to about 100: these seem to be percentages, not images"
    elif found and rows.size == NUM_CLASSES and not any(_of_counts(net, table.T)):
        yield "rows and columns of the confusion counts seem exchanged: the other way round, all figures fit them"
    else:
        yield from found


def _of_counts(net: Net, table: pd.DataFrame) -> Iterator[str]:
    """What contradicts confusion counts: supports, a whole row's recall, and of a whole table every figure.

    Args:
        net: With its figures.
        table: A row a true class, a column a predicted one; NaN where there is no count.
    """
    for name, row in table.iterrows():
        total, support, all_given = int(row.sum()), net.supports.get(name), row.count() == NUM_CLASSES
        if support is not None and (total > support or (all_given and total != support)):
            yield f"the confusion counts of {name} add up to {total:,} images; its support is {support:,}"
    whole = table.shape == (NUM_CLASSES, NUM_CLASSES) and not table.isna().any(axis=None)
    names, known = list(table.columns), table.dropna() if table.shape[1] == NUM_CLASSES else table.iloc[:0]
    matrix = known.reindex(index=names, columns=names, fill_value=0).to_numpy(dtype="float64")
    figures = {(metric, ""): value for metric, value in net.whole.items() if metric in AVERAGES and whole}
    figures |= {(OF_CLASS[m], name): v for m, of in net.by_class.items() if m in OF_CLASS for name, v in of.items()}
    for (metric, name), value in figures.items():
        if not whole and (metric != "class_recall" or name not in known.index):
            continue
        of_matrix = figure(f"{metric}:{name}")
        number = float(of_matrix.of_counts(matrix, names))
        if not float(value.low) - TINY <= number <= float(value.high) + TINY:
            yield f"{in_words(of_matrix.words)} {value.text}: the confusion counts make it {number:.6g}"


def missing_counts(rows: pd.DataFrame) -> str:
    """Which of a net's confusion counts are missing, and so what is not checked; "" if none or all are.

    Args:
        rows: Of a net, with the columns metric and class.
    """
    given = rows[rows["metric"].str.startswith(CONFUSED)]
    pairs = set(zip(given["class"], given["metric"].str.removeprefix(CONFUSED), strict=True))
    count = NUM_CLASSES**2 - len(pairs)
    if not pairs or not count:
        return ""
    names = list(dict.fromkeys(name for pair in sorted(pairs) for name in pair))
    missing = [f"{true} taken for {said}" for true in names for said in names if (true, said) not in pairs]
    named = f" ({', '.join(missing)})" if len(missing) == count <= MOST_NAMED else ""
    return f"{count} of {NUM_CLASSES**2} confusion counts not given{named}; only whole rows and supports are checked"
