"""The page of all benchmark runs that are kept: a section a comparison, its newest run, what the others measured."""

import json
import re
from dataclasses import fields
from pathlib import Path

import numpy as np

from benchmarks import beside, frozen, inputs, memory, throughput
from benchmarks.comparison import Goal, describe_goal, judge, number
from benchmarks.methods import METHODS
from benchmarks.summary import FASTEST, IN_16_BITS, KERAS, OTHERS, answer, ratios_by_net
from helpers.progress import format_seconds, format_time
from suite.site.render import render_page

GOALS = frozen.GOALS | {inputs.TITLE: inputs.GOALS, memory.TITLE: memory.GOALS}  # by the title of a comparison


def build_bench_page(folder: Path) -> Path:
    """Write `index.html` from the runs in a folder, `<time>.json` each.

    Args:
        folder: Such as reports/bench.
    """
    runs = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    by_machine = {}
    for run in reversed(runs):  # the newest first
        by_machine.setdefault(_machine_of(run), []).insert(0, run)
    machines = [_machine(f"Machine {k}", found) for k, found in enumerate(by_machine.values(), 1)]
    page = {
        "answers": list(filter(None, map(answer, machines))),
        "others": OTHERS,
        "methods": METHODS,
        "machines": machines,
        "num_runs": len(runs),
        "time": format_seconds(sum(run["seconds"] for run in runs)),
    }
    return render_page("bench.html.jinja", page, folder / "index.html")


def _machine_of(run: dict) -> tuple[str, str]:
    """What a run was measured on: another device or another precision is another measurement."""
    return run["device"], run["precision"]


def _machine(name: str, runs: list[dict]) -> dict:
    """What the page shows of one machine: what it is, ours against the others for each net, a section a comparison."""
    newest, anchor = runs[-1], name.lower().replace(" ", "-")
    found = {}
    for run in runs:
        for comparison in run["comparisons"]:
            of_run = {key: run[key] for key in ("started", "commit", "precision")}
            found.setdefault(comparison["title"], []).append(comparison | of_run)
    compared = {title: c for title, c in found.items() if not title.startswith(throughput.MEMORY)}
    ids = {title: "-".join([anchor, *re.findall(r"[a-z0-9]+", title.lower())]) for title in compared}
    facts = {
        "device": newest["device"],
        "precision of ours": f"{_words(newest['precision'])}: {newest['reason']}",
        "software": ", ".join(f"{name} {version}" for name, version in newest["versions"].items()),
        "runs": f"{len(runs)}, {format_seconds(sum(run['seconds'] for run in runs))} in all",
    }
    return {
        "name": name,
        "id": anchor,
        "precision": _words(newest["precision"]).removeprefix("mixed "),
        "facts": facts,
        "ratios": ratios_by_net(found),
        "days": " and ".join(
            _days([c for title, cs in found.items() if title.startswith(throughput.TRAINING) for c in cs])
        ),
        "links": {title.removeprefix(throughput.TRAINING): address for title, address in ids.items()},
        "sections": [_section(title, c) | {"id": ids[title]} for title, c in compared.items()],
        "memory": _memory({title: c for title, c in found.items() if title not in compared}),
    }


def _words(precision: str) -> str:
    """A dtype policy's name in words."""
    return precision.replace("_", " ")


def _section(title: str, found: list[dict]) -> dict:
    """What the page shows of one comparison on one machine: a row a method, with a bar, and its figure in every run."""
    newest = found[-1]
    rows, baseline = newest["rows"], newest["baseline"]
    most = max((row["median"] for row in rows.values()), default=1)
    goals = _goals(title, newest)
    return {
        "title": title,
        "about": newest["about"].partition("; ours:")[0].rstrip(".") + "." + _note(title),  # methods: told once
        "measured": _measured(found),
        "num_runs": len(found),
        "goals": [
            {"text": describe_goal(judged, newest["unit"]), "met": judged["met"], "runs": _met(found, goal)}
            for goal in goals
            for judged in [judge(goal, newest["values"])]
        ],
        "columns": [
            newest["unit"],
            "median" if _has_rounds(newest) else "measured",
            *(["range"] if _has_rounds(newest) else []),
            *([f"times {baseline}"] if baseline in rows else []),
            *([f"times {FASTEST}"] if _in_both(newest) else []),
            *(["each run"] if len(found) > 1 else []),
        ],
        "rows": [
            {"method": method, "bar": 100 * rows[method]["median"] / most, "cells": _cells(method, newest, found)}
            for method in rows
        ],
        "missing": newest["missing"],
    }


