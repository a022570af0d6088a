"""A job's process: it ends with whoever began it, in time, on a GPU of its own, and its progress is printed."""

import os
import platform
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO

from helpers.files import try_lock
from helpers.gpus import visible_gpus
from helpers.progress import LOG_VARIABLE
from suite.warm import is_waited_for

AGAIN = 30.0  # seconds after which the time limit speaks again: a library may take the first error for one of its own


class JobTimeoutError(TimeoutError):
    """A job took longer than it may."""


def end_with_parent() -> None:
    """End this process soon after who asked for it has ended, however that ended: nobody waits for its result."""
    parent = os.getppid()

    def watch() -> None:
        while is_waited_for(parent):
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def time_limit(seconds: float | None, message: str) -> Iterator[None]:
    """Raise `JobTimeoutError` in the main thread after so many seconds; None for no limit.

    Args:
        seconds: Above 0.
        message: What the error says.
    """

    def too_long(*_) -> None:
        raise JobTimeoutError(message)

    if seconds is None:
        yield
        return
    before = signal.signal(signal.SIGALRM, too_long)
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def claim_gpu(folder: Path) -> Iterator[None]:
    """Show this process one of this machine's GPUs that no other job of the folder has; without GPUs change nothing."""
    with ExitStack() as stack:
        for gpu in visible_gpus():
            if try_lock(stack.enter_context(_opened(folder / f"gpu-{platform.node()}-{gpu}.lock"))):
                os.environ |= {"CUDA_VISIBLE_DEVICES": gpu, "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}  # as nvidia-smi counts
                break
        yield


def _opened(lock: Path) -> TextIO:
    """A lock's file, another user's too, in a folder that both use."""
    try:
        return lock.open("a")
    except PermissionError:
        return lock.open()


@contextmanager
def errors_to(path: Path) -> Iterator[None]:
    """Write what this process, its libraries and those that it starts print as errors to a file."""
    terminal = os.dup(2)
    with path.open("w") as log:
        os.dup2(log.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)


class Follow:
    """Prints the lines that a notebook's training appends to its progress log, as they are written.

    Args:
        log: The log; it is begun anew.
        name: What to call the job.
    """

    def __init__(self, log: Path, name: str):
        self._log, self._name, self._ended = log, name, threading.Event()

    def __enter__(self):
        self._log.unlink(missing_ok=True)
        os.environ[LOG_VARIABLE] = str(self._log.resolve())
        self._started, self._thread = time.time(), threading.Thread(target=self._follow, daemon=True)
        print(f"{self._name}: starting", flush=True)
        self._thread.start()

    def __exit__(self, *error):
        self._ended.set()
        self._thread.join()

    def _follow(self) -> None:
        """Print what is new, about once a second, until the notebook has ended."""
        shown = 0
        while True:
            last_look = self._ended.wait(1)
            text = self._log.read_text() if self._log.exists() else ""
            lines = text[: text.rfind("\n") + 1].splitlines()  # one that is being written is printed when it is whole
            for line in lines[shown:]:
                minutes, seconds = divmod(int(time.time() - self._started), 60)
                print(f"{self._name} {minutes:3d}:{seconds:02d}  {line}", flush=True)
            shown = len(lines)
            if last_look:
                return
