"""A record against the same run trained again: equal to the bit, within the spread between seeds, or different."""

import copy

import numpy as np
import pytest

from helpers.metrics import summarise_test
from helpers.predictions import pack_predictions
from helpers.training.checkpoints import RunFiles
from suite.comparison import compare_epochs, compare_records

MACHINE = {"device": "a CPU", "threads": 2, "versions": {"keras": "3.15.1"}, "backend": "jax", "training_version": 1}
MACHINE |= {"precision": "float32", "commit": "e32d"}
ELSEWHERE = {"device": "a GPU"}


def make_record(seed=10, val_accuracy=(0.5, 0.6, 0.7), accuracy=0.7, **changes) -> dict:
    """A record of three epochs, right on so many of 1,000 test images."""
    y_true = np.zeros(1000, "int64")
    y_prob = np.tile([0.9, 0.1], (1000, 1))
    y_prob[round(1000 * accuracy) :] = [0.2, 0.8]
    test = summarise_test(y_true, y_prob, ["cat", "dog"]) | {"predictions": pack_predictions(y_prob)}
    record = {"variant": "cnn", "seed": seed, "dataset": "cifar10", "identity": "run", "setting": f"cnn {seed}"}
    record |= {"history": {"loss": [3.0, 2.0, 1.0], "val_accuracy": list(val_accuracy)}, "seconds_by_epoch": [1.0] * 3}
    return record | {"test": test, "tests": {}} | MACHINE | changes


def test_the_same_run_is_equal_to_the_bit_on_whatever_it_was_trained():
    for where in ({}, ELSEWHERE):
        found = compare_records(make_record(), make_record(**where), [])
        assert (found["verdict"], found["epochs_equal"], found["difference"]) == ("equal", 3, 0)
        assert found["same_machine"] == (not where)


@pytest.mark.parametrize("change", ["history", "prediction", "confidence", "loss", "another test"])
def test_on_the_same_machine_the_smallest_difference_counts(change):
    record, again = make_record(), make_record()
    if change == "history":
        again["history"]["loss"][1] = np.nextafter(2.0, 3.0)
    if change == "loss":
        again["test"]["loss"] = np.nextafter(again["test"]["loss"], 9.0)
    if change == "another test":
        again["tests"] = {"small": again["test"]}
    if change in ("prediction", "confidence"):
        y_prob = np.tile([0.9, 0.1], (1000, 1))
        y_prob[700:] = [0.2, 0.8]
        y_prob[0] = [0.1, 0.9] if change == "prediction" else [0.89, 0.11]
        again["test"]["predictions"] = pack_predictions(y_prob)
    found = compare_records(record, again, [])
    assert found["verdict"] == "differs"
    assert found["epochs_equal"] == (1 if change == "history" else 3)
    assert compare_records(record, again | ELSEWHERE, [])["verdict"] == "within tolerance"


@pytest.mark.parametrize(
    "where",
    [
        {"device": "a GPU"}, {"threads": 1}, {"versions": {"keras": "3.16.0"}}, {"backend": "tensorflow"},
        {"precision": "mixed_bfloat16"}, {"training_version": 2},
    ],
)  # fmt: skip
def test_elsewhere_the_accuracy_may_be_two_points_off_where_the_spread_is_not_known(where):
    others = [make_record(seed=11, accuracy=0.9)]  # with its own, two seeds
    for accuracy, verdict in ((0.719, "within tolerance"), (0.679, "differs")):
        assert compare_records(make_record(), make_record(accuracy=accuracy, **where), others)["verdict"] == verdict


def test_elsewhere_the_accuracy_may_be_four_standard_deviations_off_where_there_are_three_seeds():
    others = [make_record(seed=11, accuracy=0.71), make_record(seed=12, accuracy=0.69)]  # standard deviation 0.01
    others += [make_record(seed=13, accuracy=0.1, variant="dense"), make_record(accuracy=0.2)]  # are none of its seeds
    for accuracy, verdict in ((0.739, "within tolerance"), (0.742, "differs")):
        found = compare_records(make_record(), make_record(accuracy=accuracy, **ELSEWHERE), others)
        assert found["verdict"] == verdict
        assert found["tolerance"] == pytest.approx(0.04)


# Runs that were stopped.


@pytest.fixture
def stopped(tmp_path):
    """Leave a run's checkpoint after some epochs: stopped(history, name=, ended=) -> the folder of runs."""

    def leave(history: dict, name="run", ended=False, started="2026-03-05T10:00:00+00:00"):
        files = RunFiles(tmp_path / name, name)
        with files.held(lambda: None):
            if ended:
                files.finish({}, {"started": started, "history": history})
            else:
                files.checkpoint({}, {"started": started, "clock": {"history": history}})
        return tmp_path

    return leave


def test_the_first_epochs_of_a_run_that_was_stopped_are_compared(stopped):
    runs_dir = stopped({"loss": [3.0, 2.0], "val_accuracy": [0.5, 0.6]})
    found = compare_epochs(make_record(), runs_dir, MACHINE, [])
    assert (found["verdict"], found["epochs_compared"], found["epochs"]) == ("equal", 2, 3)


def test_first_epochs_that_are_others_are_found_out(stopped):
    runs_dir = stopped({"loss": [3.0, 2.0], "val_accuracy": [0.5, 0.619]})
    assert compare_epochs(make_record(), runs_dir, MACHINE, [])["verdict"] == "differs"
    found = compare_epochs(make_record(), runs_dir, MACHINE | ELSEWHERE, [])
    assert (found["verdict"], found["epochs_equal"]) == ("within tolerance", 1)
    steady = [make_record(seed=seed, val_accuracy=(0.5, 0.6, 0.7)) for seed in (11, 12)]  # no spread at all
    assert compare_epochs(make_record(), runs_dir, MACHINE | ELSEWHERE, steady)["verdict"] == "differs"


def test_phases_are_one_after_the_other(stopped):
    stopped({"loss": [2.0], "val_accuracy": [0.6]}, name="a second phase", started="2026-03-05T11:00:00+00:00")
    runs_dir = stopped({"loss": [3.0], "val_accuracy": [0.5]}, name="the first", ended=True)
    found = compare_epochs(make_record(), runs_dir, MACHINE, [])
    assert (found["verdict"], found["epochs_compared"]) == ("equal", 2)


def test_where_no_epoch_has_ended_nothing_is_said(tmp_path):
    assert compare_epochs(make_record(), tmp_path / "runs", MACHINE, []) == {"verdict": "no epoch in time"}


def test_comparing_changes_neither_record():
    record, again = make_record(), make_record(accuracy=0.6)
    before = copy.deepcopy((record, again))
    compare_records(record, again, [record, again])
    assert (record, again) == before
