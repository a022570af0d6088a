"""How results were obtained, in words: the strip of facts at the top of each page."""

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from helpers.profiles import PROFILES
from helpers.progress import format_seconds
from helpers.runs import read_records

DATASETS = {"cifar10": "CIFAR-10", "fashion_mnist": "Fashion-MNIST", "digits": "scikit-learn's digits"}
SOURCES = {"devices": "device", "dates": "date", "software": "software", "commits": "commit"}  # as pages call them


def describe_run(summary: dict | None, profile: str, seconds: float | None = None) -> dict[str, list[str]]:
    """The facts of one execution of a notebook.

    Args:
        summary: What `Lab.finish` wrote; None for a notebook that did not end.
        profile: "full", "quick" or "smoke".
        seconds: Wall time, where it is known.

    Returns:
        What to say, by what it is called on the page. Device, date, software and commit are those of the records that
        the page is made from; of a page without records, those of its execution.
    """
    about = PROFILES[profile].about if profile in PROFILES else ""
    if summary and summary.get("same_in_every_profile"):
        about = "the same in every profile"
    facts = {"profile": [f"{profile}: {about}" if about else profile]}
    sources = _sources(summary) if summary else {}
    if summary:
        facts |= {"data": [_data(summary)]} if summary["dataset"] else {}
        facts |= {"device": sources["device"]}
        if summary["seeds"] and summary.get("runs", True):  # none where nothing is trained, or recorded yet
            facts |= {"seeds": [_seeds(summary["seeds"])], "precision": [summary["precision"].replace("_", " ")]}
    training = (summary or {}).get("training")
    if training:
        facts["training time"] = [f"{format_seconds(training['seconds'])} in {training['runs']} runs"]
    if seconds is not None:
        taken = f", with {training['reused']} runs that were finished before" if training and training["reused"] else ""
        facts["wall time"] = [format_seconds(seconds) + taken]
    return facts | sources


def describe_faults(path: Path) -> dict | None:
    """How many of the faults that the tests make were survived, as `make faults` noted it; None without a note.

    Args:
        path: The note, faults.json.

    Returns:
        tried and survived, in all; date, commit; faults: a row each with fault, tried, survived.
    """
    if not path.is_file():
        return None
    note = json.loads(path.read_text())
    totals = {key: sum(fault[key] for fault in note["faults"]) for key in ("tried", "survived")}
    return totals | {"date": _date(note["finished"]), "commit": note["commit"], "faults": note["faults"]}


def describe_audits(path: Path, profile_dir: Path) -> dict | None:
    """What audits found of the records that a profile has now, as `make audit` noted it; None without any.

    Args:
        path: The note, audit.json.
        profile_dir: The profile's folder.

    Returns:
        text, such as "3 of 90 records audited, all equal"; partly, how many of these by their first epochs alone; good,
        whether none differs; audits: a row each.
    """
    if not path.is_file():
        return None
    folders = sorted((profile_dir / "results").glob("*"))
    runs = [record for folder in folders for record in read_records(folder)[0] if record["kind"] == "run"]
    known = {record["sha256"] for record in runs if not record.get("older")}  # those lack predictions
    audits = [audit for audit in json.loads(path.read_text())["audits"] if audit["sha256"] in known]
    verdicts = [audit["verdict"] for audit in audits]
    counts = {verdict: verdicts.count(verdict) for verdict in ("equal", "within tolerance", "differs")}
    words = {"differs": "differ" if counts["differs"] > 1 else "differs"}
    found = ", ".join(f"{count} {words.get(verdict, verdict)}" for verdict, count in counts.items() if count)
    found = f"all {verdicts[0]}" if len(set(verdicts)) == 1 and verdicts[0] != "differs" else found
    partly = sum(audit["epochs_compared"] < audit["epochs"] for audit in audits)
    text = f"{len(audits)} of {len(known)} records audited, {found}"
    rows = [audit | {"date": _date(audit["when"])} for audit in audits]
    return {"text": text, "partly": partly, "good": "differs" not in verdicts, "audits": rows} if audits else None


def merge_facts(runs: Iterable[dict[str, list[str]]]) -> dict[str, list[str]]:
    """The facts of several notebooks as one: each value once, in the order of its first appearance."""
    values: dict[str, dict[str, None]] = {}
    for facts in runs:
        for label, found in facts.items():
            values.setdefault(label, {}).update(dict.fromkeys(found))
    return {label: list(found) for label, found in values.items()}


def replaced_datasets(summaries: Iterable[dict | None]) -> list[str]:
    """What was asked for where the digits were used, each once; empty where they were not used."""
    asked = []
    for summary in filter(None, summaries):
        asked += [summary.get("asked_dataset", "digits")] if summary["dataset"] == "digits" else []
        asked += summary.get("stand_ins", [])  # of data looked at beside the main one
    return [DATASETS.get(name, name) for name in dict.fromkeys(asked)]


def shortened(profile: str, summary: dict | None = None) -> str | None:
    """What a profile leaves of the protocol; None for the full one, and where the profile makes no difference."""
    whole = profile == "full" or (summary or {}).get("same_in_every_profile")
    return None if whole else PROFILES[profile].about if profile in PROFILES else f"profile {profile}"


def _sources(summary: dict) -> dict[str, list[str]]:
    """Device, date, software and commit of a page's records; where it has none, of its execution."""
    software = ", ".join(f"{name} {version}" for name, version in summary["versions"].items())
    own = {"devices": [summary["device"]], "software": [f"{software}; backend {summary['backend']}"]}
    own |= {"dates": [_date(summary["finished"])], "commits": [summary["commit"]]}
    found = summary.get("sources") or {}
    return {label: found.get(key) or own[key] for key, label in SOURCES.items()}


def _data(summary: dict) -> str:
    """The data set used, and the one that it stands in for."""
    used, asked = (DATASETS.get(name, name) for name in (summary["dataset"], summary["asked_dataset"]))
    beside = [
        f"beside it {DATASETS.get(name, name)}" for name in summary.get("beside", ()) if name != summary["dataset"]
    ]
    return ", ".join([used if used == asked else f"{used}, in place of {asked}", *beside])


def _seeds(seeds: list[int]) -> str:
    """Seeds as "3 seeds: 0, 1, 2"."""
    return f"{len(seeds)} seed{'s' * (len(seeds) != 1)}: {', '.join(map(str, seeds))}"


def _date(finished: str) -> str:
    """A time as "5 March 2026"."""
    date = datetime.fromisoformat(finished)
    return f"{date.day} {date:%B %Y}"
