"""One line of progress: in the notebook, in the terminal, in a log that can be followed."""

import pytest

from helpers import progress as progress_module
from helpers.progress import Progress, format_seconds


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test sets."""
    now = [0.0]
    monkeypatch.setattr(progress_module.time, "perf_counter", lambda: now[0])
    return now


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


def test_each_epoch_is_a_line_in_the_log(clock, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEWORK_PROGRESS", str(tmp_path / "log"))
    progress = Progress(num_runs=2)
    progress.start("cnn, seed 1", 4)
    clock[0] = 10.0
    progress.epoch(1, {"loss": 1.5, "val_loss": 1.25, "val_accuracy": 0.5, "accuracy": 0.4})
    progress.finish("4 epochs")
    assert (tmp_path / "log").read_text().splitlines() == [
        # 3 epochs of 10 s are left of this run, and another run of 4
        "run 1 of 2: cnn, seed 1: epoch 1/4, loss 1.500, val_loss 1.250, val_accuracy 0.500, about 70 s left",
        "run 1 of 2: cnn, seed 1: 4 epochs",
    ]


def test_the_time_left_of_later_runs_is_what_the_earlier_ones_took(clock, capsys):
    progress = Progress(num_runs=3)
    progress.start("first", 100)
    clock[0] = 30.0
    progress.finish("stopped early")
    progress.start("second", 10)
    clock[0] = 32.0
    progress.epoch(1, {"loss": 1.0})
    assert "second: epoch 1/10, loss 1.000, about 48 s left" in capsys.readouterr().out  # 9 x 2 s + 30 s


def test_without_a_log_the_lines_are_only_printed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COURSEWORK_PROGRESS", raising=False)
    progress = Progress()
    progress.start("mlp", 1)
    progress.finish("done")
    assert capsys.readouterr().out.splitlines() == ["mlp: compiling, then at most 1 epochs", "mlp: done"]
    assert not list(tmp_path.iterdir())
