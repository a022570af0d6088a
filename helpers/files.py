"""Where results go, and files that are written whole or not at all."""

import json
import os
import platform
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, BinaryIO

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

DAY = 86_400  # seconds
TEMPORARY = re.compile(r"[a-z0-9_]{8}")  # how the names that `tempfile` gives end
MIN_FREE_BYTES = 200 * 2**20  # a notebook's records, figures and page take a few MB


class ResultsFolderError(OSError):
    """Results cannot be written where they should be."""


def results_folder(reports_dir: str | os.PathLike, profile: str, notebook: str) -> Path:
    """Make the folder of a notebook's records, and check that it can be written to and that there is room.

    Args:
        reports_dir: The folder of all reports.
        profile: "full", "quick" or "smoke".
        notebook: The notebook's name.

    Raises:
        ResultsFolderError: It cannot be made or written to, or the disk is nearly full.
    """
    folder = writable_folder(Path(reports_dir) / profile / "results" / notebook)
    remove_half_written(folder)
    return folder


def runs_folder(reports_dir: str | os.PathLike, profile: str, runs_dir: str = "") -> Path:
    """Make the folder where training runs are kept, and check that it can be written to and that there is room.

    Args:
        reports_dir: The folder of all reports.
        profile: "full", "quick" or "smoke".
        runs_dir: Another folder to keep them in; empty for `<reports_dir>/<profile>/.runs`.

    Raises:
        ResultsFolderError: It cannot be made or written to, or the disk is nearly full.
    """
    if runs_dir:
        return writable_folder(Path(runs_dir), "runs_dir")
    return writable_folder(Path(reports_dir) / profile / ".runs")


def writable_folder(folder: Path, parameter: str = "reports_dir") -> Path:
    """Make a folder if need be, and return it if it can be written to and its disk has room.

    Args:
        folder: The folder.
        parameter: The notebook's parameter that says where it is.

    Raises:
        ResultsFolderError: It cannot be made or written to, or the disk is nearly full.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ResultsFolderError(
            f"results cannot be written to {folder.resolve()} ({error}): expected a writable folder; "
            f"correct {parameter} or its permissions. Nothing was trained."
        ) from error
    free = shutil.disk_usage(folder).free
    if free < MIN_FREE_BYTES:
        raise ResultsFolderError(
            f"{folder.resolve()} is on a disk with {free / 2**20:.0f} MiB free: expected "
            f"{MIN_FREE_BYTES / 2**20:.0f} MiB or more; make room, or set {parameter} to another disk. "
            "Nothing was trained."
        )
    return folder


@contextmanager
def replacing(path: Path, previous: Path | None = None) -> Iterator[BinaryIO]:
    """Write a file under a temporary name in its folder, then rename it: readers see the old file or the new one.

    Two writers at once do no harm: each has a name of its own, and the last to end is seen.

    Args:
        path: The file to make or to replace.
        previous: What the file that is replaced is called from then on; None to remove it.

    Yields:
        The file to write to, binary. If writing fails, `path` stays as it was and nothing is left behind.
    """
    prefix = f".{path.name}-{_node()}-{os.getpid()}-"  # says who writes it: see remove_half_written
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=prefix, delete=False) as file:
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            file.close()
            with suppress(OSError):  # a share that lets only its owner say so
                os.chmod(file.name, 0o644)  # temporary files are private, results are for everyone
            if previous:
                with suppress(FileNotFoundError):  # there is none, or another process has just removed it
                    os.replace(path, previous)
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise


def remove_half_written(folder: Path) -> None:
    """Remove what `replacing` left in a folder when its process was killed.

    A file of a process that may be alive stays: of one of this machine that runs, and of another machine's within a
    day, as of any on Windows. Where a file system has no locks, several may be at work.
    """
    for path in folder.glob(".*-*-*-*"):
        _, node, process, ending = path.name.rsplit("-", 3)
        if not (process.isdecimal() and TEMPORARY.fullmatch(ending) and path.is_file()):
            continue  # somebody else's
        if node == _node() and os.name != "nt":  # Windows cannot be asked: see _is_alive
            alive = int(process) != os.getpid() and _is_alive(int(process))
        else:
            alive = time.time() - _modified(path) < DAY
        if not alive:
            with suppress(PermissionError):  # another user's, in a folder that both use
                path.unlink(missing_ok=True)


def _modified(path: Path) -> float:
    """When a file was written to last, seconds since 1970; 0 where another process has just removed or renamed it."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _node() -> str:
    """This machine's name as a part of a file's, without the dash that joins the parts."""
    return platform.node().replace("-", "_")


def _is_alive(process: int) -> bool:
    """Whether a process of this machine exists; never to be asked on Windows, where signal 0 is Ctrl-C."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is another user's
        return True
    return True


def lock(file: IO, when_waiting: Callable[[], None]) -> None:
    """Lock an open file until it is closed; where another process holds it, call `when_waiting` and wait.

    The system takes a lock back when its holder ends, however it ends: none is ever stale. On a file system without
    locks, as of some network drives, nothing is held.

    Args:
        file: An open file; locks are between processes, and between two openings of a file.
        when_waiting: Called once, before waiting.
    """
    if not try_lock(file):
        when_waiting()
        fcntl.flock(file, fcntl.LOCK_EX)


def try_lock(file: IO) -> bool:
    """Lock an open file until it is closed; False if another process holds it."""
    try:
        if fcntl:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


def write_json(path: Path, content: dict) -> None:
    """Write plain values as JSON, whole or not at all; NaN and infinity are refused.

    Raises:
        TypeError: A value is not plain.
        ValueError: A number is not finite.
    """
    text = json.dumps(content, indent=1, allow_nan=False, default=plain)
    # A list of numbers becomes a line. Only a list has a line break after its bracket: within text it is written "\n".
    text = re.sub(r"\[\n[^][{}\"]*\]", lambda numbers: " ".join(numbers[0].split()), text)
    with replacing(path) as file:
        file.write(text.encode())


def plain(value):
    """NumPy numbers as Python's, for `json.dumps`; anything else in a record is a mistake."""
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"a record holds plain values only, got {type(value).__name__}")
