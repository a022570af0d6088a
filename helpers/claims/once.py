"""One printed number is judged once: figures of a net that only repeat another of its figures."""

from collections.abc import Iterable

import numpy as np

from helpers.claims.figures import figure
from helpers.claims.printed import rounding_of
from helpers.claims.readers import OF_MATRIX
from helpers.claims.statistics import ROUNDING

EPOCHS = ("epochs_run", "best_epoch")  # which patience holds apart, where it ends the training

BySeed = dict[int, float]


def repeated_metric(metric: str, values: BySeed, printed: str, before: Iterable[tuple[str, BySeed, str]]) -> str:
    """The figure that another one only repeats, in all of our runs and as far as can be told in print.

    Macro recall is the accuracy where classes have as many images each. The number of epochs is that of the best one
    and the patience, where this ended all runs.

    Args:
        metric: As in published.csv, the report's own names replaced by ours.
        values: The figure by seed.
        printed: The figure as it was printed.
        before: Figures of the same net that are judged: metric, values and printed figure of each.

    Returns:
        One of their metrics; "" if it is a figure of its own.
    """
    for other, others, text in before:
        if not values or values.keys() != others.keys():
            continue
        apart = {values[seed] - others[seed] for seed in values}
        printed_apart = float(printed) - float(text)
        if {metric, other} <= set(EPOCHS) and apart == {printed_apart}:
            return other
        may_be_one = abs(printed_apart) <= rounding_of(printed) + rounding_of(text) + ROUNDING
        of_matrix = all(figure(name).name in OF_MATRIX for name in (metric, other))
        if of_matrix and may_be_one and np.allclose(list(apart), 0, 0, ROUNDING):
            return other
    return ""
