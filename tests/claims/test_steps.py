"""Comparisons as claims.csv writes them: what is read, and what is refused by the name of its claim."""

import pytest
from made_up import results_of
from small_claims import FIVE, judge, runs_of, verdict

from helpers.claims import judge_claims, load_claims
from helpers.claims.steps import find_steps


@pytest.mark.parametrize("comparison", ["cnn", "cnn >", "cnn >> dense", "> dense"])
def test_a_comparison_that_cannot_be_read_is_refused_with_its_claim(comparison):
    with pytest.raises(ValueError, match=r"claim A1: expected 'a > b'.*got '"):
        find_steps(results_of(), load_claims().assign(comparison=comparison).iloc[0])


@pytest.mark.parametrize("comparison", ["0 > cnn", "cnn < 0"])
def test_a_comparison_with_0_has_it_as_the_smaller_side(comparison):
    with pytest.raises(ValueError, match="claim A1: expected 0 as the smaller side, 'x > 0' or 'x ~ 0'"):
        find_steps(results_of(), load_claims().assign(comparison=comparison).iloc[0])


@pytest.mark.parametrize("comparison", ["cnn = 0.72; cnn > dense", "cnn = 0.72; dense = 0.54", "cnn = 0.72 > dense"])
def test_a_printed_figure_beside_other_steps_is_refused(comparison):
    with pytest.raises(ValueError, match=r"claim A1: expected 'a = 0.76' alone, in a claim of its own"):
        judge_claims(results_of(), load_claims().head(1).assign(comparison=comparison))


@pytest.mark.parametrize("looks", ["", "5 8", "5 8 12 16", "8 5 12", "5 5 8", "5 8 many"])
def test_other_looks_than_are_paid_for_are_refused(looks):
    with pytest.raises(ValueError, match="claim A1: looks: expected 3 rising numbers of seeds, got"):
        judge_claims(results_of(), load_claims().head(1).assign(looks=looks))


def test_two_nets_tested_on_other_images_are_not_judged():
    """The rules compare two nets on the same images; of runs that do not say on which, nothing is known."""

    def tested_on(runs, labels):
        return [run | {"test": run["test"] | {"labels_sha256": labels}} for run in runs]

    cnn, dense = runs_of("cnn", 0.72), runs_of("dense", 0.53)
    assert verdict("A1", results_of(n03_cnn=tested_on(cnn, "a") + tested_on(dense, "a"))) == "supported"
    assert verdict("A1", results_of(n03_cnn=tested_on(cnn, "a") + dense)) == "supported"
    found = judge("A1", results_of(n03_cnn=tested_on(cnn, "a") + tested_on(dense, "b")))
    assert (found.verdict, found.before_first_look) == ("undecided", False)
    assert found.reason == "cnn - dense: expected both sides tested on the same images; they were not"


def test_a_net_of_another_notebook_is_called_by_its_name_and_the_number_of_that():
    of_10 = runs_of("cnn_batch_norm", 0.8) + runs_of("cnn_plain", 0.7)
    found = judge("C1", results_of(n10_batch_norm=of_10, n11_vgg16_transfer=runs_of("vgg16", 0.85)))
    assert [step.text for step in found.steps] == [
        "vgg16 - cnn batch norm (notebook 10)",
        "vgg16 - cnn plain (notebook 10)",
    ]


def test_a_mean_over_two_variants_is_a_side():
    pairs = {"adam_leaky_relu": 0.72, "adam_tanh": 0.68, "sgd_leaky_relu": 0.6, "sgd_tanh": 0.5}
    runs = [run for name, mean in pairs.items() for run in runs_of(name, mean, FIVE[:3])]
    found = judge("E1", results_of(n13_optimizer_activation=runs))
    assert found.verdict == "supported"
    assert found.steps[0].difference.mean == pytest.approx(0.15)


def test_a_claim_may_compare_nets_of_two_pages():
    results = results_of(n10_batch_norm=runs_of("cnn_plain", 0.8), n02_dense_baseline=runs_of("mlp_256_128", 0.51))
    assert verdict("C3", results) == "supported"
