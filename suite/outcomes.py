"""How each job and each notebook went, as files tell it, and the tables that the suite prints."""

import json
from datetime import UTC, datetime
from pathlib import Path

from helpers.progress import format_seconds
from suite.site.pages import notebook_title_and_question
from suite.jobs import Job, last_word, read_outcome
from suite.settings import Settings


def read_outcomes(notebooks: list[Path], folder: Path) -> list[dict]:
    """The outcome of each notebook that was executed for a profile, here or, for committed reports, elsewhere.

    Args:
        notebooks: The suite's notebooks, in order.
        folder: The profile's folder of reports.
    """
    outcomes = [_last_outcome(notebook, folder) for notebook in notebooks]
    return [outcome for outcome in outcomes if outcome]


def drop_unfounded_marks(jobs: list[Job], settings: Settings) -> None:
    """Forget that jobs ended well where their files are gone, or where the digits stood in for the data."""
    for job in jobs:
        summary = read_outcome(settings.folder, job.name).get("summary") or {}
        stand_in = summary and (summary["dataset"] != settings.dataset or summary.get("stand_ins"))
        gone = job.seed is None and not (
            (settings.folder / f"{job.notebook}.html").exists() and _ended_well(job.notebook, settings.folder)
        )
        if stand_in or gone:
            job.forget(settings.folder)


def minutes_of(jobs: list[Job], before: dict[str, str]) -> tuple[float, int]:
    """About how many minutes a notebook's missing jobs will take, and their number.

    Args:
        jobs: All jobs of one notebook.
        before: How each of them stands.
    """
    missing = [job for job in jobs if before[job.name] != "done"]
    return sum(job.minutes for job in missing), len(missing)


def jobs_table(jobs: list[Job], before: dict[str, str], folder: Path, started: float) -> str:
    """A table for the terminal: each job and its outcome, then how many of each.

    Args:
        jobs: The jobs that were asked for.
        before: How each of them stood before.
        folder: The profile's folder of reports.
        started: When the suite began, seconds since the epoch.
    """
    rows = [("job", "status", "tries", "time", "runs trained, reused", "test accuracy")]
    counts = dict.fromkeys(("done", "reused", "failed", "not run", "retried"), 0)
    for job in jobs:
        outcome = _fresh_outcome(job, folder, started)
        status = outcome.get("status", "reused" if before[job.name] == "done" else "not run")
        counts[status] += 1
        counts["retried"] += outcome.get("attempt", 1) > 1
        rows.append(
            (job.name, status, *_columns(job, read_outcome(folder, job.name) if status == "reused" else outcome))
        )
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([*lines, "", ", ".join(f"{count} {status}" for status, count in counts.items() if count)])


def status_table(jobs: list[Job], folder: Path) -> str:
    """The matrix of notebooks and seeds for the terminal: done, stale, running, failed, pending."""
    seeds = sorted({job.seed for job in jobs if job.seed is not None})
    rows = [("notebook", *(f"seed {seed}" for seed in seeds), "page")]
    for page in (job for job in jobs if job.seed is None):
        states = {job.seed: job.state(folder) for job in jobs if job.notebook == page.notebook}
        rows.append((page.notebook, *(states.get(seed, "-") for seed in seeds), states[None]))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    words = [f"{job.name}: {last_word(folder, job.name)}" for job in jobs if job.state(folder) == "running"]
    words += [f"{job.name}: {read_outcome(folder, job.name)['error']}" for job in jobs if job.state(folder) == "failed"]
    return "\n".join([*lines, *([""] if words else []), *words])


def error_of(job: Job, settings: Settings, interrupted: bool, started: float) -> str | None:
    """Why a job did not end well; None if it did, if it only waited for one that did not, or if the user ended it.

    Args:
        job: The job.
        settings: The suite's settings.
        interrupted: Whether the user ended the suite.
        started: When the suite began, seconds since the epoch.
    """
    if (settings.folder / job.mark).exists():
        return None
    if error := _fresh_outcome(job, settings.folder, started).get("error"):
        return error
    if interrupted or not all((settings.folder / mark).exists() for mark in job.after):
        return None
    return f"its process ended without a word; see {settings.partial / 'snakemake.log'}"


def _fresh_outcome(job: Job, folder: Path, started: float) -> dict:
    """How a job's execution went, if it was since the suite began; else empty."""
    outcome = read_outcome(folder, job.name)
    began = datetime.fromtimestamp(started, UTC).isoformat(timespec="seconds")
    return outcome if outcome and outcome["ended"] >= began else {}


def _columns(job: Job, outcome: dict) -> tuple[str, str, str, str]:
    """Tries, time, runs and accuracies of a job, as text."""
    if not outcome:
        return "-", "-", "-", "-"
    training = (outcome["summary"] or {}).get("training")
    runs = f"{training['runs'] - training['reused']}, {training['reused']}" if training else "-"
    accuracies = _accuracies(outcome) if job.seed is None else "-"
    return str(outcome.get("attempt", 1)), format_seconds(outcome["seconds"]), runs, accuracies


def _accuracies(outcome: dict) -> str:
    """The accuracy of each variant, with the printed one where they may be compared."""
    rows = [row for row in (outcome["summary"] or {}).get("table", []) if row.get("figure") == "accuracy"]
    found = []
    for row in rows:
        printed = f" (printed {row['printed']})" if row["printed"].startswith("0.") else ""
        found.append(f"{row['variant'].replace('_', ' ')} {row['ours, mean']}{printed}")
    return ", ".join(found) or "-"


def _last_outcome(notebook: Path, folder: Path) -> dict | None:
    """The last execution that ended well, with the failure of a later one added to it; None if there was neither."""
    ended_well, page = _ended_well(notebook.stem, folder), read_outcome(folder, notebook.stem)
    seeds = (read_outcome(folder, path.stem) for path in (folder / ".partial").glob(f"{notebook.stem}-seed*.json"))
    failed = [o for o in (page, *seeds) if o.get("error") and (o is page or o["ended"] >= page.get("ended", ""))]
    if failed:
        earlier = {"summary": ended_well["summary"]} if ended_well else {}
        return max(failed, key=lambda outcome: outcome["ended"]) | earlier
    return page or ended_well


def _ended_well(name: str, folder: Path) -> dict | None:
    """What an executed notebook and its summary say, None where either is missing."""
    executed, summary = folder / f"{name}.ipynb", folder / "results" / name / "summary.json"
    if not (executed.exists() and summary.exists()):
        return None
    title, question = notebook_title_and_question(executed)
    seconds = json.loads(executed.read_text())["metadata"]["papermill"]["duration"]
    outcome = {"notebook": name, "title": title, "question": question, "status": "done", "seconds": seconds}
    return outcome | {"error": None, "summary": json.loads(summary.read_text()), "partial": None}
