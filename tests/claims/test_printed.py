"""Printed figures beside ours: whether one could be one more run."""

import numpy as np
import pandas as pd
import pytest
from made_up import make_run, make_test, matrix_of, results_of

from helpers.claims import (
    compare_all,
    compare_by_class,
    compare_classes,
    compare_exactly,
    compare_with_print,
    compare_with_published,
    judge_claims,
    load_published,
    mixed_claims,
)
from helpers.claims.printed import fewest_seeds, rounding_of

FIVE = [0.50, 0.51, 0.52, 0.53, 0.54]  # mean 0.52, standard deviation 0.0158; a further run within 0.0481 of it
CLOSE = [0.515, 0.5175, 0.52, 0.5225, 0.525]  # a quarter as far apart: within 0.0120


@pytest.mark.parametrize(("printed", "half"), [("0.70", 0.005), ("0.7243", 0.00005), ("184", 0.5), ("1e-3", 0.0005)])
def test_the_digits_say_how_far_a_figure_was_rounded(printed, half):
    assert rounding_of(printed) == pytest.approx(half)


@pytest.mark.parametrize(
    ("values", "printed", "agreement"),
    [
        (CLOSE, "0.52", "compatible with print"),
        (CLOSE, "0.50", "ours higher"),
        (CLOSE, "0.54", "ours lower"),
        (CLOSE, "0.532", "compatible with print"),  # 0.52 + 0.0120 + 0.0005
        (CLOSE, "0.533", "ours lower"),
        (FIVE, "0.52", "too few seeds to say"),  # they scatter by more than 3 points
        ([0.52] * 4, "0.52", "too few seeds to say"),
        ([0.52] * 5, "0.52", "compatible with print"),
        ([0.524] * 5, "0.52", "compatible with print"),  # to within its rounding
        ([0.526] * 5, "0.52", "ours higher"),
    ],
)
def test_a_printed_figure_is_compatible_if_it_could_be_one_more_run(values, printed, agreement):
    assert compare_with_print(values, printed) == agreement


def test_long_runs_need_three_seeds():
    assert compare_with_print([0.52] * 3, "0.52", fewest=3) == "compatible with print"
    assert (fewest_seeds("A", "dense_vs_cnn", "cnn"), fewest_seeds("C", "vgg16", "vgg16")) == (5, 3)
    assert (fewest_seeds("D", "depth", "model_2"), fewest_seeds("D", "depth", "none such")) == (5, 5)


def test_times_are_never_a_matter_of_agreement_and_counts_are_exact():
    assert compare_with_print([184.0, 184.0], "184", "training_time") == "other hardware"
    assert compare_with_print([573_510], "573510", "parameters") == "equal"
    assert compare_with_print([573_510, 573_511], "573510", "parameters") == "not equal"


def compare(runs: list[dict], metrics: dict | None = None) -> pd.DataFrame:
    """Report A's comparison, by variant and figure."""
    table = compare_with_published(runs, "A", "dense_vs_cnn", metrics or {"accuracy": ".3f"})
    return table.set_index(["variant", "figure"])


def test_the_table_holds_ours_beside_the_printed_figure():
    runs = [make_run("cnn", seed, accuracy) for seed, accuracy in enumerate((0.718, 0.719, 0.72, 0.721, 0.722), 10)]
    row = compare(runs, {"accuracy": ".3f", "parameters": ",.0f", "training_time": ".0f", "loss": ".3f"}).loc["cnn"]
    accuracy = row.loc["accuracy"].tolist()
    assert accuracy == ["0.72", "0.720", "0.718 to 0.722", "0.710 to 0.730", "5", "compatible with print"]
    assert row.loc["parameters"].tolist() == ["573510", "573,510", "-", "-", "5", "equal"]
    assert row.loc["training time, s", ["printed", "agreement"]].tolist() == ["184", "other hardware"]
    assert row.loc["loss, nats", ["printed", "ours, mean", "agreement"]].tolist() == ["not printed", "1.000", "-"]


def test_times_beside_printed_ones_are_of_one_device_or_not_shown():
    cnn = [make_run("cnn", seed, seconds=412.0) for seed in (11, 12, 13)]
    cnn += [make_run("cnn", 10, seconds=154.0, device="another")]
    runs = [*cnn, make_run("dense", 10, seconds=50.0, device="another"), make_run("dense", 11, disturbed=True)]
    times = compare(runs, {"training_time": ".0f"})["ours, mean"]
    assert times.to_dict() == {("dense", "training time, s"): "50", ("cnn", "training time, s"): "154"}
    disturbed = compare([make_run("cnn", 10, disturbed=True)], {"training_time": ".0f"}).iloc[0]
    assert disturbed[["ours, mean", "seeds", "agreement"]].tolist() == ["-", "0", "-"]


