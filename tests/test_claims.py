"""Printed figures against measured ones: intervals by Student's t, and verdicts that chance can excuse."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from helpers.claims import (
    compare_by_class,
    compare_exactly,
    compare_with_published,
    difference_text,
    judge_claims,
    judge_difference,
    judge_figure,
    load_claim,
    load_histories,
    load_published,
    mean_interval,
    published_folder,
)

T_2 = 4.302653  # Student's t, two degrees of freedom, two-sided 95 %
THREE = [0.50, 0.52, 0.54]  # mean 0.52, standard deviation 0.02


def run(variant: str, seed: int, accuracy: float, seconds: float = 100.0, **more) -> dict:
    """A made-up record, with what the comparison reads of one."""
    averages = {"precision": accuracy, "recall": accuracy, "f1-score": accuracy}
    return {
        "variant": variant, "seed": seed, "profile": "full", "dataset": "cifar10", "seconds": seconds,
        "parameters": {"total": 573_510, "trainable": 566_910, "non_trainable": 6_600},
        "backend": "tensorflow", "device": "a processor", "disturbed": False,
        "test": {"accuracy": accuracy, "loss": 1.0, "macro_avg": averages},
    } | more  # fmt: skip


def compare(runs: list[dict], metrics: dict | None = None) -> pd.DataFrame:
    """Report A's comparison, by variant and figure."""
    table = compare_with_published(runs, "A", "dense_vs_cnn", metrics or {"accuracy": ".3f"})
    return table.set_index(["variant", "figure"])


def value(report: str, experiment: str, variant: str, metric: str) -> float:
    table = load_published(report, experiment)
    whole = table[table["class"].isna() & table["epoch"].isna()]
    return whole.set_index(["variant", "metric"]).loc[(variant, metric), "value"]


@pytest.mark.parametrize(
    ("printed", "where"),
    [
        (0.54, ("A", "dense_vs_cnn", "dense", "accuracy")),
        (0.72, ("A", "dense_vs_cnn", "cnn", "accuracy")),
        (573_510, ("A", "dense_vs_cnn", "cnn", "parameters")),
        (412_298, ("B", "resolution", "network", "parameters")),
        (0.512988, ("C", "mlp", "mlp_256_128", "accuracy")),
        (358_346, ("D", "depth", "model_1", "parameters")),
    ],
)
def test_the_published_figures_are_the_printed_ones(printed, where):
    assert value(*where) == printed


def test_the_printed_supports_of_report_a_are_its_9000_test_images():
    table = load_published("A", "dense_vs_cnn")
    supports = table[(table["metric"] == "support") & (table["variant"] == "dense")]["value"]
    assert supports.tolist() == [904, 886, 901, 963, 868, 904, 858, 930, 885, 901]


def test_no_figure_was_printed_twice():
    table = pd.read_csv(published_folder() / "published.csv")
    assert len(table) == 1_005
    assert not table.duplicated(["report", "experiment", "variant", "metric", "class", "epoch"]).any()


def test_every_printed_confusion_matrix_counts_whole_images_of_ten_classes():
    printed = json.loads((published_folder() / "confusion_matrices.json").read_text())
    for matrix in map(np.array, printed["matrices"].values()):
        assert matrix.shape == (10, 10)
        assert (matrix >= 0).all()


def test_what_was_not_printed_is_not_guessed():
    with pytest.raises(ValueError, match="no figures of report A, experiment 'fashion_mnist'"):
        load_published("A", "fashion_mnist")


def test_a_claim_names_its_variants():
    claim = load_claim("A1")
    assert (claim["better"], claim["worse"], claim["metric"]) == ("cnn", "dense", "accuracy")


def test_the_interval_of_a_mean_is_students():
    mean, low, high = mean_interval(THREE)
    half = T_2 * 0.02 / math.sqrt(3)
    assert (mean, low, high) == pytest.approx((0.52, 0.52 - half, 0.52 + half), rel=1e-6)


def test_one_run_has_no_interval():
    mean, low, high = mean_interval([0.5])
    assert mean == 0.5
    assert math.isnan(low)
    assert math.isnan(high)


