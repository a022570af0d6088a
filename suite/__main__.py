"""The main job: execute the notebooks through Snakemake, build the pages, say how it went.

python -m suite --profile auto --seeds "0 1 2" --jobs 1 --dataset cifar10 [--only 03_cnn] [--status]
"""

import argparse
import ctypes
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from helpers.training.checkpoints import FRESH_VARIABLE
from helpers.files import lock, write_json
from helpers.profiles import PROFILES
from helpers.progress import format_seconds
from suite.site.pages import build_index, notebook_title_and_question
from suite.jobs import ROOT, Job, plan_jobs
from suite.outcomes import (
    drop_unfounded_marks,
    error_of,
    jobs_table,
    minutes_of,
    read_outcomes,
    status_table,
)
from suite.settings import Settings, read_settings

INTERRUPTED = 130  # the exit status of what Ctrl-C ended


def main() -> int:
    """Run the suite; 0 if every notebook ran to its end, 2 if it could not begin, else 1."""
    asked = read_command_line()
    suite = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    for variable in ("COURSEWORK_DATA", "COURSEWORK_CACHE"):  # the kernels work in another folder
        if os.environ.get(variable):
            os.environ[variable] = str(Path(os.environ[variable]).expanduser().resolve())
    try:
        notebooks = choose_notebooks(suite, asked.only)
        limits = {name: getattr(asked, name) for name in ("retries", "timeout", "gpus", "threads")}
        settings = read_settings(
            asked.profile, asked.dataset, asked.seeds, asked.jobs, asked.reports.resolve(), **limits
        )
    except (ValueError, OSError) as error:
        print(f"Nothing was run. {error}", file=sys.stderr)
        return 2
    if asked.status:
        print(status_table(plan_jobs(notebooks, settings.profile, settings.dataset, settings.seeds), settings.folder))
        return 0
    settings.partial.mkdir(exist_ok=True)
    with (settings.partial / "lock").open("w") as file:
        lock(file, lambda: print(f"Another run is at work on {settings.folder}: waiting for it to end.", flush=True))
        return run(notebooks, suite, settings, anew=asked.fresh not in ("", "0"), again=bool(asked.only))


def read_command_line() -> argparse.Namespace:
    """What was asked for; the values are checked later, all at once."""
    parser = argparse.ArgumentParser(prog="python -m suite", description=__doc__.splitlines()[0])
    parser.add_argument("--profile", default="auto", help="auto (full on a GPU, else quick), full, quick or smoke")
    parser.add_argument("--dataset", default="cifar10")
    parser.add_argument("--seeds", default="", help='whole numbers, such as "0 1 2"; default each notebook\'s own')
    parser.add_argument("--jobs", default="1", help="jobs at a time")
    parser.add_argument("--retries", default="2", help="how often a failed job is tried again")
    parser.add_argument("--timeout", default="", help="minutes that a job may take; default no limit")
    parser.add_argument("--gpus", default="", help="number of GPUs; default as many as there are here")
    parser.add_argument("--threads", default="", help="cores of a job; default this machine's, shared by the jobs")
    parser.add_argument("--fresh", default="", help="1 trains everything anew, whatever is there already")
    parser.add_argument("--only", default="", help="one notebook's name, such as 03_cnn; default all")
    parser.add_argument("--status", action="store_true", help="only say how each job stands")
    parser.add_argument("--reports", type=Path, default=ROOT / "reports")
    return parser.parse_args()


def choose_notebooks(suite: list[Path], only: str) -> list[Path]:
    """All notebooks, or the one that is named.

    Raises:
        ValueError: There is none of that name.
    """
    chosen = [notebook for notebook in suite if only in ("", notebook.stem, notebook.name)]
    if not chosen:
        names = ", ".join(notebook.stem for notebook in suite)
        raise ValueError(f"NB: expected a notebook's name, one of {names}; got {only!r}")
    return chosen