def test_seeds_that_the_rules_do_not_count_are_shown_and_not_judged():
    runs = [make_run("cnn", seed, accuracy) for seed, accuracy in enumerate((0.718, 0.719, 0.72, 0.721, 0.722), 8)]
    row = compare(runs, {"accuracy": ".3f", "parameters": ",.0f"}).loc["cnn"]
    assert row.loc["accuracy", ["seeds", "agreement"]].tolist() == [
        "5",
        "too few seeds to say: seeds from 10 on are judged",
    ]
    assert row.loc["parameters", "agreement"] == "equal"  # chance has no part in it


def test_variants_that_were_not_run_are_left_out_and_ours_may_have_other_names():
    names, forms = {"model_1": "model_1_published"}, {"accuracy": ".2f"}
    table = compare_with_published([make_run("model_1_published", 10)], "D", "depth", forms, names)
    assert table[["variant", "agreement"]].to_numpy().tolist() == [["model_1", "too few seeds to say"]]


def test_a_figure_that_was_printed_before_or_is_of_another_net_is_shown_and_not_judged():
    runs = [make_run("with_pooling", seed, 0.1) for seed in range(10, 15)]
    forms = {"accuracy": ".2f", "parameters": ",.0f"}
    table = compare_with_published(runs, "A", "pooling", forms)
    assert table.set_index("figure")["agreement"].tolist()[0] == "judged as cnn of dense vs cnn"
    table = compare_with_published(runs, "C", "vgg16", {"accuracy": ".2f"}, {"vgg16": "with_pooling"})
    assert table["agreement"].tolist() == ["of another net"]
    tables = compare_classes([*runs, make_run("without_pooling", 10)], "A", "pooling")
    assert list(tables) == ["without_pooling"]
    assert tables["without_pooling"].loc["airplane", ("precision", "printed")] == "0.71"


@pytest.mark.parametrize("other", [{"profile": "quick"}, {"dataset": "digits"}, {"dataset": "fashion_mnist"}])
def test_other_data_or_less_than_the_full_protocol_are_not_compared(other):
    row = compare([make_run("cnn", 1, 0.72), make_run("cnn", 2, 0.72, **other)]).loc[("cnn", "accuracy")]
    assert row[["printed", "agreement"]].tolist() == ["not compared", "-"]


def test_what_a_report_calls_accuracy_and_is_of_validation_is_held_against_that():
    runs = [make_run("arc2_adam", seed, 0.1, dataset="fashion_mnist") for seed in (10, 11, 12)]
    table = compare_with_published(runs, "B", "fashion_mnist", {"accuracy": ".4f"})
    assert table[["figure", "ours, mean"]].to_numpy().tolist() == [["highest validation accuracy", "0.5500"]]


def test_every_printed_figure_is_judged_once():
    cnn = [make_run("cnn", seed, 0.72) for seed in range(10, 15)]
    pooled = [make_run("with_pooling", seed, 0.9) for seed in range(10, 15)]
    table = compare_all(results_of(n03_cnn=cnn, n05_pooling=pooled))
    assert not table.duplicated(["report", "experiment", "variant", "reading", "metric"]).any()
    assert table.query("experiment == 'pooling'")["variant"].unique().tolist() == ["without_pooling"]
    row = table.query("variant == 'cnn' and metric == 'accuracy'").iloc[0]
    assert (row["agreement"], list(row["values"]), row["values"][10]) == (
        "compatible with print",
        [*range(10, 15)],
        0.72,
    )
    assert table.query("report == 'D'")["agreement"].unique().tolist() == ["not yet run"]


def test_a_figure_that_repeats_another_of_its_net_is_judged_once():
    about = {"tests": {}, "history": {"accuracy": [0.5] * 20, "val_accuracy": [0.5] * 20}}
    of = lambda net, best, last: [  # noqa: E731
        make_run(f"{net}_published", s, 0.7, best_epoch=best + s, seconds_by_epoch=[1.0] * (last + s), **about)
        for s in range(10, 15)
    ]
    runs = [*of("model_1", 1, 6), *of("model_2", 1, 6)]  # five epochs beyond the best; the report's model 2 has ten
    table = compare_all(results_of(n12_depth=runs), [("D", "depth")])
    judged = {net: set(rows["metric"]) & {"epochs_run", "best_epoch"} for net, rows in table.groupby("variant")}
    assert [len(judged[net]) for net in ("model_1", "model_2")] == [1, 2]
    even = [make_run("adam_tanh", seed, 0.72) for seed in (10, 11, 12)]  # as many images of each class
    forms, names = dict.fromkeys(("accuracy", "macro_recall"), ".3f"), {"best": "adam_tanh"}
    table = compare_with_published(even, "E", "optimizer_activation", forms, names)
    assert table["agreement"].tolist()[1] == "judged as accuracy"


