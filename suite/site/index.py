"""The index of a profile's pages: each notebook with its question, how it ended, and its answer."""

import itertools
from collections import Counter
from pathlib import Path

from nbconvert.filters import strip_ansi

from helpers.progress import format_seconds
from helpers.runs import own_seconds
from suite.site.catalogue import Catalogue, read_catalogue
from suite.site.claims import count_verdicts, describe_claims, describe_counts, fill_pages, fill_readme, words
from suite.site.explore import build_explore
from suite.site.facts import (
    describe_audits,
    describe_faults,
    describe_run,
    describe_runs,
    describe_training,
    merge_facts,
    replaced_datasets,
    shortened,
)
from suite.site.pages import describe_findings
from suite.site.record_links import links_of_index
from suite.site.records import build_record_pages
from suite.site.render import render_page


def build_index(profile_dir: Path, outcomes: list[dict]) -> Path:
    """Write the index of a profile and its pages of records, and put the verdicts on claims into the heads of pages.

    Args:
        profile_dir: The profile's folder.
        outcomes: By notebook: notebook, title, question, status ("done" or "failed"), seconds, error, summary, and
            partial, the path of the partly executed notebook relative to `profile_dir`.

    Returns:
        `<profile_dir>/index.html`.
    """
    summaries = [outcome["summary"] for outcome in outcomes if outcome["summary"]]
    profile, catalogue = profile_dir.name, read_catalogue(profile_dir)
    claims = describe_claims(profile_dir, catalogue)
    build_record_pages(profile_dir, catalogue, {outcome["notebook"]: outcome["title"] for outcome in outcomes})
    fill_pages(profile_dir, claims, outcomes)
    if claims:
        fill_readme(profile_dir.parents[1] / "README.md", claims)
    page = {
        "claims": claims,
        "counts": count_verdicts(claims),
        "about_counts": describe_counts(claims),
        "profile": profile,
        "words": words(),
        "facts": _facts(summaries, profile, catalogue),
        "replaced": replaced_datasets(summaries),
        "all_replaced": all(summary["dataset"] == "digits" for summary in summaries),
        "shortened": shortened(profile),
        "outcomes": [_card(outcome, profile_dir, catalogue) for outcome in outcomes],
        "explore": build_explore(profile_dir, outcomes),
        "bench": (profile_dir.parent / "bench" / "index.html").is_file(),
        "faults": describe_faults(profile_dir.parent / "faults.json"),
        "audits": describe_audits(profile_dir.parent / "audit.json", profile_dir),
    }
    links = links_of_index([outcome["notebook"] for outcome in outcomes], catalogue, profile_dir)
    return render_page("index.html.jinja", page, profile_dir / "index.html", links)


def _facts(summaries: list[dict], profile: str, catalogue: Catalogue) -> dict[str, list[str]]:
    """How all results were obtained: a run that several pages show counts once."""
    facts = merge_facts(describe_run(summary, profile) for summary in summaries or [None]) | describe_run(None, profile)
    if "device" in facts:
        facts.pop("page made", None)  # of pages without records
    facts.pop("wall time", None)
    times = Counter(run["record"] for summary in summaries for run in summary.get("runs", ()))
    shown = {r["sha256"]: r for r in catalogue.files.values() if r["sha256"] in times}
    facts |= describe_runs(shown.values())
    trained = [summary["training"] for summary in summaries if summary.get("training")]
    if trained:
        again = [own_seconds(shown[digest]) for digest in shown for _ in range(times[digest] - 1)]
        runs = sum(training["runs"] for training in trained) - len(again)
        seconds = sum(training["seconds"] for training in trained) - sum(again)
        facts["training time"] = [describe_training({"runs": runs, "seconds": seconds}, len(times))]
    return facts


def _card(outcome: dict, profile_dir: Path, catalogue: Catalogue) -> dict:
    """What the index says of a notebook."""
    state = _state(outcome)
    rows = (outcome["summary"] or {}).get("table", []) if state[0] != "not yet run" else []
    page, partial = f"{outcome['notebook']}.html", outcome["partial"]
    partial_page = str(Path(partial).with_suffix(".html")) if partial else None
    return outcome | {
        "page": page if (profile_dir / page).is_file() else None,
        "partial": partial_page if partial_page and (profile_dir / partial_page).is_file() else partial,
        "state": state,
        "time": _time(outcome),
        "records": catalogue.link(outcome["notebook"]),
        "error": strip_ansi(outcome["error"] or ""),
        **describe_findings(outcome["summary"]),
        "tables": [list(same) for _, same in itertools.groupby(rows, tuple)],  # a notebook may show several
    }


def _state(outcome: dict) -> tuple[str, str]:
    """How a notebook stands, and how that is coloured: a page that ended well may still lack runs."""
    summary = outcome["summary"] or {}
    if outcome["status"] != "done" or not summary.get("missing"):
        return outcome["status"], "agrees" if outcome["status"] == "done" else "against"
    return ("done in part" if summary.get("runs") else "not yet run"), "open"


def _time(outcome: dict) -> str | None:
    """How long a notebook's training took; the whole notebook where nothing was trained."""
    training = (outcome["summary"] or {}).get("training")
    if training and not outcome["error"]:
        return f"{format_seconds(training['seconds'])} of training"
    return format_seconds(outcome["seconds"]) if outcome["seconds"] is not None else None
