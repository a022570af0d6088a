"""What jobs cost on this machine: by what it has recorded, by what the notebooks say, or by a speed measured now."""

import statistics
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

from helpers.limits import cpu_count
from suite.jobs import PAGE_MINUTES, SIDE_BY_SIDE, Job
from suite.recorded import ask, kind_of, runs_in

# Images a second that `helpers.speed` would find on the machine whose times the notebooks say: by notebook 10, quick,
# which then said 1 min, and took 5 min 15 s on two AMD cores (Zen 3, float32) where 750 a second are found.
REFERENCE_SPEED = 7_000.0


@cache
def measured_slowness() -> float:
    """How many times longer this machine takes to train than the one whose times the notebooks say; measured once."""
    return REFERENCE_SPEED / float(ask("helpers.speed"))


def seconds_of(
    jobs: Iterable[Job],
    folder: Path,
    machine: dict,
    slowness: Callable[[], float] = measured_slowness,
    anew: bool = False,
) -> dict[str, float]:
    """About how long each job takes on this machine, by its name, with all of its cores.

    Where this device has recorded runs of a notebook, their seconds count; of a seed that is partly recorded only the
    rest. Elsewhere it is what the notebook says, times what others took on this device against what they say, or, where
    this device has recorded nothing, times the speed that is measured now. What does not train takes what it says.

    Args:
        jobs: All jobs of the notebooks to look at.
        folder: The profile's folder of reports.
        machine: As `this_machine` describes it.
        slowness: Measures how many times longer than said training takes here.
        anew: Whether what is recorded is trained again.
    """
    jobs = list(jobs)
    training = [job for job in jobs if job.seed is not None or not job.after]
    runs = {job.notebook: runs_in(folder / "results" / job.notebook) for job in training}
    typical = {name: _seconds_by_variant(records, machine["device"]) for name, records in runs.items()}
    page = 60 * PAGE_MINUTES
    said = {job.notebook: max(0.0, 60 * job.minutes - page) for job in training}  # of it, what is training
    ratios = [sum(typical[name].values()) / said[name] for name in said if typical[name] and said[name]]
    measured = any(said[name] and not typical[name] for name in said) and not ratios
    ratio = slowness() if measured else statistics.median(ratios) if ratios else 1.0
    found = dict.fromkeys((job.name for job in jobs), page)
    for job in training:
        own = [run for run in runs[job.notebook] if run["seed"] in job.seeds and kind_of(run) == kind_of(machine)]
        recorded = set() if anew else {run["variant"] for run in own}
        rest = [seconds for variant, seconds in typical[job.notebook].items() if variant not in recorded]
        found[job.name] += sum(rest) if typical[job.notebook] else ratio * said[job.notebook]
    return found


def _seconds_by_variant(records: list[dict], device: str) -> dict[str, float]:
    """The median training time of each variant on a device: of runs beside another, what they would take alone."""
    by_variant: dict[str, list[float]] = {}
    for record in records:
        if record["device"] == device:
            shared = record["device_kind"] == "cpu" and record.get("disturbed")
            beside = cpu_count() // record.get("threads", cpu_count()) if shared else 1
            share = min(1.0, SIDE_BY_SIDE / beside) if beside > 1 else 1.0
            by_variant.setdefault(record["variant"], []).append(record["seconds"] * share)
    return {variant: statistics.median(seconds) for variant, seconds in by_variant.items()}
