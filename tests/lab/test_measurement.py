"""What is measured beside runs is recorded, and holds for the machines that it can hold for."""

import numpy as np
import pytest

from helpers import machine


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


@pytest.mark.parametrize(("package", "count"), [("python", 1), ("scikit-learn", 1), ("keras", 2)])
def test_it_is_measured_anew_only_under_other_versions_of_what_computes(notebook, monkeypatch, package, count):
    asked, versions = [], machine.versions()
    for number in ("1.0", "2.0"):
        monkeypatch.setattr(machine, "versions", lambda number=number: versions | {package: number})
        notebook.start().measure("rate_finder", lambda: asked.append(1) or [1.0])
    assert len(asked) == count
