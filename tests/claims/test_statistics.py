"""Tests, intervals and power against figures worked out by hand and against SciPy's own ways."""

import math
import warnings

import numpy as np
import pytest
from scipy import stats

from helpers.claims import difference_text, mean_interval, prediction_interval
from helpers.claims.intervals import interval_with_images
from helpers.claims.power import seeds_needed
from helpers.claims.statistics import adjust, compare, permutation_p

T_2 = 4.302653  # Student's t, two degrees of freedom, two-sided 95 %
THREE = [0.50, 0.52, 0.54]  # mean 0.52, standard deviation 0.02


def test_the_interval_of_a_mean_is_students():
    half = T_2 * 0.02 / math.sqrt(3)
    assert mean_interval(THREE) == pytest.approx((0.52, 0.52 - half, 0.52 + half), rel=1e-6)


def test_one_run_has_no_interval():
    for interval in (mean_interval([0.5])[1:], prediction_interval([0.5])):
        assert all(map(math.isnan, interval))


def test_a_further_run_lies_further_off_than_the_mean():
    half = T_2 * 0.02 * math.sqrt(4 / 3)
    assert prediction_interval(THREE) == pytest.approx((0.52 - half, 0.52 + half), rel=1e-6)
    assert prediction_interval(THREE, 0.005) == pytest.approx((0.515 - half, 0.525 + half), rel=1e-6)


def test_two_nets_are_compared_by_welch():
    other = [0.40, 0.48, 0.41, 0.43]
    found, expected = compare(THREE, other, 0.01), stats.ttest_ind(THREE, other, equal_var=False)
    interval = expected.confidence_interval(0.95)
    assert (found.mean, found.p) == pytest.approx((0.09, expected.pvalue))
    assert (found.low, found.high) == pytest.approx(tuple(interval))
    assert found.degrees == pytest.approx(expected.df)
    assert found.standard_error == pytest.approx(math.sqrt(0.02**2 / 3 + np.var(other, ddof=1) / 4))


def test_a_side_whose_runs_are_all_alike_leaves_the_others_spread_and_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = compare(THREE, [0.4, 0.4, 0.4], 0.01)
    alone = stats.ttest_1samp(THREE, 0.4)
    assert (found.p, found.degrees) == pytest.approx((alone.pvalue, 2))
    assert (found.low, found.high) == pytest.approx(tuple(np.array(alone.confidence_interval(0.95)) - 0.4))


def test_tests_of_the_same_runs_are_paired():
    spread = np.array([0.1, 0.5, 0.9])  # seeds differ far more than the tests of a net do
    better = spread + np.array([0.02, 0.021, 0.022])
    assert compare(better, spread, 0.01, paired=True).p < 0.001
    assert compare(better, spread, 0.01).p > 0.9
    with pytest.raises(ValueError, match="got 2 and 3"):
        compare([0.5, 0.6], spread, 0.01, paired=True)


def test_nothing_is_compared_with_nothing():
    with pytest.raises(ValueError, match="got 0 and 3"):
        compare([], THREE, 0.01)


def test_two_one_sided_tests_find_an_equivalence_only_within_the_margin():
    first, second = [0.700, 0.702, 0.701, 0.699], [0.701, 0.700, 0.702, 0.700]
    assert compare(first, second, 0.01).p_equivalent < 0.001
    assert compare(first, second, 0.0005).p_equivalent > 0.1
    assert compare(first, [x + 0.02 for x in second], 0.01).p_equivalent > 0.99
    assert compare(first, second, 0.01, paired=True).p_equivalent < 0.001


def test_sides_swapped_change_nothing_but_the_sign():
    first, second = np.random.default_rng(0).normal(0.7, 0.003, (2, 6))
    for paired in (False, True):
        one, other = compare(first, second, 0.01, paired), compare(second, first, 0.01, paired)
        assert (one.mean, one.low, one.high) == pytest.approx((-other.mean, -other.high, -other.low))
        assert (one.p, one.p_equivalent) == pytest.approx((other.p, other.p_equivalent))


def test_one_run_a_side_proves_nothing():
    found = compare([0.9], [0.1, 0.2], 0.01)
    assert (found.p, found.p_equivalent) == (1.0, 1.0)
    assert math.isnan(found.low)


def test_runs_that_never_differ_leave_nothing_uncertain():
    same, other = compare([0.1] * 3, [0.1] * 3, 0.01), compare([0.9] * 3, [0.1] * 3, 0.01)
    assert (same.p, same.p_equivalent, other.p, other.p_equivalent) == (1.0, 0.0, 0.0, 1.0)
    assert (other.low, other.high) == (other.mean, other.mean)


