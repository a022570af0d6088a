"""Where a given figure lies among our seeds, and what is said of it."""

import numpy as np
import pytest
from made_up import CLASSES, make_run, make_test, results_of
from students import TABLES, draw, table_of

from helpers.claims import figure, load_figures, prediction_interval
from helpers.claims.asking import check
from helpers.claims.checking import VERDICTS, Checked, check_table
from helpers.claims.evidence import read_results
from helpers.claims.published import published_folder
from helpers.claims.results_table import read_table


def test_three_seeds_that_scatter_say_nothing_of_what_is_near_and_yet_find_what_is_far():
    runs = [make_run("model_3_published", seed, right) for seed, right in ((10, 0.70), (11, 0.75), (12, 0.78))]
    results = results_of(n12_depth=runs)
    table = check("12_depth", "model_3_published", results, accuracy="0.74", **{"class_recall:cat": "0.00"})
    assert table["verdict"].tolist() == ["too few seeds to say", "unusually low"]
    low, high = map(float, table["one more run of ours"].str.split(" to ").iloc[0])
    assert (high - low) / 2 > 0.10  # in it 0.60 lies as well
    assert low < 0.60
    assert check("12_depth", "model_3_published", results, accuracy="0.60")["verdict"].tolist() == ["unusually low"]


def one(rows: list[Checked]) -> Checked:
    assert len(rows) == 1
    return rows[0]


def test_a_figure_of_the_whole_net_is_held_against_one_more_run(ours):
    values = [figure("accuracy")(run) for run in ours.runs["03_cnn", "cnn"].values()]
    row = one(check_table(table_of("accuracy,,0.72"), ours))
    assert (row.low, row.high) == pytest.approx(prediction_interval(values, 0.005))
    assert (row.verdict, row.num_seeds, row.mean) == ("within", 6, pytest.approx(np.mean(values)))


def test_the_digits_of_a_figure_widen_the_range(ours):
    low, high = prediction_interval([figure("accuracy")(run) for run in ours.runs["03_cnn", "cnn"].values()])
    just_outside = f"{high + 0.002:.4f}"
    assert one(check_table(table_of(f"accuracy,,{just_outside}"), ours)).verdict == "unusually high"
    assert one(check_table(table_of(f"accuracy,,{just_outside[:4]}"), ours)).verdict == "within"
    assert one(check_table(table_of(f"accuracy,,{low - 0.002:.4f}"), ours)).verdict == "unusually low"


@pytest.mark.parametrize("accuracy", ["1", "0.7", "0"])
def test_a_share_of_too_few_digits_is_called_so(ours, accuracy):
    found = one(check_table(table_of(f"accuracy,,{accuracy}"), ours)).verdict
    assert found == ("unusually low" if accuracy == "0" else "too coarsely rounded to say")
    assert one(check_table(table_of("accuracy,,1.00"), ours)).verdict == "unusually high"


def test_the_range_of_a_share_ends_at_0_and_1():
    runs = [make_run("cnn", seed, right) for seed, right in ((10, 0.85), (11, 0.99), (12, 0.9))]
    row = one(check_table(table_of("accuracy,,0.90"), results_of(n03_cnn=runs)))
    assert row.high > 1
    assert row.shown[1].endswith(" to 1.000")


def test_the_figures_by_class_of_a_net_share_five_per_cent(ours):
    values = [figure("class_recall:cat")(run) for run in ours.runs["03_cnn", "cnn"].values()]
    alone = one(check_table(table_of("recall,cat,0.54"), ours))
    assert (alone.low, alone.high) == pytest.approx(prediction_interval(values, 0.005))
    rows = check_table(table_of(*[f"recall,{name},0.54" for name in CLASSES], "accuracy,,0.72"), ours)
    cat = next(row for row in rows if row.class_name == "cat")
    assert (cat.low, cat.high) == pytest.approx(prediction_interval(values, 0.005, 0.995))
    assert cat.high - cat.low > alone.high - alone.low
    deer = next(row for row in rows if row.class_name == "deer")
    assert deer.verdict == "unusually low"
    assert "the classes' names in another order" in deer.causes


