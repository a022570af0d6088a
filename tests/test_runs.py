"""Figures of recorded runs: tables, costs, the best candidate of each kind."""

import pandas as pd
import pytest
from small_records import record_of

from helpers.records import write_record
from helpers.runs import (
    best_candidates,
    cost_table,
    epoch_seconds,
    generalisation_gap,
    load_runs,
    loss_jumps,
    styled_costs,
)


def test_runs_are_a_table_sorted_by_notebook_variant_and_seed(tmp_path):
    for name in ("03_cnn", "04", "05"):
        (tmp_path / name).mkdir()
    written = write_record(tmp_path / "03_cnn", "cnn-seed10", record_of())
    for notebook, variant, seed in (("05", "a", 2), ("05", "a", 1), ("04", "b", 1)):
        write_record(tmp_path / notebook, variant, record_of(notebook=notebook, variant=variant, seed=seed))
    write_record(tmp_path / "05", "candidate", record_of(kind="candidate", test={}))
    frame = load_runs(tmp_path)
    assert frame[["notebook", "variant", "seed"]].values.tolist() == [
        ["03_cnn", "cnn", 10], ["04", "b", 1], ["05", "a", 1], ["05", "a", 2],
    ]  # fmt: skip
    assert frame["accuracy"].tolist() == [written["test"]["accuracy"]] * 4
    assert frame["epochs"].tolist() == [2] * 4


def test_a_folder_without_records_gives_an_empty_table(tmp_path):
    assert load_runs(tmp_path).empty
    assert cost_table([]).empty


def test_the_cost_of_runs_says_which_times_were_measured_beside_other_work():
    runs = [record_of(seed=seed, disturbed=disturbed) for seed, disturbed in ((12, None), (11, True), (10, False))]
    table = cost_table(runs)
    assert isinstance(table, pd.DataFrame)
    assert table["machine"].tolist() == ["quiet", "disturbed", "not known"]
    assert table.loc[0, ["epochs trained", "training time, s", "an epoch, s"]].tolist() == [2, "4", "1.0"]
    assert table.columns[:4].tolist() == ["net", "seed", "precision", "machine"]


def test_a_table_of_costs_says_what_its_columns_mean_and_in_which_precision_each_run_was():
    runs = [record_of(precision="mixed_bfloat16"), record_of(seed=11, precision="float32"), record_of(seed=12)]
    shown = styled_costs(runs).to_html()
    assert cost_table(runs)["precision"].tolist() == ["bfloat16", "float32", "not known"]
    assert "Disturbed: other processes used the processor meanwhile" in shown
    assert styled_costs([]).data.empty


def test_the_cost_of_a_long_run_is_easy_to_read():
    assert cost_table([record_of(seconds=12345.6)])["training time, s"].tolist() == ["12,346"]


def test_an_epochs_time_leaves_out_what_compiles():
    assert epoch_seconds(record_of(seconds_by_epoch=[9.0, 1.0, 3.0])) == 2.0
    assert epoch_seconds(record_of(seconds_by_epoch=[9.0], seconds_first_step=4.0)) == 5.0


CANDIDATES = {"sgd 0.1": ("sgd", 0.1), "sgd 0.2": ("sgd", 0.2), "adam 0.1": ("adam", 0.1)}


def candidate(name: str, *val_accuracies: float) -> dict:
    return {"variant": name, "history": {"val_accuracy": list(val_accuracies)}}


def test_the_best_candidate_of_each_kind_is_the_one_with_the_best_last_epoch():
    records = [candidate("sgd 0.1", 0.9, 0.5), candidate("sgd 0.2", 0.1, 0.6), candidate("adam 0.1", 0.3)]
    table, best = best_candidates(records, CANDIDATES, ["kind", "rate"])
    assert best == {"sgd": ("sgd", 0.2), "adam": ("adam", 0.1)}
    assert table.columns.tolist() == ["kind", "rate", "val accuracy", "best"]
    assert table[["val accuracy", "best"]].values.tolist() == [[0.5, ""], [0.6, "yes"], [0.3, "yes"]]


def test_of_a_kind_with_a_candidate_that_is_not_recorded_none_is_chosen():
    records = [candidate("sgd 0.1", 0.9), candidate("adam 0.1", 0.3)]
    table, best = best_candidates(records, CANDIDATES, ["kind", "rate"])
    assert best == {"adam": ("adam", 0.1)}
    assert table["best"].tolist() == ["not all are recorded", "not all are recorded", "yes"]
    assert best_candidates([], {}, ["kind"])[1] == {}


def test_the_gap_is_the_last_epochs():
    assert generalisation_gap({"history": {"accuracy": [0.5, 0.9], "val_accuracy": [0.5, 0.8]}}) == pytest.approx(0.1)


def test_a_run_is_thrown_back_in_epochs_of_half_as_much_loss_again():
    of = lambda *losses: {"history": {"loss": list(losses)}}  # noqa: E731
    assert loss_jumps(of(2.0, 1.0, 1.6, 0.5, 0.74)) == [3]
    assert loss_jumps(of(2.0, 1.0, 1.6, 0.5, 0.76)) == [3, 5]
    assert loss_jumps(of(2.0, 1.0, 1.6), factor=2) == loss_jumps(of(1.0)) == []
