"""The comparisons that a claim consists of, and what the runs say on each."""

import itertools
import re
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from helpers.claims.evidence import Results, Side, comparable_times, has_images, judged_runs
from helpers.claims.figures import Figure, figure
from helpers.claims.intervals import interval_with_images, mean_interval
from helpers.claims.statistics import Difference, compare, permutation_p

NUM_LOOKS = 3  # at a claim's runs; each p-value is multiplied by it
NUM_DRAWS = 1000  # of test images, for the second interval
PERMUTATION_SEEDS = 7  # a side, from which on a permutation test is shown as a check
ZERO = "0"
OF_NOTEBOOK = re.compile(r"(\d\d)_\w+/(\w+)")  # another notebook's variant, as in claims.csv


@dataclass(frozen=True)
class Step:
    """One comparison of a claim: its larger side against its smaller one, as claimed.

    Attributes:
        text: What is subtracted from what, such as "cnn - dense" or, of a further test, "tvtv 32x32 - tvtv 32x32 at
            8x8"; of times a ratio, "cnn / dense".
        figure: What is compared.
        equal: Whether the claim is that there is no difference.
        first, second: The figure by seed, of the side said to be larger and of the other; of times, their logarithm.
        seeds: Those of `first` and `second` that are judged, at the last look that they suffice for; may be none.
        paired: Whether both sides come from the same runs.
        difference: What is found; None without runs on both sides.
        low_images, high_images: The 95 % interval that also draws new test images; NaN where it is not known.
        permutation: The p-value of a permutation test, from `PERMUTATION_SEEDS` on.
        records: Digests of the records that it is found from.
        num_recorded: Seeds that both sides have, those with times that cannot be compared among them.
        against_print: Whether `first` is held against a printed figure, and there is no other side.
        problem: Why it cannot be judged, whatever the runs say; "" if it can.
    """

    text: str
    figure: Figure
    equal: bool
    first: dict[int, float]
    second: dict[int, float]
    seeds: tuple[int, ...]
    paired: bool
    difference: Difference | None
    low_images: float = float("nan")
    high_images: float = float("nan")
    permutation: float | None = None
    records: tuple[str, ...] = ()
    num_recorded: int = 0
    against_print: bool = False
    problem: str = ""

    @property
    def num_seeds(self) -> int:
        """Seeds that both sides have; against a printed figure, that ours has."""
        return len(self.first if self.against_print else set(self.first) & set(self.second))

    @property
    def shown(self) -> str:
        """The difference with its interval, in its figure's unit: "+2.10 (+1.80 to +2.40) points".

        Against a printed figure our own, with the interval of its mean: "0.728 (0.721 to 0.735)".
        """
        if self.against_print and self.first:
            mean, low, high = mean_interval(list(self.first.values()))
            return f"{mean:.3f}" + ("" if np.isnan(low) else f" ({low:.3f} to {high:.3f})")
        if self.difference is None:
            lacking = "no times to compare" if self.figure.is_time else "no run is long enough"
            return lacking if self.num_recorded else "not yet run"
        return self._with_interval(self.difference.low, self.difference.high)

    @property
    def shown_with_images(self) -> str:
        """The difference with the interval that also draws new test images; "-" where it is not known."""
        return "-" if np.isnan(self.low_images) else self._with_interval(self.low_images, self.high_images)

    def _with_interval(self, low: float, high: float) -> str:
        kind = self.figure.kind
        interval = "" if np.isnan(low) else f" ({kind.show(low)} to {kind.show(high)})"
        return f"{kind.show(self.difference.mean)}{interval} {kind.unit}"

    @property
    def by_images(self) -> bool:
        """Whether it is only on these test images that the interval leaves out 0."""
        outside = lambda low, high: low > 0 or high < 0  # noqa: E731
        if self.difference is None or np.isnan(self.low_images):
            return False
        return outside(self.difference.low, self.difference.high) and not outside(self.low_images, self.high_images)


def other_notebooks(claim: pd.Series) -> list[str]:
    """The notebooks, beside its own, whose variants a claim is about."""
    return sorted({found[0].partition("/")[0] for found in OF_NOTEBOOK.finditer(claim["comparison"])})


def find_steps(results: Results, claim: pd.Series, draws: int = NUM_DRAWS, judged: bool = True) -> tuple[Step, ...]:
    """The comparisons that a claim consists of, with what the runs say.

    Args:
        results: The runs.
        claim: A row of claims.csv.
        draws: How often test images are drawn anew for the second interval; 0 for none.
        judged: Whether only what the rules allow counts: runs of the full protocol on the report's own data, seeds from
            10 on, and as many as a look needs. Else all runs do, for whoever wants to see what his own say.

    Raises:
        ValueError: The claim's comparison cannot be read.
    """
    _check_plan(claim)
    steps = []
    for text in filter(None, claim["comparison"].split(";")):
        named = re.fullmatch(r"\s*(?:\[(?P<figure>.+?)\])?(?P<order>.+)", text)
        parts = re.split(r"\s([<>~=])\s", named["order"].strip())
        sides, relations = parts[::2], parts[1::2]
        if not relations or "" in sides:
            raise ValueError(f"claim {claim['id']}: expected 'a > b', 'a < b', 'a ~ b' or 'a = 0.76'; got {text!r}")
        if relations == ["="]:
            continue
        of_step = figure(named["figure"] or claim["figure"])
        for pair, relation in zip(itertools.pairwise(sides), relations, strict=True):
            pair = pair[::-1] if relation == "<" else pair
            if pair[0] == ZERO:
                raise ValueError(
                    f"claim {claim['id']}: expected 0 as the smaller side, 'x > 0' or 'x ~ 0'; got {text!r}"
                )
            steps.append(_find_step(results, claim, of_step, pair, relation == "~", draws, judged))
    return tuple(steps)