@pytest.mark.parametrize(
    ("row", "verdict", "cause"),
    [
        ("loss,,0.813", "within", ""),
        ("loss,,0.4", "unusually low", "test images among the training images"),
        ("loss,,2.1", "unusually high", "pixels scaled twice or not at all"),
        ("accuracy,,0.5", "unusually low", "fewer epochs than the protocol has"),
        ("accuracy,,0.9", "unusually high", "the best epoch's validation figure given in place of the test's"),
        ("micro_f1,,0.9", "unusually high", "another split"),
        ("class_accuracy,cat,0.9", "unusually high", "precision and recall exchanged"),
        ("train_accuracy,,0.99", "unusually high", "dropout, augmentation or weight decay left out"),
        ("epochs_run,,2", "within", ""),
        ("epochs_run,,40", "unusually high", "another patience, limit of epochs or learning rate"),
        ("parameters,,573510", "equal", ""),
        ("parameters,,573511", "not equal", "a layer of another size"),
        ("support,cat,963", "equal", ""),
        ("training_time,,184", "not compared", ""),
        ("confused_with:dog,cat,12", "not compared", ""),
        ("share,,15", "not compared", ""),
    ],
)
def test_what_lies_outside_has_its_usual_causes(ours, row, verdict, cause):
    found = one(check_table(table_of(row), ours))
    assert found.verdict == verdict
    assert any(each.startswith(cause) for each in found.causes) if cause else not found.causes
    assert set(VERDICTS) >= {found.verdict}


def test_rows_by_epoch_are_not_compared(ours):
    row = one(check_table(table_of("val_accuracy,,0.1").assign(epoch=3.0), ours))
    assert (row.verdict, row.reason) == ("not compared", "only checked against the table's other figures")


@pytest.mark.parametrize(
    ("seeds", "accuracy", "verdict"),
    [
        ((), 0.93, "not compared"),
        ((0, 1), 0.93, "not compared"),
        ((10, 11, 12, 13), 0.78, "too few seeds to say"),
        ((10, 11, 12, 13), 0.93, "unusually high"),
        ((10,), 0.59, "unusually low"),
    ],
)
def test_few_seeds_tell_only_what_is_far(seeds, accuracy, verdict):
    results = results_of(n03_cnn=[make_run("cnn", seed, 0.7) for seed in seeds])
    row = one(check_table(table_of(f"accuracy,,{accuracy}"), results))
    assert row.verdict == verdict
    assert bool(row.causes) == verdict.startswith("unusually")


def test_a_leaked_table_is_found_out_by_the_committed_records_however_few():
    results = read_results(published_folder().parent / "full")
    verdicts = {
        name: {row.verdict for row in check_table(read_table(TABLES / f"{name}.csv"), results) if not row.class_name}
        for name in ("honest", "leaked")
    }
    assert "unusually high" in verdicts["leaked"]
    assert "unusually high" not in verdicts["honest"]


@pytest.mark.parametrize("other", [{"profile": "quick"}, {"dataset": "digits"}])
def test_runs_of_less_than_the_protocol_do_not_count(other):
    results = results_of(n03_cnn=[make_run("cnn", seed, 0.7, **other) for seed in range(10, 16)])
    assert one(check_table(table_of("accuracy,,0.93"), results)).reason == "no runs of ours at the full protocol"


def test_what_report_b_calls_accuracy_is_held_against_the_validation():
    histories = [{"accuracy": [0.9], "val_accuracy": [0.91 + seed / 1000]} for seed in range(5)]
    runs = [make_run("arc2_adam", 10 + k, dataset="fashion_mnist", history=h) for k, h in enumerate(histories)]
    table = load_figures().query("variant == 'arc2_adam' and metric == 'accuracy'")
    row = one(check_table(table, results_of(n09_fashion_mnist=runs)))
    assert (row.verdict, row.mean) == ("within", pytest.approx(0.912))


def test_the_best_combination_of_report_e_is_the_one_that_its_notebook_chose():
    tests = {"all, cropped": make_test(draw(1))}
    runs = [make_run("adam_leaky_relu", seed, 0.5, tests=tests) for seed in (10, 11, 12)]
    results = results_of(
        chosen={"13_optimizer_activation": {"$best": "adam_leaky_relu"}}, n13_optimizer_activation=runs
    )
    table = table_of("accuracy,,0.72").assign(report="E", experiment="optimizer_activation", variant="best")
    row = one(check_table(table, results))
    assert (row.num_seeds, row.mean) == (3, pytest.approx(np.trace(draw(1)) / 9000))


