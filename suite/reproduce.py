"""`make reproduce`: execute what is missing, all of it or as much as fits into a time, then the pages and the index."""

import os
import time
from pathlib import Path

from helpers.profiles import PROFILES
from helpers.progress import format_seconds
from suite.anew import begin_anew, settle
from suite.estimates import measured_slowness, seconds_of
from suite.in_time import train_in_time
from suite.jobs import PAGE_MINUTES, Job, plan_jobs, seconds_of_all
from suite.outcomes import drop_unfounded_marks, jobs_table
from suite.recorded import this_machine
from suite.results import record_files, report, say_new_records, say_what_is_missing, show_index
from suite.settings import Settings
from suite.site.pages import notebook_title_and_question
from suite.status import missing_line, states_of, status_table
from suite.workflow import call_snakemake, fetch_data


def status_command(notebooks: list[Path], settings: Settings) -> int:
    """Say how each job stands, and what the missing ones cost on this machine."""
    jobs, states, seconds = _survey(notebooks, settings)
    settings = settings_for(jobs, states, seconds, settings)
    print(status_table(jobs, states, seconds, settings.folder))
    print("\n" + missing_line(jobs, states, seconds, this_machine()["device"], settings))
    return 0


def reproduce_command(notebooks: list[Path], suite: list[Path], settings: Settings, anew: bool, again: bool) -> int:
    """Execute what is missing, then build the index of all that was ever executed for the profile.

    Args:
        notebooks: Those asked for.
        suite: All notebooks.
        settings: How to run them.
        anew: Whether to train again what is finished.
        again: Whether to make pages again that are up to date.

    Returns:
        0 if nothing failed, and all ran to its end that was to.
    """
    started = time.time()
    jobs = plan_jobs(notebooks, settings.profile, settings.dataset, settings.seeds)
    if anew:
        begin_anew(jobs, settings)
    else:
        settle(jobs, settings, given_up=True)
    for job in jobs:
        if again and job.seed is None:
            job.forget(settings.folder)
    drop_unfounded_marks(jobs, settings.folder)
    jobs, before, seconds = _survey(notebooks, settings, anew)
    settings = settings_for(jobs, before, seconds, settings)
    _announce(notebooks, jobs, before, seconds, settings)
    if any(state != "done" for state in before.values()):
        fetch_data(settings)
    known, every = record_files(settings.folder), jobs
    if settings.minutes:
        jobs, ended = train_in_time(notebooks, jobs, before, seconds, settings, started)
    else:
        _mark_recorded(jobs, before, settings.folder)
        ended = call_snakemake(notebooks, settings)
    print("\n" + jobs_table(jobs, before, settings.folder, started))
    say_what_is_missing(jobs, settings.folder, started)
    say_new_records(known, settings)
    settle(every, settings)
    whole = show_index(suite, settings, jobs, started)
    return report(jobs, settings, ended, started) or int(not whole)


def _survey(
    notebooks: list[Path], settings: Settings, anew: bool = False
) -> tuple[list[Job], dict[str, str], dict[str, float]]:
    """All jobs, how each of them stands, and what it takes on this machine."""
    asked = (notebooks, settings.profile, settings.dataset, settings.seeds)
    jobs, pages = plan_jobs(*asked), plan_jobs(*asked, from_records=True)
    machine = this_machine()
    if anew:  # nothing that is recorded counts
        states = {job.name: job.state(settings.folder) for job in jobs}
    else:
        states = states_of(jobs, pages, settings.folder, machine)
    is_worth_it = settings.profile != "smoke" and set(states.values()) != {"done"}  # seconds, to know of minutes
    slowness = measured_slowness if is_worth_it else lambda: 1.0
    return jobs, states, seconds_of(jobs, settings.folder, machine, slowness, anew)


def settings_for(jobs: list[Job], states: dict[str, str], seconds: dict[str, float], settings: Settings) -> Settings:
    """The settings for what is missing: where a single job may run beside others, it has the cores of all.

    Args:
        jobs: All jobs.
        states: How each of them stands.
        seconds: What each of them takes on this machine, about.
        settings: As they were asked for.
    """
    missing = [job for job in jobs if states[job.name] != "done"]
    training = [job for job in missing if seconds[job.name] > 2 * 60 * PAGE_MINUTES]
    beside = sum(not job.alone for job in training)
    return settings.for_number(beside) if training else settings


def _announce(
    notebooks: list[Path], jobs: list[Job], before: dict[str, str], seconds: dict[str, float], settings: Settings
) -> None:
    """Say what will be run and about how long it takes."""
    profile = PROFILES[settings.profile]
    print(f"Profile {profile.name} ({settings.why}): {profile.about}.")
    data = os.environ.get("COURSEWORK_DATA") or "Keras's download and cache"
    seeds = ", ".join(map(str, settings.seeds)) or "each notebook's own"
    print(f"Data: {settings.dataset} from {data}. Seeds: {seeds}.")
    for notebook in notebooks:
        own = [job for job in jobs if job.notebook == notebook.stem]
        missing = [seconds[job.name] for job in own if before[job.name] != "done"]
        about = f"about {format_seconds(sum(missing)):>6}" if missing else "up to date" if own else "at the end"
        some = f" ({len(missing)} of {len(own)} jobs)" if 0 < len(missing) < len(own) else ""
        print(f"  {notebook.stem:<24} {about:<12}{some}  {notebook_title_and_question(notebook)[1]}")
    room = f"; as much of it as fits into {settings.minutes:g} min" if settings.minutes else ""
    missing = [job for job in jobs if before[job.name] != "done"]
    total = format_seconds(seconds_of_all(missing, seconds, settings.jobs, settings.stretch))
    beside = f", {settings.jobs} jobs at a time where no times are judged," if settings.jobs > 1 else ""
    print(
        f"About {total} in all{beside} on this machine, by what is recorded and what the notebooks say{room}.\n",
        flush=True,
    )


def _mark_recorded(jobs: list[Job], states: dict[str, str], folder: Path) -> None:
    """Mark as ended the jobs that are done because their runs are recorded, or their page is made from records."""
    for job in jobs:
        if states[job.name] == "done" and not (folder / job.mark).exists():
            job.forget(folder)
            (folder / job.mark).parent.mkdir(parents=True, exist_ok=True)
            (folder / job.mark).touch()
