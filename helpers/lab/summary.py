"""What a page says of the runs that it was made from, as plain values for `summary.json`, and of several in words."""

from collections import Counter
from collections.abc import Iterable

import numpy as np
import pandas as pd

from helpers.claims import NO_INTERVAL, mean_interval
from helpers.costs import forward_work
from helpers.lab.run import Run
from helpers.progress import format_time
from helpers.runs import own_seconds


def work_of(run: Run) -> dict[str, int]:
    """Multiply-adds of one image in a run's net, where they can be counted."""
    try:
        return {"multiply_adds": forward_work(run.model)} if run.model else {}
    except ValueError:  # a kind of layer whose work is not known
        return {}


def training_of(runs: Iterable[Run]) -> dict | None:
    """How many runs a page is made from, how many of them were recorded before, and what training them took."""
    runs = list(runs)
    seconds = sum(own_seconds(run.record) for run in runs)
    reused = sum(not run.trained_now for run in runs)
    return {"runs": len(runs), "reused": reused, "seconds": seconds} if runs else None


def describe_runs(runs: list[Run], candidates: list[Run]) -> dict:
    """What a page says of its runs.

    Args:
        runs: Those that were tested.
        candidates: Those that only served to choose a setting.

    Returns:
        seeds, precision and precisions, training, and runs, each with its record and its net's multiply-adds.
    """
    policies = [run.record["precision"] for run in runs]
    nets = {run.variant: run for run in reversed(runs)}  # a net's work is the same with every seed
    return {
        "seeds": sorted({run.seed for run in runs}),
        "precision": " and ".join(dict.fromkeys(policies + [run.record["precision"] for run in candidates])),
        "precisions": dict(Counter(policies)),
        "training": training_of([*runs, *candidates]),
        "runs": [
            {"variant": run.variant, "seed": run.seed, "record": run.record["sha256"]} | work_of(nets[run.variant])
            for run in runs
        ],
    }


def sources_of(records: Iterable[dict]) -> dict[str, list[str]]:
    """What a page's records come from: devices, software, commits, days."""
    records = list(records)
    software = [", ".join(f"{k} {v}" for k, v in r["versions"].items()) + f"; backend {r['backend']}" for r in records]
    found = {
        "devices": [r["device"] for r in records],
        "software": software,
        "commits": [r["commit"] for r in records],
        "dates": [format_time(r["started"]).partition(",")[0] for r in records],
    }
    return {key: list(dict.fromkeys(values)) for key, values in found.items()}


def rows_of(table: pd.DataFrame) -> list[dict]:
    """A table's rows as plain values, what is missing as None."""
    return table.astype(object).where(table.notna(), None).to_dict("records") if len(table) else []


ONE_RUN = " (one run)"


def say_once(answer: str, discussion: str, counts: Iterable[int]) -> tuple[str, str]:
    """Say in one sentence that every net was trained once, in place of saying so behind each figure.

    Args:
        answer: What a page answers, with figures by `format_mean`.
        discussion: What they mean.
        counts: How many runs each net has.

    Returns:
        Answer and discussion; as they were where a net has more runs than one, or no figure is of one.
    """
    if ONE_RUN not in answer or set(counts) != {1}:
        return answer, discussion
    answer, discussion = (text.replace(ONE_RUN, "").replace(NO_INTERVAL, "") for text in (answer, discussion))
    return f"{answer} Each net was trained once.", discussion


def format_mean(values: Iterable[float], form: str, unit: str = "") -> str:
    """The mean of several runs with its 95 % interval, in words; of a single run its value, and that it is one."""
    values = list(values)
    if not values:
        return "not recorded"
    mean, low, high = mean_interval(values)
    if np.isnan(low):
        return f"{mean:{form}}{unit}{ONE_RUN}"
    return f"{mean:{form}}{unit} " + (f"({low:{form}} to {high:{form}})" if low < high else "in every run")
