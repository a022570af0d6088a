"""What is to be said beside a verdict: how many seeds would decide it, and what permutation tests say."""

from collections.abc import Iterable, Sequence

from helpers.claims.power import MOST_SEEDS, POWER, seeds_needed
from helpers.claims.steps import Step


def seeds_wanted(steps: Sequence[Step], margin: str, alpha: float) -> str:
    """How many seeds would decide what is undecided; of a claim of no difference, whether any number would."""
    equal = steps[0].equal
    beyond = [_with_sense(step) for step in steps if abs(step.difference.mean) >= step.figure.kind.margin]
    if equal and beyond:
        are = "is" if len(beyond) == 1 else "are"
        return f"no number of seeds would show it while {' and '.join(beyond)} {are} beyond the margin, {margin}"
    still_open = [s for s in steps if equal or s.difference.mean <= 0 or s.difference.p >= alpha] or list(steps)
    wanted = f"{_most(_seeds_needed(step, alpha) for step in still_open)} seeds would "
    if equal:
        return f"{wanted}show it if it holds"
    wanted += f"find a difference as small as the margin, {margin}"
    if all(step.difference.mean > step.figure.kind.margin for step in still_open):
        found = [seeds_needed(s.difference.spread, s.difference.mean, alpha, s.paired) for s in still_open]
        wanted += f"; {_most(found)} one as large as that found"
    return wanted


def permutation_tests(steps: Sequence[Step]) -> str:
    """What the permutation tests say, of which step if there are several; "" where there are none."""
    named = [f"{step.text}, " if len(steps) > 1 else "" for step in steps]
    exact = [f"{of}p {s.permutation:.2g}" for of, s in zip(named, steps, strict=True) if s.permutation is not None]
    return f"permutation test, not adjusted: {'; '.join(exact)}" if exact else ""


def _with_sense(step: Step) -> str:
    """A step by its name; of a change over epochs with whether it is one for the better, which alone contradicts."""
    improves = step.difference.mean * step.figure.improves
    return step.text + (f" ({'an improvement' if improves > 0 else 'a change for the worse'})" if improves else "")


def _most(numbers: Iterable[int | None]) -> str:
    """The largest of some numbers of seeds, in words; None is a number beyond `MOST_SEEDS`."""
    numbers = list(numbers)
    return f"more than {MOST_SEEDS:,}" if None in numbers else str(max(numbers))


def _seeds_needed(step: Step, alpha: float) -> int | None:
    """Seeds a side that would find a difference of the margin; or, where there is said to be none, that there is none.

    That takes two one-sided tests, each of which fails in half of the cases that are left.
    """
    spread, margin = step.difference.spread, step.figure.kind.margin
    if step.equal:
        return seeds_needed(spread, margin, 2 * alpha, step.paired, (1 + POWER) / 2)
    return seeds_needed(spread, margin, alpha, step.paired)
