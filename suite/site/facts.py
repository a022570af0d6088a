"""How results were obtained, in words: the strip of facts at the top of each page."""

import json
import sys
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from helpers.data import TITLES
from helpers.profiles import PROFILES
from helpers.progress import format_seconds
from helpers.records import read_records

SOURCES = {"devices": "device", "dates": "date", "software": "software", "commits": "commit"}  # as pages call them


def describe_run(summary: dict | None, profile: str, seconds: float | None = None) -> dict[str, list[str]]:
    """The facts of one execution of a notebook.

    Args:
        summary: What `Lab.finish` wrote; None for a notebook that did not end.
        profile: "full", "quick" or "smoke".
        seconds: Wall time, where it is known.

    Returns:
        What to say, by what it is called on the page. Device, date, software and commit are those of the records that
        the page is made from; of a page without records, when it was made and of which commit.
    """
    about = PROFILES[profile].about if profile in PROFILES else ""
    if summary and summary.get("same_in_every_profile"):
        about = "the same in every profile"
    facts = {"profile": [f"{profile}: {about}" if about else profile]}
    if not summary:
        return facts | ({"wall time": [format_seconds(seconds)]} if seconds is not None else {})
    sources = _sources(summary)
    facts |= {"data": _data(summary)} if summary["dataset"] else {}
    facts |= {"device": sources["device"]} if "device" in sources else {}
    if summary.get("runs"):
        facts |= {"seeds": [_seeds(summary["runs"])], "precision": [_precision(summary)]}
    if training := summary.get("training"):
        facts["training time"] = [describe_training(training, len(summary.get("runs", ())))]
        if seconds is not None and training["reused"] < training["runs"]:
            known = f", {training['reused']} of {training['runs']} trainings finished before"
            before = known if training["reused"] else ""
            facts["wall time"] = [format_seconds(seconds) + before]
    return merge_facts([facts | sources])


def describe_training(training: dict, runs: int) -> str:
    """What training took, and how many runs and candidates of searches that was.

    Args:
        training: runs, candidates among them, and seconds.
        runs: How many of these are no candidates.
    """
    candidates = training["runs"] - runs
    counts = [f"{n} {word}{'s' * (n > 1)}" for n, word in ((runs, "run"), (candidates, "candidate")) if n]
    return f"{format_seconds(training['seconds'])} in {' and '.join(counts)}"


def describe_runs(records: Iterable[dict]) -> dict[str, list[str]]:
    """Seeds and precisions of several notebooks' runs, each record once; empty without any.

    Args:
        records: Records of runs.
    """
    records = list(records)
    if not records:
        return {}
    return {"seeds": [_ranges({r["seed"] for r in records})], "precision": [_counts(r["precision"] for r in records)]}


def read_note(path: Path) -> dict:
    """What `make audit` or `make faults` noted; empty where there is no note, or a damaged one, which is then said."""
    try:
        note, problem = json.loads(path.read_text()), "it is not a note"
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        note, problem = None, error
    if isinstance(note, dict) and {"audits", "faults"} & note.keys():
        return note
    print(f"{path.name} cannot be read and is left out ({problem}): mend it, or take it from git", file=sys.stderr)
    return {}


def describe_faults(path: Path) -> dict | None:
    """How many of the faults that the tests make were survived, as `make faults` noted it; None without a note.

    Args:
        path: The note, faults.json.

    Returns:
        tried and survived, in all; date, commit; faults: a row each with fault, tried, survived.
    """
    note = read_note(path)
    if not note.get("faults"):
        return None
    totals = {key: sum(fault[key] for fault in note["faults"]) for key in ("tried", "survived")}
    return totals | {"date": _date(note["finished"]), "commit": note["commit"], "faults": note["faults"]}


def describe_audits(path: Path, profile_dir: Path) -> dict | None:
    """What audits found of the records that a profile has now, as `make audit` noted it; None without any.

    Args:
        path: The note, audit.json.
        profile_dir: The profile's folder.

    Returns:
        text, such as "3 of 66 records audited, all equal"; partly, how many of these by their first epochs alone;
        older, how many others cannot be audited; good, whether none differs; audits: a row each.
    """
    noted = read_note(path).get("audits", ())
    folders = sorted((profile_dir / "results").glob("*"))
    runs = [record for folder in folders for record in read_records(folder)[0] if record["kind"] == "run"]
    known = {record["sha256"] for record in runs if not record.get("older")}  # those lack predictions
    audits = [audit for audit in noted if audit["sha256"] in known]
    verdicts = [audit["verdict"] for audit in audits]
    counts = {verdict: verdicts.count(verdict) for verdict in ("equal", "within tolerance", "differs")}
    words = {"differs": "differ" if counts["differs"] > 1 else "differs"}
    found = ", ".join(f"{count} {words.get(verdict, verdict)}" for verdict, count in counts.items() if count)
    found = f"all {verdicts[0]}" if len(set(verdicts)) == 1 and verdicts[0] != "differs" else found
    partly = sum(audit["epochs_compared"] < audit["epochs"] for audit in audits)
    text = f"{len(audits)} of {len(known)} records audited, {found}"
    rows = [audit | {"date": _date(audit["when"])} for audit in audits]
    told = {"text": text, "partly": partly, "older": len(runs) - len(known), "good": "differs" not in verdicts}
    return told | {"audits": rows} if audits else None


