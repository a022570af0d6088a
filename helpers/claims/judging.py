"""Claims judged by rules that were fixed before the runs: seeds, looks, tests, one adjustment over all of them.

`judge_claims` is the one judge: the scoreboard, the index, the README and every page show what it says.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from helpers.claims.evidence import Results, judged_runs
from helpers.claims.figures import figure
from helpers.claims.lacking import permutation_tests, seeds_wanted
from helpers.claims.printed import compare_with_print
from helpers.claims.published import load_claims
from helpers.claims.statistics import FAMILY_ERROR, Difference, adjust
from helpers.claims.steps import NUM_DRAWS, NUM_LOOKS, Step, find_steps

VERDICTS = {  # and no other words
    "supported": "The test finds the difference that is claimed; an ordered claim needs all of its steps. Where it is "
    "claimed that there is no difference, two one-sided tests find one smaller than the margin. A printed figure that "
    "a net is said to reach (E2) could be one more run of ours, or ours are higher.",
    "contradicted": "The test finds a difference the other way round, in any step of an ordered claim; where it is "
    "claimed that nothing improves, an improvement beyond the margin. A printed figure that a net is said to reach "
    "(E2) lies above where one more run of ours would.",
    "no difference": "Two one-sided tests find that the difference, if there is one, is smaller than the margin.",
    "undecided": "None of these yet. A claim is tested at up to three fixed numbers of seeds, and pays for these looks "
    "and for all other claims; the interval beside it is its own and pays for nothing, so it may leave out zero.",
    "not testable": "The report leaves out what a test would need.",
    "not yet run": "No run of the whole protocol is recorded of one of its sides, or no seed of both.",
}


@dataclass(frozen=True)
class Judged:
    """A claim with its verdict.

    Attributes:
        claim: Its row in claims.csv.
        verdict: One of `VERDICTS`.
        steps: What it was judged by.
        reason: What else is to be said, such as how many seeds would decide it, and the claim's note; "" where there is
            nothing.
        p: Of no difference, adjusted; 1.0 where it could not be tested.
        p_equivalent: Of a difference of the margin or more, adjusted.
    """

    claim: pd.Series
    verdict: str
    steps: tuple[Step, ...] = ()
    reason: str = ""
    p: float = 1.0
    p_equivalent: float = 1.0

    @property
    def name(self) -> str:
        """Its id, with the reading where it can be read in two ways."""
        return f"{self.claim['id']} ({self.claim['reading']})" if self.claim["reading"] else self.claim["id"]

    @property
    def num_seeds(self) -> int:
        """Seeds that it was judged by; of several steps, the fewest."""
        return min((len(step.seeds) for step in self.steps), default=0)

    @property
    def shown_seeds(self) -> str:
        """Seeds that it was judged by; of several steps with different numbers, "3 and 8"; before that, the fewest."""
        counts = sorted({len(step.seeds) for step in self.steps})
        if not self.num_seeds:
            counts = [min((step.num_seeds for step in self.steps), default=0)]
        return " and ".join(map(str, counts))

    @property
    def before_first_look(self) -> bool:
        """Whether it has runs, but fewer than it is first tested with."""
        can_be_judged = not any(step.problem for step in self.steps)
        return self.verdict == "undecided" and not self.num_seeds and can_be_judged

    @property
    def shown_p(self) -> str:
        """The adjusted p-value that the verdict is by, of an undecided claim the smaller one; "-" untested."""
        if not self.num_seeds or not all(step.difference for step in self.steps):  # a printed figure has no test
            return "-"
        equivalent = self.verdict == "no difference" or (self.verdict == "supported" and self.steps[0].equal)
        undecided = min(self.p, self.p_equivalent) if self.verdict == "undecided" else self.p
        p = self.p_equivalent if equivalent else undecided
        return "< 0.001" if p < 0.001 else f"{p:.2g}" if p < 0.995 else "1"


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


def gather(differences: Sequence[Difference], equal: bool = False, improves: int = 0) -> Evidence:
    """The p-values of a claim of one or more comparisons, all of which it needs, and each of which can contradict it.

    All of them are needed: the largest p counts. One of k that contradicts is enough: k times the smallest counts.

    Args:
        differences: Of the side said to be larger minus the other; in a claim of no difference, in any order.
        equal: Whether the claim is that there is no difference.
        improves: Where it is that nothing improves, the sign of an improvement: only that contradicts it.
    """
    if not differences:
        return Evidence(equal=equal)
    is_against = (lambda mean: mean * improves >= 0) if equal else (lambda mean: mean < 0)
    against = [d.p_beyond if equal else d.p for d in differences if is_against(d.mean)]
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
            found = _judged(row, steps[number], *decided[number], alpha)
            judged.append(replace(found, reason="; ".join(filter(None, [found.reason, row["note"]]))))
    return judged


def _evidence_of(steps: Sequence[Step]) -> Evidence:
    """The evidence of a claim; none where a step has too few seeds for its first look."""
    equal = any(step.equal for step in steps)
    if not steps or not all(step.seeds for step in steps):
        return Evidence(equal=equal)
    return gather([step.difference for step in steps], equal, steps[0].figure.improves)


def _judged(row: pd.Series, steps: Sequence[Step], verdict: str, p: float, p_equivalent: float, alpha: float) -> Judged:
    """A tested claim with its verdict, and what an undecided one lacks."""
    if problems := [step.problem for step in steps if step.problem]:
        return Judged(row, "undecided", tuple(steps), "; ".join(problems))
    fewest = min(step.num_seeds for step in steps)
    if not all(step.seeds for step in steps):
        first_look = int(row["looks"].split()[0])
        times = ", of those whose times can be compared" if steps[0].figure.is_time else ""
        lacking = f"{fewest} of the {first_look} seeds with which it is first tested{times}"
        was_run = all(step.num_recorded for step in steps)
        return Judged(row, "undecided" if was_run else "not yet run", tuple(steps), lacking)
    equal, margin = steps[0].equal, " and ".join(dict.fromkeys(step.figure.kind.margin_in_words for step in steps))
    wanted = seeds_wanted(steps, margin, alpha) if verdict == "undecided" else ""
    used = min(len(step.seeds) for step in steps)
    following = next((look for look in map(int, row["looks"].split()) if look > used), None)
    after = f"it is tested next with {following} seeds" if following and verdict == "undecided" else ""
    notes = [f"little or none is less than {margin}" if equal else "", wanted, after]
    notes += ["on other test images the difference might be 0" if any(step.by_images for step in steps) else ""]
    notes += [] if equal or verdict == "no difference" else [permutation_tests(steps)]  # which ask whether there is one
    return Judged(row, verdict, tuple(steps), "; ".join(filter(None, notes)), p, p_equivalent)


def _judge_print(results: Results, row: pd.Series) -> Judged:
    """A claim that one of our nets reaches a printed figure: whether it could be one more run of ours."""
    side, printed = map(str.strip, row["comparison"].split(" = "))
    of_side = results.side(side, row["notebook"])
    runs = judged_runs(of_side.all_runs, row["experiment"])
    values = {run["seed"]: figure(row["figure"])(run) for run in runs}
    digests = tuple(run["sha256"] for run in runs)
    first_look = int(row["looks"].split()[0])
    seeds = tuple(values) if len(values) >= first_look else ()
    about = {"records": digests, "against_print": True}
    step = Step(side, figure(row["figure"]), False, values, {}, seeds, False, None, **about)
    if not values:
        return Judged(row, "not yet run", (step,))
    word = compare_with_print(list(values.values()), printed, row["figure"], first_look)
    verdicts = {"compatible with print": "supported", "ours higher": "supported", "ours lower": "contradicted"}
    lacking = f"{len(values)} of the {first_look} seeds with which it is first held against the print"
    reasons = [word if seeds else lacking, row["note"]]
    return Judged(row, verdicts.get(word, "undecided"), (step,), "; ".join(filter(None, reasons)))