# A further run lies within 4.302653 x 0.02 x sqrt(1 + 1/3) = 0.0994 of the mean; 0.005 more is the printed rounding.
@pytest.mark.parametrize(
    ("values", "printed", "verdict"),
    [
        (THREE, "0.52", "reproduced"),
        (THREE, "0.62", "reproduced"),
        (THREE, "0.43", "reproduced"),
        (THREE, "0.63", "ours is lower"),
        (THREE, "0.41", "ours is higher"),
        (THREE, "0.6225", "ours is lower"),  # four decimals are rounded by 0.00005 only
        ([0.731], "0.70", "one seed"),  # a printed 0.70 is not 0.7: it is rounded by 0.005
        ([0.524], "0.52", "reproduced"),
        ([0.526], "0.52", "one seed"),
        ([573_510] * 3, "573510", "reproduced"),
        ([573_511] * 3, "573510", "ours is higher"),
    ],
)
def test_a_figure_is_reproduced_if_it_could_be_one_more_run(values, printed, verdict):
    assert judge_figure(values, printed) == verdict


def test_times_are_never_a_matter_of_agreement():
    assert judge_figure([184.0, 184.0], "184", "training_time") == "other hardware"


@pytest.mark.parametrize(
    ("better", "worse", "verdict"),
    [
        ([0.72, 0.73, 0.74], [0.52, 0.54, 0.53], "holds"),
        ([0.52, 0.54, 0.53], [0.72, 0.73, 0.74], "contradicted"),
        ([0.72, 0.73, 0.74], [0.74, 0.72, 0.73], "not decided"),
        ([0.72], [0.52], "one seed"),
    ],
)
def test_a_difference_holds_if_chance_does_not_explain_it(better, worse, verdict):
    judged, (mean, _, _) = judge_difference(better, worse)
    assert judged == verdict
    assert mean == pytest.approx(np.mean(better) - np.mean(worse))


def test_runs_are_paired_by_seed():
    spread = [0.1, 0.5, 0.9]  # seeds differ far more than variants do
    assert judge_difference([s + d for s, d in zip(spread, (0.02, 0.021, 0.022), strict=True)], spread)[0] == "holds"
    with pytest.raises(ValueError, match="got 2 and 3"):
        judge_difference([0.5, 0.6], spread)


def test_the_table_holds_ours_against_the_printed_figure():
    runs = [run("cnn", seed, accuracy) for seed, accuracy in enumerate((0.70, 0.72, 0.74))]
    row = compare(runs, {"accuracy": ".3f", "parameters": ",.0f", "training_time": ".0f", "loss": ".3f"}).loc["cnn"]
    assert row.loc["accuracy"].tolist() == ["0.72", "0.720", "0.670 to 0.770", "3", "+0.000", "reproduced"]
    assert row.loc["parameters"].tolist() == ["573510", "573,510", "-", "3", "+0", "reproduced"]
    assert row.loc["training time, s", ["printed", "difference", "verdict"]].tolist() == [
        "184",
        "-84",
        "other hardware",
    ]
    assert row.loc["loss, nats", ["printed", "ours, mean", "difference", "verdict"]].tolist() == [
        "not printed", "1.000", "-", "-",
    ]  # fmt: skip


def test_variants_that_were_not_run_are_left_out_and_ours_may_have_other_names():
    names = {"cnn": "our_cnn"}
    runs = [run("our_cnn", 1, 0.7)]
    table = compare_with_published(runs, "A", "dense_vs_cnn", {"accuracy": ".2f"}, names)
    assert table["variant"].tolist() == ["cnn"]
    assert table["verdict"].tolist() == ["one seed"]


@pytest.mark.parametrize("other", [{"profile": "quick"}, {"dataset": "digits"}, {"dataset": "fashion_mnist"}])
def test_other_data_or_less_than_the_full_protocol_are_not_compared(other):
    runs = [run("cnn", 1, 0.72), run("cnn", 2, 0.72, **other)]
    row = compare(runs).loc[("cnn", "accuracy")]
    assert row[["printed", "difference", "verdict"]].tolist() == ["not compared", "-", "-"]


