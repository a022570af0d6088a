"""`make audit`: records drawn at random are trained again from nothing, and held against what they say."""

import os
import random
import shutil
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from helpers import variables
from helpers.files import write_json
from helpers.limits import thread_count
from helpers.progress import format_seconds
from helpers.records import RecordError, read_record, read_records
from suite.comparison import compare_epochs, compare_records
from suite.notebooks import Limit, parameters_of, run_notebook
from suite.outcomes import read_outcomes
from suite.processes import Follow, errors_to
from suite.recorded import this_machine
from suite.results import record_files
from suite.settings import Settings, limit_threads
from suite.site.facts import read_note
from suite.site.index import build_index
from suite.workflow import fetch_data

DEFAULT_NUMBER = 3  # records, where neither a number nor a time is asked for
TIME_IS_UP = "the time is up"


def audit_command(notebooks: list[Path], suite: list[Path], settings: Settings) -> int:
    """Draw records, train each again, compare, note and show what was found; 0 unless one differs or cannot be trained.

    Args:
        notebooks: Those whose records are drawn.
        suite: All notebooks.
        settings: How many, in which time, drawn with which seed.
    """
    noted = settings.reports / "audit.json"
    if noted.exists() and not read_note(noted):  # what is found could not be added
        print("Nothing was audited.", file=sys.stderr)
        return 2
    started, draw = time.time(), random.randrange(2**32) if settings.draw is None else settings.draw
    paths = {path.stem: path for path in notebooks}
    records = _draw(settings.folder, paths, draw)
    number = min(settings.number or (len(records) if settings.minutes else DEFAULT_NUMBER), len(records))
    print(f"{number} of {len(records)} records, drawn with DRAW={draw}.", flush=True)
    fetch_data(settings)
    verdicts = []
    for position, (file, record) in enumerate(records[:number]):
        seconds = _share_of_time(settings.minutes, started, number - position if settings.number else 1)
        if seconds is not None and seconds <= 0:
            break
        found = {"record": file, "sha256": record["sha256"], "profile": settings.profile}
        found |= {key: record[key] for key in ("notebook", "variant", "seed")}
        with errors_to(settings.partial / "audit.log"):
            found |= audit_record(paths[record["notebook"]], record, settings, Limit(seconds, TIME_IS_UP))
        verdicts.append(found["verdict"])
        print(f"{file}: {describe(found)}", flush=True)
        if found["verdict"] not in ("not trained", "no epoch in time"):
            note_audit(noted, found)
    build_index(settings.folder, read_outcomes(suite, settings.folder))
    print(f"\n{format_seconds(time.time() - started)} in all. Open {os.path.relpath(settings.folder / 'index.html')}")
    return 1 if {"differs", "not trained"} & set(verdicts) else 0


def audit_record(notebook: Path, record: dict, settings: Settings, limit: Limit) -> dict:
    """Train a record's run again, in folders of its own, and compare.

    Args:
        notebook: The notebook that made it.
        record: The record.
        settings: The suite's settings.
        limit: How long it may take; what is trained until then is compared epoch by epoch.

    Returns:
        The verdict, how far off, and where and when it was trained again.
    """
    reports = settings.partial / "audit"
    shutil.rmtree(reports, ignore_errors=True)
    folder = reports / settings.profile
    _copy_what_chooses(settings.folder, folder)
    limit_threads(
        min(record.get("threads", settings.threads_alone), settings.threads_alone)
    )  # others round differently
    os.environ |= {variables.SUITE: "1", variables.ONLY: record["variant"]}
    os.environ[variables.SUMMARY] = str(reports / "summary.json")
    os.environ.pop(variables.FRESH, None)
    parameters = parameters_of(notebook, settings.profile, settings.dataset, [record["seed"]], reports)
    name = f"{notebook.stem}, {record['variant']}, seed {record['seed']}"
    with Follow(reports / "progress", name):
        error = run_notebook(notebook, reports / notebook.name, parameters, limit)
    others = [r for r in read_records(settings.folder / "results" / notebook.stem)[0] if r["kind"] == "run"]
    again = [r for r in read_records(folder / "results" / notebook.stem)[0] if r["setting"] == record["setting"]]
    if again:
        found = compare_records(record, again[0], others)
    elif error == TIME_IS_UP:
        machine = this_machine() | {"threads": thread_count()}
        found = compare_epochs(record, folder / ".runs", machine, others)
    else:
        found = {"verdict": "not trained", "error": error or "the notebook makes no such run any more"}
    shutil.rmtree(reports, ignore_errors=True)
    return found | {"when": datetime.now(UTC).isoformat(timespec="seconds")}


def note_audit(path: Path, found: dict) -> None:
    """Add an audit to those that are noted, in place of an earlier one of the same record."""
    kept = [audit for audit in read_note(path).get("audits", ()) if audit["sha256"] != found["sha256"]]
    write_json(path, {"audits": sorted([*kept, found], key=lambda audit: audit["record"])})


def describe(found: dict) -> str:
    """An audit in a line."""
    if "epochs" not in found:
        return f"{found['verdict']}: {found.get('error', 'none ended')}"
    compared = f"{found['epochs_compared']} of {found['epochs']} epochs"
    where = "the same device and versions" if found["same_machine"] else found["device"]
    off = "" if found["verdict"] == "equal" else f", {100 * found['difference']:.2f} points off in accuracy"
    return f"{found['verdict']}{off} ({compared}, on {where})"


def _draw(folder: Path, notebooks: dict[str, Path], seed: int) -> list[tuple[str, dict]]:
    """All records of these notebooks' tested runs with their files, in a random order; older ones lack predictions."""
    found = []
    for path in sorted(record_files(folder)):
        try:
            record = read_record(path)
        except RecordError:  # pages count those
            continue
        if record["kind"] == "run" and record["notebook"] in notebooks and not record.get("older"):
            found.append((f"{path.parent.name}/{path.name}", record))
    random.Random(seed).shuffle(found)
    return found


def _share_of_time(minutes: float | None, started: float, waiting: int) -> float | None:
    """Seconds for the next of the records that wait: all that is left, or a like part where their number is set."""
    return None if minutes is None else (started + 60 * minutes - time.time()) / max(1, waiting)


def _copy_what_chooses(source: Path, target: Path) -> None:
    """Copy the records by which notebooks choose settings: candidates, and what is measured beside runs."""
    for path in record_files(source):
        try:
            record = read_record(path)
        except RecordError:
            continue
        if record["kind"] != "run":
            copy = target / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
    target.mkdir(parents=True, exist_ok=True)
