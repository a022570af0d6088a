"""How the suite stands, for the terminal: each notebook and seed, and what the rest costs on this machine."""

import math
from pathlib import Path

from helpers.progress import format_seconds
from suite.jobs import Job, last_log_line, read_outcome, seconds_of_all
from suite.outcomes import align, is_founded
from suite.recorded import recorded_jobs
from suite.settings import Settings
from suite.stale import why_stale

SEED_COUNTS = (1, 3, 5)  # how many seeds of everything are wanted first, then next, then at last


def states_of(jobs: list[Job], pages: list[Job], folder: Path, machine: dict) -> dict[str, str]:
    """How each job stands, by its name: what is recorded is done, whether or not it was executed here.

    Args:
        jobs: All jobs.
        pages: The jobs that make the same pages from records alone.
        folder: The profile's folder of reports.
        machine: As `recorded.this_machine` describes it.
    """
    recorded = recorded_jobs(jobs, folder, machine)
    trains = {job.name for job in jobs if job.seed is None and not job.after}  # a page whose own job trains
    shown = [page for page in pages if _shows_all_records(page, folder)]
    recorded |= {page.name for page in shown if page.name not in trains or is_founded(page, folder)}
    states = {job.name: job.state(folder) for job in jobs}
    lost = {job.name for job in jobs if states[job.name] == "done" and not is_founded(job, folder)}
    states |= dict.fromkeys(lost, "stale")
    return {n: "done" if n in recorded and state in ("stale", "pending") else state for n, state in states.items()}


def _shows_all_records(page: Job, folder: Path) -> bool:
    """Whether a page was made from records by today's code, after the newest of them was written, and lacks none."""
    mark = folder / page.mark
    if why_stale(page.notebook, folder):
        return False
    newest = max((path.stat().st_mtime for path in (folder / "results" / page.notebook).glob("*-*.json")), default=0)
    there = mark.exists() and (folder / f"{page.notebook}.html").exists()
    return there and mark.stat().st_mtime >= newest


def places(jobs: list[Job]) -> dict[str, int]:
    """Of each job that trains, which of its notebook's seeds it is, counted from 0; by the job's name."""
    found: dict[str, int] = {}
    for job in jobs:
        if job.seed is not None:
            found[job.name] = sum(name.startswith(f"{job.notebook}-seed") for name in found)
        elif not job.after:  # the page's job trains, or nothing does
            found[job.name] = 0
    return found


def status_table(jobs: list[Job], states: dict[str, str], seconds: dict[str, float], folder: Path) -> str:
    """The matrix of notebooks and seeds: done, stale, running, failed, pending; beside what is missing, its cost.

    Args:
        jobs: All jobs.
        states: How each of them stands.
        seconds: What each of them takes on this machine, about.
        folder: The profile's folder of reports.
    """

    def cell(job: Job) -> str:
        cost = "" if states[job.name] == "done" or job.after else f" {format_seconds(seconds[job.name])}"
        return f"{'' if job.seed is None else f'{job.seed} '}{states[job.name]}{cost}"

    rows = [("notebook", "page", "seeds")]
    for page in (job for job in jobs if job.seed is None):
        own = [job for job in jobs if job.notebook == page.notebook and job.seed is not None]
        rows.append((page.notebook, cell(page), *map(cell, own)))
    lines = [align(rows)]
    messages = [f"{job.name}: {last_log_line(folder, job.name)}" for job in jobs if states[job.name] == "running"]
    failed = [job for job in jobs if states[job.name] == "failed"]
    messages += [f"{job.name}: {read_outcome(folder, job.name)['error']}" for job in failed]
    return "\n".join([*lines, *([""] if messages else []), *messages])


def missing_line(
    jobs: list[Job], states: dict[str, str], seconds: dict[str, float], device: str, settings: Settings
) -> str:
    """What all that is missing costs: for one seed of everything, for three, for five, and for all if more.

    Args:
        jobs: All jobs.
        states: How each of them stands.
        seconds: What each of them takes on this machine, about.
        device: What this machine computes with.
        settings: How many jobs share the cores.
    """
    missing = {name: place for name, place in places(jobs).items() if states[name] != "done"}
    if not missing:
        return "Nothing is missing."

    def cost(count: float) -> str:
        needed = [job for job in jobs if missing.get(job.name, math.inf) < count]
        total = seconds_of_all(needed, seconds, settings.jobs, settings.stretch)
        return format_seconds(total) if needed else "nothing"

    costs = [f"for {count} seed{'s' * (count > 1)} {cost(count)}" for count in SEED_COUNTS]
    if max(missing.values()) >= max(SEED_COUNTS):
        costs.append(f"for all {cost(math.inf)}")
    return f"What is missing takes about, on {device}: {', '.join(costs)}."
