"""Tests of differences and of equivalence: SciPy's and statsmodels', as the rules want them."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import ttost_ind, ttost_paired

CONFIDENCE = 0.95
FAMILY_ERROR = 0.05  # of all claims together
ROUNDING = 1e-12  # of floating-point numbers: smaller is 0
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


def permutation_p(first: Sequence[float], second: Sequence[float], paired: bool = False) -> float:
    """The p-value, two-sided, of a permutation test of the difference of means: a check beside the t.

    Exact up to ten runs a side: of more, the arrangements are too many, and so many are drawn at random.
    """
    kind = "samples" if paired else "independent"
    mean = lambda x, y, axis: np.mean(x, axis=axis) - np.mean(y, axis=axis)  # noqa: E731
    options = {"permutation_type": kind, "vectorized": True, "n_resamples": MOST_ARRANGEMENTS, "rng": 0}
    found = stats.permutation_test((first, second), mean, **options)
    return float(found.pvalue)