def merge_facts(runs: Iterable[dict[str, list[str]]]) -> dict[str, list[str]]:
    """The facts of several notebooks as one: each value once, dates in order, else as they first appear."""
    values: dict[str, dict[str, None]] = {}
    for facts in runs:
        for label, found in facts.items():
            values.setdefault(label, {}).update(dict.fromkeys(found))
    day = lambda date: datetime.strptime(date, "%d %B %Y")  # noqa: E731
    return {label: sorted(found, key=day) if label == "date" else list(found) for label, found in values.items()}


def replaced_datasets(summaries: Iterable[dict | None]) -> list[str]:
    """What was asked for where the digits were used, each once; empty where they were not used."""
    asked = []
    for summary in filter(None, summaries):
        asked += [summary.get("asked_dataset", "digits")] if summary["dataset"] == "digits" else []
        asked += summary.get("stand_ins", [])  # of data looked at beside the main one
    return [TITLES.get(name, name) for name in dict.fromkeys(asked)]


def shortened(profile: str, summary: dict | None = None) -> str | None:
    """What a profile leaves of the protocol; None for the full one, and where the profile makes no difference."""
    whole = profile == "full" or (summary or {}).get("same_in_every_profile")
    return None if whole else PROFILES[profile].about if profile in PROFILES else f"profile {profile}"


def _sources(summary: dict) -> dict[str, list[str]]:
    """Device, date, software and commit of a page's records; where it has none, when and of what it was made."""
    found = {label: (summary.get("sources") or {}).get(key) for key, label in SOURCES.items()}
    made = {"page made": [f"{_date(summary['finished'])}, commit {summary['commit'].replace('+', ' and ')}"]}
    return {label: values for label, values in found.items() if values} or made


def _data(summary: dict) -> list[str]:
    """The data set used, and the one that it stands in for; then what is looked at beside it."""
    used, asked = (TITLES.get(name, name) for name in (summary["dataset"], summary["asked_dataset"]))
    beside = [TITLES.get(name, name) for name in summary.get("beside", ()) if name != summary["dataset"]]
    return [used if used == asked else f"{used}, in place of {asked}", *beside]


def _seeds(runs: list[dict]) -> str:
    """Seeds as "3 seeds: 10 to 12"; where nets have different numbers of them "1 to 3 seeds a net: 10 to 12"."""
    numbers = Counter(run["variant"] for run in runs).values()
    few, many = min(numbers), max(numbers)
    count = f"{few} to {many} seeds a net" if few < many else f"{many} seed{'s' * (many > 1)}"
    return f"{count}: {_ranges({run['seed'] for run in runs})}"


def _ranges(numbers: set[int]) -> str:
    """Whole numbers as "10 to 14, 20, 21"."""
    found: list[list[int]] = []
    for number in sorted(numbers):
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return ", ".join(f"{a} to {b}" if b - a > 1 else ", ".join(map(str, range(a, b + 1))) for a, b in found)


def _precision(summary: dict) -> str:
    """The precisions of a page's runs."""
    counts = summary.get("precisions") or {summary["precision"]: 1}
    return _counts(Counter(counts).elements())


def _counts(precisions: Iterable[str]) -> str:
    """Precisions as "mixed bfloat16", or "mixed bfloat16 in 9 runs, float32 in 2"."""
    counts = [(name.replace("_", " "), count) for name, count in Counter(precisions).most_common()]
    if len(counts) == 1:
        return counts[0][0]
    (first, number), *others = counts
    runs = f"{first} in {number} run{'s' * (number > 1)}"
    return ", ".join([runs, *(f"{name} in {count}" for name, count in others)])


def _date(finished: str) -> str:
    """A time as "5 March 2026"."""
    date = datetime.fromisoformat(finished)
    return f"{date.day} {date:%B %Y}"
