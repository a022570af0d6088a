"""What to run, as asked for on the command line: checked before anything starts."""

from dataclasses import dataclass
from pathlib import Path

from helpers.data import LOADERS, data_folder
from helpers.files import writable_folder
from helpers.hardware import cpu_count, nvidia
from helpers.profiles import PROFILES


class SettingsError(ValueError):
    """The suite was asked for something impossible."""


@dataclass(frozen=True)
class Settings:
    """What every notebook of the suite is run with.

    Attributes:
        profile: "full", "quick" or "smoke".
        why: Why this profile, in a few words.
        dataset: "cifar10", "fashion_mnist" or "digits".
        seeds: One training run of every variant a seed.
        jobs: Notebooks at a time.
        reports: The folder of all reports.
    """

    profile: str
    why: str
    dataset: str
    seeds: tuple[int, ...]
    jobs: int
    reports: Path

    @property
    def folder(self) -> Path:
        """Where this profile's pages go."""
        return self.reports / self.profile

    @property
    def partial(self) -> Path:
        """Where notebooks are while they run, and stay if they fail."""
        return self.folder / ".partial"


def read_settings(profile: str, dataset: str, seeds: str, jobs: str, reports: Path) -> Settings:
    """Check what came from the command line.

    Args:
        profile: "auto", "full", "quick" or "smoke"; "auto" is full on a GPU and quick without.
        dataset: A data set's name.
        seeds: Whole numbers separated by spaces; empty for 0 1 2 in full, else 0.
        jobs: Notebooks at a time, a whole number of 1 or more.
        reports: The folder of all reports.

    Raises:
        SettingsError: A value is not one of those; all problems at once.
        DataNotFoundError: `$COURSEWORK_DATA` names a folder that does not exist.
        ResultsFolderError: The reports cannot be written.
    """
    problems = []
    if profile not in ("auto", *PROFILES):
        problems.append(f"PROFILE: expected auto, {', '.join(PROFILES)}; came {profile!r}")
    if dataset not in LOADERS:
        problems.append(f"DATASET: expected one of {', '.join(LOADERS)}; came {dataset!r}")
    numbers = [int(seed) for seed in seeds.split() if seed.isdecimal() and int(seed) < 2**32]
    if len(set(numbers)) < len(seeds.split()):
        problems.append(f'SEEDS: expected different whole numbers below 2**32 such as "0 1 2"; came {seeds!r}')
    if not jobs.isdecimal() or int(jobs) < 1:
        problems.append(f"JOBS: expected a whole number of 1 or more; came {jobs!r}")
    if problems:
        raise SettingsError("; ".join(problems))
    data_folder()
    chosen, why = _choose(profile)
    seeds_to_run = tuple(numbers) or ((0, 1, 2) if chosen == "full" else (0,))
    writable_folder(reports / chosen)
    return Settings(chosen, why, dataset, seeds_to_run, int(jobs), reports)


def _choose(profile: str) -> tuple[str, str]:
    """The profile to run, and why."""
    if profile != "auto":
        return profile, "asked for"
    gpu = nvidia("name")
    return ("full", f"there is a GPU: {gpu}") if gpu else ("quick", "there is no GPU")


def thread_limits(jobs: int) -> dict[str, str]:
    """Environment variables that share the processor's cores between so many notebooks; none for one."""
    if jobs == 1:
        return {}
    threads = str(max(1, cpu_count() // jobs))
    return {"TF_NUM_INTRAOP_THREADS": threads, "OMP_NUM_THREADS": threads}
