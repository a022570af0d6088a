"""One line of progress that is rewritten in a notebook, printed in a terminal, and appended to a log file."""

import os
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path

LOG_VARIABLE = "COURSEWORK_PROGRESS"  # a file that whoever runs the notebooks follows


class Progress:
    """The progress of a notebook's training runs.

    Args:
        num_runs: Number of runs that the notebook will make in all.

    Attributes:
        finished: Number of runs that have ended.
        reused: Number of those that were taken from earlier runs.
        seconds: Training time of all that have ended, whenever they were trained.
    """

    def __init__(self, num_runs: int = 1):
        self.num_runs, self.finished, self.reused, self.seconds = num_runs, 0, 0, 0.0

    def waits(self, name: str) -> None:
        """Say that another process is training the run."""
        _Line().show(f"{name}: another process is training it; waiting for its result")

    def start(self, name: str, epochs: int, trained: int = 0) -> None:
        """Begin a run of at most so many epochs, or go on with one of which some are trained."""
        self._name, self._epochs, self._trained, self._started = name, epochs, trained, time.perf_counter()
        begins = f"going on after epoch {trained}, of" if trained else "compiling, then"
        self._line = _Line()
        self._line.show(f"{self._name}: {begins} at most {epochs} epochs")

    def epoch(self, epoch: int, logs: dict) -> None:
        """Say how an epoch (counted from 1) went, and about how long the rest takes."""
        each = (time.perf_counter() - self._started) / (epoch - self._trained)
        figures = ", ".join(f"{key} {logs[key]:.3f}" for key in ("loss", "val_loss", "val_accuracy") if key in logs)
        rest = each * (self._epochs - epoch) + self._rest_of_runs(each * self._epochs)
        text = f"{self._name}: epoch {epoch}/{self._epochs}, {figures}, about {format_seconds(rest)} left"
        self._line.show(text)
        _append(f"run {self.finished + 1} of {self.num_runs}: {text}")

    def finish(self, name: str, result, epochs: int) -> None:
        """End a run of at most so many epochs, or one that was not trained again, and its outcome.

        Args:
            name: What to call the run.
            result: Its `TrainingResult`.
            epochs: Most epochs.
        """
        self.finished, self.reused = self.finished + 1, self.reused + result.reused
        self.seconds += result.seconds
        watched = "val_accuracy" if "val_accuracy" in result.history else "loss"
        best = f"{watched} {result.history[watched][result.best_epoch - 1]:.3f} at epoch {result.best_epoch}"
        lines = [
            f"{name}: {len(result.seconds_by_epoch)} of {epochs} epochs, {format_seconds(result.seconds)}, "
            f"{result.images_per_second:,.0f} images/s; {best}"
        ]
        if result.reused:
            lines.append(f"    taken from the run of {format_time(result.started)}, not trained again")
        (_Line() if result.reused else self._line).show("\n".join(lines))
        _append(f"run {self.finished} of {self.num_runs}: " + ";".join(lines).replace("    ", " "))

    def take(self, name: str, record: dict, epochs: int) -> None:
        """End a run that was taken from its record.

        Args:
            name: What to call the run.
            record: Its record.
            epochs: Most epochs.
        """
        self.finished, self.reused = self.finished + 1, self.reused + 1
        self.seconds += record["seconds"]
        trained, took = len(record["seconds_by_epoch"]), format_seconds(record["seconds"])
        text = f"{name}: {trained} of {epochs} epochs, {took}; from its record of {format_time(record['started'])}"
        _Line().show(text)
        _append(f"run {self.finished} of {self.num_runs}: {text}")

    def _rest_of_runs(self, this_run: float) -> float:
        """Seconds for the runs after this one, at the pace of those that ended."""
        each = self.seconds / self.finished if self.finished else this_run
        return each * max(0, self.num_runs - self.finished - 1)


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


def format_time(time_: str) -> str:
    """An ISO 8601 time in UTC as "5 March 2026, 14:30 UTC"."""
    moment = datetime.fromisoformat(time_)
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"


def _append(text: str) -> None:
    """Add a line to the log file, where one is asked for."""
    if path := os.environ.get(LOG_VARIABLE):
        with suppress(OSError), Path(path).open("a") as log:  # no line of progress is worth a training
            log.write(text + "\n")