def _note(title: str) -> str:
    """What else is to be known of a comparison, however old its runs are."""
    if title.startswith(throughput.SHARE):
        return " Products with the padding around a map count too, and need not be computed: so 1 is not the limit."
    if title.startswith(beside.BY_RATES):
        return " Two at a time is the sum of both rates, which is more than both did together where one ended first."
    return " Ours computes the convolutions that train faster, too." if title in frozen.TITLES.values() else ""


def _cells(method: str, newest: dict, found: list[dict]) -> list[str]:
    """A method's row, without its name."""
    row = newest["rows"][method]
    cells = [number(row["median"])]
    if _has_rounds(newest):
        cells.append(f"{number(row['least'])} to {number(row['most'])}")
    if "ratio" in row:
        cells.append(number(row["ratio"]["median"]))
        if _in_both(newest):
            cells.append(number(row["median"] / _fastest(newest)))
    if len(found) > 1:
        cells.append("; ".join(number(c["rows"][method]["median"]) for c in found if method in c["rows"]))
    return cells


def _in_both(comparison: dict) -> bool:
    """Whether plain Keras was measured in both precisions, and so its fastest round is known."""
    return comparison["baseline"] == KERAS and {KERAS, IN_16_BITS} <= comparison["rows"].keys()


def _fastest(comparison: dict) -> float:
    """Plain Keras's fastest round, in whichever precision."""
    return max(row["most"] for method, row in comparison["rows"].items() if method in (KERAS, IN_16_BITS))


def _has_rounds(comparison: dict) -> bool:
    """Whether anything was measured more than once: one figure has no range."""
    return any(len(figures) > 1 for figures in comparison["values"].values())


def _measured(found: list[dict]) -> str:
    """When and of which commits the runs are, the newest first."""
    return "; ".join(f"{date}, commit {' and '.join(of_day)}" for date, of_day in _days(found).items())


def _days(found: list[dict]) -> dict[str, dict[str, None]]:
    """The days of runs, such as "5 March 2026", the newest first, and the commits of each."""
    commits = {}
    for c in sorted(found, key=lambda c: c["started"], reverse=True):
        commits.setdefault(format_time(c["started"]).split(",")[0], {})[c["commit"]] = None
    return commits


def _memory(found: dict[str, list[dict]]) -> dict:
    """Peak memory of each method's process, a row a net: the median of the runs."""
    methods = [method for method in METHODS if any(method in c["values"] for runs in found.values() for c in runs)]
    rows = {}
    for title, runs in found.items():
        peaks = ([peak for c in runs for peak in c["values"].get(method, [])] for method in methods)
        rows[title.removeprefix(throughput.MEMORY)] = [number(np.median(p)) if p else "" for p in peaks]
    return {"methods": methods, "rows": rows, "measured": _measured([c for runs in found.values() for c in runs])}


def _goals(title: str, newest: dict) -> tuple[Goal, ...]:
    """A comparison's goals by today's code; of one that is measured no more, those of its run."""
    if title.startswith(throughput.TRAINING):
        return throughput.training_goals(title.removeprefix(throughput.TRAINING), newest["precision"])
    if title.startswith(throughput.SHARE):
        return throughput.share_goals(newest["values"])
    known = {field.name for field in fields(Goal)}
    recorded = [Goal(**{key: goal[key] for key in known & goal.keys()}) for goal in newest["goals"]]
    return GOALS.get(title, tuple(recorded))


def _met(found: list[dict], goal: Goal) -> str:
    """In how many of several runs a goal is reached, whatever theirs were."""
    judged = [met for c in found if (met := judge(goal, c["values"])["met"]) is not None]
    return f"{sum(judged)} of {len(judged)} runs" if judged and len(found) > 1 else ""


if __name__ == "__main__":  # the page alone
    print(build_bench_page(Path("reports/bench")))
