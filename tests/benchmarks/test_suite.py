"""The quick profile is timed from its command to its end, with nothing kept from before."""

import json
import subprocess
import sys

import pytest

from benchmarks import suite


@pytest.fixture
def stand_in_suite(monkeypatch):
    """A process in the suite's place: stand_in_suite(status=, **summary) ends so, and leaves such a summary."""

    def start(status=0, **summary):
        summary = {"notebook": "07_x", "dataset": "cifar10", "asked_dataset": "cifar10", "unavailable": None} | summary

        def run(folder):
            (folder / "quick/results/07_x").mkdir(parents=True)
            (folder / "quick/results/07_x/summary.json").write_text(json.dumps(summary))
            (folder / "log").write_text("FAILED 07_x")
            return subprocess.Popen([sys.executable, "-c", f"import time; time.sleep(0.3); raise SystemExit({status})"])

        monkeypatch.setattr(suite, "_start", run)

    return start


def test_the_suite_is_timed_from_its_command_to_its_end(stand_in_suite):
    stand_in_suite()
    minutes, memory = suite.measure()
    assert 0.3 / 60 <= minutes.values[suite.QUICK][0] < 0.1
    assert minutes.as_dict()["goals"][0]["met"]
    assert minutes.about.startswith("All 1 notebooks once")
    assert "Data: cifar10." in minutes.about
    assert memory.values[suite.QUICK][0] > 1


@pytest.mark.parametrize(
    ("differs", "reason"),
    [
        ({"dataset": "digits"}, "07_x ran on digits in place of cifar10"),
        ({"unavailable": "no weights"}, "07_x: no weights"),
    ],
)
def test_a_suite_without_its_data_has_no_time(stand_in_suite, differs, reason):
    stand_in_suite(**differs)
    for comparison in suite.measure():
        assert (comparison.values, comparison.missing) == ({}, {suite.QUICK: reason})


def test_a_suite_that_fails_has_no_time(stand_in_suite):
    stand_in_suite(status=1)
    with pytest.raises(RuntimeError, match="FAILED 07_x"):
        suite.measure()


def test_the_suite_is_run_with_nothing_kept_from_before(monkeypatch, tmp_path):
    started = {}
    monkeypatch.setattr(suite.subprocess, "Popen", lambda command, **options: started.update(options, command=command))
    suite._start(tmp_path)
    assert started["env"]["COURSEWORK_CACHE"] == str(tmp_path / "cache")
    assert started["command"][-2:] == ["--reports", str(tmp_path)]