def _check_plan(claim: pd.Series) -> None:
    """Refuse what the rules do not provide for: other numbers of looks, and a printed figure among other steps."""
    looks, comparison = claim["looks"].split(), claim["comparison"]
    if comparison and not (
        all(map(str.isdecimal, looks)) and len({*looks}) == NUM_LOOKS and looks == sorted(looks, key=int)
    ):
        raise ValueError(
            f"claim {claim['id']}: looks: expected {NUM_LOOKS} rising numbers of seeds, got {claim['looks']!r}"
        )
    if " = " in comparison and len(re.findall(r"\s[<>~=]\s|;", comparison)) > 1:
        raise ValueError(f"claim {claim['id']}: expected 'a = 0.76' alone, in a claim of its own; got {comparison!r}")


def _find_step(results, claim, of_step: Figure, pair, equal: bool, draws: int, judged: bool) -> Step:
    """One comparison: of a pair, the side said to be larger and the other; against "0", of one side alone."""
    sides = [results.side(text, claim["notebook"]) for text in pair if text != ZERO]
    usable = [run for side in sides for run in side.all_runs]
    usable = judged_runs(usable, claim["experiment"]) if judged else usable
    recorded = set.intersection(*(set(side.only(usable).by_seed) for side in sides))
    if of_step.is_time:
        side_of = {id(run): k for k, side in enumerate(sides) for run in side.all_runs}
        usable = comparable_times(usable, of_step.name == "epoch_time", lambda run: side_of[id(run)])
    sides = [side.only(usable) for side in sides]
    values = [
        {k: v for k, v in zip(s.by_seed, s.values(of_step, s.by_seed).tolist(), strict=True) if not np.isnan(v)}
        for s in sides
    ]
    alone = len(sides) == 1
    values = [*values, dict.fromkeys(values[0], 0.0)] if alone else values
    paired = alone or _same_runs(*sides)
    common = sorted(set(values[0]) & set(values[1]))  # two nets are compared with the same seeds
    looks = [int(look) for look in claim["looks"].split()] if judged else [len(common)]
    look = max((n for n in looks if n <= len(common)), default=0)
    used = common[: look or None]
    first, second = ([of_side[seed] for seed in used] for of_side in values)
    names = [OF_NOTEBOOK.sub(r"\2 (notebook \1)", side).replace("_", " ").replace("@", " at ") for side in pair]
    text = f"{names[0]}: {of_step.words}" if alone else f" {'/' if of_step.is_time else '-'} ".join(names)
    step = Step(
        text,
        of_step,
        equal,
        *values,
        tuple(used) if look else (),
        paired,
        None,
        num_recorded=len(recorded),
    )
    if not first:
        return step
    if judged and has_images(of_step) and not _same_images([side.runs(used) for side in sides]):
        return replace(step, seeds=(), problem=f"{text}: expected both sides tested on the same images; they were not")
    found = {"difference": compare(first, second, of_step.kind.margin, paired)}
    found["records"] = tuple(dict.fromkeys(run["sha256"] for side in sides for run in side.runs(used)))
    if draws and has_images(of_step):
        interval = _with_images(results, step, [side.runs(used) for side in sides], found["difference"], draws)
        found |= dict(zip(("low_images", "high_images"), interval, strict=True))
    if judged and len(used) >= PERMUTATION_SEEDS:
        found["permutation"] = permutation_p(first, second, paired)
    return replace(step, **found)


def _same_runs(first: Side, second: Side) -> bool:
    """Whether both sides come from the very same runs."""
    digests = [{run["sha256"] for run in side.runs(side.by_seed)} for side in (first, second)]
    return bool(digests[0] & digests[1])


def _same_images(sides: list) -> bool:
    """Whether both sides were tested on the same images, as far as their records say."""
    known = [{run["test"].get("labels_sha256") for run in side} - {None} for side in sides]
    return len(known) == 1 or not all(known) or bool(known[0] & known[1])


def _with_images(results: Results, step: Step, sides: list, difference: Difference, draws: int) -> tuple[float, float]:
    """The interval that also draws new test images; NaN where classes are not kept, or not of the same images."""
    known = [[results.classes_of(run) for run in side] for side in sides]
    images = {run["test"].get("labels_sha256") for side in sides for run in side}
    if len(images) != 1 or any(classes is None for side in known for classes in side):
        return float("nan"), float("nan")
    names = list(sides[0][0]["test"]["by_class"])
    first, second = known if len(known) > 1 else (known[0], [])
    return interval_with_images(lambda counts: step.figure.of_counts(counts, names), first, second, difference, draws)
