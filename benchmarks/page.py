"""The page of all benchmark runs that are kept: bars of the newest, and beside them what the others measured."""

import json
from pathlib import Path

from benchmarks.comparison import describe_goal, number
from helpers.progress import format_seconds, format_time
from suite.site.render import render_page


def build_bench_page(folder: Path) -> Path:
    """Write `index.html` from the runs in a folder, `<time>.json` each.

    Args:
        folder: Such as reports/bench.
    """
    runs = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    facts = {
        "runs": f"{len(runs)}, {format_seconds(sum(run['seconds'] for run in runs))} in all",
        "device": ", ".join(sorted({run["device"] for run in runs})),
        "precision": runs[-1]["precision"].replace("_", " "),
        "software": ", ".join(f"{name} {version}" for name, version in runs[-1]["versions"].items()),
        "commit": "; ".join(sorted({run["commit"] for run in runs})),
        "date": format_time(runs[-1]["started"]),
    }
    titles = list(dict.fromkeys(c["title"] for run in runs for c in run["comparisons"]))
    page = {"facts": facts, "comparisons": [_section(title, runs) for title in titles]}
    return render_page("bench.html.jinja", page, folder / "index.html")


def _section(title: str, runs: list[dict]) -> dict:
    """What the page shows of one comparison: a row a method, with a bar, and its figure in every run."""
    found = [c for run in runs for c in run["comparisons"] if c["title"] == title]
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
    goals = [
        {"text": describe_goal(goal), "met": goal["met"], "runs": _met(found, k)}
        for k, goal in enumerate(newest["goals"])
    ]
    return newest | {"rows": rows, "goals": goals, "num_runs": len(found)}


def _met(found: list[dict], k: int) -> str:
    """In how many of the runs goal k was reached."""
    judged = [c["goals"][k]["met"] for c in found if len(c["goals"]) > k and c["goals"][k]["met"] is not None]
    return f"{sum(judged)} of {len(judged)} runs" if judged else ""
