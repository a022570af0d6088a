"""Claims judged by the rules: made-up runs whose truth is known, through the same judge as the scoreboard's."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from made_up import CLASSES, make_run, make_test, matrix_of, results_of
from small_claims import FIVE, judge, runs_of, verdict, with_losses

from helpers.claims import judge_claims, load_claims
from helpers.claims.judging import Evidence, decide, gather
from helpers.claims.statistics import compare


def test_what_a_claim_says_beyond_its_test_stands_beside_the_verdict():
    runs = runs_of("model_1_published", 0.7, seconds=100) + runs_of("model_2_published", 0.7, seconds=160)
    found = judge("D4", results_of(n12_depth=runs))
    assert found.verdict == "supported"
    assert found.reason.endswith("; tested is whether it is slower, not whether it is twice as slow")
    assert judge("B2", results_of()).reason.endswith("tested is whether it is better, not whether it is far better")


def test_without_runs_nothing_is_judged():
    judged = judge_claims(results_of(), draws=0)
    assert {j.verdict for j in judged} == {"not yet run"}
    assert len(judged) == len(load_claims()) == 33


@pytest.mark.parametrize(
    ("cnn", "dense", "expected"),
    [
        (0.72, 0.53, "supported"),
        (0.53, 0.72, "contradicted"),
        (0.7202, 0.72, "no difference"),
        (0.729, 0.72, "supported"),  # less than the margin, and yet a difference
        (0.7255, 0.72, "undecided"),
    ],
)
def test_a_difference_of_accuracies(cnn, dense, expected):
    results = results_of(n03_cnn=runs_of("cnn", cnn) + runs_of("dense", dense))
    assert verdict("A1", results) == expected


@pytest.mark.parametrize(
    ("dense", "cnn", "expected"), [(50, 100, "supported"), (100, 50, "contradicted"), (100, 100.1, "no difference")]
)
def test_a_difference_of_times_is_one_of_ratios(dense, cnn, expected):
    runs = runs_of("dense", 0.5, seconds=dense) + runs_of("cnn", 0.7, seconds=cnn)
    found = judge("A2", results_of(n03_cnn=runs))
    assert found.verdict == expected
    assert found.steps[0].text == "cnn / dense"
    assert found.steps[0].shown.startswith(f"{cnn / dense:.2f} (")
    assert found.steps[0].shown.endswith("times")


def test_times_are_compared_on_one_device_at_rest_and_once_each():
    runs = runs_of("dense", 0.5, seconds=50) + runs_of("cnn", 0.7, seconds=100)
    shared = {"frozen_part": {"shared": True, "seconds": 1.0}}
    for change in ({"disturbed": True}, {"device": "another"}, {"threads": 8}, {"precision": "mixed_bfloat16"}, shared):
        other = runs_of("cnn", 0.7, [14], seconds=100, **change)
        found = judge("A2", results_of(n03_cnn=runs[:-1] + other))
        assert (found.verdict, found.reason) == (
            "undecided",
            "4 of the 5 seeds with which it is first tested, of those whose times can be compared",
        )
        assert verdict("A1", results_of(n03_cnn=runs[:-1] + other)) == "supported"  # an accuracy is no time
    disturbed = results_of(n03_cnn=runs_of("dense", 0.5) + runs_of("cnn", 0.7, disturbed=True))
    assert judge("A2", disturbed).verdict == "undecided"  # it was run
    assert judge("A2", disturbed).steps[0].shown == "no times to compare"


def test_times_are_those_of_the_device_on_which_both_sides_have_most_seeds():
    both = runs_of("dense", 0.5, seconds=50) + runs_of("cnn", 0.7, seconds=100)
    one_sided = runs_of("cnn", 0.7, range(20, 30), seconds=10, device="another")
    results = results_of(n03_cnn=one_sided + both)
    step = judge("A2", results).steps[0]
    assert (step.seeds, step.difference.mean) == (tuple(FIVE), pytest.approx(np.log(2)))
    of_another = {seed: run | {"variant": "with_pooling", "notebook": "05_pooling"} for seed, run in enumerate(both, 5)}
    results.runs["03_cnn", "cnn"] |= {seed: run for seed, run in of_another.items() if seed in FIVE}  # taken from there
    assert judge("A2", results).steps[0].seeds == tuple(FIVE)


def test_fewer_seeds_than_the_first_look_decide_nothing():
    for count, expected in ((1, "undecided"), (4, "undecided"), (5, "supported")):
        seeds = FIVE[:count]
        found = judge("A1", results_of(n03_cnn=runs_of("cnn", 0.9, seeds) + runs_of("dense", 0.1, seeds)))
        assert found.verdict == expected
    one_sided = judge("A1", results_of(n03_cnn=runs_of("cnn", 0.9)))
    assert (one_sided.verdict, one_sided.reason) == ("not yet run", "0 of the 5 seeds with which it is first tested")


def test_only_the_seeds_of_a_planned_look_count_from_10_on():
    seven = range(10, 17)
    runs = runs_of("cnn", 0.72, seven) + runs_of("dense", 0.53, seven) + runs_of("dense", 0.9, range(3))
    step = judge("A1", results_of(n03_cnn=runs)).steps[0]
    assert step.seeds == tuple(FIVE)
    assert step.num_seeds == 7
    assert step.difference.mean == pytest.approx(0.19)
    more = runs_of("cnn", 0.72, range(10, 19)) + runs_of("dense", 0.53, range(10, 19))
    step = judge("A1", results_of(n03_cnn=more)).steps[0]
    assert len(step.seeds) == 8
    assert step.permutation == pytest.approx(2 / math.comb(16, 8))


@pytest.mark.parametrize("other", [{"profile": "quick"}, {"dataset": "digits"}])
def test_shortened_runs_and_other_data_are_not_judged(other):
    runs = runs_of("cnn", 0.9, **other) + runs_of("dense", 0.1, **other)
    assert verdict("A1", results_of(n03_cnn=runs)) == "not yet run"


@pytest.mark.parametrize(
    ("accuracies", "expected"),
    [
        ((0.72, 0.63, 0.53), "supported"),
        ((0.72, 0.53, 0.63), "contradicted"),  # 1 above 2, but 2 below 4
        ((0.63, 0.72, 0.53), "contradicted"),
        ((0.72, 0.63, 0.631), "undecided"),
        ((0.631, 0.6305, 0.63), "no difference"),
    ],
)
def test_a_claim_of_an_order_needs_all_of_its_steps(accuracies, expected):
    names = ("pool_stride_1", "cnn", "pool_stride_4")
    runs = [run for name, mean in zip(names, accuracies, strict=True) for run in runs_of(name, mean, FIVE)]
    results = results_of(n06_strides=runs)
    assert verdict("A6", results, "pool stride") == expected
    assert verdict("A6", results, "convolution stride") == "not yet run"


def test_times_of_which_it_is_not_known_whether_something_disturbed_them_are_not_judged():
    runs = runs_of("dense", 0.5, seconds=50) + runs_of("cnn", 0.7, seconds=100)
    assert verdict("A2", results_of(n03_cnn=runs)) == "supported"
    assert verdict("A2", results_of(n03_cnn=[run | {"disturbed": None} for run in runs])) == "undecided"


def test_an_order_of_times_names_the_ratios_as_claimed():
    names = ("cnn", "conv_stride_2", "conv_stride_4")
    runs = [run for name, s in zip(names, (300, 200, 100), strict=True) for run in runs_of(name, 0.7, seconds=s)]
    found = judge("A7", results_of(n06_strides=runs), "convolution stride")
    assert [step.text for step in found.steps] == ["conv stride 2 / conv stride 4", "cnn / conv stride 2"]
    assert found.verdict == "supported"


def test_a_net_in_several_tests_is_paired_and_two_nets_are_not():
    tests = lambda off: {"16x16": make_test(matrix_of(0.41 + off)), "8x8": make_test(matrix_of(0.24 + off))}  # noqa: E731
    wide = [-0.1, 0.0, 0.1]  # seeds differ far more than resolutions
    runs = [
        make_run("tvtv_32x32", s, 0.6 + o, tests=tests(o + s / 1e3)) for s, o in zip((10, 11, 12), wide, strict=True)
    ]
    found = judge("B1", results_of(n08_resolution=runs))
    assert found.verdict == "supported"
    assert all(step.paired for step in found.steps)
    runs += [make_run("tvtv_16x16", seed, 0.7) for seed in (10, 11, 12)]
    assert not judge("B2", results_of(n08_resolution=runs)).steps[0].paired


def test_the_figure_of_one_net_is_tested_against_0():
    lost = np.where(np.isin(CLASSES, ["automobile", "deer", "frog", "horse", "truck"]), 0.5, 0.3)
    runs = [
        make_run("tvtv_32x32", s, 0.7, tests={"8x8": make_test(matrix_of(0.7 - lost + s / 1e3))}) for s in (10, 11, 12)
    ]
    found = judge("B5", results_of(n08_resolution=runs))
    assert found.verdict == "supported"
    assert found.steps[0].shown.startswith("+20.00")


@pytest.mark.parametrize(("change", "expected"), [(0.001, "supported"), (-0.2, "contradicted"), (0.2, "undecided")])
def test_that_nothing_improves_is_supported_by_equivalence_and_contradicted_by_an_improvement(change, expected):
    names = ("arc2_sgd", "arc2_adam", "arc3_sgd", "arc3_adam")
    runs = [run for name in names[1:] for run in with_losses(name, 0.001)] + with_losses(names[0], change)
    assert verdict("B10", results_of(n09_fashion_mnist=runs)) == expected


@pytest.mark.parametrize(("accuracy", "expected"), [(0.76, "supported"), (0.82, "supported"), (0.70, "contradicted")])
def test_a_printed_figure_is_held_against_the_variant_that_was_chosen(accuracy, expected):
    runs = [make_run("adam_tanh", s, 0.5, tests={"all, cropped": make_test(matrix_of(accuracy))}) for s in (10, 11, 12)]
    chosen = {"13_optimizer_activation": {"$best": "adam_tanh"}}
    assert verdict("E2", results_of(chosen=chosen, n13_optimizer_activation=runs)) == expected
    two = results_of(chosen=chosen, n13_optimizer_activation=runs[:2])
    assert (judge("E2", two).verdict, judge("E2", two).before_first_look) == ("undecided", True)
    assert judge("E2", two).reason.startswith(
        "2 of the 3 seeds with which it is first held against the print; "
    )  # then what is not printed


def test_a_claim_that_says_nothing_to_compare_is_not_testable():
    claims = load_claims().head(1).assign(comparison="", note="its settings were not printed")
    found = judge_claims(results_of(), claims)[0]
    assert (found.verdict, found.reason) == ("not testable", "its settings were not printed")


def test_a_seed_without_the_figure_does_not_count():
    """A change from epoch 40 of runs that end by then is none, and says nothing of whether there would be one."""
    names, ended = ("arc2_sgd", "arc2_adam", "arc3_sgd", "arc3_adam"), {"val_loss": [1.0] * 40}
    runs = [run for name in names for run in with_losses(name, 0.001)]
    runs = [run | {"history": run["history"] | ended} if run["seed"] == 10 else run for run in runs]
    found = judge("B10", results_of(n09_fashion_mnist=runs))
    assert (found.verdict, found.num_seeds, found.reason[:20]) == ("undecided", 0, "2 of the 3 seeds wit")


def difference(mean: float, p: float, p_equivalent: float = 1.0):
    """What a comparison found, as far as the judge looks at it."""
    found = compare([mean, mean + 0.1], [0.0, 0.1], 0.01)
    return type(found)(mean, mean, mean, p, p_equivalent, 0.1, 2.0, 0.1)


def test_all_steps_are_needed_to_support_and_one_is_enough_to_contradict():
    steps = [difference(1.0, 0.01), difference(1.0, 0.04)]
    assert (gather(steps).supports, gather(steps).contradicts) == (0.04, 1.0)
    steps = [difference(1.0, 0.01), difference(-1.0, 0.004)]
    assert (gather(steps).supports, gather(steps).contradicts) == (1.0, 0.008)
    assert gather([difference(0.1, 1, 0.2), difference(0.1, 1, 0.03)]).equivalent == 0.2
    equal = gather([replace(difference(1.0, 0.01, 0.5), p_beyond=0.02)], equal=True)
    assert (equal.supports, equal.contradicts, equal.equivalent) == (1.0, 0.02, 0.5)


def test_a_claim_of_no_difference_is_contradicted_by_one_beyond_the_margin_alone():
    small = compare([0.701, 0.703, 0.702, 0.704, 0.7] * 4, [0.695, 0.697, 0.696, 0.698, 0.694] * 4, 0.01)
    assert (small.mean, small.p < 1e-6, small.p_beyond > 0.99) == (pytest.approx(0.006), True, True)
    assert decide([gather([small], equal=True)])[0][0] == "supported"
    large = compare([0.721, 0.723, 0.722, 0.724, 0.72] * 4, [0.695, 0.697, 0.696, 0.698, 0.694] * 4, 0.01)
    assert decide([gather([large], equal=True)])[0][0] == "contradicted"
    assert compare([0.7, 0.7], [0.6, 0.6], 0.01).p_beyond == 0
    assert compare([0.7, 0.7], [0.695, 0.695], 0.01).p_beyond == 1


@pytest.mark.parametrize(
    ("claim_id", "notebook", "runs", "expected"),
    [
        ("A1", "03_cnn", runs_of("cnn", 0.72, FIVE[:4]) + runs_of("dense", 0.53, FIVE[:4]), ("undecided", "-")),
        ("A1", "03_cnn", runs_of("cnn", 0.72) + runs_of("dense", 0.53), ("supported", "< 0.001")),
        ("A1", "03_cnn", runs_of("cnn", 0.7) + runs_of("dense", 0.7), ("no difference", "< 0.001")),
        ("A1", "03_cnn", runs_of("cnn", 0.703) + runs_of("dense", 0.7), ("no difference", "0.0")),
    ],
)
def test_the_p_that_is_shown_is_of_the_test_that_decided(claim_id, notebook, runs, expected):
    found = judge(claim_id, results_of(**{f"n{notebook}": runs}))
    assert found.verdict == expected[0]
    assert found.shown_p.startswith(expected[1])
    other = replace(found, p=0.3, p_equivalent=0.02)
    shown = {"supported": "0.3", "no difference": "0.02", "undecided": "0.02" if found.num_seeds else "-"}
    assert other.shown_p == shown[found.verdict]


def test_looks_and_the_family_are_paid_for():
    alone = Evidence(supports=0.016)
    assert decide([alone])[0] == ("supported", pytest.approx(0.048), 1.0)
    assert decide([alone, Evidence()])[0][:2] == ("undecided", pytest.approx(0.096))
    assert decide([Evidence(supports=0.001), Evidence(contradicts=0.01)])[1] == (
        "contradicted",
        pytest.approx(0.03),
        1.0,
    )
    assert decide([Evidence(equivalent=0.01, equal=True)])[0][0] == "supported"
    assert decide([Evidence(supports=1e-9, equivalent=1e-9)])[0][0] == "supported"


def test_no_verdict_changes_when_sides_or_labels_are_swapped_but_for_its_sign():
    swapped = {"supported": "contradicted", "contradicted": "supported"}
    for cnn, dense in ((0.72, 0.53), (0.53, 0.72), (0.7201, 0.72), (0.7255, 0.72)):
        results = results_of(n03_cnn=runs_of("cnn", cnn) + runs_of("dense", dense))
        turned = results_of(n03_cnn=runs_of("cnn", dense) + runs_of("dense", cnn))
        found = verdict("A1", results)
        assert verdict("A1", turned) == swapped.get(found, found)
        relabelled = [
            run | {"test": make_test(np.array(run["test"]["confusion_matrix"])[::-1, ::-1])}
            for runs in results.runs.values()
            for run in runs.values()
        ]
        assert verdict("A1", results_of(n03_cnn=relabelled)) == found


def test_a_report_f_is_added_by_rows_alone():
    """What the README says: a claim is a row, its runs are a notebook's."""
    row = {
        "id": "F1",
        "reading": "",
        "report": "F",
        "claim": "Mine is better",
        "experiment": "mine",
        "metric": "accuracy",
    }
    row |= {"notebook": "20_mine", "figure": "class_f1:dog", "comparison": "mine > theirs", "looks": "5 8 12"}
    claims = pd.concat([load_claims(), pd.DataFrame([row])], ignore_index=True).fillna("")
    results = results_of(n20_mine=runs_of("mine", 0.8) + runs_of("theirs", 0.7))
    assert judge_claims(results, claims)[-1].verdict == "supported"
