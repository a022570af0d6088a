"""The pages of records: for each notebook all that was recorded, so that every number leads to the run it is of."""

import os
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

import numpy as np

from helpers.claims import mean_interval
from suite.site.catalogue import Catalogue, Entry, group_anchor
from suite.site.facts import read_note
from suite.site.record_words import date_of, describe_candidate, describe_measurement, describe_run
from suite.site.render import page_exporter, write_file

KINDS = {"run": describe_run, "candidate": describe_candidate, "measurement": describe_measurement}


def build_record_pages(profile_dir: Path, catalogue: Catalogue, titles: dict[str, str]) -> list[Path]:
    """Write a page of records for each notebook that has any, and remove those of notebooks that have none left.

    Args:
        profile_dir: The profile's folder.
        catalogue: Its records.
        titles: Titles by notebook, as far as they are known.

    Returns:
        The pages.
    """
    audits, pages = _read_audits(profile_dir.parent / "audit.json"), []
    for folder in sorted(path for path in profile_dir.glob("results/*") if path.is_dir()):
        path = folder / "index.html"
        if not catalogue.has_page(folder.name):
            path.unlink(missing_ok=True)
            continue
        page = describe_records(folder.name, profile_dir, catalogue, audits) | {"title": titles.get(folder.name, "")}
        html = page_exporter().environment.get_template("records.html.jinja").render(page=page)
        pages.append(write_file(path, html.encode()))
    return pages


def describe_records(notebook: str, profile_dir: Path, catalogue: Catalogue, audits: dict[str, dict]) -> dict:
    """What a page of records says.

    Args:
        notebook: The notebook's name.
        profile_dir: The profile's folder.
        catalogue: Its records.
        audits: What was found when records were trained again, by their digest.
    """
    summary = catalogue.summaries.get(notebook, {})
    described: dict[str, list[dict]] = {kind: [] for kind in (*KINDS, "other")}
    for entry in catalogue.entries(notebook):
        kind, found = _describe(entry)
        found |= {"file": _address(entry.path, profile_dir / "results" / notebook), "name": entry.path.name}
        found |= {"elsewhere": _elsewhere(entry, notebook), "why_not_shown": _why_not_shown(entry, summary)}
        if audit := audits.get(entry.record["sha256"]):
            found["facts"]["trained again by an audit"] = audit
        described[kind].append(found)
    runs = described["run"]
    groups = [
        {"variant": variant, "anchor": group_anchor(variant), "runs": own, "mean": _mean(own)}
        for variant in dict.fromkeys(run["variant"] for run in runs)
        if (own := [run for run in runs if run["variant"] == variant])
    ]
    return {
        "notebook": notebook,
        "profile": profile_dir.name,
        "page": f"../../{quote(notebook)}.html" if (profile_dir / f"{notebook}.html").is_file() else "",
        "groups": groups,
        "hidden": sum(not run["shown"] for run in runs),
        "problems": catalogue.problems.get(notebook, {}),
        **{f"{kind}s": found for kind, found in described.items()},
    }


def _describe(entry: Entry) -> tuple[str, dict]:
    """A record's kind and what it says; "other" where that is not what records of its kind say."""
    common = {"anchor": entry.anchor, "variant": entry.variant, "shown": entry.shown, "facts": {}}
    try:
        return entry.record["kind"], common | KINDS[entry.record["kind"]](entry.record)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        return "other", common | {"facts": {"not described": f"{type(error).__name__}: {error}"}}


def _elsewhere(entry: Entry, notebook: str) -> str:
    """What to say of a run that another notebook recorded, or under another name."""
    own, folder = str(entry.record.get("variant", entry.variant)), entry.path.parent.name
    where = f"Recorded by {folder}: the very same run." if folder != notebook else ""
    name = f"The record calls it {own.replace('_', ' ')}." if own != entry.variant else ""
    return " ".join(filter(None, (where, name)))


def _why_not_shown(entry: Entry, summary: dict) -> str:
    """Why the notebook's page does not show a run; "" where it does."""
    if entry.shown:
        return ""
    record, runs = entry.record, summary.get("runs", [])
    if not summary:
        return "the notebook's page was not made yet"
    if str(record.get("ended") or record["started"]) > summary["finished"]:
        return "it was recorded after the page was made"
    if any((run["variant"], run["seed"]) == (entry.variant, record.get("seed")) for run in runs):
        return "the page shows another record of this variant and seed"
    missing = {name.rpartition(", seed ")[0] for name in summary.get("missing", [])}
    if entry.variant in {run["variant"] for run in runs} or entry.variant.replace("_", " ") in missing:
        return "the page was made without this seed, or the run's settings have changed since"
    return "a removed variant: the page has none of this name"


def _mean(runs: Iterable[dict]) -> str:
    """The mean test accuracy of those runs that the notebook's page shows, with its 95 % interval."""
    shown = [run["accuracy"] for run in runs if run["shown"]]
    if not shown:
        return "none of them is on the notebook's page"
    mean, low, high = mean_interval(shown)
    interval = "" if np.isnan(low) or low == high else f" ({low:.3f} to {high:.3f})"
    return f"test accuracy {mean:.3f}{interval} over {len(shown)} seed{'s' * (len(shown) != 1)}"


def _read_audits(path: Path) -> dict[str, str]:
    """What audits found, in words, by the digest of the record."""
    return {
        audit["sha256"]: f"{audit['verdict']}, {audit['epochs_compared']} of {audit['epochs']} epochs compared, on "
        f"{'the same device and versions' if audit['same_machine'] else audit['device']}, {date_of(audit['when'])}"
        for audit in read_note(path).get("audits", ())
    }


def _address(path: Path, folder: Path) -> str:
    """A file's address, seen from a folder."""
    return quote(Path(os.path.relpath(path, folder)).as_posix())
