"""The rules on made-up scoreboards whose truth is known: the short form of `make simulate`."""

import numpy as np
import pytest

from helpers.claims import VERDICTS, load_claims, load_simulation
from helpers.claims.simulation import LOOKS, NUM_CLAIMS, NUM_ORDERED, compare_many, simulate, simulate_boards
from helpers.claims.statistics import compare


def test_on_simulated_scoreboards_the_rules_keep_their_promises():
    """The short form of `make simulate`: what it finds over 2,000 boards is in reports/simulation.json."""
    found = simulate(boards=100, seed=3)
    assert found["false_findings"] <= 0.12  # of 100: at a true 5 % more than 12 have a chance of 1 in 1,000
    assert found["found"] >= 0.9
    assert found["wrong_way"] == 0
    assert found["small_no_difference"] > found["small_found"]


def test_as_many_claims_are_simulated_as_are_tested():
    """A report with more claims pays for them: the simulation is to be run again, and page 16 tells what it found."""
    comparisons = load_claims()["comparison"]
    tested = comparisons[(comparisons != "") & ~comparisons.str.contains(" = ")]
    several = tested.str.count(r"\s[<>~]\s") > 1
    assert len(tested) == NUM_CLAIMS == load_simulation()["claims"]
    assert several.sum() == NUM_ORDERED


def test_a_simulated_board_has_a_verdict_for_each_claim_at_each_look():
    boards = simulate_boards(np.random.default_rng(0), [0.05] * NUM_CLAIMS, 2)
    assert boards.shape == (2, len(LOOKS), NUM_CLAIMS)
    assert set(boards[:, 0].flat) == {"supported"}
    assert set(boards.flat) <= set(VERDICTS)


def test_simulated_claims_are_compared_as_real_ones():
    rng = np.random.default_rng(0)
    first, second = rng.normal(0.7, 0.003, (2, 4, 6))
    for paired in (False, True):
        means, p, p_equivalent = compare_many(first, second, paired)
        for k in range(4):
            found = compare(first[k], second[k], 0.01, paired)
            assert (means[k], p[k], p_equivalent[k]) == pytest.approx((found.mean, found.p, found.p_equivalent))
