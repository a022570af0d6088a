"""What is said beside a verdict: seeds that would decide, margins, permutation tests, other test images."""

import re

import numpy as np
from made_up import make_run, make_test, matrix_of, results_of
from small_claims import FIVE, NUM_TESTED, judge, runs_of, with_losses

from helpers.claims.lacking import seeds_wanted
from helpers.claims.power import seeds_needed


def test_undecided_claims_say_how_many_seeds_would_tell():
    rng = np.random.default_rng(0)
    runs = [make_run(v, s, float(rng.normal(0.7, 0.01))) for v in ("cnn", "dense") for s in FIVE]
    found = judge("A1", results_of(n03_cnn=runs))
    assert found.verdict == "undecided"
    [step] = found.steps
    needed = seeds_needed(step.difference.spread, 0.01, 0.05 / 3 / NUM_TESTED)
    assert needed > 12
    wanted = f"{needed} seeds would find a difference as small as the margin"
    assert found.reason == f"{wanted}, 1 point; it is tested next with 8 seeds"


def test_an_undecided_order_needs_the_seeds_of_its_hardest_step():
    rng = np.random.default_rng(1)
    spreads = {"cnn": 0.001, "conv_stride_2": 0.01, "conv_stride_4": 0.03}
    runs = [make_run(v, s, float(rng.normal(0.7, spread))) for v, spread in spreads.items() for s in FIVE]
    found = judge("A6", results_of(n06_strides=runs), reading="convolution stride")
    each = [seeds_needed(step.difference.spread, 0.01, 0.05 / 3 / NUM_TESTED) for step in found.steps]
    assert (found.verdict, len(each)) == ("undecided", 2)
    assert max(each) != min(each)
    assert found.reason.startswith(f"{max(each)} seeds would find a difference")


def test_an_undecided_order_says_what_its_open_step_needs_and_what_the_difference_found_would():
    rng = np.random.default_rng(1)
    means = {"cnn": 0.9, "conv_stride_2": 0.7, "conv_stride_4": 0.65}  # the first step is found
    spreads = {"cnn": 0.001, "conv_stride_2": 0.001, "conv_stride_4": 0.03}
    runs = [make_run(v, s, float(rng.normal(mean, spreads[v]))) for v, mean in means.items() for s in FIVE]
    found = judge("A6", results_of(n06_strides=runs), reading="convolution stride")
    difference, alpha = found.steps[1].difference, 0.05 / 3 / NUM_TESTED
    assert found.verdict == "undecided"
    assert difference.mean > 0.01
    margin, as_found = (seeds_needed(difference.spread, size, alpha) for size in (0.01, difference.mean))
    wanted = f"{margin} seeds would find a difference as small as the margin, 1 point; {as_found} one as large as that"
    assert found.reason.startswith(f"{wanted} found; ")


def test_an_undecided_claim_of_no_difference_says_how_many_seeds_would_show_it():
    def b10(spread: float):
        rng, nets = np.random.default_rng(0), ("arc2_sgd", "arc2_adam", "arc3_sgd", "arc3_adam")
        losses = lambda: [0.3] * 49 + [0.3 + float(rng.normal(0, spread))]  # noqa: E731
        same = {"dataset": "fashion_mnist", "tests": {"training images": make_test(matrix_of(0.9))}}
        history = lambda: {"val_loss": losses(), "val_accuracy": [0.9]}  # noqa: E731
        runs = [make_run(v, s, history=history(), **same) for v in nets for s in (10, 11, 12)]
        return judge("B10", results_of(n09_fashion_mnist=runs))

    found = b10(0.02)
    assert found.verdict == "undecided"
    needed = int(re.search(r"(\d+) seeds would show it if it holds", found.reason)[1])
    assert needed > 3
    wanted = f"little or none is less than 0.02 nats; {needed} seeds would show it if it holds"
    assert found.reason == f"{wanted}; it is tested next with 5 seeds"


def test_where_a_difference_lies_beyond_the_margin_no_number_of_seeds_shows_that_there_is_none():
    names = ("arc2_sgd", "arc2_adam", "arc3_sgd", "arc3_adam")
    for change, sense in ((0.2, "a change for the worse"), (-0.2, "an improvement")):
        runs = [run for name in names[1:] for run in with_losses(name, 0.001)] + with_losses(names[0], change)
        steps = judge("B10", results_of(n09_fashion_mnist=runs)).steps
        beyond = f"arc2 sgd: validation loss from epoch 40 to 50 ({sense})"
        wanted = f"no number of seeds would show it while {beyond} is beyond the margin, 0.02 nats"
        assert seeds_wanted(steps, "0.02 nats", 0.001) == wanted


def test_a_permutation_test_is_no_check_on_a_verdict_of_no_difference():
    of = lambda cnn: results_of(n03_cnn=runs_of("cnn", cnn, range(10, 18)) + runs_of("dense", 0.72, range(10, 18)))  # noqa: E731
    assert "permutation test" in judge("A1", of(0.75)).reason
    same = judge("A1", of(0.7202))
    assert (same.verdict, "permutation" in same.reason) == ("no difference", False)


def test_where_a_claim_has_several_steps_each_permutation_test_says_of_which_it_is():
    seeds = range(10, 18)
    runs = [run for net, at in (("model_3", 0.9), ("model_1", 0.7)) for run in runs_of(f"{net}_published", at, seeds)]
    found = judge("D2", results_of(n12_depth=runs + runs_of("model_2_published", 0.6)))
    assert [step.permutation is None for step in found.steps] == [False, True]
    assert f"permutation test, not adjusted: {found.steps[0].text}, p 0.00" in found.reason
    assert found.shown_seeds == "5 and 8"


def test_the_margins_of_a_claim_on_several_figures_are_named_without_what_counts_are_of():
    runs = []
    for k in range(5):
        matrix = matrix_of([0.7, 0.7, 0.7, 0.64 + 0.03 * k, *[0.7] * 6])
        matrix[3, [4, 5]] = matrix[3, [5, 4]]  # cats are taken for dogs, which are not the next class
        runs += [make_run(net, 10 + k, test=make_test(matrix)) for net in ("cnn_plain", "cnn_batch_norm")]
    found = judge("C4", results_of(n10_batch_norm=runs))
    assert found.verdict == "undecided"
    assert "seeds would find a difference as small as the margin, 1 point and 20 images; it is tested" in found.reason
