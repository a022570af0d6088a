"""The page of all benchmark runs that are kept: bars of the newest, and beside them what the others measured."""

import json
from dataclasses import fields
from pathlib import Path

from benchmarks.comparison import Goal, describe_goal, judge, number
from helpers.progress import format_seconds, format_time
from suite.site.render import render_page


def build_bench_page(folder: Path) -> Path:
    """Write `index.html` from the runs in a folder, `<time>.json` each.

    Args:
        folder: Such as reports/bench.
    """
    runs = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    machines = list(dict.fromkeys(map(_machine_of, reversed(runs))))  # the newest first
    facts = {
        "runs": f"{len(runs)}, {format_seconds(sum(run['seconds'] for run in runs))} in all",
        "device": ", ".join(f"{device} ({precision.replace('_', ' ')})" for device, precision in machines),
        "software": ", ".join(f"{name} {version}" for name, version in runs[-1]["versions"].items()),
        "commit": "; ".join(sorted({run["commit"] for run in runs})),
        "date": format_time(runs[-1]["started"]),
    }
    sections = []
    for machine in machines:
        compared = [c for run in runs if _machine_of(run) == machine for c in run["comparisons"]]
        for title in dict.fromkeys(c["title"] for c in compared):
            where = f", on {machine[0]}" if len(machines) > 1 else ""
            sections.append(_section(title + where, [c for c in compared if c["title"] == title]))
    return render_page("bench.html.jinja", {"facts": facts, "comparisons": sections}, folder / "index.html")


def _machine_of(run: dict) -> tuple[str, str]:
    """What a run was measured on: another device or another precision is another measurement."""
    return run["device"], run["precision"]


def _section(title: str, found: list[dict]) -> dict:
    """What the page shows of one comparison on one machine: a row a method, with a bar, and its figure in every run."""
    newest = found[-1]
    most = max((row["median"] for row in newest["rows"].values()), default=1)
    rows = [
        {
            "method": method,
            "bar": 100 * row["median"] / most,
            "median": number(row["median"]),
            "range": f"{number(row['least'])} to {number(row['most'])}",
            "ratio": f"{row['ratio']['median']:.2f}" if "ratio" in row else "",
            "runs": "; ".join(number(c["rows"][method]["median"]) for c in found if method in c["rows"]),
        }
        for method, row in newest["rows"].items()
    ]
    goals = [{"text": describe_goal(goal), "met": goal["met"], "runs": _met(found, goal)} for goal in newest["goals"]]
    return newest | {"title": title, "rows": rows, "goals": goals, "num_runs": len(found)}


def _met(found: list[dict], asked: dict) -> str:
    """In how many of the runs a goal of the newest was reached, whatever theirs were."""
    goal = Goal(**{field.name: asked[field.name] for field in fields(Goal)})
    judged = [met for c in found if (met := judge(goal, c["values"])["met"]) is not None]
    return f"{sum(judged)} of {len(judged)} runs" if judged else ""
