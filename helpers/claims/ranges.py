"""What a printed figure stands for: all numbers that round to it; and what such figures make of each other."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, log10

from helpers.claims.printed import rounding_of

SINGLE = Fraction(1, 2**23)  # what Keras and PyTorch print in many digits is computed in single precision


@dataclass(frozen=True)
class Range:
    """All numbers that a figure can be: low to high, both included; and how a sentence writes it."""

    low: Fraction
    high: Fraction
    text: str

    def fits(self, other: "Range") -> bool:
        """Whether both can be one number."""
        return self.low <= other.high and other.low <= self.high

    def has_whole(self, factor: int) -> bool:
        """Whether a whole number lies in it, times a factor."""
        return floor(self.high * factor) >= ceil(self.low * factor)


def range_of(printed: str, exact: bool = False, most: int | None = None) -> Range:
    """The numbers that a printed figure stands for, none above `most`; of a count only itself."""
    value, half = Fraction(printed), Fraction(0)
    if not exact:
        half = Fraction(str(rounding_of(printed)))
        half = max(half, abs(value) * SINGLE) if "." in printed else half
    high = value + half if most is None else min(Fraction(most), value + half)
    return Range(max(Fraction(0), value - half), high, printed)


def f1_of(precision: Range, recall: Range) -> Range:
    """The F1 of a precision and a recall, with both of which it grows."""
    f1 = lambda p, r: 2 * p * r / (p + r) if p + r else Fraction(0)  # noqa: E731
    return _between(f1(precision.low, recall.low), f1(precision.high, recall.high))


def implied_recall(precision: Range, f1: Range) -> Range | None:
    """The recall that a precision and an F1 need; None where not even a recall of 1 is enough."""
    if f1.low * (precision.high + 1) > 2 * precision.high:
        return None
    solve = lambda p, f: f * p / (2 * p - f) if 2 * p > f else Fraction(1)  # noqa: E731
    low = solve(precision.high, f1.low) if f1.low else Fraction(0)
    return _between(low, min(Fraction(1), solve(precision.low, f1.high)))


def _between(low: Fraction, high: Fraction) -> Range:
    """A derived range, written with digits enough to show how wide it is."""
    digits = 4 if high == low else min(8, max(4, 1 - floor(log10(high - low))))
    ends = [f"{float(end):.{digits}f}" for end in (low, high)]
    return Range(low, high, ends[0] if ends[0] == ends[1] else " to ".join(ends))


def mean_of(values: Mapping[str, Range], weights: Mapping[str, int] | None = None) -> Range:
    """The mean of the classes' figures, weighted by support or not."""
    weights = weights or dict.fromkeys(values, 1)
    total = sum(weights.values())
    return _between(*(sum(getattr(v, end) * weights[k] for k, v in values.items()) / total for end in ("low", "high")))
