"""How each notebook's last execution went, as files tell it, and the table that ends `make reproduce`."""

import json
from pathlib import Path

from helpers.progress import format_seconds
from helpers.site.pages import notebook_title_and_question


def read_outcomes(notebooks: list[Path], folder: Path) -> list[dict]:
    """The outcome of each notebook that was executed for a profile, here or, for committed reports, elsewhere.

    Args:
        notebooks: The suite's notebooks, in order.
        folder: The profile's folder of reports.
    """
    outcomes = [_last_outcome(notebook, folder) for notebook in notebooks]
    return [outcome for outcome in outcomes if outcome]


def _last_outcome(notebook: Path, folder: Path) -> dict | None:
    """The last execution that ended well, with the failure of a later one added to it; None if there was neither."""
    ended_well = _ended_well(notebook, folder)
    written = folder / ".partial" / f"{notebook.stem}.json"
    last = json.loads(written.read_text()) if written.exists() else None
    if last and last["error"]:
        earlier = {"summary": ended_well["summary"]} if ended_well else {}
        return last | earlier
    return last or ended_well


def _ended_well(notebook: Path, folder: Path) -> dict | None:
    """What an executed notebook and its summary say, None where either is missing."""
    executed, summary = folder / notebook.name, folder / "results" / notebook.stem / "summary.json"
    if not (executed.exists() and summary.exists()):
        return None
    title, question = notebook_title_and_question(executed)
    seconds = json.loads(executed.read_text())["metadata"]["papermill"]["duration"]
    outcome = {"notebook": notebook.stem, "title": title, "question": question, "status": "done", "seconds": seconds}
    return outcome | {"error": None, "summary": json.loads(summary.read_text()), "partial": None}


def results_table(outcomes: list[dict]) -> str:
    """A small table for the terminal: notebook, status, time, accuracies."""
    width = max(len(outcome["notebook"]) for outcome in outcomes)
    lines = [f"{'notebook':<{width}}  {'status':<6}  {'time':>8}  test accuracy"]
    for outcome in outcomes:
        took = format_seconds(outcome["seconds"])
        lines.append(f"{outcome['notebook']:<{width}}  {outcome['status']:<6}  {took:>8}  {_accuracies(outcome)}")
    return "\n".join(lines)


def _accuracies(outcome: dict) -> str:
    """The accuracy of each variant, with the printed one where they may be compared."""
    rows = [row for row in (outcome["summary"] or {}).get("table", []) if row.get("figure") == "accuracy"]
    found = []
    for row in rows:
        printed = f" (printed {row['printed']})" if row["printed"].startswith("0.") else ""
        found.append(f"{row['variant'].replace('_', ' ')} {row['ours, mean']}{printed}")
    return ", ".join(found) or "-"
