"""As many missing jobs as fit into a time: the first seed of everything, then the second, and the pages at its end."""

import math
import time
from pathlib import Path

from helpers.files import write_json
from suite.jobs import PAGE_MINUTES, Job, read_outcome, seconds_beside
from suite.outcomes import new_outcome
from suite.pages import make_pages
from suite.settings import PAGES_AT_A_TIME, Settings
from suite.status import places
from suite.workflow import INTERRUPTED, call_snakemake

PAGES_SHARE = 0.2  # at most, of the time asked for, is kept for the pages


def train_in_time(
    notebooks: list[Path],
    jobs: list[Job],
    states: dict[str, str],
    seconds: dict[str, float],
    settings: Settings,
    started: float,
) -> tuple[list[Job], int]:
    """Execute missing jobs until the time is up, then make the pages of the notebooks that lack nothing else.

    Jobs are chosen by what they are expected to take, and chosen again while there is time left: the estimates err.
    Those that would not end beside another in time have all cores. One that takes longer than expected is stopped when
    the time is up, and resumed by the next call.

    Args:
        notebooks: Those asked for.
        jobs: All of their jobs.
        states: How each of them stands.
        seconds: What each of them takes on this machine with all of its cores, about.
        settings: How to run them, and in which time.
        started: When the suite began, seconds since the epoch.

    Returns:
        The jobs that were chosen, those of pages among them, and Snakemake's exit status.
    """
    place = places(jobs)
    waiting = sorted((job for job in jobs if job.name in place), key=lambda job: place[job.name])
    waiting = [job for job in waiting if states[job.name] != "done"]
    unfinished = {job.notebook for job in jobs if states[job.name] != "done"}
    deadline = started + 60 * settings.minutes - _seconds_for_pages(len(unfinished), settings.minutes)
    begun: list[Job] = []
    ended = 0
    while ended != INTERRUPTED:
        for trial in (settings, settings.for_number(1)):
            expected = seconds_beside(jobs, seconds, trial.stretch)
            if chosen := fitting(waiting, expected, deadline - time.time(), trial.jobs):
                break
        else:
            break
        chosen = [job for job in chosen if place[job.name] == place[chosen[0].name]]  # else who runs alone comes last
        options = {"deadline": deadline, "expected_seconds": expected}
        ended = call_snakemake(notebooks, trial, chosen=[job.name for job in chosen], **options)
        begun, waiting = begun + chosen, [job for job in waiting if job not in chosen]
    if waiting:
        print(f"\nNot begun, for want of time: {', '.join(job.name for job in waiting)}", flush=True)
    executed = [job for job in begun if new_outcome(job, settings.folder, started).get("status") != "not begun"]
    has_no_page = {
        job.notebook for job in executed if not (settings.folder / job.mark).exists() or job.seed is not None
    }
    waits = {job.notebook for job in jobs if states[job.name] != "done" and job.name in place}
    has_no_page |= unfinished - waits  # all but the page is there
    if not has_no_page or ended == INTERRUPTED:
        return begun, ended
    of_pages = {job.name: read_outcome(settings.folder, job.name) for job in executed if job.seed is None}
    pages, ended = make_pages([path for path in notebooks if path.stem in has_no_page], settings.for_pages())
    for name, outcome in of_pages.items():  # one that failed or was stopped stays that, now that it has a page
        if read_outcome(settings.folder, name).get("status") != "failed":
            write_json(settings.partial / f"{name}.json", outcome)
    return begun + [page for page in pages if page.name not in of_pages], ended


def fitting(jobs: list[Job], seconds: dict[str, float], room: float, at_a_time: int) -> list[Job]:
    """The jobs, in order, that can be expected to end in the time that is left.

    Args:
        jobs: In the order in which they are wanted.
        seconds: What each of them takes beside others, or alone, by its name.
        room: Seconds that are left.
        at_a_time: How many are executed at a time.
    """
    chosen, total = [], 0.0
    for job in jobs:
        used = seconds[job.name] * (at_a_time if job.alone else 1)
        if seconds[job.name] <= room and total + used <= room * at_a_time:
            chosen.append(job)
            total += used
    return chosen


def _seconds_for_pages(number: int, minutes: float) -> float:
    """How much of the time is kept for making so many pages."""
    rounds = math.ceil(number / PAGES_AT_A_TIME)
    return 60 * min(PAGE_MINUTES * rounds, PAGES_SHARE * minutes)
