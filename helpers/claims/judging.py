"""Claims judged by rules that were fixed before the runs: seeds, looks, tests, one adjustment over all of them.

`judge_claims` is the one judge: the scoreboard, the index, the README and every page show what it says.
"""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from helpers.claims.evidence import Results, Side, comparable_times, has_images, judged_runs
from helpers.claims.figures import TIMES, Figure, figure
from helpers.claims.printed import compare_with_print
from helpers.claims.published import load_claims
from helpers.claims.statistics import (
    FAMILY_ERROR,
    Difference,
    adjust,
    compare,
    interval_with_images,
    permutation_p,
    seeds_needed,
)

VERDICTS = {  # and no other words
    "supported": "The test finds the difference that is claimed; an ordered claim needs all of its steps.",
    "contradicted": "The test finds a difference the other way round, in any step of an ordered claim.",
    "no difference": "Two one-sided tests find that the difference, if there is one, is smaller than the margin.",
    "undecided": "None of these; more seeds would tell.",
    "not testable": "The report leaves out what a test would need.",
    "not yet run": "No run of the whole protocol is recorded.",
}
NUM_LOOKS = 3  # at a claim's runs; each p-value is multiplied by it
NUM_DRAWS = 1000  # of test images, for the second interval
PERMUTATION_SEEDS = 7  # a side, from which on an exact permutation test is shown as a check
ZERO = "0"


@dataclass(frozen=True)
class Step:
    """One comparison of a claim: its larger side against its smaller one, as claimed.

    Attributes:
        text: What is subtracted from what, such as "cnn - dense"; of times a ratio, "cnn / dense".
        figure: What is compared.
        equal: Whether the claim is that there is no difference.
        first, second: The figure by seed, of the side said to be larger and of the other; of times, their logarithm.
        seeds: Those of `first` and `second` that are judged, at the last look that they suffice for; may be none.
        paired: Whether both sides come from the same runs.
        difference: What is found; None without runs on both sides.
        low_images, high_images: The 95 % interval that also draws new test images; NaN where it is not known.
        permutation: The p-value of an exact permutation test, from `PERMUTATION_SEEDS` on.
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

    @property
    def num_seeds(self) -> int:
        """Seeds that both sides have."""
        return len(_judged_seeds(self.first, self.second, self.paired)[0])

    @property
    def shown(self) -> str:
        """The difference with its interval, in its figure's unit: "+2.10 (+1.80 to +2.40) points"."""
        if self.difference is None:
            return "not yet run"
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


@dataclass(frozen=True)
class Judged:
    """A claim with its verdict.

    Attributes:
        claim: Its row in claims.csv.
        verdict: One of `VERDICTS`.
        steps: What it was judged by.
        reason: What else is to be said, such as how many seeds would decide it; "" where there is nothing.
        p: Of no difference, adjusted; 1.0 where it could not be tested.
        p_equivalent: Of a difference of the margin or more, adjusted.
        seeds_to_decide: Of an undecided claim, the seeds a side that would give 80 % power; None where unknown.
    """

    claim: pd.Series
    verdict: str
    steps: tuple[Step, ...] = ()
    reason: str = ""
    p: float = 1.0
    p_equivalent: float = 1.0
    seeds_to_decide: int | None = None

    @property
    def name(self) -> str:
        """Its id, with the reading where it can be read in two ways."""
        return f"{self.claim['id']} ({self.claim['reading']})" if self.claim["reading"] else self.claim["id"]

    @property
    def num_seeds(self) -> int:
        """Seeds that it was judged by; of several steps, the fewest."""
        return min((len(step.seeds) for step in self.steps), default=0)


@dataclass
class Evidence:
    """The p-values of one claim, before they are adjusted.

    Attributes:
        supports, contradicts: Of no difference, for a difference as claimed and the other way round.
        equivalent: Of a difference of the margin or more.
        equal: Whether the claim is that there is no difference.
    """

    supports: float = 1.0
    contradicts: float = 1.0
    equivalent: float = 1.0
    equal: bool = False


def gather(differences: Sequence[Difference], equal: bool = False) -> Evidence:
    """The p-values of a claim of one or more comparisons, all of which it needs, and each of which can contradict it.

    All of them are needed: the largest p counts. One of k that contradicts is enough: k times the smallest counts.

    Args:
        differences: Of the side said to be larger minus the other; in a claim of no difference, in any order.
        equal: Whether the claim is that there is no difference.
    """
    if not differences:
        return Evidence(equal=equal)
    against = [d.p for d in differences if equal or d.mean < 0]
    supports = 1.0 if equal else max(d.p if d.mean > 0 else 1.0 for d in differences)
    contradicts = min([1.0, *(len(differences) * p for p in against)])
    return Evidence(supports, contradicts, max(d.p_equivalent for d in differences), equal)


