"""`make pages`: all pages, figures and the index from records. Nothing is trained, and the records stay as they are."""

import time
from pathlib import Path

from suite.jobs import MARKS, Job, plan_jobs
from suite.outcomes import jobs_table
from suite.results import report, say_what_is_missing, show_index
from suite.settings import Settings
from suite.workflow import call_snakemake, fetch_data


def pages_command(notebooks: list[Path], suite: list[Path], settings: Settings) -> int:
    """Make the pages of notebooks from records, then the index; 0 if every notebook ran to its end.

    Args:
        notebooks: Those asked for.
        suite: All notebooks.
        settings: How to run them.
    """
    started = time.time()
    print(f"Pages of profile {settings.profile} from its records: nothing is trained.", flush=True)
    fetch_data(settings)
    pages, ended = make_pages(notebooks, settings)
    print("\n" + jobs_table(pages, dict.fromkeys((page.name for page in pages), "pending"), settings.folder, started))
    say_what_is_missing(pages, settings.folder, started)
    whole = show_index(suite, settings, pages, started)
    return report(pages, settings, ended, started) or int(not whole)


def make_pages(notebooks: list[Path], settings: Settings) -> tuple[list[Job], int]:
    """Make the pages of notebooks from records: the jobs, and Snakemake's exit status."""
    pages = plan_jobs(notebooks, settings.profile, settings.dataset, settings.seeds, from_records=True)
    for page in pages:
        for mark in (settings.folder / MARKS).glob(f"{page.name}.records-*"):
            mark.unlink()
    return pages, call_snakemake(notebooks, settings, from_records=True)
