"""Intervals: of a mean, of one further run, and of a difference that also draws other test images."""

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from scipy import optimize, sparse, stats

from helpers.claims.statistics import CONFIDENCE, Difference, compare

NO_INTERVAL = " (too few runs for an interval)"


def mean_interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean of several runs and the 95 % interval of that mean, by Student's t.

    Returns:
        Mean, lower and upper end; the ends are NaN for fewer than two values.
    """
    values = np.asarray(list(values), dtype="float64")
    mean = float(values.mean())
    if len(values) < 2:
        return mean, float("nan"), float("nan")
    half = stats.t.ppf((1 + CONFIDENCE) / 2, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return mean, mean - half, mean + half


def prediction_interval(values: Sequence[float], rounding: float = 0.0, confidence: float = CONFIDENCE):
    """The interval in which one further run lies, by Student's t, widened by a printed figure's rounding.

    Args:
        values: A value a seed.
        rounding: Half of the last printed digit.
        confidence: Its probability.

    Returns:
        Lower and upper end; NaN for fewer than two values.
    """
    values = np.asarray(list(values), dtype="float64")
    if len(values) < 2:
        return float("nan"), float("nan")
    spread = values.std(ddof=1) * np.sqrt(1 + 1 / len(values))
    half = stats.t.ppf((1 + confidence) / 2, len(values) - 1) * spread + rounding
    return float(values.mean() - half), float(values.mean() + half)


def difference_text(first, second, form: str = "+.3f") -> str:
    """The mean of one variant's runs minus another's, with its 95 % interval: "+0.012 (+0.004 to +0.020)".

    The interval is Welch's: different nets share nothing by sharing a seed's number.

    Args:
        first, second: A value a run.
        form: How to format them.

    Returns:
        The text; without an interval where a side has one run, which it then says, or none differ; "not recorded" where
        a side has none.
    """
    sides = [list(side) for side in (first, second)]
    if not all(sides):
        return "not recorded"
    found = compare(*sides, margin=1.0)
    if np.isnan(found.low):
        return f"{found.mean:{form}}{NO_INTERVAL}"
    if found.spread == 0:
        return f"{found.mean:{form}}"
    return f"{found.mean:{form}} ({found.low:{form}} to {found.high:{form}})"


def interval_with_images(
    figure: Callable[[np.ndarray], np.ndarray],
    first: Sequence[tuple[np.ndarray, np.ndarray]],
    second: Sequence[tuple[np.ndarray, np.ndarray]],
    difference: Difference,
    draws: int = 1000,
    seed: int = 0,
) -> tuple[float, float]:
    """The 95 % interval of a difference that also draws new test images, not only new seeds.

    Each draw takes as many test images again, with repetition and the same ones for both sides. To these differences
    comes what other seeds would change, Student's t times the standard error: not drawn, since of so few degrees of
    freedom a thousand draws say little about the tails, but as the mean over the draws of its distribution function.
    (A bootstrap over a handful of seeds would make that part too small: of a difference between two times five it
    covers 88 %, not 95 %.)

    Args:
        figure: Confusion counts (..., classes, classes), rows the true class -> figure (...).
        first, second: True and predicted classes (n,) of each run, all of the same images; no second ones where the
            figure itself is a difference.
        difference: Of the same runs, from `compare`, with its standard error.
        draws: How often images are drawn.
        seed: Of the draws.

    Returns:
        Lower and upper end; NaN with one value a side.
    """
    if np.isnan(difference.standard_error):
        return float("nan"), float("nan")
    weights = _drawn_images(len(first[0][0]), draws, seed)
    drawn = [
        np.mean([figure(_drawn_counts(*run, weights)) for run in side], axis=0) for side in (first, second) if side
    ]
    drawn, ends = drawn[0] - (drawn[1] if second else 0.0), [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]
    if not difference.standard_error:
        low, high = np.quantile(drawn, ends)
        return float(low), float(high)
    of_seeds = stats.t(difference.degrees, scale=difference.standard_error)
    below = lambda value, share: of_seeds.cdf(value - drawn).mean() - share  # noqa: E731
    # Of one draw alone the quantile is `draw + ppf`: that of all of them lies between the least and the most.
    least, most = drawn.min() - difference.standard_error, drawn.max() + difference.standard_error
    low, high = (optimize.brentq(below, least + of_seeds.ppf(e), most + of_seeds.ppf(e), (e,)) for e in ends)
    return float(low), float(high)


@lru_cache(maxsize=4)
def _drawn_images(num_images: int, draws: int, seed: int) -> np.ndarray:
    """How often each image is drawn, float32 (n, draws)."""
    even = np.full(num_images, 1 / num_images)
    return np.random.default_rng(seed).multinomial(num_images, even, draws).astype("float32").T


def _drawn_counts(y_true: np.ndarray, y_pred: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Confusion counts (draws, classes, classes) of images that count as often as they were drawn (n, draws)."""
    classes = int(max(y_true.max(), y_pred.max())) + 1
    places = y_true * classes + y_pred, np.arange(len(y_true))  # a row a cell of the matrix, a column an image
    cells = sparse.csr_array((np.ones(len(y_true), "float32"), places), shape=(classes**2, len(y_true)))
    return (cells @ weights).T.reshape(-1, classes, classes)