def test_holms_adjustment_multiplies_the_smallest_by_all_the_next_by_fewer():
    assert adjust([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert len(adjust([])) == 0


@pytest.mark.parametrize(("spread", "paired"), [(0.006, False), (0.0033, False), (0.00125, False), (0.0033, True)])
def test_seeds_needed_give_the_power_and_one_fewer_does_not(spread, paired):
    alpha, margin, rng = 0.05 / 96, 0.01, np.random.default_rng(1)
    needed = seeds_needed(spread, margin, alpha, paired)

    def power(n):
        draws = 20_000
        if paired:
            return np.mean(stats.ttest_1samp(rng.normal(margin, spread, (draws, n)), 0, axis=-1).pvalue < alpha)
        runs = rng.normal(0, spread, (2, draws, n)) + np.array([margin, 0])[:, None, None]
        return np.mean(stats.ttest_ind(*runs, axis=-1).pvalue < alpha)

    assert power(needed) > 0.78
    assert needed == 2 or power(needed - 1) < 0.81


def test_seeds_needed_to_show_that_there_is_no_difference_show_it_as_often_as_they_promise():
    spread, margin, alpha = 0.01, 0.01, 0.01
    needed = seeds_needed(spread, margin, 2 * alpha, power=0.9)  # each of the two one-sided tests
    rng = np.random.default_rng(0)
    shown = [compare(*rng.normal(0, spread, (2, needed)), margin).p_equivalent < alpha for _ in range(2000)]
    assert np.mean(shown) == pytest.approx(0.8, abs=0.03)


def test_seeds_needed_are_few_without_spread_and_unknown_with_too_much():
    alpha, margin = 0.05 / 93, 0.01
    assert seeds_needed(1e-9, margin, alpha) == 2
    assert seeds_needed(10.0, margin, alpha) is None
    assert seeds_needed(math.nan, margin, alpha) is None


def test_an_exact_permutation_test_counts_all_arrangements():
    assert permutation_p([3, 4, 5], [0, 1, 2]) == pytest.approx(2 / 20)  # of 20 ways to divide, two are as extreme
    assert permutation_p([3, 4, 5], [0, 1, 2], paired=True) == pytest.approx(2 / 8)


def accuracy(counts):
    return np.trace(counts, axis1=-2, axis2=-1) / counts.sum(axis=(-2, -1))


def classes_of(rng, right, images=2000):
    """True and predicted classes with a share of right answers."""
    y_true = rng.integers(0, 10, images)
    return y_true, np.where(rng.random(images) < right, y_true, (y_true + 1) % 10)


def test_new_images_widen_the_interval_of_new_seeds_by_their_own_chance():
    rng = np.random.default_rng(0)
    y_true = rng.integers(0, 10, 2000)
    predicted = lambda right: np.where(rng.random(2000) < right, y_true, (y_true + 1) % 10)  # noqa: E731
    first, second = ([(y_true, predicted(right)) for _ in range(5)] for right in (0.8, 0.7))
    values = [[float(np.mean(t == p)) for t, p in side] for side in (first, second)]
    found = compare(*values, 0.01)
    low, high = interval_with_images(accuracy, first, second, found)
    assert low < found.low < found.high < high
    narrow = compare([0.8] * 5, [0.7] * 5, 0.01)  # no chance in the seeds: what is left is that of the images
    one, other = classes_of(rng, 0.8), classes_of(rng, 0.7)
    low, high = interval_with_images(accuracy, [one] * 5, [(one[0], other[1])] * 5, narrow, draws=4000)
    apart = (one[0] == one[1]).astype(float) - (one[0] == other[1])
    assert (high - low) / 2 == pytest.approx(1.96 * apart.std() / math.sqrt(2000), rel=0.1)


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_where_images_change_nothing_the_interval_is_that_of_the_seeds_alone(seeds):
    rng = np.random.default_rng(0)
    one = classes_of(rng, 0.8)  # the same answers on both sides: whatever images are drawn, they differ by nothing
    found = compare(*rng.normal([[0.1], [0.0]], 0.01, (2, seeds)), 0.01)
    low, high = interval_with_images(accuracy, [one], [one], found)
    assert (low, high) == pytest.approx((found.low - found.mean, found.high - found.mean))


def test_drawn_images_are_the_same_for_both_sides():
    rng = np.random.default_rng(0)
    one = classes_of(rng, 0.8)
    found = compare([0.8, 0.8], [0.8, 0.8], 0.01)
    assert interval_with_images(accuracy, [one], [one], found) == (0, 0)


def test_a_difference_in_words_has_welchs_interval():
    assert difference_text(THREE, [0.4, 0.4, 0.4]) == "+0.120 (+0.070 to +0.170)"  # 0.12 +- T_2 * 0.02 / sqrt(3)
    assert difference_text(THREE, [0.40, 0.42, 0.44], ".2f") == "0.10 (0.05 to 0.15)"
    assert difference_text([0.5], [0.25]) == "+0.250 (too few runs for an interval)"
    assert difference_text([0.5], [0.25, 0.25]) == "+0.250 (too few runs for an interval)"
    assert difference_text([0.5, 0.5], [0.25, 0.25]) == "+0.250"  # no spread, so no interval
    assert difference_text(iter([]), [0.25]) == "not recorded"