def test_a_claim_is_judged_by_accuracy_and_by_fewer_seconds():
    runs = [run("cnn", seed, 0.72 + seed / 100, seconds=200 + seed) for seed in (1, 2, 3)]
    runs += [run("dense", seed, 0.54 + seed / 100, seconds=100) for seed in (3, 1, 2)]
    assert judge_claims(runs, ["A1", "A2"])["verdict"].tolist() == ["holds", "holds"]
    runs[0]["profile"] = "smoke"
    assert judge_claims(runs, ["A1"])[["printed", "verdict"]].values.tolist() == [["not compared", "-"]]


NAMES = {"stride_1": "ours_1", "stride_2": "ours_2", "stride_4": "ours_4"}


def strides(*accuracies: tuple[float, ...], seconds: tuple[float, ...] = (300, 200, 100)) -> list[dict]:
    """Made-up runs of strides 1, 2, 4: accuracies by seed, and the seconds that all runs of a stride take about."""
    ours = zip(NAMES.values(), accuracies, seconds, strict=True)
    return [run(name, seed, a, seconds=t + seed) for name, by_seed, t in ours for seed, a in enumerate(by_seed)]


HIGH, MIDDLE, LOW = (0.72, 0.73, 0.74), (0.62, 0.64, 0.63), (0.53, 0.52, 0.54)


@pytest.mark.parametrize(
    ("accuracies", "verdict"),
    [
        ((HIGH, MIDDLE, LOW), "holds"),
        ((HIGH, LOW, MIDDLE), "contradicted"),  # 1 above 2, but 2 below 4
        ((MIDDLE, HIGH, LOW), "contradicted"),
        ((HIGH, MIDDLE, (0.66, 0.60, 0.63)), "not decided"),
        ((HIGH[:1], MIDDLE, LOW), "one seed"),  # 1 and 2 share a seed
        ((HIGH[:1], LOW, MIDDLE), "contradicted"),  # the second comparison has three
        (((), MIDDLE, LOW), "not run"),
    ],
)
def test_a_claim_of_an_order_holds_if_each_variant_is_above_the_next(accuracies, verdict):
    assert judge_claims(strides(*accuracies), ["A6"], NAMES)["verdict"].tolist() == [verdict]


def test_a_claim_of_an_order_says_each_difference_and_on_how_many_seeds():
    row = judge_claims(strides(HIGH[:1], MIDDLE, LOW), ["A6"], NAMES).loc[0]
    assert row["printed"] == "not printed"
    assert row["ours, difference"].startswith("ours_1 - ours_2: +0.100; ours_2 - ours_4: +0.100 (")
    assert row["seeds"] == "1 of 3; 3"


def test_a_faster_order_is_one_of_falling_seconds():
    row = judge_claims(strides(HIGH, MIDDLE, LOW), ["A7"], NAMES).loc[0]
    assert row["printed"] == "157 against 203 and 184 s"
    assert row["ours, difference"] == "ours_2 - ours_4: +100 s (+100 to +100); ours_1 - ours_2: +100 s (+100 to +100)"
    assert row["verdict"] == "holds"
    slower = strides(HIGH, MIDDLE, LOW, seconds=(100, 200, 300))
    assert judge_claims(slower, ["A7"], NAMES)["verdict"].tolist() == ["contradicted"]


def test_a_claim_without_an_order_compares_the_better_with_each_of_the_worse():
    accuracies = {"vgg16": HIGH, "cnn_batch_norm": LOW, "cnn_plain": MIDDLE}  # plain above batch norm is no matter
    runs = [run(name, seed, a) for name, by_seed in accuracies.items() for seed, a in enumerate(by_seed)]
    row = judge_claims(runs, ["C1"]).loc[0]
    assert row["ours, difference"].startswith("vgg16 - cnn_batch_norm: +0.200 (")
    assert "; vgg16 - cnn_plain: +0.100 (" in row["ours, difference"]
    assert row["verdict"] == "holds"


