"""The rules on made-up data whose truth is known: how often they find what is not there, and what is.

`make simulate` draws 2,000 scoreboards and writes `reports/simulation.json`; the tests draw a few.
"""

import argparse
import gc
import itertools
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from scipy import stats

from helpers.claims.judging import Evidence, decide, gather
from helpers.claims.published import published_folder
from helpers.claims.statistics import Difference
from helpers.files import write_json

SPREAD = 0.003  # between seeds, of accuracies: 0.3 points, of the nets that scatter least
SPREADS = (0.003, 0.01, 0.02)  # as seen here
MARGIN = 0.01
LOOKS, LOOKS_OF_LONG = (5, 8, 12), (3, 5, 8)  # the latter of claims on runs that take long
NUM_CLAIMS = 32  # rows that are tested
NUM_ORDERED = 12  # of them, with several steps: two here
NUM_PAIRED = 7
BOUNDS = ((-MARGIN, "greater"), (MARGIN, "less"))  # of the two one-sided tests


def simulate_boards(
    rng: np.random.Generator,
    effects: Sequence[float],
    boards: int,
    looks: Sequence[int] = LOOKS,
    spread: float = SPREAD,
    paid_for: int | None = None,
) -> np.ndarray:
    """Scoreboards: the verdicts of their claims at each look; what is undecided at one gets more seeds.

    Args:
        rng: Draws the runs.
        effects: The true difference of each claim, of accuracies.
        boards: How many.
        looks: Seeds a side at each look.
        spread: Standard deviation between seeds.
        paid_for: For how many looks the p values are adjusted; default as many as there are.

    Returns:
        Verdicts, as strings (boards, looks, claims).
    """
    evidence = [_draw_claim(rng, effect, number, boards, looks, spread) for number, effect in enumerate(effects)]
    paid_for = paid_for or len(looks)
    verdicts = np.empty((boards, len(looks), len(effects)), object)
    gc.freeze()  # statsmodels collects garbage in each adjustment: of what is there by now there is none
    for board in range(boards):
        used, undecided = np.zeros(len(effects), int), np.ones(len(effects), bool)
        for look in range(len(looks)):
            used[undecided] = look
            decided = decide([e[board][at] for e, at in zip(evidence, used, strict=True)], paid_for)
            verdicts[board, look] = [verdict for verdict, _, _ in decided]
            undecided = verdicts[board, look] == "undecided"
    gc.unfreeze()
    return verdicts


def compare_many(first: np.ndarray, second: np.ndarray, paired: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`statistics.compare` of many claims at once, as far as the judge needs it.

    Args:
        first, second: Values (claims, seeds).
        paired: Whether they are paired by seed.

    Returns:
        Mean difference, p of no difference, p of a difference of the margin or more: (claims,) each.
    """
    if paired:
        p = stats.ttest_rel(first, second, axis=1).pvalue
        sides = [stats.ttest_1samp(first - second, m, axis=1, alternative=a).pvalue for m, a in BOUNDS]
        return (first - second).mean(axis=1), p, np.max(sides, axis=0)
    p = stats.ttest_ind(first, second, axis=1, equal_var=False).pvalue
    sides = [stats.ttest_ind(first - m, second, axis=1, equal_var=False, alternative=a).pvalue for m, a in BOUNDS]
    return first.mean(axis=1) - second.mean(axis=1), p, np.max(sides, axis=0)


def simulate(boards: int, seed: int = 0) -> dict:
    """What the rules find on made-up scoreboards.

    Args:
        boards: How many, of each kind.
        seed: Of all random numbers.

    Returns:
        boards, claims, spread, margin, looks, and looks_of_long, those of claims on long runs.
        false_findings: The share of boards without any effect on which a claim is ever supported or contradicted;
            false_findings_of_long with the looks of long runs.
        found, wrong_way: The shares of true 2-point effects that are supported and contradicted at the first look,
            alone among claims without one.
        small_no_difference, small_found: The shares of true 0.1-point effects called so at the last look.
        power: A row a spread and number of seeds: spread, seeds, and found, as above.
    """
    rng = np.random.default_rng(seed)
    none, none_of_long = (simulate_boards(rng, np.zeros(NUM_CLAIMS), boards, looks) for looks in (LOOKS, LOOKS_OF_LONG))
    alone, power = [0.02, *np.zeros(NUM_CLAIMS - 1)], []
    found = simulate_boards(rng, alone, boards, LOOKS[:1], paid_for=len(LOOKS))[:, 0, 0]
    small = simulate_boards(rng, np.full(NUM_CLAIMS, 0.001), boards)[:, -1, 0]
    share = lambda verdicts, word: float(np.mean(verdicts == word))  # noqa: E731
    any_found = lambda none: float(np.mean(np.isin(none, ["supported", "contradicted"]).any(axis=(1, 2))))  # noqa: E731
    for spread, seeds in itertools.product(SPREADS, sorted({*LOOKS, *LOOKS_OF_LONG})):
        verdicts = simulate_boards(rng, alone, boards, [seeds], spread, len(LOOKS))[:, 0, 0]
        power.append({"spread": spread, "seeds": seeds, "found": share(verdicts, "supported")})
    return {
        "boards": boards,
        "claims": NUM_CLAIMS,
        "spread": SPREAD,
        "margin": MARGIN,
        "looks": list(LOOKS),
        "looks_of_long": list(LOOKS_OF_LONG),
        "false_findings": any_found(none),
        "false_findings_of_long": any_found(none_of_long),
        "found": share(found, "supported"),
        "wrong_way": share(found, "contradicted"),
        "small_no_difference": share(small, "no difference"),
        "small_found": share(small, "supported") + share(small, "contradicted"),
        "power": power,
    }


def _draw_claim(rng, effect: float, number: int, boards: int, looks, spread: float) -> list[list[Evidence]]:
    """The evidence of a claim on each board at each look. The last claims are ordered, some before them paired."""
    ordered = number >= NUM_CLAIMS - NUM_ORDERED
    paired = NUM_CLAIMS - NUM_ORDERED - NUM_PAIRED <= number < NUM_CLAIMS - NUM_ORDERED
    means = [0.7 + 2 * effect, 0.7 + effect, 0.7] if ordered else [0.7 + effect, 0.7]
    sides = [rng.normal(mean, spread, (boards, looks[-1])) for mean in means]
    found = [
        [compare_many(first[:, :n], second[:, :n], paired) for first, second in itertools.pairwise(sides)]
        for n in looks
    ]
    nan = float("nan")
    return [
        [
            gather([Difference(step[0][k], nan, nan, step[1][k], step[2][k], nan, nan, nan) for step in steps])
            for steps in found
        ]
        for k in range(boards)
    ]


def main() -> None:
    """Simulate, and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--boards", type=int, default=2000)
    boards = parser.parse_args().boards
    found = simulate(boards) | {"date": datetime.now(UTC).date().isoformat()}
    write_json(Path(published_folder()).parent / "simulation.json", found)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
