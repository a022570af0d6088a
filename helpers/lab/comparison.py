"""What a notebook shows of the report's printed figures beside its own."""

import pandas as pd
from IPython.display import Markdown, display

from helpers.claims import compare_with_published
from helpers.claims.protocols import departures

OF_PRINT = "What the printed figures cannot be, or are oddly, by arithmetic alone: no run of ours has a part in it"


def against_print(
    runs: list[dict],
    report: str,
    experiment: str,
    forms: dict[str, str],
    names: dict[str, str] | None,
    reading: str,
    notebook: str,
) -> pd.DataFrame:
    """The printed figures beside ours in words for a page of a notebook: the other arguments are `Lab.compare`'s."""
    table = compare_with_published(runs, report, experiment, forms, names, notebook)
    if reading and len(table):
        table.insert(0, "net", table["variant"].replace(names or {}))
        table["variant"] = f"{reading}: " + table["variant"].str.replace("stride_", "")
    for column in {"net", "variant"} & set(table):
        table[column] = table[column].str.replace("_", " ")
    return table


def other_protocols(runs: list[dict]) -> str:
    """Which runs were trained otherwise than the report's protocol has it, and how; "" for none."""
    found = {run["variant"].replace("_", " "): "; ".join(departures(run)) for run in runs if departures(run)}
    of_each = ". ".join(f"{variant}: {how}" for variant, how in found.items())
    before = "**Not the report's protocol, so neither its figures nor its claims can be judged by this.**"
    return f"{before} {of_each}." if found else ""


def show_comparison(table: pd.DataFrame, evidence: pd.DataFrame, findings: pd.DataFrame, otherwise: str = "") -> None:
    """Show what there is of the printed figures beside ours, our evidence on claims, and what is odd in the print.

    Args:
        table, evidence, findings: These.
        otherwise: What is to be said before them of runs that were trained otherwise, in Markdown.
    """
    if otherwise:
        display(Markdown(otherwise))
    for shown, caption in ((table, ""), (evidence, ""), (findings, OF_PRINT)):
        if len(shown):
            display(shown.style.hide(axis="index").set_caption(caption))


def show_by_class(tables: dict[str, pd.DataFrame]) -> None:
    """Show the figures of each class, a table a variant."""
    for variant, shown in tables.items():
        display(shown.style.set_caption(f"By class, {variant.replace('_', ' ')}: the mean over the seeds"))
