"""Runs of another protocol than the report's are not judged as if they were its own."""

from pathlib import Path

import pytest

from helpers.claims import are_comparable, published_folder, read_results
from helpers.claims.protocols import departures, load_protocols
from helpers.lab.comparison import other_protocols
from helpers.records import read_records

RATE = 1e-4
SGD = {"name": "SGD", "learning_rate": RATE, "momentum": 0.0}
FIXED = {"batch_size": 128, "epochs": 25, "patience": None, "train_images": 50_000}


def run(profile="full", optimizer=None, **changed) -> dict:
    """A record of report E's net with SGD, with other hyperparameters."""
    about = {"notebook": "13_optimizer_activation", "variant": "sgd_tanh", "dataset": "cifar10", "profile": profile}
    return about | {"hyperparameters": FIXED | {"optimizer": SGD | (optimizer or {})} | changed}


def test_the_protocol_to_the_rounding_of_float32_is_comparable():
    assert departures(run(optimizer={"learning_rate": 9.999999747378752e-05})) == []
    assert are_comparable([run()], "optimizer_activation")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"optimizer": {"learning_rate": 0.01}}, "learning rate 0.01, not 0.0001"),
        ({"optimizer": {"learning_rate": {"class_name": "CosineDecay"}}}, "learning rate a schedule, not 0.0001"),
        ({"optimizer": {"momentum": 0.9}}, "momentum 0.9, not 0"),
        ({"optimizer": {"name": "Adam"}}, "optimizer Adam, not SGD"),
        ({"epochs": 300}, "epochs 300, not 25"),
        ({"batch_size": 32}, "batch size 32, not 128"),
        ({"patience": 3}, "patience 3, not none"),
        ({"train_images": 40_000}, "train images 40000, not 50000"),
    ],
)
def test_another_hyperparameter_is_named_and_not_held_against_the_print(changed, words):
    assert departures(run(**changed)) == [words]
    assert not are_comparable([run(), run(**changed)], "optimizer_activation")


def test_a_page_says_which_runs_were_trained_otherwise():
    said = other_protocols([run(), run(optimizer={"learning_rate": 0.01}, epochs=300)])
    assert said.endswith("sgd tanh: learning rate 0.01, not 0.0001; epochs 300, not 25.")
    assert other_protocols([run()]) == ""


def test_of_a_smaller_profile_only_the_optimizer_counts():
    assert departures(run("quick", epochs=2, train_images=4_000)) == []
    assert departures(run("quick", {"learning_rate": 0.01}, epochs=2)) == ["learning rate 0.01, not 0.0001"]


def test_a_variant_without_a_protocol_may_be_trained_by_any():
    assert departures(run(epochs=300) | {"variant": "my_own"}) == []


def test_every_recorded_run_of_the_reports_was_trained_by_its_protocol():
    known, folders = set(), sorted((Path(published_folder()).parent / "full" / "results").iterdir())
    for record in (record for folder in folders for record in read_records(folder)[0] if record["kind"] == "run"):
        assert departures(record) == [], (record["notebook"], record["variant"], record["seed"])
        known.add((record["notebook"], record["variant"]))
    results = read_results(Path(published_folder()).parent / "full")
    shown = {(run["notebook"], name) for (_, name), of_net in results.runs.items() for run in of_net.values()}
    without = {name for name in shown - set(load_protocols()) if name[0] not in ("14_fast_recipe", "15_precision")}
    assert without == set()  # 06 takes runs of 05 for its cnn, and 05 those of 06
    assert set(load_protocols()) <= known | shown
