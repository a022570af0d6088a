"""One line of progress: in the notebook, in the terminal, in a log that can be followed."""

import types

import pytest

from helpers import progress as progress_module
from helpers.progress import Progress, format_seconds, format_time


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test sets."""
    now = [0.0]
    monkeypatch.setattr(progress_module.time, "perf_counter", lambda: now[0])
    return now


@pytest.fixture
def result():
    """What `fit` returns of a run of two epochs, as far as it is told: result(seconds=, reused=)."""

    def make(seconds=30.0, reused=False):
        history, times = {"val_accuracy": [0.5, 0.4]}, [seconds / 2, seconds / 2]
        told = {"seconds": seconds, "seconds_by_epoch": times, "images_per_second": 1234.5, "best_epoch": 1}
        return types.SimpleNamespace(history=history, started="2026-03-05T14:30:00+00:00", reused=reused, **told)

    return make


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "0 s"),
        (8, "8 s"),
        (89, "89 s"),
        (90, "2 min"),
        (180, "3 min"),
        (5_400, "1 h 30 min"),
        (7_500, "2 h 5 min"),
    ],
)
def test_times_are_said_as_a_person_would(seconds, text):
    assert format_seconds(seconds) == text


def test_moments_are_said_as_a_person_would():
    assert format_time("2026-03-05T14:30:00+00:00") == "5 March 2026, 14:30 UTC"


def test_each_epoch_is_a_line_in_the_log(clock, result, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEWORK_PROGRESS", str(tmp_path / "log"))
    progress = Progress(num_runs=2)
    progress.start("cnn, seed 1", 4)
    clock[0] = 10.0
    progress.epoch(1, {"loss": 1.5, "val_loss": 1.25, "val_accuracy": 0.5, "accuracy": 0.4})
    progress.finish("cnn, seed 1", result(), 4)
    assert (tmp_path / "log").read_text().splitlines() == [
        # 3 epochs of 10 s are left of this run, and another run of 4
        "run 1 of 2: cnn, seed 1: epoch 1/4, loss 1.500, val_loss 1.250, val_accuracy 0.500, about 70 s left",
        "run 1 of 2: cnn, seed 1: 2 of 4 epochs, 30 s, 1,234 images/s; val_accuracy 0.500 at epoch 1",
    ]


def test_the_time_left_of_later_runs_is_what_the_earlier_ones_took(clock, result, capsys):
    progress = Progress(num_runs=3)
    progress.start("first", 100)
    progress.finish("first", result(seconds=30.0), 100)
    progress.start("second", 10)
    clock[0] = 2.0
    progress.epoch(1, {"loss": 1.0})
    assert "second: epoch 1/10, loss 1.000, about 48 s left" in capsys.readouterr().out  # 9 x 2 s + 30 s


def test_a_log_that_cannot_be_written_to_costs_no_training(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv(progress_module.LOG_VARIABLE, str(tmp_path / "gone" / "log"))
    Progress().start("cnn", 10)
    assert "cnn" in capsys.readouterr().out


def test_a_run_that_goes_on_is_timed_by_the_epochs_trained_since(clock, capsys):
    progress = Progress()
    progress.start("cnn", 10, trained=6)
    clock[0] = 10.0
    progress.epoch(8, {"loss": 1.0})  # the second since: 5 s each, two are left
    out = capsys.readouterr().out
    assert "cnn: going on after epoch 6, of at most 10 epochs" in out
    assert "cnn: epoch 8/10, loss 1.000, about 10 s left" in out


def test_a_run_that_was_not_trained_again_says_when_it_was(result, capsys):
    progress = Progress(num_runs=2)
    progress.finish("cnn, seed 0", result(seconds=200.0, reused=True), 4)
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("cnn, seed 0: 2 of 4 epochs, 3 min, ")
    assert second == "    taken from the run of 5 March 2026, 14:30 UTC, not trained again"
    assert (progress.finished, progress.reused, progress.seconds) == (1, 1, 200.0)


def test_a_run_that_was_taken_from_its_record_says_of_when_that_is(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COURSEWORK_PROGRESS", str(tmp_path / "log"))
    progress = Progress(num_runs=2)
    record = {"seconds": 200.0, "seconds_by_epoch": [100.0, 100.0], "started": "2026-03-05T14:30:00+00:00"}
    progress.take("cnn, seed 10", record, 4)
    line = "cnn, seed 10: 2 of 4 epochs, 3 min; from its record of 5 March 2026, 14:30 UTC"
    assert capsys.readouterr().out == f"{line}\n"
    assert (tmp_path / "log").read_text() == f"run 1 of 2: {line}\n"
    assert (progress.finished, progress.reused, progress.seconds) == (1, 1, 200.0)


def test_without_a_log_the_lines_are_only_printed(result, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COURSEWORK_PROGRESS", raising=False)
    progress = Progress()
    progress.start("mlp", 1)
    progress.finish("mlp", result(), 1)
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert not list(tmp_path.iterdir())
