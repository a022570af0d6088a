"""What `FRESH=1` began: the jobs that it has trained anew since a time, until all of them have ended well."""

import json
import os
from datetime import UTC, datetime

from helpers import variables
from helpers.files import write_json
from suite.jobs import Job
from suite.settings import Settings

NOTE = "anew.json"  # since: when it began; dataset: of what; jobs: by the name of each, whether it has ended well


def begin_anew(jobs: list[Job], settings: Settings) -> None:
    """Have nothing count that is older than this call; or than an earlier one for these jobs that was interrupted.

    Args:
        jobs: Those asked for.
        settings: How they are run.
    """
    noted, now = settings.partial / NOTE, datetime.now(UTC).isoformat(timespec="seconds")
    asked = [job.name for job in jobs if _trains(job)]
    note = _read(settings)
    goes_on = bool(note) and note["dataset"] == settings.dataset and set(asked) <= set(note["jobs"])
    if goes_on:
        print(f"Going on with what FRESH=1 began on {note['since']}; to begin again, delete {os.path.relpath(noted)}.")
    else:
        note = {"since": now, "dataset": settings.dataset, "jobs": dict.fromkeys(asked, False)}
    since = datetime.fromisoformat(note["since"]).timestamp()
    for job in jobs:
        mark = settings.folder / job.mark
        if not goes_on or (mark.exists() and mark.stat().st_mtime < since):
            job.forget(settings.folder)
            (settings.partial / f"{job.name}.threads").unlink(missing_ok=True)  # nothing of it is begun
    settings.partial.mkdir(parents=True, exist_ok=True)
    write_json(noted, note)  # at last: a kill before it forgets again
    os.environ[variables.FRESH] = note["since"]


def settle(jobs: list[Job], settings: Settings, given_up: bool = False) -> None:
    """Note which jobs need not be trained anew any more; when there is none left, nothing is noted.

    Args:
        jobs: Those of a call.
        settings: How they are run.
        given_up: Whether all of them: who asks for them without FRESH=1 takes what is recorded.
    """
    note = _read(settings)
    for job in jobs:
        if job.name in note.get("jobs", {}) and _trains(job):
            note["jobs"][job.name] |= given_up or (settings.folder / job.mark).exists()
    if note and not all(note["jobs"].values()):
        write_json(settings.partial / NOTE, note)
    elif note:
        (settings.partial / NOTE).unlink()


def _trains(job: Job) -> bool:
    """Whether a job trains: a seed, or the page of a notebook with one seed or none."""
    return job.seed is not None or not job.after


def _read(settings: Settings) -> dict:
    """What is noted; empty if nothing is."""
    noted = settings.partial / NOTE
    return json.loads(noted.read_text()) if noted.exists() else {}
