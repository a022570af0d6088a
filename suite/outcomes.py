"""How each job and each notebook went, as files tell it: for the table at the end, and for the index."""

import json
from datetime import UTC, datetime
from pathlib import Path

from helpers.progress import format_seconds
from helpers.records import read_summary
from suite.jobs import Job, read_outcome
from suite.recorded import digests_of
from suite.settings import Settings
from suite.site.pages import notebook_title_and_question
from suite.stale import other_records, why_stale
from suite.workflow import SNAKEMAKE_LOG

STATUSES = ("done", "reused", "failed", "stopped", "not begun", "not run", "retried")


def read_outcomes(notebooks: list[Path], folder: Path) -> list[dict]:
    """How each notebook that was executed for a profile ended, here or elsewhere; "stale" says why its page is old.

    Args:
        notebooks: The suite's notebooks, in order.
        folder: The profile's folder of reports.
    """
    outcomes = [_last_outcome(notebook, folder) for notebook in notebooks]
    return [outcome | {"stale": why_stale(outcome["notebook"], folder)} for outcome in outcomes if outcome]


def drop_unfounded_marks(jobs: list[Job], folder: Path) -> None:
    """Forget that jobs ended well that are not founded any more."""
    for job in jobs:
        if not is_founded(job, folder):
            job.forget(folder)


def is_founded(job: Job, folder: Path) -> bool:
    """Whether what a job left is there, whole, and of the data that were asked for, no digits in their place.

    A page is not, once there are other records than it was made of.
    """
    outcome = read_outcome(folder, job.name)
    summary = outcome.get("summary") or {}
    stand_in = summary and (summary["dataset"] != summary["asked_dataset"] or summary.get("stand_ins"))
    lost = set(outcome.get("records", ())) - set(digests_of(folder / "results" / job.notebook, job.seeds))
    gone = job.seed is None and not ((folder / f"{job.notebook}.html").exists() and _ended_well(job.notebook, folder))
    page = read_summary(folder / "results" / job.notebook)
    older = job.seed is None and page and other_records(job.notebook, folder, page)
    return not (stand_in or gone or lost or older or summary.get("missing"))


def new_outcome(job: Job, folder: Path, started: float) -> dict:
    """How a job's execution went, if it was since the suite began; else empty.

    Args:
        job: The job.
        folder: The profile's folder of reports.
        started: When the suite began, seconds since the epoch.
    """
    outcome = read_outcome(folder, job.name)
    began = datetime.fromtimestamp(started, UTC).isoformat(timespec="seconds")
    return outcome if outcome and outcome["ended"] >= began else {}


def jobs_table(jobs: list[Job], before: dict[str, str], folder: Path, started: float) -> str:
    """A table for the terminal: each job and its outcome, then how many of each.

    Args:
        jobs: The jobs that were asked for.
        before: How each of them stood before.
        folder: The profile's folder of reports.
        started: When the suite began, seconds since the epoch.
    """
    rows = [("job", "status", "tries", "time", "runs trained, reused", "test accuracy")]
    counts = dict.fromkeys(STATUSES, 0)
    for job in jobs:
        outcome = new_outcome(job, folder, started)
        status = outcome.get("status", "reused" if before[job.name] == "done" else "not run")
        counts[status] += 1
        counts["retried"] += status != "not begun" and outcome.get("attempt", 1) > 1
        shown = read_outcome(folder, job.name) if status == "reused" else outcome
        rows.append((job.name, status, *_columns(job, shown)))
    summary = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    return f"{align(rows)}\n\n{summary}"


def align(rows: list[tuple[str, ...]]) -> str:
    """Rows of text with their columns below each other; a row may be shorter than another."""
    columns = max(map(len, rows))
    widths = [max(len(row[i]) for row in rows if i < len(row)) for i in range(columns)]
    return "\n".join("  ".join(f"{cell:<{widths[i]}}" for i, cell in enumerate(row)).rstrip() for row in rows)


def error_of(job: Job, settings: Settings, interrupted: bool, started: float) -> str | None:
    """Why a job failed; None if it did not, if it only waited for one that did, or if it was ended on purpose.

    Args:
        job: The job.
        settings: The suite's settings.
        interrupted: Whether the user ended the suite.
        started: When the suite began, seconds since the epoch.
    """
    if (settings.folder / job.mark).exists():
        return None
    if outcome := new_outcome(job, settings.folder, started):
        return outcome["error"] if outcome["status"] == "failed" else None
    if interrupted or not all((settings.folder / mark).exists() for mark in job.after):
        return None
    return f"its process ended without a message; see {settings.partial / SNAKEMAKE_LOG}"


def _columns(job: Job, outcome: dict) -> tuple[str, str, str, str]:
    """Tries, time, runs and accuracies of a job, as text."""
    if not outcome or outcome.get("status") == "not begun":
        return "-", "-", "-", "-"
    training = (outcome["summary"] or {}).get("training")
    runs = f"{training['runs'] - training['reused']}, {training['reused']}" if training else "-"
    accuracies = _accuracies(outcome) if job.seed is None else "-"
    return str(outcome.get("attempt", 1)), format_seconds(outcome["seconds"]), runs, accuracies


def _accuracies(outcome: dict) -> str:
    """The accuracy of each variant, with the printed one where they may be compared."""
    rows = [row for row in (outcome["summary"] or {}).get("table", []) if row.get("figure") == "accuracy"]
    found = []
    for row in (row for row in rows if row.get("variant") and row.get("ours, mean")):  # a notebook's own have others
        printed = f" (printed {row['printed']})" if (row.get("printed") or "").startswith("0.") else ""
        found.append(f"{row['variant'].replace('_', ' ')} {row['ours, mean']}{printed}")
    return ", ".join(found) or "-"


def _last_outcome(notebook: Path, folder: Path) -> dict | None:
    """The last execution that ended well, with the failure of a later one added to it; None if there was neither."""
    ended_well, page = _ended_well(notebook.stem, folder), read_outcome(folder, notebook.stem)
    seeds = (read_outcome(folder, path.stem) for path in (folder / ".partial").glob(f"{notebook.stem}-seed*.json"))
    last = page.get("ended", "")
    failed = [o for o in (page, *seeds) if o.get("status") == "failed" and (o is page or o["ended"] >= last)]
    if failed:
        earlier = {"summary": ended_well["summary"]} if ended_well else {}
        return max(failed, key=lambda outcome: outcome["ended"]) | earlier
    return page if page.get("status") == "done" else ended_well


def _ended_well(name: str, folder: Path) -> dict | None:
    """What an executed notebook and its summary say, None where either is missing or damaged."""
    executed, summary = folder / f"{name}.ipynb", read_summary(folder / "results" / name)
    if not summary:
        return None
    try:
        title, question = notebook_title_and_question(executed)
        seconds = json.loads(executed.read_text())["metadata"]["papermill"]["duration"]
    except (OSError, ValueError, LookupError):
        return None
    outcome = {"notebook": name, "title": title, "question": question, "status": "done", "seconds": seconds}
    return outcome | {"error": None, "summary": summary, "partial": None}
