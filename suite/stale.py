"""Which pages are older than what there is: other code, other records, other runs on the pages that they use."""

from datetime import datetime, timedelta
from pathlib import Path

from helpers.records import ALL_PAGES, digest_of_shown, read_summary
from suite.jobs import ROOT
from suite.recorded import last_summary, runs_in


def why_stale(name: str, folder: Path) -> str:
    """Why a notebook's page is older than what there is now; "" if it is not.

    Args:
        name: The notebook's name.
        folder: The profile's folder of reports.
    """
    results = folder / "results" / name
    if not (results / "summary.json").is_file() or not (ROOT / "notebooks" / f"{name}.ipynb").is_file():
        return ""
    if not read_summary(results):
        return "What this page found, its summary.json, cannot be read."
    summary = last_summary(name, folder)
    if not summary:
        return "The notebook's code has changed since this page was made."
    return other_records(name, folder, summary)


def other_records(name: str, folder: Path, summary: dict) -> str:
    """How the records that are there differ from those that a notebook's page was made of; "" if they do not.

    Args:
        name: The notebook's name.
        folder: The profile's folder of reports.
        summary: Of the page.
    """
    if other := _other_of_its_own(name, folder, summary):
        return other
    changed = _changed_beside(summary, folder)
    return f"It uses runs of other pages, which show others since: {', '.join(changed)}." if changed else ""


def uses_old_runs(name: str, folder: Path) -> bool:
    """Whether all that is old of a page are the runs of other notebooks that it uses.

    Args:
        name: The notebook's name.
        folder: The profile's folder of reports.
    """
    if not _changed_beside(read_summary(folder / "results" / name), folder):
        return False
    summary = last_summary(name, folder)
    return bool(summary) and not _other_of_its_own(name, folder, summary)


def _other_of_its_own(name: str, folder: Path, summary: dict) -> str:
    """How the records of a page's own runs differ from those that it was made of."""
    records = [record for path in folder.glob("results/*") for record in runs_in(path)]
    shown = {run["record"] for run in summary.get("runs", ())}
    if gone := shown - {record["sha256"] for record in records}:
        return f"Of the records that this page was made of {len(gone)} can no longer be found."
    own = [record for record in records if record["notebook"] == name and record["sha256"] not in shown]
    if newer := [record for record in own if _is_newer(record, summary)]:
        return f"Since this page was made {len(newer)} of its runs {'were' if len(newer) > 1 else 'was'} recorded."
    return ""


def _changed_beside(summary: dict, folder: Path) -> list[str]:
    """The other notebooks whose runs a page uses, and whose pages show other runs since."""
    used = summary.get("pages_beside", {})
    if ALL_PAGES in used:  # those that have come since, too
        now = {path.name: "" for path in sorted(folder.glob("results/*")) if path.name != summary["notebook"]}
        used = now | {name: digest for name, digest in used.items() if name != ALL_PAGES}
    return [name for name, digest in used.items() if digest != digest_of_shown(folder / "results" / name)]


def _is_newer(record: dict, summary: dict) -> bool:
    """Whether a run that a page does not show was not there when it was made, wherever and whenever it was trained."""
    if "not_shown" in summary:
        return record["sha256"] not in summary["not_shown"]
    return record["seed"] in summary.get("seeds", ()) and _ended(record) > datetime.fromisoformat(summary["finished"])


def _ended(record: dict) -> datetime:
    """When a run ended."""
    return datetime.fromisoformat(record["started"]) + timedelta(seconds=record["seconds"])