def test_a_variant_that_can_be_read_in_two_ways_has_a_row_for_each():
    table = table_of("accuracy,,0.711").assign(experiment="pooling_stride", variant="stride_2")
    runs = [make_run("conv_stride_2", seed, 0.7 + seed / 1000) for seed in (10, 11, 12)]
    rows = check_table(table, results_of(n06_strides=runs))
    assert [(row.reading, row.verdict) for row in rows] == [
        ("pool stride", "not compared"), ("convolution stride", "within"),
    ]  # fmt: skip
    assert rows[1].net == "A / pooling_stride / stride_2 (convolution stride)"


def test_of_two_readings_the_one_counts_in_which_fewer_figures_lie_outside():
    conv = [make_run("conv_stride_2", seed, 0.6, parameters={"total": 323_910}) for seed in (10, 11, 12)]
    pool = [make_run("cnn", seed, 0.7, parameters={"total": 573_510}) for seed in (10, 11, 12)]
    both = results_of(n06_strides=[*conv, *pool])
    stride_2 = {"experiment": "pooling_stride", "variant": "stride_2"}
    for parameters, reading in ((573_510, "pool stride"), (323_910, "convolution stride")):
        row = one(check_table(table_of(f"parameters,,{parameters}").assign(**stride_2), both))
        assert (row.reading, row.verdict) == (reading, "equal")
    neither = check_table(table_of("parameters,,1000").assign(**stride_2), both)
    assert [row.verdict for row in neither] == ["not equal", "not equal"]
    one_of_them = check_table(table_of("parameters,,1000").assign(**stride_2), results_of(n06_strides=conv))
    assert [row.verdict for row in one_of_them] == ["not compared", "not equal"]


FASHION = {"report": "B", "experiment": "fashion_mnist", "variant": "arc2_adam"}


def check_fashion(*rows: str) -> list[Checked]:
    """Rows beside runs whose best validation accuracy is 0.930 to 0.932 and whose test accuracy 0.9 to 0.902."""
    runs = [
        make_run(
            "arc2_adam", 10 + k, 0.9 + k / 1000, dataset="fashion_mnist", history={"val_accuracy": [0.93 + k / 1000]}
        )
        for k in range(3)
    ]
    return check_table(table_of(*rows).assign(**FASHION), results_of(n09_fashion_mnist=runs))


@pytest.mark.parametrize(
    ("accuracy", "verdict", "words"),
    [
        ("0.9310", "within", "accuracy (as val accuracy)"),  # what report B calls its accuracy
        ("0.9010", "within", "accuracy"),
        ("0.99", "unusually high", "accuracy (as val accuracy)"),
        ("0.5", "unusually low", "accuracy (as val accuracy)"),
    ],
)
def test_what_a_report_calls_otherwise_may_be_meant_either_way(accuracy, verdict, words):
    row = one(check_fashion(f"accuracy,,{accuracy}"))
    assert (row.verdict, row.words) == (verdict, words)


def test_a_table_with_both_accuracies_means_each_by_its_name():
    rows = check_fashion("accuracy,,0.9310", "val_accuracy,,0.9310")
    assert [(row.words, row.verdict) for row in rows] == [
        ("accuracy", "unusually high"), ("val accuracy", "within"),
    ]  # fmt: skip


def test_parameters_of_layers_that_no_report_prints_are_not_compared():
    results = results_of(n10_batch_norm=[make_run("cnn_plain", seed, 0.8) for seed in range(10, 15)])
    net = {"report": "C", "experiment": "batch_norm", "variant": "cnn_plain"}
    rows = check_table(table_of("parameters,,1000", "accuracy,,0.80").assign(**net), results)
    assert [(row.verdict, row.reason) for row in rows] == [
        ("not compared", "the report does not print this net's layers"), ("within", ""),
    ]  # fmt: skip


def test_many_seeds_that_scatter_tell_how_far_one_more_would_lie():
    accuracies = (0.42, 0.47, 0.50, 0.52, 0.53, 0.55, 0.56, 0.58, 0.60)
    runs = [make_run("conv_stride_4", 10 + k, accuracy) for k, accuracy in enumerate(accuracies)]
    low, high = prediction_interval([figure("accuracy")(run) for run in runs])
    asked = [f"{value:.4f}" for value in (low + 0.001, low - 0.001, high - 0.001, high + 0.001)]
    verdicts = [
        check("06_strides", "conv_stride_4", results_of(n06_strides=runs), accuracy=value)["verdict"][0]
        for value in asked
    ]
    assert verdicts == ["too few seeds to say", "unusually low", "too few seeds to say", "unusually high"]
