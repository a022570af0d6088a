"""The record of a run: everything that a later reader asks for, written and read back as it was."""

import json
import subprocess

import keras
import numpy as np
import pandas as pd
import pytest

from helpers import environment
from helpers.data import split_official
from helpers.machine import current_commit
from helpers.metrics import predict, summarise_test
from helpers.runs import Experiment, load_runs, write_run, write_summary

CLASSES = ["dark", "dim", "light", "bright"]


@pytest.fixture
def experiment(tmp_path):
    split = split_official(64, num_test=16, num_validation=16)
    return Experiment("03_cnn", "smoke", "digits", "cifar10", [7], split, tmp_path)


@pytest.fixture
def record(experiment, trained, tiny_data):
    """The record of the tiny net's run, written to the experiment's folder."""
    model, training = trained
    test = summarise_test(tiny_data[1], predict(model, tiny_data[0]), CLASSES)
    return write_run(experiment, "dense", model, training, test, dropout_rate=0.25)


def test_a_run_is_read_back_as_it_was_written(record, tmp_path):
    assert json.loads((tmp_path / "dense-seed7.json").read_text()) == record
    (read,) = load_runs(tmp_path).to_dict("records")
    assert {key: read[key] for key in record} == record


def test_a_record_says_what_was_run(record, experiment):
    identity = {key: record[key] for key in ("notebook", "variant", "dataset", "profile", "seed")}
    assert identity == {"notebook": "03_cnn", "variant": "dense", "dataset": "digits", "profile": "smoke", "seed": 7}
    sizes = {"train": 32, "validation": 16, "test": 16}
    assert record["split"] == {"name": "official", "fingerprint": experiment.split.fingerprint, **sizes}
    settings = record["hyperparameters"]
    assert settings["optimizer"]["name"] == "SGD"
    assert (settings["batch_size"], settings["epochs"], settings["dropout_rate"]) == (16, 2, 0.25)
    assert record["parameters"] == {"total": 772, "trainable": 772, "non_trainable": 0}  # 8 x 8 x 3 x 4 + 4


def test_a_record_says_what_came_of_it_and_how_long_it_took(record):
    assert [len(record["history"][key]) for key in ("loss", "accuracy", "val_loss", "val_accuracy")] == [2] * 4
    assert record["seconds"] == pytest.approx(sum(record["seconds_by_epoch"]))
    assert record["images_per_second"] > 0
    assert record["best_epoch"] == 2
    assert list(record["test"]["by_class"]) == CLASSES
    assert np.sum(record["test"]["confusion_matrix"]) == record["test"]["images"] == 64
    assert record["test"]["accuracy"] == pytest.approx(record["history"]["val_accuracy"][-1])


def test_a_record_says_where_and_when_it_was_made(record):
    assert record["precision"] == keras.config.dtype_policy().name
    assert record["backend"] == keras.backend.backend()
    assert record["versions"]["keras"] == keras.__version__
    assert {"python", "numpy", "scikit-learn"} < set(record["versions"])
    assert record["device"]
    assert record["commit"]
    assert pd.Timestamp(record["started"]).utcoffset().total_seconds() == 0


def test_runs_are_a_table_sorted_by_notebook_variant_and_seed(record, tmp_path):
    for i, (notebook, variant, seed) in enumerate([("05", "a", 2), ("05", "a", 1), ("04", "b", 1)]):
        folder = tmp_path / notebook
        folder.mkdir(exist_ok=True)
        other = record | {"notebook": notebook, "variant": variant, "seed": seed, "test": {"accuracy": i / 10}}
        (folder / f"{variant}-seed{seed}.json").write_text(json.dumps(other))
    (tmp_path / "summary.json").write_text("{}")  # no run
    frame = load_runs(tmp_path)
    assert frame[["notebook", "variant", "seed"]].values.tolist() == [
        ["03_cnn", "dense", 7], ["04", "b", 1], ["05", "a", 1], ["05", "a", 2],
    ]  # fmt: skip
    assert frame["accuracy"].tolist() == [record["test"]["accuracy"], 0.2, 0.1, 0.0]
    assert frame["epochs"].tolist() == [2] * 4
    assert frame["loss"].notna().tolist() == [True, False, False, False]


def test_a_folder_without_records_gives_an_empty_table(tmp_path):
    assert load_runs(tmp_path).empty


def test_a_run_that_was_only_validated_has_no_test_figures(experiment, trained, tmp_path):
    write_run(experiment, "dense", *trained, {})
    assert load_runs(tmp_path).loc[0, ["accuracy", "loss"]].isna().all()


def test_the_summary_says_that_a_stand_in_was_used(experiment, tmp_path):
    table = pd.DataFrame({"variant": ["dense"], "ours, mean": ["0.540"]})
    write_summary(experiment, table, fallback=True)
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert (summary["dataset"], summary["asked_dataset"], summary["seeds"]) == ("digits", "cifar10", [7])
    assert summary["table"] == [{"variant": "dense", "ours, mean": "0.540"}]
    assert summary["fallback"] is True


def test_the_commit_is_unknown_outside_git(monkeypatch):
    def fails(command):
        raise subprocess.CalledProcessError(128, command)

    monkeypatch.setattr(environment, "_output", fails)
    assert current_commit.__wrapped__() == "unknown"


@pytest.mark.parametrize(("changes", "commit"), [("", "0123456789"), (" M helpers/models.py", "0123456789+changes")])
def test_the_commit_says_whether_the_code_differs_from_it(monkeypatch, changes, commit):
    monkeypatch.setattr(environment, "_output", lambda command: changes if "status" in command else "0123456789")
    assert current_commit.__wrapped__() == commit


def test_the_commit_is_that_of_the_start_whatever_is_committed_while_training(experiment, monkeypatch):
    before = current_commit()
    monkeypatch.setattr(environment, "_output", lambda command: "a later one")
    assert current_commit() == before
