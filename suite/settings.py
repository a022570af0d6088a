"""What to run, as asked for on the command line: checked before anything starts."""

import math
import os
from dataclasses import dataclass
from pathlib import Path

from helpers.data import LOADERS, data_folder
from helpers.files import writable_folder
from helpers.machine import cpu_count, memory_mb, nvidia, visible_gpus
from helpers.profiles import PROFILES

CLUSTER_THREADS = 2  # of a job that is sent elsewhere: what the minutes in the notebooks were measured on


class SettingsError(ValueError):
    """The suite was asked for something impossible."""


@dataclass(frozen=True)
class Settings:
    """What every notebook of the suite is run with.

    Attributes:
        profile: "full", "quick" or "smoke".
        why: Why this profile, in a few words.
        dataset: "cifar10", "fashion_mnist" or "digits".
        seeds: One training run of every variant a seed; none for each notebook's own.
        jobs: Jobs at a time, at most the number of cores.
        retries: How often a failed job is tried again.
        timeout: Minutes that a job may take; None for no limit.
        gpus: Number of GPUs; each is of one job at a time.
        threads: Processor cores of a job.
        reports: The folder of all reports.
    """

    profile: str
    why: str
    dataset: str
    seeds: tuple[int, ...]
    jobs: int
    retries: int
    timeout: float | None
    gpus: int
    threads: int
    reports: Path

    @property
    def folder(self) -> Path:
        """Where this profile's pages go."""
        return self.reports / self.profile

    @property
    def plan(self) -> dict:
        """The settings as the Snakefile and the jobs read them."""
        return {
            "profile": self.profile,
            "dataset": self.dataset,
            "seeds": list(self.seeds),
            "threads": self.threads,
            "retries": self.retries,
            "timeout": self.timeout,
            "gpus": self.gpus,
            "memory_mb": memory_mb(),
        }

    @property
    def partial(self) -> Path:
        """Where notebooks are while they run, and stay if they fail."""
        return self.folder / ".partial"


def read_settings(
    profile: str,
    dataset: str,
    seeds: str,
    jobs: str,
    reports: Path,
    retries: str = "2",
    timeout: str = "",
    gpus: str = "",
    threads: str = "",
) -> Settings:
    """Check what got from the command line.

    Args:
        profile: "auto", "full", "quick" or "smoke"; "auto" is full on a GPU and quick without.
        dataset: A data set's name.
        seeds: Whole numbers separated by spaces; empty for each notebook's own.
        jobs: Jobs at a time, a whole number of 1 or more; never more than cores.
        reports: The folder of all reports.
        retries: How often a failed job is tried again, a whole number of 0 or more.
        timeout: Minutes that a job may take, a number above 0; empty for no limit.
        gpus: Number of GPUs; empty to count this machine's. A cluster's login node may have none where its nodes do.
        threads: Processor cores of a job, a whole number of 1 or more; empty for this machine's, shared between the
            jobs, and on a cluster for two.

    Raises:
        SettingsError: A value is not one of those; all problems at once.
        DataNotFoundError: `$COURSEWORK_DATA` names a folder that does not exist.
        ResultsFolderError: The reports cannot be written.
    """
    problems = []
    if profile not in ("auto", *PROFILES):
        problems.append(f"PROFILE: expected auto, {', '.join(PROFILES)}; got {profile!r}")
    if dataset not in LOADERS:
        problems.append(f"DATASET: expected one of {', '.join(LOADERS)}; got {dataset!r}")
    numbers = [int(seed) for seed in seeds.split() if seed.isdecimal() and int(seed) < 2**32]
    if len(set(numbers)) < len(seeds.split()):
        problems.append(f'SEEDS: expected different whole numbers below 2**32 such as "0 1 2"; got {seeds!r}')
    if not jobs.isdecimal() or int(jobs) < 1:
        problems.append(f"JOBS: expected a whole number of 1 or more; got {jobs!r}")
    if not retries.isdecimal() or int(retries) > 100:
        problems.append(f"RETRIES: expected a whole number from 0 to 100; got {retries!r}")
    if timeout and not _is_above_zero(timeout):
        problems.append(f"TIMEOUT: expected minutes, a number above 0, or nothing; got {timeout!r}")
    if gpus and not gpus.isdecimal():
        problems.append(f"GPUS: expected a whole number of 0 or more, or nothing; got {gpus!r}")
    if threads and (not threads.isdecimal() or int(threads) < 1):
        problems.append(f"THREADS: expected a whole number of 1 or more, or nothing; got {threads!r}")
    if problems:
        raise SettingsError("; ".join(problems))
    data_folder()
    chosen, why = _choose(profile)
    writable_folder(reports / chosen)
    at_a_time, minutes = min(int(jobs), cpu_count()), float(timeout) if timeout else None
    count = int(gpus) if gpus else len(visible_gpus())
    share = CLUSTER_THREADS if os.environ.get("SNAKEMAKE_PROFILE") else cpu_count() // at_a_time
    cores = int(threads) if threads else share
    return Settings(chosen, why, dataset, tuple(numbers), at_a_time, int(retries), minutes, count, cores, reports)


def _is_above_zero(text: str) -> bool:
    """Whether a text is a finite number above 0."""
    try:
        return 0 < float(text) < math.inf
    except ValueError:
        return False


def _choose(profile: str) -> tuple[str, str]:
    """The profile to run, and why."""
    if profile != "auto":
        return profile, "asked for"
    gpu = nvidia("name")
    return ("full", f"there is a GPU: {gpu}") if gpu else ("quick", "there is no GPU")


def thread_limits(threads: int) -> dict[str, str]:
    """Environment variables that keep a job to its share of the processor's cores; none if it has them all."""
    if threads >= cpu_count():
        return {}
    # TensorFlow's, oneDNN's and the linear algebra's, JAX's.
    return dict.fromkeys(("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS", "NPROC"), str(threads))
