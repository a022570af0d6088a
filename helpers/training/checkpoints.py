"""The files of one training run: a checkpoint, the one before it, and at last the finished run.

A file is the SHA-256 of what follows, then a NumPy archive without pickles: arrays, and plain values as JSON. It is
replaced whole, and nothing of it is parsed before its checksum is verified.
"""

import hashlib
import io
import json
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from helpers.files import lock, plain, remove_half_written, replacing

DIGEST_BYTES = hashlib.sha256().digest_size
VALUES = "values.json"  # the archive's member that holds the plain values

Arrays = dict[str, np.ndarray]


class CheckpointError(OSError):
    """A checkpoint or a finished run cannot be written."""


class RunFiles:
    """The files of one run.

    Args:
        folder: The run's own folder; made if need be.
        identity: Digest of all that determines the run; a file of another run is not used.
        since: Only what was begun at or after this time (ISO 8601, UTC) is used; None for all.
    """

    def __init__(self, folder: Path, identity: str, since: str | None = None):
        self._folder, self._identity, self._since = folder, identity, since
        self._current, self._previous, self._finished = (folder / name for name in ("current", "previous", "finished"))

    @contextmanager
    def held(self, when_waiting: Callable[[], None]) -> Iterator[None]:
        """Keep other processes from this run; where one has it, call `when_waiting` and wait for it to end.

        Raises:
            CheckpointError: The folder cannot be made or written to.
        """
        with _explained(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            file = (self._folder / "lock").open("a")
        with file:
            lock(file, when_waiting)
            remove_half_written(self._folder)
            yield

    def finished(self) -> tuple[Arrays, dict] | None:
        """The arrays and values of the finished run; None if it has not ended."""
        return self._read(self._finished)

    def latest(self) -> tuple[Arrays, dict] | None:
        """The arrays and values of the newest checkpoint that is whole; None if there is none."""
        return self._read(self._current) or self._read(self._previous)

    def checkpoint(self, arrays: Arrays, values: dict) -> None:
        """Keep a checkpoint, and the one before it.

        Raises:
            CheckpointError: It cannot be written; those before it are still there.
        """
        with _explained(self._folder):
            self._write(self._current, arrays, values, self._previous)

    def finish(self, arrays: Arrays, values: dict) -> None:
        """Keep the finished run in place of its checkpoints.

        Raises:
            CheckpointError: It cannot be written; the last checkpoint is still there.
        """
        with _explained(self._folder):
            self._write(self._finished, arrays, values)
            self._current.unlink(missing_ok=True)
            self._previous.unlink(missing_ok=True)

    def _write(self, path: Path, arrays: Arrays, values: dict, previous: Path | None = None) -> None:
        """Write a file whole or not at all."""
        text = json.dumps({"identity": self._identity} | values, allow_nan=False, default=plain)
        archive = io.BytesIO()
        np.savez(archive, **arrays, **{VALUES: np.frombuffer(text.encode(), "uint8")})
        with replacing(path, previous) as file:
            file.write(hashlib.sha256(archive.getbuffer()).digest())
            file.write(archive.getbuffer())

    def _read(self, path: Path) -> tuple[Arrays, dict] | None:
        """A file's arrays and values; None if it is missing, or of no use: then it is removed, and why is said."""
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        arrays, values, problem = {}, {}, None
        if hashlib.sha256(content[DIGEST_BYTES:]).digest() != content[:DIGEST_BYTES]:
            problem = "is damaged: its checksum differs"
        else:
            try:
                with np.load(io.BytesIO(content[DIGEST_BYTES:]), allow_pickle=False) as archive:
                    arrays = dict(archive)
                values = json.loads(arrays.pop(VALUES).tobytes())
            except (ValueError, KeyError):
                problem = "holds something else than arrays and plain values"
            else:
                problem = None if values.pop("identity", None) == self._identity else "belongs to another run"
        if not problem and (self._since is None or values["started"] >= self._since):
            return arrays, values
        path.unlink(missing_ok=True)  # another process, without locks, may have removed it
        if problem:
            warnings.warn(f"{path.parent.name}/{path.name} {problem}; it is removed and not used.", stacklevel=2)
        return None


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    """Turn the system's word on a file that cannot be written into one that says what to do."""
    try:
        yield
    except OSError as error:
        raise CheckpointError(
            f"the run cannot be kept in {folder} ({error}): expected a writable folder with room; make room or correct "
            "reports_dir or runs_dir, then run again: training goes on from the last checkpoint."
        ) from error
