"""Tests of differences and of equivalence, intervals, and power: SciPy's and statsmodels', as the rules want them."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import optimize, sparse, stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import ttost_ind, ttost_paired

CONFIDENCE = 0.95
FAMILY_ERROR = 0.05  # of all claims together
POWER = 0.80
ROUNDING = 1e-12  # of floating-point numbers: smaller is 0
NO_INTERVAL = " (too few runs for an interval)"
MOST_SEEDS = 1000  # beyond which no number of seeds is named
MOST_ARRANGEMENTS = 200_000  # in a permutation test; of two times ten runs there are 184,756


@dataclass(frozen=True)
class Difference:
    """Two sides compared over seeds.

    Attributes:
        mean: Of the first side minus that of the second.
        low, high: Its 95 % interval; NaN with one value a side.
        p: Of no difference, two-sided; 1.0 with one value a side.
        p_equivalent: Of a difference of the margin or more, two one-sided tests; 1.0 with one value a side.
        standard_error, degrees: Of the mean, for Student's t; NaN with one value a side.
        spread: Standard deviation between seeds: of the differences if paired, else root mean square of both sides'.
        p_beyond: Of a difference within the margin, one-sided: small where it is beyond; 1.0 with one value a side.
    """

    mean: float
    low: float
    high: float
    p: float
    p_equivalent: float
    standard_error: float
    degrees: float
    spread: float
    p_beyond: float = 1.0


def compare(first: Sequence[float], second: Sequence[float], margin: float, paired: bool = False) -> Difference:
    """Compare two sides: Welch's t, or the paired t where both sides come from the same runs.

    Args:
        first, second: A value a seed, at least one each; in the same order of seeds if paired.
        margin: Below which a difference is none, above 0.
        paired: Whether each value of one side belongs to one of the other.

    Raises:
        ValueError: Nothing to compare, or paired sides of different lengths.
    """
    first, second = (np.asarray(side, dtype="float64") for side in (first, second))
    if not len(first) or not len(second) or (paired and len(first) != len(second)):
        raise ValueError(f"expected values on both sides, as many if paired; got {len(first)} and {len(second)}")
    mean = float(first.mean() - second.mean())
    if min(len(first), len(second)) < 2:
        return Difference(mean, *[np.nan] * 2, 1.0, 1.0, *[np.nan] * 3)
    spreads = [(first - second).std(ddof=1)] if paired else [first.std(ddof=1), second.std(ddof=1)]
    spread = float(np.sqrt(np.mean(np.square(spreads))))
    if spread < ROUNDING:  # no run differs from another of its side: as far as seeds go nothing is uncertain
        none = abs(mean) < ROUNDING
        beyond = abs(mean) >= margin
        return Difference(mean, mean, mean, float(none), float(beyond), 0.0, np.inf, 0.0, float(not beyond))
    with warnings.catch_warnings():  # of a side whose runs are all alike, which Welch's test allows
        warnings.filterwarnings("ignore", "Precision loss occurred in moment calculation", RuntimeWarning)
        if paired:
            test, equivalent = stats.ttest_rel(first, second), ttost_paired(first, second, -margin, margin)[0]
        else:
            test = stats.ttest_ind(first, second, equal_var=False)
            equivalent = ttost_ind(first, second, -margin, margin, usevar="unequal")[0]
    low, high = test.confidence_interval(CONFIDENCE)
    error = (high - low) / 2 / stats.t.ppf((1 + CONFIDENCE) / 2, test.df)
    beyond = stats.t.sf((abs(mean) - margin) / error, test.df)
    return Difference(mean, *map(float, (low, high, test.pvalue, equivalent, error, test.df, spread, beyond)))


def adjust(p_values: Sequence[float]) -> np.ndarray:
    """Holm's adjustment of the p-values of a family of claims; float64, in the same order."""
    return multipletests(list(p_values), FAMILY_ERROR, method="holm")[1] if len(p_values) else np.empty(0)


def seeds_needed(spread: float, margin: float, alpha: float, paired: bool = False, power: float = POWER) -> int | None:
    """Seeds a side that give a test its power to find a difference of the margin.

    Args:
        spread: As in `Difference`.
        margin: The difference.
        alpha: Two-sided level of the test, adjustments included.
        paired: Whether the test is the paired one.
        power: The probability of finding it.

    Returns:
        2 or more; None if `MOST_SEEDS` do not suffice or the spread is not known.
    """
    if np.isnan(spread):
        return None
    low, high, size = 2, MOST_SEEDS, margin / max(spread, ROUNDING)
    enough = lambda n: _power(size, n, alpha, paired) >= power  # noqa: E731
    if not enough(high):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return low


def _power(size: float, num_seeds: int, alpha: float, paired: bool) -> float:
    """The power of a two-sided t-test, in its claim's direction, to find a difference of `size` standard deviations.

    The noncentral t's tail, as a mean over the distribution of the standard deviation that the test estimates: the
    library's own tail is no number for many of the large sizes that occur here.
    """
    degrees, shift = (num_seeds - 1, size * np.sqrt(num_seeds))
    if not paired:
        degrees, shift = 2 * degrees, shift / np.sqrt(2)
    estimated = np.sqrt(stats.chi2.ppf((np.arange(2000) + 0.5) / 2000, degrees) / degrees)
    return float(np.mean(stats.norm.sf(stats.t.isf(alpha / 2, degrees) * estimated - shift)))


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


def permutation_p(first: Sequence[float], second: Sequence[float], paired: bool = False) -> float:
    """The p-value, two-sided, of a permutation test of the difference of means: a check beside the t.

    Exact up to ten runs a side: of more, the arrangements are too many, and so many are drawn at random.
    """
    kind = "samples" if paired else "independent"
    mean = lambda x, y, axis: np.mean(x, axis=axis) - np.mean(y, axis=axis)  # noqa: E731
    options = {"permutation_type": kind, "vectorized": True, "n_resamples": MOST_ARRANGEMENTS, "rng": 0}
    found = stats.permutation_test((first, second), mean, **options)
    return float(found.pvalue)
