"""Records of training runs: one JSON file a run, written whole or not at all, and enough to make every page from.

A record holds settings, history, times, device, test metrics, and what the net said of each test image. It carries a
digest of itself: what is cut short, altered, or of a newer format is named and not used.
"""

import hashlib
import json
import math
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from helpers.files import plain, write_json

ALL_PAGES = "*"  # beside digests of single pages: those made later are used, too
FORMAT = 1  # of records; a reader knows this one and those before
_NEEDED = {"format", "kind", "notebook", "profile", "dataset", "setting", "identity", "started", "sha256"}
_NEEDED_OF_RUNS = {"variant", "seed", "history", "seconds_by_epoch", "device", "versions", "test", "tests"}


class RecordError(ValueError):
    """A record cannot be used."""


def write_record(folder: Path, name: str, record: dict) -> dict:
    """Write a record beside those that are there; none is replaced.

    Args:
        folder: The notebook's folder of records.
        name: What the file's name begins with, such as "cnn-seed10".
        record: Plain values.

    Returns:
        The record with its format and digest.
    """
    record = {"format": FORMAT} | record
    record = json.loads(json.dumps(record, allow_nan=False, default=plain))
    record["sha256"] = _digest(record)
    plain_name = re.sub(r"[^\w.+-]+", "_", name)
    write_json(folder / f"{plain_name}-{record['sha256'][:8]}.json", record)
    return record


def read_record(path: Path) -> dict:
    """Read a record that is whole; one that has not changed since is not read again.

    Raises:
        RecordError: It is cut short, was altered, is of a newer format, or is something else.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise RecordError(f"cannot be read ({error})") from error
    return _read_record(path, status.st_mtime_ns, status.st_size)


@cache
def _read_record(path: Path, modified: int, size: int) -> dict:
    """The record as it was at a time."""
    try:
        record = json.loads(path.read_text(), parse_constant=_refuse_number, parse_float=_finite)
    except (OSError, ValueError, RecursionError) as error:
        raise RecordError(f"cannot be read as JSON ({error})") from error
    if not isinstance(record, dict) or "format" not in record:
        raise RecordError("is no record: it says no format")
    if not isinstance(record["format"], int) or record["format"] > FORMAT:
        raise RecordError(f"is of format {record['format']!r}; this version reads formats up to {FORMAT}")
    if record.get("sha256") != _digest(record):
        raise RecordError("was altered or damaged: its digest is another")
    needed = _NEEDED | (_NEEDED_OF_RUNS if record.get("kind") == "run" else set())
    if missing := sorted(needed - set(record)):
        raise RecordError(f"lacks {', '.join(missing)}")
    if wrong := [key for key in sorted(_NEEDED - {"format"}) if not isinstance(record[key], str)]:
        raise RecordError(f"holds something else than text in {', '.join(wrong)}")
    return record


def read_records(folder: Path) -> tuple[list[dict], dict[str, str]]:
    """Read all records of a folder.

    Args:
        folder: A notebook's folder of records.

    Returns:
        The records, oldest first, which are not to be changed; and by file name, what is wrong with those that cannot
        be used.
    """
    records, problems = [], {}
    for path in sorted(Path(folder).glob("*.json")):
        if path.name == "summary.json" or path.name.startswith("."):  # as macOS leaves beside copied files
            continue
        try:
            records.append(read_record(path))
        except RecordError as error:
            problems[path.name] = str(error)
    return sorted(records, key=lambda record: record["started"]), problems


def read_summary(folder: Path) -> dict:
    """What a notebook's last page found; empty where there is none, or what there is is damaged: to be made anew.

    Args:
        folder: A notebook's folder of records.
    """
    try:
        summary = json.loads((Path(folder) / "summary.json").read_text())
    except (OSError, ValueError, RecursionError):
        return {}
    return summary if isinstance(summary, dict) else {}


def digest_of_shown(folder: Path) -> str:
    """Digest of the runs that a notebook's last page shows, another once it shows others; "" where it shows none.

    Args:
        folder: The notebook's folder of records.
    """
    shown = sorted(f"{run['variant']} {run['record']}" for run in read_summary(folder).get("runs", ()))
    return hashlib.sha256(json.dumps(shown).encode()).hexdigest()[:32] if shown else ""


def newest(records: Iterable[dict]) -> dict | None:
    """The record to use of several of one run: the newest, whatever the machine that asks; None of none.

    Of one training that was tested again, and so is recorded again, it is that of the last test.
    """
    return max(records, key=lambda record: (record["started"], record.get("ended", "")), default=None)


def _refuse_number(name: str):
    """JSON knows no NaN and no infinity, Python's reader does."""
    raise ValueError(f"{name} is no number of JSON")


def _finite(number: str) -> float:
    """A number of JSON, but for those too large for a float, which Python would read as infinite."""
    return value if math.isfinite(value := float(number)) else _refuse_number(number)


def _digest(record: dict) -> str:
    """SHA-256 of all that a record says, in hexadecimal digits."""
    content = {key: value for key, value in record.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(content, sort_keys=True, allow_nan=False).encode()).hexdigest()