def test_runs_of_several_precisions_are_counted_by_precision():
    runs = [make_run("cnn", s, precision="float32" if s > 11 else "mixed_bfloat16") for s in range(10, 15)]
    assert compare(runs)["seeds"].tolist() == ["5 (2 in bfloat16, 3 in float32)"]
    assert compare(runs[:2])["seeds"].tolist() == ["2"]


def test_claims_are_named_that_compare_one_seed_in_two_precisions():
    of = lambda net, precision: [make_run(net, s, 0.7, precision=precision) for s in range(10, 15)]  # noqa: E731
    for precision, names in (("float32", []), ("mixed_bfloat16", ["A1"])):
        results = results_of(n03_cnn=[*of("cnn", "float32"), *of("dense", precision)])
        assert mixed_claims(judge_claims(results, draws=0), results) == names


def test_only_judged_seeds_of_the_full_protocol_count():
    runs = [make_run("cnn", seed, 0.72) for seed in (0, 1, 2, 10)] + [make_run("cnn", 11, 0.72, profile="quick")]
    row = compare_all(results_of(n03_cnn=runs), [("A", "dense_vs_cnn")]).query("variant == 'cnn'").iloc[0]
    assert list(row["values"]) == [10]


def test_a_further_test_of_a_net_is_held_against_its_own_print():
    run = make_run(
        "tvtv_32x32", 10, 0.75, tests={"16x16": make_test(matrix_of(0.41)), "8x8": make_test(matrix_of(0.2))}
    )
    table = compare_all(results_of(n08_resolution=[run]), [("B", "resolution")]).query("metric == 'accuracy'")
    assert {row["variant"]: list(row["values"].values()) for _, row in table.iterrows()} == {
        "totv_32x32": [0.75], "totv_16x16": [0.41], "totv_8x8": [0.2], "tvtv_16x16": [], "tvtv_8x8": [],
    }  # fmt: skip


def test_an_exact_figure_is_equal_or_not():
    figures = [("official", "images", 45_000, 45_000), ("random", "share, %", 76.5, 76.4)]
    rows = compare_exactly(figures).to_numpy().tolist()
    assert rows[0] == ["official", "images", "45,000", "45,000", "+0", "equal"]
    assert rows[1] == ["random", "share, %", "76.5", "76.4", "-0.1", "not equal"]
    assert compare_exactly(figures, comparable=False)["agreement"].tolist() == ["-", "-"]


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


def test_what_was_not_printed_of_a_class_says_so(monkeypatch):
    rows = load_published("B", "fashion_mnist")
    not_printed = (rows["metric"] == "f1") & (rows["class"] == "Bag")
    monkeypatch.setattr("helpers.claims.beside_print.load_published", lambda *_: rows[~not_printed].copy())
    table = compare_by_class([run_by_class(0.7)], "B", "fashion_mnist", "arc2_adam")
    assert table.loc["Bag", ("f1", "printed")] == "not printed"
    assert table.loc["Trouser", ("f1", "printed")] == "0.98"


def test_what_another_notebook_judges_is_shown_and_not_judged():
    runs = [make_run("dense", seed, 0.54) for seed in range(10, 15)]
    by = {
        notebook: compare_with_published(runs, "A", "dense_vs_cnn", {"accuracy": ".3f"}, notebook=notebook)
        for notebook in ("", "03_cnn", "02_dense_baseline")
    }
    agreements = [table["agreement"].item() for table in by.values()]
    assert agreements == ["compatible with print", "compatible with print", "judged in 03"]


@pytest.mark.parametrize("other", [{"profile": "quick"}, {"dataset": "digits"}])
def test_the_figures_of_a_class_on_less_or_other_data_are_not_held_against_printed_ones(other):
    table = compare_by_class([run_by_class(0.7, **other)], "B", "fashion_mnist", "arc2_adam")
    assert set(np.ravel(table.xs("printed", axis=1, level=1))) == {"-"}
