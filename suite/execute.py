"""Execute one job, a notebook with some seeds: `python -m suite.execute NOTEBOOK ...`.

papermill's own word is no proof that a notebook ran to its end, so the notebook's last act, a new `summary.json`, is
required as well. Until then the executed notebook lies in `.partial/`, and the pages of earlier runs stay as they were.
"""

import argparse
import json
import os
import re
import shutil
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import nbformat

from helpers.files import lock, replacing, write_json
from helpers.progress import format_seconds
from suite.site.pages import build_page, notebook_title_and_question
from suite.jobs import MARKS, last_word
from suite.processes import Follow, JobTimeoutError, claim_gpu, end_with_parent, time_limit
from suite.settings import thread_limits


def execute(notebook: Path, job: str, parameters: dict, folder: Path, timeout: float | None = None) -> dict:
    """Execute a notebook; where it is the job of the page, build the page. Or say why not.

    Args:
        notebook: The notebook, NN_name.ipynb.
        job: The job's name: the notebook's for its page, else NN_name-seedK.
        parameters: papermill parameters; those that the notebook does not declare are left out.
        folder: The profile's folder of reports.
        timeout: Minutes that it may take; None for no limit.

    Returns:
        The outcome: job, notebook, title, question, status ("done" or "failed"), seconds, error, ended, partial,
        summary.
    """
    started, is_page = time.time(), job == notebook.stem
    partial = folder / ".partial" / f"{job}.ipynb"
    results = folder if is_page else _scratch(folder, job)
    summary = results / "results" / notebook.stem / "summary.json"
    before = summary.stat().st_mtime_ns if summary.exists() else None
    partial.unlink(missing_ok=True)  # of an earlier execution
    with Follow(partial.with_suffix(".progress"), job):
        error = _run(notebook, partial, parameters, timeout)
    if not error and (not summary.exists() or summary.stat().st_mtime_ns == before):
        error = "the notebook did not reach its end: it wrote no summary (was its kernel killed, for want of memory?)"
    if not error:
        forget_paths(partial)
        if is_page:
            os.replace(partial, folder / notebook.name)
    if is_page or error:
        error = _build(partial if error else folder / notebook.name, folder) or error
    title, question = notebook_title_and_question(notebook)
    outcome = {"job": job, "notebook": notebook.stem, "title": title, "question": question}
    return outcome | {
        "status": "failed" if error else "done",
        "seconds": time.time() - started,
        "error": error,
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        "partial": f".partial/{partial.name}" if error else None,
        "summary": None if error else json.loads(summary.read_text()),
    }


def forget_paths(executed: Path) -> None:
    """Shorten the paths that papermill noted in a notebook to file names: reports are shared, folders are private."""
    content = nbformat.read(executed, as_version=4)
    for key in ("input_path", "output_path"):
        content.metadata.papermill[key] = Path(content.metadata.papermill[key]).name
    with replacing(executed) as file:
        file.write(nbformat.writes(content).encode())


def _scratch(folder: Path, job: str) -> Path:
    """Where a seed's job writes what its notebook writes; the page's job writes it again, of all seeds."""
    return folder / ".partial" / "seeds" / job / folder.name


def _build(executed: Path, folder: Path) -> str | None:
    """Build the page of an executed notebook, or of what there is of it; None, or the error in one line."""
    try:
        if executed.exists():
            build_page(executed, folder)
    except Exception as error:  # a page that cannot be built is a failed notebook, and the others go on
        return _one_line(f"its page could not be built: {type(error).__name__}: {error}")
    return None


def _run(notebook: Path, partial: Path, parameters: dict, timeout: float | None, tries: int = 3) -> str | None:
    """Run papermill; None, or the error in one line. Two kernels may pick the same ports: then once more."""
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"  # the kernel of this environment, not one of the user's own
    os.environ.pop("MPLBACKEND", None)  # the kernel's own backend draws into the notebook
    import papermill
    from papermill.exceptions import PapermillExecutionError

    try:
        declared = papermill.inspect_notebook(str(notebook))
        with time_limit(timeout):
            papermill.execute_notebook(
                str(notebook),
                str(partial).replace("{", "{{").replace("}", "}}"),  # papermill formats output paths
                parameters={key: value for key, value in parameters.items() if key in declared},
                kernel_name="python3",
                cwd=str(notebook.parent),
                progress_bar=False,
            )
    except PapermillExecutionError as error:
        return _one_line(f"{error.ename}: {error.evalue}")
    except JobTimeoutError as error:
        return str(error)
    except Exception as error:  # a dead kernel, a full disk: whatever it is, the other notebooks go on
        if "Address already in use" in str(error) and tries > 1:
            return _run(notebook, partial, parameters, timeout, tries - 1)
        return _one_line(f"{type(error).__name__}: {error}")
    return None


def _one_line(text: str, longest: int = 600) -> str:
    """A message without line breaks and terminal colours, cut where it runs on."""
    text = " ".join(re.sub(r"\x1b\[[0-9;]*m", "", text).split())
    return text if len(text) <= longest else text[:longest] + " ..."


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
        os.environ.update(thread_limits(asked.threads))
        with claim_gpu(partial):
            outcome = _execute_in_turn(asked, plan, partial.parent)
        write_json(partial / f"{asked.job}.json", outcome | {"attempt": asked.attempt})
    took, tried = format_seconds(outcome["seconds"]), f" (try {asked.attempt})" if asked.attempt > 1 else ""
    result = f"failed after {took}: {outcome['error']}" if outcome["error"] else f"done in {took}"
    print(f"{asked.job}: {result}{tried}", flush=True)
    return 1 if outcome["error"] else 0


def _execute_in_turn(asked: argparse.Namespace, plan: dict, folder: Path) -> dict:
    """Execute a job; where it ended well, remove the marks and the scratch files that it makes out of date."""
    notebook = asked.notebook.resolve()
    parameters = {
        "profile": plan["profile"],
        "dataset": plan["dataset"],
        "seeds": [int(s) for s in asked.seeds.split()],
    }
    # Shown on the page, so no absolute path.
    parameters["reports_dir"] = os.path.relpath(folder.parent, notebook.parent)
    if asked.job != notebook.stem:
        parameters["reports_dir"] = os.path.relpath(_scratch(folder, asked.job).parent, notebook.parent)
        parameters["runs_dir"] = os.path.relpath(folder / ".runs", notebook.parent)
    outcome = execute(notebook, asked.job, parameters, folder, plan["timeout"])
    if not outcome["error"]:
        for mark in (folder / MARKS).glob(f"{asked.job}.*"):
            mark.unlink()
        if asked.job == notebook.stem:
            for scratch in (folder / ".partial" / "seeds").glob(f"{notebook.stem}-seed*"):
                shutil.rmtree(scratch, ignore_errors=True)
    elif said := last_word(folder, asked.job):
        outcome["error"] += f" (its last words: {said})" if "took longer" in outcome["error"] else ""
    return outcome


if __name__ == "__main__":
    sys.exit(main())
