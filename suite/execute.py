"""Execute one job, a notebook with some seeds: `python -m suite.execute NOTEBOOK ...`.

papermill's status is no proof that a notebook ran to its end, so the notebook's last act, its summary, is required as
well. Until then the executed notebook lies in `.partial/`, and the pages of earlier runs stay as they were. Records
are the notebook's to write, each when its run has ended: a job never touches one.
"""

import argparse
import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from helpers import variables
from helpers.data.decoded import cache_folder
from helpers.files import lock, write_json
from helpers.limits import cpu_count
from helpers.progress import format_seconds
from suite.jobs import MARKS, last_log_line
from suite.notebooks import Limit, forget_paths, one_line, parameters_of, run_notebook
from suite.processes import Follow, claim_gpu, end_with_parent
from suite.recorded import digests_of, runs_of
from suite.settings import limit_threads
from suite.site.pages import build_page, notebook_title_and_question


def execute(notebook: Path, job: str, parameters: dict, folder: Path, limit: Limit) -> dict:
    """Execute a notebook; where it is the job of the page, build the page. Or say why not.

    Args:
        notebook: The notebook, NN_name.ipynb.
        job: The job's name: the notebook's for its page, else NN_name-seedK.
        parameters: papermill parameters; those that the notebook does not declare are left out.
        folder: The profile's folder of reports.
        limit: How long it may take.

    Returns:
        The outcome: job, notebook, title, question, status ("done" or "failed"), seconds, error, ended, partial,
        summary, records (digests of those that it made or found).
    """
    started, is_page = time.time(), job == notebook.stem
    partial, summary = (folder / ".partial" / f"{job}{ending}" for ending in (".ipynb", ".summary.json"))
    for path in (partial, summary):
        path.unlink(missing_ok=True)  # of an earlier execution
    os.environ[variables.SUMMARY] = str(summary.resolve())
    known = runs_of(folder / "results" / notebook.stem)
    with Follow(partial.with_suffix(".progress"), job):
        error = run_notebook(notebook, partial, parameters, limit)
    if not error and not summary.exists():
        error = "the notebook did not reach its end: it wrote no summary (was its kernel killed, for want of memory?)"
    found = None if error else json.loads(summary.read_text())
    summary.unlink(missing_ok=True)
    if found:
        forget_paths(partial)
        if is_page:
            # What was there and is not on the page: what appears later makes the page stale.
            found["not_shown"] = sorted(known - {run["record"] for run in found.get("runs", ())})
            for mark in (folder / MARKS).glob(f"{job}.*"):  # until the new page is there, none is
                mark.unlink()
            write_json(_made(folder / "results" / notebook.stem) / "summary.json", found)
            os.replace(partial, folder / notebook.name)
        else:
            partial.unlink()
    if is_page or error:
        unbuilt = _build(partial if error else folder / notebook.name, folder)
        error = error or unbuilt
    title, question = notebook_title_and_question(notebook)
    outcome = {"job": job, "notebook": notebook.stem, "title": title, "question": question}
    return outcome | {
        "status": "failed" if error else "done",
        "seconds": time.time() - started,
        "error": error,
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        "partial": f".partial/{partial.name}" if error and partial.exists() else None,
        "summary": None if error else found,
        "records": [] if error else digests_of(folder / "results" / notebook.stem, parameters["seeds"]),
    }


def _made(folder: Path) -> Path:
    """A folder, made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _build(executed: Path, folder: Path) -> str | None:
    """Build the page of an executed notebook, or of what there is of it; None, or the error in one line."""
    try:
        if executed.exists():
            build_page(executed, folder)
    except Exception as error:  # a page that cannot be built is a failed notebook, and the others go on
        return one_line(f"its page could not be built: {type(error).__name__}: {error}")
    return None


def main() -> int:
    """Execute the job named on the command line; 0 if its notebook ran to its end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebook", type=Path)
    parser.add_argument("--job", required=True, help="the job's name: NN_name, or NN_name-seedK")
    parser.add_argument("--seeds", required=True, help="whole numbers separated by spaces")
    parser.add_argument("--plan", required=True, type=Path, help="<reports>/<profile>/.partial/plan.json")
    parser.add_argument("--attempt", default=1, type=int)
    parser.add_argument("--threads", default=1, type=int)
    asked = parser.parse_args()
    end_with_parent()
    plan, partial = json.loads(asked.plan.read_text()), asked.plan.resolve().parent
    with (partial / f"{asked.job}.lock").open("w") as file:
        lock(file, lambda: print(f"{asked.job}: waiting for an earlier execution of it to end", flush=True))
        outcome, noted = _execute_in_time(asked, plan, partial.parent), partial / f"{asked.job}.json"
        if asked.attempt == 1 or outcome["status"] != "not begun":  # else the outcome of the first try stands
            write_json(noted, outcome | {"attempt": asked.attempt})
    took, tried = format_seconds(outcome["seconds"]), f" (try {asked.attempt})" if asked.attempt > 1 else ""
    results = {"done": f"done in {took}", "failed": f"failed after {took}: {outcome['error']}"}
    results |= {"stopped": f"stopped after {took}: {outcome['error']}", "not begun": f"not begun: {outcome['error']}"}
    print(f"{asked.job}: {results[outcome['status']]}{tried}", flush=True)
    return 0 if outcome["status"] == "done" else 1


