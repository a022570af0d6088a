"""How many seeds a claim needs: the power of a t-test, at the level that its family's adjustments leave it."""

import numpy as np
from scipy import stats

from helpers.claims.statistics import ROUNDING

POWER = 0.80
MOST_SEEDS = 1000  # beyond which no number of seeds is named


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
