"""What the reports printed: their figures, histories and claims, from reports/published."""

from functools import cache
from pathlib import Path

import pandas as pd


@cache
def published_folder() -> Path:
    """The folder `reports/published`: beside the notebooks, else in the repository that the helpers lie in."""
    for root in (Path.cwd().parent, Path(__file__).parents[2]):
        if (root / "reports" / "published" / "published.csv").is_file():
            return root / "reports" / "published"
    raise FileNotFoundError("reports/published/published.csv was not found: run from the repository's notebooks folder")


def load_figures() -> pd.DataFrame:
    """All printed figures.

    Returns:
        Columns: report, experiment, variant, metric, class, epoch, value, unit, note; and printed, the value's very
        text.
    """
    table = pd.read_csv(published_folder() / "published.csv", dtype={"value": str})
    return table.assign(printed=table["value"], value=pd.to_numeric(table["value"]))


def load_published(report: str, experiment: str) -> pd.DataFrame:
    """The printed figures of an experiment.

    Args:
        report: "A" to "E".
        experiment: As in published.csv, such as "dense_vs_cnn".

    Returns:
        The columns of `load_figures` but report and experiment.

    Raises:
        ValueError: Nothing was printed under these names.
    """
    table = load_figures()
    rows = table[(table["report"] == report) & (table["experiment"] == experiment)]
    if rows.empty:
        raise ValueError(
            f"no figures of report {report}, experiment {experiment!r} in {published_folder()}/published.csv"
        )
    return rows.drop(columns=["report", "experiment"]).reset_index(drop=True)


def load_histories(report: str, experiment: str) -> dict[str, dict]:
    """The printed values by epoch of an experiment, by variant, each as a record has it: {"history": {...}}.

    Args:
        report: "A" to "E".
        experiment: As in published.csv.
    """
    rows = load_published(report, experiment).dropna(subset="epoch").sort_values("epoch")
    histories: dict[str, dict] = {}
    for (variant, metric), values in rows.groupby(["variant", "metric"])["value"]:
        histories.setdefault(variant, {"history": {}})["history"][metric] = values.tolist()
    return histories


def load_claims() -> pd.DataFrame:
    """The claims, a row each, all columns text and "" where nothing is said: see CONTRIBUTING.md for the columns."""
    return pd.read_csv(published_folder() / "claims.csv", dtype=str, keep_default_na=False)


def load_claim(claim_id: str) -> pd.Series:
    """A claim of the reports by its id, such as "A1"; the first of its readings."""
    return load_claims().drop_duplicates("id").set_index("id").loc[claim_id]


@cache
def load_variants() -> pd.DataFrame:
    """Which of our runs each printed variant is held against, all columns text and "" where nothing is said.

    Returns:
        Columns: report, experiment, variant; reading, of what is printed and can be read in two ways; notebook and
        side, whose runs; metrics, which of its metrics we call otherwise ("accuracy=val_accuracy"); same_as, another
        printed variant of which this one only repeats the figures: one printed number is judged once; fewest, the seeds
        from which on it is judged; layers, "ours" where the report does not print them.
    """
    return pd.read_csv(published_folder() / "variants.csv", dtype=str, keep_default_na=False)
