"""The workflow: Snakemake executes jobs, as many at a time as asked for, and tries again what fails."""

import os
import subprocess
import sys
from pathlib import Path

from helpers.files import write_json
from helpers.profiles import PROFILES
from suite import warm
from suite.jobs import ROOT
from suite.settings import Settings

SNAKEMAKE_LOG = "snakemake.log"  # in the folder of what is under way
INTERRUPTED = 130  # the exit status of what Ctrl-C ended


def fetch_data(settings: Settings) -> None:
    """Fetch the data sets once: notebooks that download a file at the same time would spoil it for each other."""
    command = [*warm.command("helpers.data"), *dict.fromkeys([settings.dataset, "fashion_mnist"])]
    command += ["--stand-in"] if PROFILES[settings.profile].allows_stand_in else []
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with (settings.partial / "data.log").open("w") as log:
        subprocess.run(command, cwd=ROOT, stderr=log, env=environment)


def call_snakemake(
    notebooks: list[Path],
    settings: Settings,
    *,
    chosen: list[str] | None = None,
    from_records: bool = False,
    deadline: float | None = None,
    expected_seconds: dict[str, float] | None = None,
) -> int:
    """Run the workflow, its own log to a file, the notebooks' progress to the terminal; returns its exit status.

    Args:
        notebooks: Those whose jobs are run.
        settings: How to run them.
        chosen: Names of the jobs to run, in the order in which they are to begin; None for all.
        from_records: Whether only pages are made, of what is recorded.
        deadline: When all of it ends, seconds since the epoch; None for no limit.
        expected_seconds: How long jobs take, by name: none is begun that would not end in time.
    """
    plan = settings.plan | {"notebooks": [notebook.stem for notebook in notebooks], "from_records": from_records}
    plan |= {"chosen": chosen or [], "deadline": deadline, "expected_seconds": expected_seconds or {}}
    plan |= {"gpus": 0} if from_records else {}
    write_json(settings.partial / "plan.json", plan)
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "suite" / "Snakefile"), "--quiet", "all"]
    command += ["--directory", str(settings.folder), "--configfile", str(settings.partial / "plan.json")]
    # The locks are ours (they end with their holders), and so is the knowledge of what is out of date.
    command += ["--nolock", "--rerun-incomplete", "--rerun-triggers", "mtime", "--keep-going"]
    retries = 0 if from_records else settings.retries  # what only reads fails again
    command += ["--retries", str(retries)]  # not in the rules: on a cluster each try is to be a job of its own
    if not os.environ.get("SNAKEMAKE_PROFILE"):  # a cluster's profile says how much there is of each
        command += ["--cores", str(settings.cores)]
        command += ["--resources", f"mem_mb={plan['memory_mb']}", f"gpu={plan['gpus']}"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with (settings.partial / SNAKEMAKE_LOG).open("a") as log:
        try:
            options = {"cwd": ROOT, "env": environment, "stderr": log, "preexec_fn": warm.die_with_parent}
            return subprocess.run(command, **options).returncode
        except KeyboardInterrupt:
            return INTERRUPTED
