"""What a call of the suite leaves: the index, the new records, and the last lines on the terminal."""

import os
import subprocess
import time
from pathlib import Path

import nbformat

from helpers.files import write_json
from helpers.progress import format_seconds
from helpers.records import read_summary
from suite import warm
from suite.jobs import MARKS, ROOT, Job, read_outcome
from suite.outcomes import error_of, new_outcome, read_outcomes
from suite.settings import Settings
from suite.site.index import build_index
from suite.stale import uses_old_runs
from suite.workflow import INTERRUPTED


def record_files(folder: Path) -> set[Path]:
    """The record files of a profile's folder."""
    return {path for path in folder.glob("results/*/*.json") if path.name != "summary.json"}


def say_new_records(before: set[Path], settings: Settings) -> None:
    """Say which record files are new."""
    new = sorted(record_files(settings.folder) - before)
    if new:
        what = f"{len(new)} new record{'s' * (len(new) > 1)}"
        print(f"\n{what}{', to be committed' if settings.profile == 'full' else ''}:")
        print("\n".join(f"  {os.path.relpath(path)}" for path in new))


def say_what_is_missing(jobs: list[Job], folder: Path, started: float) -> None:
    """Say which runs the pages lack, and which records cannot be used."""
    for job in (job for job in jobs if job.seed is None):
        summary = new_outcome(job, folder, started).get("summary") or {}
        if missing := summary.get("missing"):
            print(f"{job.name}: not recorded: {'; '.join(missing)}")
        for name, problem in summary.get("unusable_records", {}).items():
            print(f"{job.name}: {name} {problem}: not used")


def show_index(suite: list[Path], settings: Settings, jobs: list[Job], started: float) -> bool:
    """Build the index of all that was ever executed for the profile, and say where it is.

    Before it the notebooks are executed that are made of what all other pages show.

    Args:
        suite: All notebooks.
        settings: The suite's settings.
        jobs: Those asked for; where no page ended well, the earlier index stays as it was.
        started: When the suite began, seconds since the epoch.

    Returns:
        Whether these notebooks ran to their end.
    """
    whole = True
    index, pages = settings.folder / "index.html", [job for job in jobs if job.seed is None]
    if not (index.exists() and pages) or any(_ended_well(page, settings.folder, started) for page in pages):
        whole = _execute_overviews(suite, settings)
        build_index(settings.folder, read_outcomes(suite, settings.folder))
    print(f"\n{format_seconds(time.time() - started)} in all. Open {os.path.relpath(index)}", flush=True)
    return whole


def _execute_overviews(suite: list[Path], settings: Settings) -> bool:
    """Execute the notebooks that are made of what all other pages show, and those that use other pages' old runs.

    Returns:
        Whether all of them ran to their end; what one that did not says is in its log.
    """
    plan = settings.plan | {"from_records": True, "deadline": None, "expected_seconds": {}}
    write_json(settings.partial / "overview.json", plan)
    wanted, whole = [path for path in suite if _is_of_all(path) or _uses_old_runs(path.stem, settings)], True
    at_a_time = settings.for_pages().jobs
    for paths in (wanted[start : start + at_a_time] for start in range(0, len(wanted), at_a_time)):
        marks = {path.stem: list((settings.folder / MARKS).glob(f"{path.stem}.*")) for path in paths}
        begun = {path.stem: _begin_page(path, settings) for path in paths}
        for name, process in begun.items():
            if process.wait():
                whole = False
                print(f"FAILED {name}: see {os.path.relpath(settings.partial / f'{name}.log')}")
            else:  # what was done before is done still
                for mark in marks[name]:
                    mark.touch()
    return whole


def _is_of_all(notebook: Path) -> bool:
    """Whether a notebook is made of what all other pages show."""
    return nbformat.read(notebook, as_version=4).metadata.get("coursework", {}).get("of_all", False)


def _uses_old_runs(name: str, settings: Settings) -> bool:
    """Whether a page that ended well, of the data asked for, is old for the runs of other notebooks that it uses."""
    same_data = read_summary(settings.folder / "results" / name).get("asked_dataset") == settings.dataset
    ended = read_outcome(settings.folder, name).get("status", "done") == "done"
    return same_data and ended and uses_old_runs(name, settings.folder)


def _begin_page(notebook: Path, settings: Settings) -> subprocess.Popen:
    """Begin to make a notebook's page from records, with the seeds that it was made with."""
    seeds = read_summary(settings.folder / "results" / notebook.stem).get("asked_seeds", ())
    command = [*warm.command("suite.execute"), str(notebook), "--job", notebook.stem]
    command += ["--seeds", " ".join(map(str, seeds)), "--plan", str(settings.partial / "overview.json")]
    with (settings.partial / f"{notebook.stem}.log").open("w") as log:
        return subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=log)


def _ended_well(page: Job, folder: Path, started: float) -> bool:
    """Whether a page is there that was made of today's code, now or before."""
    return (folder / page.mark).exists() or new_outcome(page, folder, started).get("status") == "done"


def report(jobs: list[Job], settings: Settings, ended: int, started: float) -> int:
    """The last lines: each job that failed, its error, and the partly executed notebook; the exit status.

    Args:
        jobs: Those that were to be executed.
        settings: The suite's settings.
        ended: Snakemake's exit status.
        started: When the suite began, seconds since the epoch.
    """
    errors = {job: error_of(job, settings, ended == INTERRUPTED, started) for job in jobs}
    for job, error in errors.items():
        if error:
            print(f"FAILED {job.name}: {error}")
            if (partial := settings.partial / f"{job.name}.ipynb").exists():
                print(f"       partly executed: {os.path.relpath(partial)}")
    if ended == INTERRUPTED:
        print("Interrupted. Run the same command again: what is finished stays, and training is resumed where it was.")
    return 1 if any(errors.values()) or ended == INTERRUPTED else 0