def test_seeds_that_one_variant_lacks_are_left_out_and_counted():
    runs = [run("cnn", seed, 0.7 + seed / 100) for seed in (0, 1, 2)] + [run("dense", 1, 0.5)]
    row = judge_claims(runs, ["A1"]).loc[0]
    assert (row["ours, difference"], row["seeds"], row["verdict"]) == ("+0.210", "1 of 3", "one seed")
    row = judge_claims(runs[:1] + runs[3:], ["A1"]).loc[0]
    assert (row["ours, difference"], row["seeds"], row["verdict"]) == ("-", "0 of 2", "not run")


def test_a_claim_that_names_several_better_variants_is_refused():
    with pytest.raises(ValueError, match="E1: expected one better variant"):
        judge_claims([], ["E1"])


def test_a_claim_without_printed_figures_says_so_and_is_judged_all_the_same():
    depths = ("two_trainable_layers", 0.8), ("one_trainable_layer", 0.7)
    runs = [run(depth, seed, accuracy + seed / 100) for depth, accuracy in depths for seed in (1, 2, 3)]
    assert judge_claims(runs, ["A8"])[["printed", "verdict"]].values.tolist() == [["not printed", "holds"]]


def test_an_exact_figure_is_reproduced_only_if_it_is_equal():
    figures = [("official", "images", 45_000, 45_000), ("random", "share, %", 76.5, 76.4)]
    rows = compare_exactly(figures).to_numpy().tolist()
    assert rows[0] == ["official", "images", "45,000", "45,000", "+0", "reproduced"]
    assert rows[1] == ["random", "share, %", "76.5", "76.4", "-0.1", "contradicted"]
    assert compare_exactly(figures, comparable=False)["verdict"].tolist() == ["-", "-"]


def test_a_difference_of_two_nets_has_welchs_interval():
    assert difference_text(THREE, [0.4, 0.4, 0.4]) == "+0.120 (+0.070 to +0.170)"  # 0.12 +- T_2 * 0.02 / sqrt(3)
    assert difference_text(THREE, [0.40, 0.42, 0.44], ".2f") == "0.10 (0.05 to 0.15)"
    assert difference_text([0.5], [0.25]) == "+0.250"
    assert difference_text([0.5], [0.25, 0.25]) == "+0.250"
    assert difference_text([0.5, 0.5], [0.25, 0.25]) == "+0.250"  # no spread, so no interval
    assert difference_text(iter([]), [0.25]) == "not recorded"


def run_by_class(recall: float, **more) -> dict:
    """A made-up record of Fashion-MNIST with the same figures for each of its classes."""
    names = load_published("B", "fashion_mnist")["class"].dropna().unique()
    scores = {"precision": 0.5, "recall": recall, "f1-score": 0.25, "support": 1000}
    return {"profile": "full", "dataset": "fashion_mnist", "test": {"by_class": dict.fromkeys(names, scores)}} | more


def test_the_printed_figures_of_a_class_stand_beside_the_means_of_ours():
    table = compare_by_class([run_by_class(0.7), run_by_class(0.8)], "B", "fashion_mnist", "arc2_adam")
    assert table.loc["Trouser"].to_dict() == {
        ("precision", "printed"): "0.99", ("precision", "ours"): "0.500", ("recall", "printed"): "0.976",
        ("recall", "ours"): "0.750", ("f1", "printed"): "0.98", ("f1", "ours"): "0.250",
    }  # fmt: skip


@pytest.mark.parametrize("other", [{"profile": "quick"}, {"dataset": "digits"}])
def test_the_figures_of_a_class_on_less_or_other_data_are_not_held_against_printed_ones(other):
    table = compare_by_class([run_by_class(0.7, **other)], "B", "fashion_mnist", "arc2_adam")
    assert set(table[["precision", "recall", "f1"]].xs("printed", axis=1, level=1).to_numpy().flat) == {"-"}


def test_printed_histories_are_laid_out_as_a_records():
    histories = load_histories("D", "depth")
    assert {net: len(record["history"]["val_loss"]) for net, record in histories.items()} == {
        "model_1": 12, "model_2": 21, "model_3": 21,
    }  # fmt: skip
    accuracies = histories["model_1"]["history"]["val_accuracy"]
    assert (
        max(accuracies) == accuracies[6] == 0.7243
    )  # the printed test accuracy: report D validated on the test images
