"""Figures of recorded runs: tables of all of them, what they cost, and which candidate was the best."""

import itertools
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from pandas.io.formats.style import Styler

from helpers.records import read_records

MACHINE = {True: "disturbed", False: "quiet", None: "not known"}  # while a run trained, in tables
ABOUT_COSTS = (  # above a table of costs
    "Disturbed: other processes used the processor meanwhile, so these times are compared with no others. Epoch kept: "
    "the one whose weights were tested. An epoch: the median, validation included, without the first, in which Keras "
    "compiles. First steps: until the first training call returned, which compiles."
)


def load_runs(folder: str | os.PathLike) -> pd.DataFrame:
    """Read the records of all runs at or below a folder that were tested.

    Args:
        folder: A results folder, of one notebook or of several.

    Returns:
        A row a run, sorted by notebook, variant, seed and date: the record's fields, and accuracy, loss and epochs
        beside them. Empty where there are no records.
    """
    folders = sorted({path.parent for path in Path(folder).rglob("*.json")})
    records = [record for each in folders for record in read_records(each)[0]]
    rows = [
        record
        | {name: record["test"].get(name) for name in ("accuracy", "loss")}
        | {"epochs": len(record["seconds_by_epoch"])}
        for record in records
        if record["kind"] == "run" and record["test"]
    ]
    frame = pd.DataFrame(rows)
    return frame.sort_values(["notebook", "variant", "seed", "started"], ignore_index=True) if rows else frame


def cost_table(records: Iterable[dict]) -> pd.DataFrame:
    """What runs cost, a row a run, for reading.

    Args:
        records: Records of runs.

    Returns:
        By column: net, seed; precision; machine, "disturbed" where the times beside it were measured while other
        processes used the processor; epochs trained, epoch kept (whose weights were tested); training time, an epoch,
        first steps (s).
    """
    rows = [
        {
            "net": run["variant"].replace("_", " "),
            "seed": run["seed"],
            "precision": run.get("precision", "not known").removeprefix("mixed_"),
            "machine": MACHINE[run["disturbed"]],
            "epochs trained": len(run["seconds_by_epoch"]),
            "epoch kept": run["best_epoch"],
            "training time, s": f"{run['seconds']:,.0f}",
            "an epoch, s": f"{epoch_seconds(run):.1f}",
            "first steps, s": f"{run['seconds_first_step']:.1f}",
        }
        for run in records
    ]
    return pd.DataFrame(rows).sort_values(["net", "seed"], ignore_index=True) if rows else pd.DataFrame()


def styled_costs(records: Iterable[dict]) -> Styler:
    """`cost_table` for reading, with what its columns mean above it."""
    return cost_table(records).style.hide(axis="index").set_caption(ABOUT_COSTS)


def epoch_seconds(run: dict) -> float:
    """Median seconds of an epoch, validation included, leaving out the first of a run, in which Keras compiles.

    Of a run's only epoch, the part after its first call counts.

    Args:
        run: A record of a run.
    """
    first, *others = run["seconds_by_epoch"]
    return float(np.median(others or [first - run["seconds_first_step"]]))


def own_seconds(run: dict) -> float:
    """Seconds that a run's training took, without a frozen part that another run measured.

    Args:
        run: A record of a run.
    """
    part = run.get("frozen_part") or {}
    return run["seconds"] - (part["seconds"] if part.get("shared") else 0.0)


def generalisation_gap(run: dict) -> float:
    """Training accuracy minus validation accuracy in the last epoch, the former as Keras has it: with dropout at work.

    Args:
        run: A record of a run.
    """
    return run["history"]["accuracy"][-1] - run["history"]["val_accuracy"][-1]


def loss_jumps(run: dict, factor: float = 1.5) -> list[int]:
    """The epochs in which a run's training was thrown back: with so many times the epoch before's mean training loss.

    Args:
        run: A record, or anything with its "history".
        factor: From which ratio of two losses on it counts; above 1.

    Returns:
        Epochs, counted from 1, so 2 or more each; empty where there is none.
    """
    loss = run["history"]["loss"]
    return [n for n, (before, after) in enumerate(itertools.pairwise(loss), 2) if after > factor * before]


def best_candidates(
    records: Iterable[dict], candidates: dict[str, tuple], columns: Iterable[str]
) -> tuple[pd.DataFrame, dict[str, tuple]]:
    """Choose the best candidate of each kind, by the validation accuracy of its last epoch.

    Args:
        records: Those of candidates, as far as there are any.
        candidates: The settings of every candidate by its name; the first of them is its kind.
        columns: What the settings are called.

    Returns:
        A row a candidate: the settings, val accuracy, best ("yes"). And the best settings by kind; of a kind with
        a candidate that is not recorded there are none, and the table says so.
    """
    found = {run["variant"]: run["history"]["val_accuracy"][-1] for run in records}
    by_kind: dict[str, list[str]] = {}
    for name, settings in candidates.items():
        by_kind.setdefault(settings[0], []).append(name)
    best = {kind: max(names, key=found.get) for kind, names in by_kind.items() if set(names) <= set(found)}
    missing = {name: "" if settings[0] in best else "not all are recorded" for name, settings in candidates.items()}
    words = missing | dict.fromkeys(best.values(), "yes")
    rows = [[*settings, found.get(name), words[name]] for name, settings in candidates.items()]
    table = pd.DataFrame(rows, columns=[*columns, "val accuracy", "best"])
    return table, {kind: candidates[name] for kind, name in best.items()}
