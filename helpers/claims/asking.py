"""Is my number normal? Asked in a notebook: `check("03_cnn", "cnn", accuracy="0.91")`."""

import numpy as np
import pandas as pd

from helpers.claims.causes import SHARES
from helpers.claims.checking import Checked, compare_figure, confidence_of
from helpers.claims.evidence import Results, judged_runs, read_results
from helpers.claims.figures import figure
from helpers.claims.printed import FEWEST_SEEDS, rounding_of
from helpers.claims.printed_nets import OF_CLASS
from helpers.claims.published import load_variants, published_folder


def check(notebook: str, variant: str, results: Results | None = None, **figures: float | str) -> pd.DataFrame:
    """Say of figures of one net where they lie among our seeds: `check("03_cnn", "cnn", accuracy="0.91")`.

    Args:
        notebook: Such as "03_cnn".
        variant: As the notebook calls it, such as "cnn", or "tvtv_32x32@16x16" for a further test.
        results: Our runs; default, those of reports/full.
        figures: Figures by name, such as accuracy, loss or epochs_run; shares from 0 to 1. A text such as "0.90" stands
            for all that is rounded to it, a number for itself. One of a class: `**{"class_f1:cat": 0.5}`.

    Returns:
        A row a figure. Columns: figure, yours, "ours, mean", "one more run of ours", seeds, verdict (a key of
        `VERDICTS`), usual causes.

    Raises:
        ValueError: There is no such notebook, variant or figure, or a value is no number, or no share from 0 to 1.
    """
    results = read_results(published_folder().parent / "full") if results is None else results
    experiment, fewest = _find_experiment(notebook, variant, results)
    if not figures:
        raise ValueError("figures: expected one or more, such as accuracy=0.91; got none")
    asked = [(figure(name), str(value), _rounding(name, value)) for name, value in figures.items()]
    runs = judged_runs(results.side(variant, notebook).all_runs, experiment)
    num_by_class = sum(of.name in OF_CLASS.values() for of, _, _ in asked)
    rows = []
    for of, printed, half in asked:
        confidence = confidence_of(num_by_class if of.name in OF_CLASS.values() else 1)
        try:
            found = compare_figure(of, float(printed), half, runs, fewest, confidence)
        except (KeyError, IndexError) as error:
            raise ValueError(f"{of.name}: expected a figure that these runs have; they lack {error}") from error
        metric = of.name.removeprefix("class_") if of.argument else of.name
        row = Checked("", experiment, variant, "", metric, of.argument, printed, "", **found)
        rows.append([of.words, printed, *row.shown, row.num_seeds, row.verdict, "; ".join(row.causes) or row.reason])
    columns = ["figure", "yours", "ours, mean", "one more run of ours", "seeds", "verdict", "usual causes"]
    return pd.DataFrame(rows, columns=columns)


def _rounding(name: str, value: float | str) -> float:
    """Half of the last digit of a given text, 0 of a number; what is neither, or no share, is refused."""
    try:
        number = float("nan") if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = float("nan")
    share = figure(name).name in SHARES
    if not np.isfinite(number) or (share and not 0 <= number <= 1):
        raise ValueError(f"{name}: expected {'a share from 0 to 1' if share else 'a number'}, got {value!r}")
    return rounding_of(value) if isinstance(value, str) else 0.0


def _find_experiment(notebook: str, variant: str, results: Results) -> tuple[str, int]:
    """The experiment that a notebook's variant belongs to, and from how many seeds on it is judged."""
    table = load_variants()
    known = {name: set(of["side"]) for name, of in table.groupby("notebook")}
    for (name, ours), by_seed in results.runs.items():
        tests = {test for run in by_seed.values() for test in run.get("tests", ())}
        known.setdefault(name, set()).update([ours, *(f"{ours}@{test}" for test in tests)])
    if notebook not in known:
        raise ValueError(f"notebook: expected one of {', '.join(sorted(known))}; got {notebook!r}")
    if variant not in known[notebook]:
        listed = ", ".join(sorted(known[notebook]))
        raise ValueError(f"variant: expected one of those of {notebook}, {listed}; got {variant!r}")
    rows = table[table["notebook"] == notebook]
    rows = rows[rows["side"] == variant] if variant in set(rows["side"]) else rows
    fewest = max(map(int, filter(None, rows["fewest"])), default=FEWEST_SEEDS)
    return (rows["experiment"].iloc[0] if len(rows) else ""), fewest
