"""Records of training runs: one JSON file a run, written whole or not at all, and enough to make every page from.

A record holds settings, history, times, device, test metrics, and what the net said of each test image. It carries a
digest of itself: what is cut short, altered, or of a newer format is named and not used.
"""

import hashlib
import json
import math
import os
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from pandas.io.formats.style import Styler

from helpers.files import plain, write_json

FORMAT = 1  # of records; a reader knows this one and those before
MACHINE = {True: "disturbed", False: "quiet", None: "not known"}  # while a run trained, in tables
ABOUT_COSTS = (  # above a table of costs
    "Disturbed: other processes used the processor meanwhile, so these times are compared with no others. Epoch kept: "
    "the one whose weights were tested. An epoch: the median, validation included, without the first, in which Keras "
    "compiles. First steps: until the first training call returned, which compiles."
)
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


def load_runs(folder: str | os.PathLike) -> pd.DataFrame:
    """Read the records of all runs at or below a folder that were tested.

    Args:
        folder: A results folder, of one notebook or of several.

    Returns:
        A row a run, sorted by notebook, variant, seed and date: the record's fields, and accuracy, loss and epochs
        beside them. Empty where there are no records.
    """
    folders = sorted({path.parent for path in Path(folder).rglob("*.json")})
    records = [record for each in folders for record in read_records(each)[0]]
    rows = [
        record
        | {name: record["test"].get(name) for name in ("accuracy", "loss")}
        | {"epochs": len(record["seconds_by_epoch"])}
        for record in records
        if record["kind"] == "run" and record["test"]
    ]
    frame = pd.DataFrame(rows)
    return frame.sort_values(["notebook", "variant", "seed", "started"], ignore_index=True) if rows else frame


def cost_table(records: Iterable[dict]) -> pd.DataFrame:
    """What runs cost, a row a run, for reading.

    Args:
        records: Records of runs.

    Returns:
        By column: net, seed; precision; machine, "disturbed" where the times beside it were measured while other
        processes used the processor; epochs trained, epoch kept (whose weights were tested); training time, an epoch,
        first steps (s).
    """
    rows = [
        {
            "net": run["variant"].replace("_", " "),
            "seed": run["seed"],
            "precision": run.get("precision", "not known").removeprefix("mixed_"),
            "machine": MACHINE[run["disturbed"]],
            "epochs trained": len(run["seconds_by_epoch"]),
            "epoch kept": run["best_epoch"],
            "training time, s": f"{run['seconds']:,.0f}",
            "an epoch, s": f"{epoch_seconds(run):.1f}",
            "first steps, s": f"{run['seconds_first_step']:.1f}",
        }
        for run in records
    ]
    return pd.DataFrame(rows).sort_values(["net", "seed"], ignore_index=True) if rows else pd.DataFrame()


def styled_costs(records: Iterable[dict]) -> Styler:
    """`cost_table` for reading, with what its columns mean above it."""
    return cost_table(records).style.hide(axis="index").set_caption(ABOUT_COSTS)


def epoch_seconds(run: dict) -> float:
    """Median seconds of an epoch, validation included, leaving out the first of a run, in which Keras compiles.

    Of a run's only epoch, the part after its first call counts.

    Args:
        run: A record of a run.
    """
    first, *others = run["seconds_by_epoch"]
    return float(np.median(others or [first - run["seconds_first_step"]]))


def own_seconds(run: dict) -> float:
    """Seconds that a run's training took, without a frozen part that another run measured.

    Args:
        run: A record of a run.
    """
    part = run.get("frozen_part") or {}
    return run["seconds"] - (part["seconds"] if part.get("shared") else 0.0)


def generalisation_gap(run: dict) -> float:
    """Training accuracy minus validation accuracy in the last epoch, the former as Keras has it: with dropout at work.

    Args:
        run: A record of a run.
    """
    return run["history"]["accuracy"][-1] - run["history"]["val_accuracy"][-1]


def best_candidates(
    records: Iterable[dict], candidates: dict[str, tuple], columns: Iterable[str]
) -> tuple[pd.DataFrame, dict[str, tuple]]:
    """Choose the best candidate of each kind, by the validation accuracy of its last epoch.

    Args:
        records: Those of candidates, as far as there are any.
        candidates: The settings of every candidate by its name; the first of them is its kind.
        columns: What the settings are called.

    Returns:
        A row a candidate: the settings, val accuracy, best ("yes"). And the best settings by kind; of a kind with
        a candidate that is not recorded there are none, and the table says so.
    """
    found = {run["variant"]: run["history"]["val_accuracy"][-1] for run in records}
    by_kind: dict[str, list[str]] = {}
    for name, settings in candidates.items():
        by_kind.setdefault(settings[0], []).append(name)
    best = {kind: max(names, key=found.get) for kind, names in by_kind.items() if set(names) <= set(found)}
    missing = {name: "" if settings[0] in best else "not all are recorded" for name, settings in candidates.items()}
    words = missing | dict.fromkeys(best.values(), "yes")
    rows = [[*settings, found.get(name), words[name]] for name, settings in candidates.items()]
    table = pd.DataFrame(rows, columns=[*columns, "val accuracy", "best"])
    return table, {kind: candidates[name] for kind, name in best.items()}


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
