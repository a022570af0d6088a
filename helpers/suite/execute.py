"""Execute one notebook with papermill and make its page: `python -m helpers.suite.execute NOTEBOOK ...`.

papermill's own word is no proof that a notebook ran to its end, so the notebook's last act, a new `summary.json`, is
required as well. Until then the executed notebook lies in `.partial/`, and the pages of earlier runs stay as they were.
"""

import argparse
import json
import os
import re
import sys
import threading
import time
from pathlib import Path

import nbformat

from helpers.files import replacing, write_json
from helpers.progress import LOG_VARIABLE
from helpers.site.pages import build_page, notebook_title_and_question


def execute(notebook: Path, parameters: dict, folder: Path) -> dict:
    """Execute a notebook and build its page, or say why not.

    Args:
        notebook: The notebook, NN_name.ipynb.
        parameters: papermill parameters; those that the notebook does not declare are left out.
        folder: The profile's folder of reports.

    Returns:
        The outcome: notebook, title, question, status ("done" or "failed"), seconds, error, summary, partial.
    """
    name, started = notebook.stem, time.time()
    partial = folder / ".partial" / notebook.name
    partial.parent.mkdir(parents=True, exist_ok=True)
    summary = folder / "results" / name / "summary.json"
    before = summary.stat().st_mtime_ns if summary.exists() else None
    with _Follow(partial.with_suffix(".progress"), name):
        error = _run(notebook, partial, parameters)
    if not error and (not summary.exists() or summary.stat().st_mtime_ns == before):
        error = "the notebook did not reach its end: it wrote no summary (was its kernel killed, for want of memory?)"
    if not error:
        forget_paths(partial)
        os.replace(partial, folder / notebook.name)
    error = _build(partial if error else folder / notebook.name, folder) or error
    title, question = notebook_title_and_question(notebook)
    outcome = {"notebook": name, "title": title, "question": question, "status": "failed" if error else "done"}
    outcome |= {
        "seconds": time.time() - started,
        "error": error,
        "partial": f".partial/{notebook.name}" if error else None,
    }
    outcome["summary"] = None if error else json.loads(summary.read_text())
    write_json(partial.with_suffix(".json"), outcome)
    return outcome


def forget_paths(executed: Path) -> None:
    """Shorten the paths that papermill noted in a notebook to file names: reports are shared, folders are private."""
    content = nbformat.read(executed, as_version=4)
    for key in ("input_path", "output_path"):
        content.metadata.papermill[key] = Path(content.metadata.papermill[key]).name
    with replacing(executed) as file:
        file.write(nbformat.writes(content).encode())


def _build(executed: Path, folder: Path) -> str | None:
    """Build the page of an executed notebook, or of what there is of it; None, or the error in one line."""
    try:
        if executed.exists():
            build_page(executed, folder)
    except Exception as error:  # a page that cannot be built is a failed notebook, and the others go on
        return _one_line(f"its page could not be built: {type(error).__name__}: {error}")
    return None


def _run(notebook: Path, partial: Path, parameters: dict, tries: int = 3) -> str | None:
    """Run papermill; None, or the error in one line. Two kernels may pick the same ports: then once more."""
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"  # the kernel of this environment, not one of the user's own
    os.environ.pop("MPLBACKEND", None)  # the kernel's own backend draws into the notebook
    import papermill
    from papermill.exceptions import PapermillExecutionError

    try:
        declared = papermill.inspect_notebook(str(notebook))
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
    except Exception as error:  # a dead kernel, a full disk: whatever it is, the other notebooks go on
        if "Address already in use" in str(error) and tries > 1:
            return _run(notebook, partial, parameters, tries - 1)
        return _one_line(f"{type(error).__name__}: {error}")
    return None


def _one_line(text: str, longest: int = 600) -> str:
    """A message without line breaks and terminal colours, cut where it runs on."""
    text = " ".join(re.sub(r"\x1b\[[0-9;]*m", "", text).split())
    return text if len(text) <= longest else text[:longest] + " ..."


class _Follow:
    """Prints the lines that a notebook's training appends to its progress log, as they come."""

    def __init__(self, log: Path, name: str):
        self._log, self._name, self._ended = log, name, threading.Event()

    def __enter__(self):
        self._log.unlink(missing_ok=True)
        os.environ[LOG_VARIABLE] = str(self._log.resolve())
        self._started, self._thread = time.time(), threading.Thread(target=self._follow, daemon=True)
        print(f"{self._name}: starting", flush=True)
        self._thread.start()

    def __exit__(self, *error):
        self._ended.set()
        self._thread.join()

    def _follow(self) -> None:
        """Print what is new, about once a second, until the notebook has ended."""
        shown = 0
        while True:
            last_look = self._ended.wait(1)
            lines = self._log.read_text().splitlines() if self._log.exists() else []
            for line in lines[shown:]:
                minutes, seconds = divmod(int(time.time() - self._started), 60)
                print(f"{self._name} {minutes:3d}:{seconds:02d}  {line}", flush=True)
            shown = len(lines)
            if last_look:
                return


def main() -> int:
    """Execute the notebook named on the command line; 0 if it ran to its end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebook", type=Path)
    parser.add_argument("--profile", required=True)
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--seeds", required=True, help="whole numbers separated by spaces")
    parser.add_argument("--reports", required=True, type=Path)
    asked = parser.parse_args()
    parameters = {
        "profile": asked.profile,
        "dataset": asked.dataset,
        "seeds": [int(seed) for seed in asked.seeds.split()],
        "reports_dir": os.path.relpath(asked.reports, asked.notebook.parent),  # shown on the page, so no absolute path
    }
    outcome = execute(asked.notebook.resolve(), parameters, asked.reports.resolve() / asked.profile)
    took = f"{outcome['seconds']:.0f} s"
    print(f"{outcome['notebook']}: " + (f"failed after {took}" if outcome["error"] else f"done in {took}"), flush=True)
    return 1 if outcome["error"] else 0


if __name__ == "__main__":
    sys.exit(main())