def _execute_in_time(asked: argparse.Namespace, plan: dict, folder: Path) -> dict:
    """Execute a job if it can be expected to end before the plan's time is up; at its end it is stopped."""
    deadline, started = plan["deadline"], time.time()
    needed = plan["expected_seconds"].get(asked.job, 0)
    if deadline and started + needed > deadline:
        about = f"it takes about {format_seconds(needed)}, {format_seconds(max(0, deadline - started))} are left"
        ended = datetime.now(UTC).isoformat(timespec="seconds")
        outcome = {"job": asked.job, "notebook": asked.notebook.stem, "status": "not begun", "seconds": 0.0}
        return outcome | {"error": about, "ended": ended, "partial": None, "summary": None}
    noted = folder / ".partial" / f"{asked.job}.threads"
    is_new = not noted.exists()
    limit_threads(asked.threads if plan["from_records"] else _threads_of(noted, asked.threads))
    with claim_gpu(cache_folder()):  # which all profiles share
        outcome = _execute_as_planned(asked, plan, folder, _limit(plan["timeout"], deadline))
    if outcome["error"] and is_new and "epoch" not in last_log_line(folder, asked.job):
        noted.unlink(missing_ok=True)  # nothing was trained that would have to go on with as many
    if outcome["error"] and deadline and time.time() >= deadline:
        outcome["status"] = "stopped"
    return outcome


def _threads_of(noted: Path, threads: int) -> int:
    """The cores that a job computes with, until it ends well those that it was begun with: others round otherwise.

    Args:
        noted: Where that is noted.
        threads: How many it has now.
    """
    if not noted.exists():
        write_json(noted, {"threads": threads})  # whole or not at all
    return min(json.loads(noted.read_text())["threads"], cpu_count())


def _limit(timeout: float | None, deadline: float | None) -> Limit:
    """The shorter of two limits: minutes of a job, and the time at which all of them end."""
    limits = []
    if timeout:
        message = (
            f"it took longer than its {timeout:g} min and was stopped; its finished epochs are kept. Run again to "
        )
        limits.append(Limit(timeout * 60, message + "resume it, or set TIMEOUT to more minutes"))
    if deadline:
        message = "the time is up; its finished runs and epochs are kept. Run again to resume it"
        limits.append(Limit(max(1.0, deadline - time.time()), message))
    return min(limits, default=Limit())


def _execute_as_planned(asked: argparse.Namespace, plan: dict, folder: Path, limit: Limit) -> dict:
    """Execute a job; where it ended well, remove the marks that it makes out of date."""
    notebook = asked.notebook.resolve()
    os.environ[variables.SUITE] = "1"
    if plan["from_records"]:
        os.environ |= {variables.FROM_RECORDS: "1", "CUDA_VISIBLE_DEVICES": "-1"}  # what trains nothing needs no GPU
    seeds = [int(seed) for seed in asked.seeds.split()]
    parameters = parameters_of(notebook, plan["profile"], plan["dataset"], seeds, folder.parent)
    outcome = execute(notebook, asked.job, parameters, folder, limit)
    if outcome["status"] == "done":
        if not plan["from_records"]:
            (folder / ".partial" / f"{asked.job}.threads").unlink(missing_ok=True)
        for mark in (folder / MARKS).glob(f"{asked.job}.*"):
            mark.unlink()
    elif outcome["error"] == limit.message and (line := last_log_line(folder, asked.job)):
        outcome["error"] += f" (last log line: {line})"
    return outcome


if __name__ == "__main__":
    sys.exit(main())
