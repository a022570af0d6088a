"""What is measured beside runs is recorded, and holds for the machines that it can hold for."""

import json

import keras
import numpy as np
import pytest

from helpers import machine
from helpers.files import try_lock


def test_what_is_measured_is_recorded_and_not_measured_again(notebook, from_records):
    asked = []

    def rate():
        asked.append(1)
        return {"rates": [0.1, 1.0], "suggested": np.float32(0.5)}

    notebook.start()
    measured = notebook.lab.measure("rate_finder", rate, steps=3)
    assert measured["suggested"] == 0.5
    notebook.start()
    assert notebook.lab.measure("rate_finder", rate, steps=3) == measured
    from_records()
    notebook.start()
    assert notebook.lab.measure("rate_finder", rate, steps=3) == measured
    assert len(asked) == 1
    assert notebook.lab.measure("rate_finder", rate, steps=4) is None
    assert notebook.lab.missing == ["rate finder"]
    assert len(asked) == 1


def test_what_determines_a_measurement_and_the_time_asked_for_count(notebook, monkeypatch):
    values = iter(range(9))
    notebook.start()
    assert [notebook.lab.measure("cost", lambda: next(values), batch=size) for size in (1, 2, 1)] == [0, 1, 0]
    monkeypatch.setenv("COURSEWORK_FRESH", "2999-01-01T00:00:00+00:00")
    assert notebook.lab.measure("cost", lambda: next(values), batch=1) == 2


@pytest.mark.parametrize(("is_time", "count"), [(True, 2), (False, 1)])
def test_times_hold_for_one_device_other_measurements_for_all_of_its_kind(notebook, monkeypatch, is_time, count):
    asked = []
    for device in ("a processor", "another"):
        monkeypatch.setattr(machine, "describe_device", lambda device=device: device)
        lab = notebook.start()
        lab.measure("speed", lambda: asked.append(1) or 3.5, is_time=is_time)
    assert len(asked) == count


@pytest.mark.parametrize(
    ("is_time", "package", "count"),
    [(True, "python", 1), (True, "scikit-learn", 1), (True, "keras", 2), (False, "keras", 1)],
)
def test_times_are_measured_anew_under_other_versions_of_what_computes(notebook, monkeypatch, is_time, package, count):
    asked, versions = [], machine.versions()
    for number in ("1.0", "2.0"):
        monkeypatch.setattr(machine, "versions", lambda number=number: versions | {package: number})
        notebook.start().measure("speed", lambda: asked.append(1) or [1.0], is_time=is_time)
    assert len(asked) == count


def test_what_runs_rest_on_stands_on_every_machine(notebook, monkeypatch):
    notebook.start().measure("rate_finder", lambda: 0.5)
    elsewhere = machine.environment() | {"backend": "another", "device_kind": "gpu", "device": "a GPU"}
    monkeypatch.setattr("helpers.lab.measurement.environment", lambda: elsewhere)
    assert notebook.start(precision="mixed_float16").measure("rate_finder", lambda: pytest.fail("measured")) == 0.5


def test_only_one_process_measures_at_a_time(notebook):
    lab = notebook.start()

    def measure():
        with (lab.runs_dir / "99_test-rate.lock").open("a") as file:
            return try_lock(file)

    assert lab.measure("rate", measure) is False


def test_where_nothing_but_a_measurement_was_asked_for_and_it_is_missing_it_is_said_what_makes_it(
    notebook, from_records
):
    from_records()
    notebook.start().measure("rate_finder", lambda: 0.5)
    notebook.lab.finish(answer="Nothing: not recorded.")
    summary = json.loads((notebook.lab.folder / "summary.json").read_text())
    assert summary["answer"] == "Not trained yet: make reproduce PROFILE=smoke NB=99_test"


def test_measuring_leaves_the_precision_that_a_notebook_has_set(notebook):
    lab = notebook.start()
    keras.config.set_dtype_policy("mixed_bfloat16")
    assert lab.measure("layer", lambda: keras.layers.Dense(1).compute_dtype) == "bfloat16"
    assert keras.config.dtype_policy().name == "mixed_bfloat16"