def decide(family: Sequence[Evidence], num_looks: int = NUM_LOOKS) -> list[tuple[str, float, float]]:
    """Judge all claims of a family together.

    Args:
        family: The evidence of each testable claim, those without runs among them.
        num_looks: Planned looks at a claim's runs.

    Returns:
        For each: "supported", "contradicted", "no difference" or "undecided"; and both p-values, adjusted.
    """
    each = [min(1.0, num_looks * min(e.supports, e.contradicts)) for e in family]
    p_different = adjust(each)
    p_equivalent = adjust([min(1.0, num_looks * e.equivalent) for e in family])
    found = []
    for evidence, different, equivalent in zip(family, p_different, p_equivalent, strict=True):
        if evidence.equal and equivalent < FAMILY_ERROR:
            verdict = "supported"
        elif different < FAMILY_ERROR:
            verdict = "supported" if evidence.supports < evidence.contradicts else "contradicted"
        else:
            verdict = "no difference" if equivalent < FAMILY_ERROR else "undecided"
        found.append((verdict, float(different), float(equivalent)))
    return found


def judge_claims(results: Results, claims: pd.DataFrame | None = None, draws: int = NUM_DRAWS) -> list[Judged]:
    """Judge all claims together, by the runs that the pages show.

    Args:
        results: The runs.
        claims: As `load_claims` gives them, its default: all of a family, since they are adjusted together.
        draws: How often test images are drawn anew for the second interval; 0 for none, which saves some seconds.

    Raises:
        ValueError: A claim's comparison cannot be read.
    """
    claims = load_claims() if claims is None else claims
    rows = [row for _, row in claims.iterrows()]
    steps = [find_steps(results, row, draws) for row in rows]
    tested = [number for number, row in enumerate(rows) if row["comparison"] and " = " not in row["comparison"]]
    family = [_evidence_of(steps[number]) for number in tested]
    decided = dict(zip(tested, decide(family), strict=True))
    alpha = FAMILY_ERROR / NUM_LOOKS / max(1, len(tested))
    judged = []
    for number, row in enumerate(rows):
        if not row["comparison"]:
            judged.append(Judged(row, "not testable", reason=row["note"]))
        elif number not in decided:
            judged.append(_judge_print(results, row))
        else:
            judged.append(_judged(row, steps[number], *decided[number], alpha))
    return judged


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
            steps.append(_find_step(results, claim, of_step, pair, relation == "~", draws, judged))
    return tuple(steps)


def _find_step(results, claim, of_step: Figure, pair, equal: bool, draws: int, judged: bool) -> Step:
    """One comparison: of a pair, the side said to be larger and the other; against "0", of one side alone."""
    sides = [results.side(text, claim["notebook"]) for text in pair if text != ZERO]
    usable = [run for side in sides for run in side.all_runs]
    usable = judged_runs(usable, claim["experiment"]) if judged else usable
    usable = comparable_times(usable) if of_step.is_time else usable
    sides = [side.only(usable) for side in sides]
    values = [dict(zip(s.by_seed, s.values(of_step, s.by_seed).tolist(), strict=True)) for s in sides]
    alone = len(sides) == 1
    values = [*values, dict.fromkeys(values[0], 0.0)] if alone else values
    paired = alone or _same_runs(*sides)
    seeds = _judged_seeds(*values, paired)
    looks = [int(look) for look in claim["looks"].split()] if judged else [len(seeds[0])]
    look = max((n for n in looks if n <= len(seeds[0])), default=0)
    used = [side[: look or None] for side in seeds]
    first, second = ([of_side[seed] for seed in side] for of_side, side in zip(values, used, strict=True))
    text = f"{pair[0]}: {of_step.words}" if alone else f" {'/' if of_step.is_time else '-'} ".join(pair)
    step = Step(text, of_step, equal, *values, tuple(used[0]) if look else (), paired, None)
    if not first:
        return step
    found = {"difference": compare(first, second, of_step.kind.margin, paired)}
    if draws and has_images(of_step):
        runs = [side.runs(seeds) for side, seeds in zip(sides, used, strict=False)]
        found |= dict(
            zip(
                ("low_images", "high_images"),
                _with_images(results, step, runs, found["difference"], draws),
                strict=True,
            )
        )
    if min(len(first), len(second)) >= PERMUTATION_SEEDS:
        found["permutation"] = permutation_p(first, second, paired)
    return replace(step, **found)


def _same_runs(first: Side, second: Side) -> bool:
    """Whether both sides come from the very same runs."""
    digests = [{run["sha256"] for run in side.runs(side.by_seed)} for side in (first, second)]
    return bool(digests[0] & digests[1])


def _judged_seeds(first: dict, second: dict, paired: bool) -> tuple[list[int], list[int]]:
    """The seeds of either side that may be judged: the same if paired, else as many, the first ones."""
    if paired:
        common = sorted(set(first) & set(second))
        return common, common
    count = min(len(first), len(second))
    return sorted(first)[:count], sorted(second)[:count]


