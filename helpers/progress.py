"""One line of progress that is rewritten in a notebook, printed in a terminal, and appended to a log file."""

import os
import time
from pathlib import Path

LOG_VARIABLE = "COURSEWORK_PROGRESS"  # a file that whoever runs the notebooks follows


class Progress:
    """The progress of a notebook's training runs.

    Args:
        num_runs: Number of runs that the notebook will make in all.
    """

    def __init__(self, num_runs: int = 1):
        self.num_runs, self._finished, self._seconds = num_runs, 0, 0.0

    def start(self, name: str, epochs: int) -> None:
        """Begin a run of at most so many epochs."""
        self._name, self._epochs, self._started = name, epochs, time.perf_counter()
        self._line = _Line()
        self._line.show(f"{self._name}: compiling, then at most {epochs} epochs")

    def epoch(self, epoch: int, logs: dict) -> None:
        """Say how an epoch (counted from 1) went, and about how long the rest takes."""
        elapsed = time.perf_counter() - self._started
        figures = ", ".join(f"{key} {logs[key]:.3f}" for key in ("loss", "val_loss", "val_accuracy") if key in logs)
        rest = elapsed / epoch * (self._epochs - epoch) + self._rest_of_runs(elapsed / epoch * self._epochs)
        text = f"{self._name}: epoch {epoch}/{self._epochs}, {figures}, about {format_seconds(rest)} left"
        self._line.show(text)
        _append(f"run {self._finished + 1} of {self.num_runs}: {text}")

    def finish(self, summary: str) -> None:
        """End a run with what came of it."""
        self._finished, self._seconds = self._finished + 1, self._seconds + time.perf_counter() - self._started
        self._line.show(f"{self._name}: {summary}")
        _append(f"run {self._finished} of {self.num_runs}: {self._name}: {summary}")

    def _rest_of_runs(self, this_run: float) -> float:
        """Seconds for the runs after this one, at the pace of those that ended."""
        each = self._seconds / self._finished if self._finished else this_run
        return each * max(0, self.num_runs - self._finished - 1)


class _Line:
    """A line that replaces itself in a notebook, and is printed elsewhere."""

    def __init__(self):
        self._handle = None
        try:
            from IPython import get_ipython

            self._in_notebook = getattr(get_ipython(), "kernel", None) is not None
        except ImportError:
            self._in_notebook = False

    def show(self, text: str) -> None:
        """Show or replace the line."""
        if not self._in_notebook:
            print(text, flush=True)
            return
        from IPython.display import display

        content = {"text/plain": text}
        if self._handle is None:
            self._handle = display(content, raw=True, display_id=True)
        else:
            self._handle.update(content, raw=True)


def format_seconds(seconds: float) -> str:
    """Seconds as a person would say them: "8 s", "3 min", "2 h 5 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def _append(text: str) -> None:
    """Add a line to the log file, where one is asked for."""
    if path := os.environ.get(LOG_VARIABLE):
        with Path(path).open("a") as log:
            log.write(text + "\n")
