"""Two trainings at a time, and several seeds at once, beside one after the other."""

import os

import pytest
from instant_trainer import InstantTrainer

from benchmarks import beside, seeds


def test_two_trainings_at_a_time_are_measured_beside_one_on_all_cores(monkeypatch):
    started = []

    class Noted(InstantTrainer):
        def __init__(self, method, net, num_images):
            super().__init__(method, net, num_images)
            started.append(os.environ.get("TF_NUM_INTRAOP_THREADS"))

    monkeypatch.setattr(beside, "Trainer", Noted)
    monkeypatch.setattr(beside.time, "perf_counter", iter([0.0, 3.0] * 2).__next__)
    monkeypatch.setattr(beside, "cpu_count", lambda: 4)
    monkeypatch.setattr("suite.settings.cores_in_sight", lambda: 4)
    comparison = next(beside.measure(num_images=300, rounds=2))
    assert started == [None, "2", "2"]
    assert comparison.values == {beside.ALONE: [100.0] * 2, beside.BESIDE: [200.0] * 2}  # of both, until both ended
    assert comparison.as_dict()["rows"][beside.BESIDE]["ratio"]["median"] == 2


def test_several_seeds_at_once_are_measured_on_jax_beside_one_after_the_other(monkeypatch):
    monkeypatch.setattr(seeds, "MEASURED", ("report A's dense net",))
    (comparison,) = seeds.measure(num_images=300, rounds=2)
    assert comparison.title == "4 seeds of report A's dense net"
    assert set(comparison.values) == {seeds.ONE, seeds.AT_ONCE}
    assert all(len(figures) == 2 and min(figures) > 0 for figures in comparison.values.values())


def test_why_several_seeds_could_not_be_measured_is_passed_on(monkeypatch):
    monkeypatch.setattr(seeds, "MEASURED", ("no such net",))
    with pytest.raises(RuntimeError, match=r"(?s)no such net: .*KeyError"):
        list(seeds.measure(num_images=300, rounds=1))
