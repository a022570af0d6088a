"""What a notebook shows of the report's printed figures beside its own."""

import pandas as pd
from IPython.display import display

from helpers.claims import compare_with_published

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


def show_comparison(table: pd.DataFrame, evidence: pd.DataFrame, findings: pd.DataFrame) -> None:
    """Show what there is of the printed figures beside ours, our evidence on claims, and what is odd in the print."""
    for shown, caption in ((table, ""), (evidence, ""), (findings, OF_PRINT)):
        if len(shown):
            display(shown.style.hide(axis="index").set_caption(caption))


def show_by_class(tables: dict[str, pd.DataFrame]) -> None:
    """Show the figures of each class, a table a variant."""
    for variant, shown in tables.items():
        display(shown.style.set_caption(f"By class, {variant.replace('_', ' ')}: the mean over the seeds"))