def _with_images(results: Results, step: Step, sides: list, difference: Difference, draws: int) -> tuple[float, float]:
    """The interval that also draws new test images; NaN where classes are not kept, or not of the same images."""
    known = [[results.classes_of(run) for run in side] for side in sides]
    images = {run["test"].get("labels_sha256") for side in sides for run in side}
    if len(images) != 1 or any(classes is None for side in known for classes in side):
        return float("nan"), float("nan")
    names = list(sides[0][0]["test"]["by_class"])
    first, second = known if len(known) > 1 else (known[0], [])
    return interval_with_images(lambda counts: step.figure.of_counts(counts, names), first, second, difference, draws)


def _evidence_of(steps: Sequence[Step]) -> Evidence:
    """The evidence of a claim; none where a step has too few seeds for its first look."""
    equal = any(step.equal for step in steps)
    if not steps or not all(step.seeds for step in steps):
        return Evidence(equal=equal)
    return gather([step.difference for step in steps], equal)


def evidence_table(results: Results, claim_ids: Sequence[str], reading: str = "") -> pd.DataFrame:
    """What some runs say on claims, whatever their profile and number: the differences, but no verdict.

    A verdict counts all claims in, since they are adjusted together.

    Args:
        results: The runs.
        claim_ids: Ids in claims.csv.
        reading: Of claims that can be read in two ways, which one.

    Returns:
        Columns, all text: claim, printed, difference (with its 95 % interval over the seeds), seeds; and, where other
        test images can be drawn as well, the interval with these too.
    """
    claims, rows = load_claims(), []
    for _, claim in claims[claims["id"].isin(list(claim_ids)) & claims["reading"].isin(["", reading])].iterrows():
        steps = find_steps(results.of_data_for(claim["experiment"]), claim, judged=False)
        name = (lambda step: f"{step.text}: ") if len(steps) > 1 else (lambda step: "")
        row = {"claim": f"{claim['id']}: {claim['claim']}", "printed": printed_of(claim)}
        row["ours"] = "; ".join(f"{name(step)}{step.shown}" for step in steps) or "against print: see above"
        row["with other test images"] = "; ".join(step.shown_with_images for step in steps)
        row["seeds"] = str(min((step.num_seeds for step in steps), default=0))
        rows.append(row)
    table = pd.DataFrame(rows)
    none = not len(table) or set(table["with other test images"]) <= {"", "-"}
    return table.drop(columns="with other test images", errors="ignore") if none else table


def printed_of(claim: pd.Series) -> str:
    """The printed figures of a claim: "0.72 against 0.54"."""
    printed = [text.replace("|", " and ") for text in claim[["published_better", "published_worse"]] if text]
    unit = " s" if claim["metric"] in TIMES else ""
    return (" against ".join(printed) + unit) if printed else "not printed"


def _judged(row: pd.Series, steps: Sequence[Step], verdict: str, p: float, p_equivalent: float, alpha: float) -> Judged:
    """A tested claim with its verdict, and what an undecided one lacks."""
    fewest = min(step.num_seeds for step in steps)
    if not all(step.seeds for step in steps):
        first_look = int(row["looks"].split()[0])
        times = " that can be compared" if steps[0].figure.is_time else ""
        lacking = f"{fewest} of the {first_look} seeds{times} of the first look"
        return Judged(row, "not yet run" if not fewest else "undecided", tuple(steps), lacking)
    needed = None
    if verdict == "undecided":
        each = [seeds_needed(s.difference.spread, s.figure.kind.margin, alpha, s.paired) for s in steps]
        needed = None if None in each else max(each)
    wanted = f"{needed} seeds would find a difference of the margin" if needed else ""
    notes = [wanted, "on these test images" if any(step.by_images for step in steps) else ""]
    return Judged(row, verdict, tuple(steps), "; ".join(filter(None, notes)), p, p_equivalent, needed)


def _judge_print(results: Results, row: pd.Series) -> Judged:
    """A claim that one of our nets reaches a printed figure: whether it could be one more run of ours."""
    side, printed = map(str.strip, row["comparison"].split(" = "))
    of_side = results.side(side, row["notebook"])
    runs = judged_runs(of_side.all_runs, row["experiment"])
    values = {run["seed"]: figure(row["figure"])(run) for run in runs}
    step = Step(side, figure(row["figure"]), False, values, {}, tuple(values), False, None)
    if not values:
        return Judged(row, "not yet run", (step,))
    word = compare_with_print(list(values.values()), printed, row["figure"], int(row["looks"].split()[0]))
    verdicts = {"compatible with print": "supported", "ours higher": "contradicted", "ours lower": "contradicted"}
    return Judged(row, verdicts.get(word, "undecided"), (step,), word)