def run(notebooks: list[Path], suite: list[Path], settings: Settings, anew: bool, again: bool) -> int:
    """Execute what is missing, then build the index of all that was ever executed for the profile.

    Args:
        notebooks: Those asked for.
        suite: All notebooks.
        settings: How to run them.
        anew: Whether to train again what is finished.
        again: Whether to make pages again that are up to date.
    """
    started = time.time()
    jobs = plan_jobs(notebooks, settings.profile, settings.dataset, settings.seeds)
    if anew:
        os.environ[FRESH_VARIABLE] = datetime.now(UTC).isoformat(timespec="seconds")
    for job in jobs:
        if anew or (again and job.seed is None):
            job.forget(settings.folder)
    drop_unfounded_marks(jobs, settings)
    before = {job.name: job.state(settings.folder) for job in jobs}
    announce(notebooks, jobs, before, settings)
    if any(state != "done" for state in before.values()):
        fetch_data(settings)
    ended = call_snakemake(notebooks, settings)
    outcomes = read_outcomes(suite, settings.folder)
    print("\n" + jobs_table(jobs, before, settings.folder, started))
    done = {job.notebook for job in jobs if job.seed is None and (settings.folder / job.mark).exists()}
    index = settings.folder / "index.html"
    if done or not index.exists():  # where nothing ended well, the earlier index stays as it was
        build_index(settings.folder, outcomes)
    print(f"\n{format_seconds(time.time() - started)} in all. Open {os.path.relpath(index)}", flush=True)
    unfinished = {job.notebook for job in jobs} - done
    report_failures([job for job in jobs if job.notebook in unfinished], settings, ended, started)
    return 1 if unfinished else 0


def announce(notebooks: list[Path], jobs: list[Job], before: dict[str, str], settings: Settings) -> None:
    """Say what will be run and about how long it takes."""
    profile = PROFILES[settings.profile]
    print(f"Profile {profile.name} ({settings.why}): {profile.about}.")
    data = os.environ.get("COURSEWORK_DATA") or "Keras's download and cache"
    seeds = ", ".join(map(str, settings.seeds)) or "each notebook's own"
    print(f"Data: {settings.dataset} from {data}. Seeds: {seeds}.")
    total = 0.0
    for notebook in notebooks:
        own = [job for job in jobs if job.notebook == notebook.stem]
        minutes, missing = minutes_of(own, before)
        total += minutes
        about = f"about {format_seconds(minutes * 60):>6}" if missing else "up to date"
        some = f" ({missing} of {len(own)} jobs)" if 0 < missing < len(own) else ""
        print(f"  {notebook.stem:<24} {about:<12}{some}  {notebook_title_and_question(notebook)[1]}")
    each = format_seconds(total * 60 / settings.jobs)
    print(f"About {each} in all, as measured on two processor cores; less on a GPU.\n", flush=True)


def fetch_data(settings: Settings) -> None:
    """Fetch the data sets once: notebooks that download a file at the same time would spoil it for each other."""
    command = [sys.executable, "-m", "helpers.data", *dict.fromkeys([settings.dataset, "fashion_mnist"])]
    command += ["--stand-in"] if PROFILES[settings.profile].allows_stand_in else []
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with (settings.partial / "data.log").open("w") as log:
        subprocess.run(command, cwd=ROOT, stderr=log, env=environment)


def call_snakemake(notebooks: list[Path], settings: Settings) -> int:
    """Run the workflow, its own log to a file, the notebooks' progress to the terminal; returns its exit status."""
    plan = settings.plan | {"notebooks": [notebook.stem for notebook in notebooks]}
    write_json(settings.partial / "plan.json", plan)
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--quiet", "all"]
    command += ["--directory", str(settings.folder), "--configfile", str(settings.partial / "plan.json")]
    # The locks are ours (they end with their holders), and so is the knowledge of what is out of date.
    command += ["--nolock", "--rerun-incomplete", "--rerun-triggers", "mtime", "--keep-going"]
    command += ["--retries", str(settings.retries)]  # not in the rules: on a cluster each try is to be a job of its own
    if not os.environ.get("SNAKEMAKE_PROFILE"):  # a cluster's profile says how much there is of each
        command += ["--cores", str(plan["threads"] * settings.jobs)]
        command += ["--resources", f"mem_mb={plan['memory_mb']}", f"gpu={plan['gpus']}"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with (settings.partial / "snakemake.log").open("w") as log:
        try:
            options = {"cwd": ROOT, "env": environment, "stderr": log, "preexec_fn": _end_with_parent}
            return subprocess.run(command, **options).returncode
        except KeyboardInterrupt:
            return INTERRUPTED


def _end_with_parent() -> None:
    """Ask the system to end this process when its parent ends: what Snakemake began ends with it in turn."""
    if sys.platform == "linux":
        set_parent_death_signal = 1  # PR_SET_PDEATHSIG
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)


def report_failures(jobs: list[Job], settings: Settings, ended: int, started: float) -> None:
    """The last lines: each job that failed, its error, and the partly executed notebook."""
    for job in jobs:
        if error := error_of(job, settings, ended == INTERRUPTED, started):
            print(f"FAILED {job.name}: {error}")
            if (partial := settings.partial / f"{job.name}.ipynb").exists():
                print(f"       partly executed: {os.path.relpath(partial)}")
    if ended == INTERRUPTED:
        print("Interrupted. Run the same command again: what is finished stays, and training goes on where it was.")


if __name__ == "__main__":
    sys.exit(main())
