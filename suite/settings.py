"""What to run, as asked for on the command line: checked before anything starts."""

import math
import os
from dataclasses import dataclass, replace
from pathlib import Path

from helpers.data import LOADERS, data_folder
from helpers.data.decoded import cache_folder
from helpers.files import writable_folder
from helpers.gpus import nvidia, visible_gpus
from helpers.limits import cores_in_sight, cpu_count, memory_mb
from helpers.profiles import PROFILES
from suite.jobs import MEMORY_MB, SIDE_BY_SIDE

AT_A_TIME = 2  # jobs by default where processor cores train: see SIDE_BY_SIDE in suite/jobs.py
CLUSTER_THREADS = 2  # of a job that is sent elsewhere: what the minutes in the notebooks were measured on
PAGES_AT_A_TIME = 2  # where nothing is trained: each waits for the disk and for one core most of the time
DEFAULTS = {"profile": "auto", "dataset": "cifar10", "retries": "2"} | dict.fromkeys(
    ("seeds", "jobs", "timeout", "minutes", "gpus", "threads", "number", "draw"), ""
)


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
        jobs: Jobs at a time, at most as many as there are cores and memory for.
        retries: How often a failed job is tried again.
        timeout: Minutes that a job may take; None for no limit.
        minutes: Minutes that all of it may take; None for no limit.
        gpus: Number of GPUs; each is of one job at a time.
        threads: Processor cores of a job that runs beside others.
        threads_alone: Processor cores of one that runs alone.
        number: How many records an audit trains again; None for as many as the time allows.
        draw: The seed with which an audit draws them; None for any.
        reports: The folder of all reports.
    """

    profile: str
    why: str
    dataset: str
    seeds: tuple[int, ...]
    jobs: int
    retries: int
    timeout: float | None
    minutes: float | None
    gpus: int
    threads: int
    threads_alone: int
    number: int | None
    draw: int | None
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
            "threads_alone": self.threads_alone,
            "cores": self.cores,
            "timeout": self.timeout,
            "gpus": self.gpus,
            "memory_mb": memory_mb(),
        }

    @property
    def cores(self) -> int:
        """Processor cores that jobs hold together, so that there are never more of them; who runs alone holds all."""
        return self.threads * self.jobs

    @property
    def stretch(self) -> float:
        """How many times longer a job takes beside others than alone; those on GPUs have one each."""
        return 1.0 if self.jobs == 1 or self.gpus else self.jobs / SIDE_BY_SIDE

    @property
    def partial(self) -> Path:
        """Where notebooks are while they run, and stay if they fail."""
        return self.folder / ".partial"

    def for_pages(self) -> "Settings":
        """The same for jobs that only make pages: two at a time, since nothing is trained that would need all cores."""
        jobs = max(self.jobs, min(PAGES_AT_A_TIME, cpu_count()))
        return replace(self, jobs=jobs, threads=max(1, self.threads_alone // jobs))

    def for_number(self, count: int) -> "Settings":
        """The same for so many jobs that train: where they are fewer than at a time, each has more of the cores."""
        jobs = max(1, min(self.jobs, count))
        shares = self.threads < self.threads_alone  # else so many threads were asked for
        return replace(self, jobs=jobs, threads=self.threads_alone // jobs if shares else self.threads)


def read_settings(reports: Path, **asked: str) -> Settings:
    """Check what the command line asks for.

    Args:
        reports: The folder of all reports.
        **asked: As text; what is empty or left out has its default.
            profile: "auto", "full", "quick" or "smoke"; "auto", the default, is full on a GPU and quick without.
            dataset: A data set's name; default "cifar10".
            seeds: Whole numbers separated by spaces; default each notebook's own.
            jobs: Jobs at a time, 1 or more, never more than there are cores and memory for; default two where the
                processor trains, else 1; on a cluster its profile says it.
            retries: How often a failed job is tried again, 0 or more; default 2.
            timeout: Minutes that a job may take, above 0; default no limit.
            minutes: Minutes that all of it may take, above 0; default no limit.
            gpus: Number of GPUs; default as many as there are here. A cluster's login node may have none where its
                nodes do.
            threads: Processor cores of a job, 1 or more; default this machine's, shared between the jobs, and on a
                cluster two.
            number: Records to audit, 1 or more; default as many as the time allows, three without a limit.
            draw: The seed with which they are drawn, 0 or more; default any.

    Raises:
        SettingsError: A value is not one of those; all problems at once.
        DataNotFoundError: `$COURSEWORK_DATA` names a folder that does not exist.
        CacheFolderError: `$COURSEWORK_CACHE` cannot be written.
        ResultsFolderError: The reports cannot be written.
    """
    given = {name: asked.get(name, "").strip() or default for name, default in DEFAULTS.items()}
    problems = [problem for name, value in given.items() if (problem := _problem(name, value))]
    if problems:
        raise SettingsError("; ".join(problems))
    data_folder(), cache_folder()
    profile, why = _choose(given["profile"])
    writable_folder(reports / profile)
    gpus = int(given["gpus"]) if given["gpus"] else len(visible_gpus())
    on_cluster, threads = bool(os.environ.get("SNAKEMAKE_PROFILE")), int(given["threads"] or 0)
    asked_jobs = int(given["jobs"] or 0) or _jobs_at_a_time(gpus, threads)
    jobs = 1 if on_cluster else max(1, min(asked_jobs, cpu_count(), memory_mb() // MEMORY_MB))
    whole = CLUSTER_THREADS if on_cluster else cpu_count()
    return Settings(
        profile=profile,
        why=why,
        dataset=given["dataset"],
        seeds=tuple(map(int, given["seeds"].split())),
        jobs=jobs,
        retries=int(given["retries"]),
        timeout=float(given["timeout"]) if given["timeout"] else None,
        minutes=float(given["minutes"]) if given["minutes"] else None,
        gpus=gpus,
        threads=threads or whole // jobs,
        threads_alone=threads or whole,
        number=int(given["number"]) if given["number"] else None,
        draw=int(given["draw"]) if given["draw"] else None,
        reports=reports,
    )


def _jobs_at_a_time(gpus: int, threads: int) -> int:
    """How many jobs are executed at a time where it is not said."""
    if gpus or visible_gpus():
        return 1
    return max(1, min(AT_A_TIME, cpu_count() // (threads or 1)))


def _problem(name: str, value: str) -> str | None:
    """What is wrong with a value; None if nothing is."""
    profiles, datasets = ("auto", *PROFILES), tuple(LOADERS)
    right, expected = {
        "profile": (value in profiles, ", ".join(profiles)),
        "dataset": (value in datasets, f"one of {', '.join(datasets)}"),
        "seeds": (_are_seeds(value), 'different whole numbers below 2**32 such as "10 11 12"'),
        "jobs": (not value or _is_whole(value, 1), "a whole number of 1 or more, or nothing"),
        "retries": (_is_whole(value, 0, 100), "a whole number from 0 to 100"),
        "timeout": (not value or _is_above_zero(value), "minutes, a number above 0, or nothing"),
        "minutes": (not value or _is_above_zero(value), "a number above 0, or nothing"),
        "gpus": (not value or _is_whole(value, 0), "a whole number of 0 or more, or nothing"),
        "threads": (not value or _is_whole(value, 1), "a whole number of 1 or more, or nothing"),
        "number": (not value or _is_whole(value, 1), "a whole number of 1 or more, or nothing"),
        "draw": (not value or _is_whole(value, 0), "a whole number of 0 or more, or nothing"),
    }[name]
    shown = "N" if name == "number" else name.upper()  # what `make` calls it
    return None if right else f"{shown}: expected {expected}; got {value!r}"


def _is_whole(text: str, low: int, high: float = math.inf) -> bool:
    """Whether a text is a whole number in a range."""
    return text.isdecimal() and low <= int(text) <= high


def _are_seeds(text: str) -> bool:
    """Whether a text is different whole numbers that Keras takes as seeds, or nothing."""
    parts = text.split()
    return all(_is_whole(part, 0, 2**32 - 1) for part in parts) and len(set(map(int, parts))) == len(parts)


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
    gpu = nvidia("name")  # of those that may be used
    return ("full", f"there is a GPU: {gpu}") if gpu else ("quick", "there is no GPU")


def limit_threads(threads: int) -> None:
    """Keep this process, and those that it starts, to so many of the processor's cores."""
    for variable in ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS", "NPROC"):  # TensorFlow's, linear algebra's, JAX's
        os.environ.pop(variable, None)
        if threads < cores_in_sight():
            os.environ[variable] = str(threads)
