"""All nets of the pages in one table."""

import numpy as np
import pandas as pd

from helpers.claims.evidence import Results, comparable_times, device_of
from helpers.claims.intervals import mean_interval
from helpers.runs import epoch_seconds


def nets_table(results: Results) -> pd.DataFrame:
    """Every net that the pages show, a row a variant: what it is, how it was trained, what it reached and cost.

    Args:
        results: The runs.

    Returns:
        Columns, all text: notebook, net, test accuracy (mean over the seeds, with its 95 % interval), seeds,
        parameters, multiply-adds, data, trained on (images), split, epochs, batch, optimizer; an epoch (s), the median
        of a net's runs that nothing disturbed, of a notebook's nets on one computer as far as they ran on it; and
        measured on, which it is, with what precision and how many threads: times of rows with different ones cannot be
        compared.
    """
    rows, timed_runs = [], _timed_runs(results)
    for (notebook, variant), by_seed in results.runs.items():
        records, work = list(by_seed.values()), results.work.get((notebook, variant))
        first, asked, timed = records[0], records[0]["hyperparameters"], timed_runs[notebook, variant]
        mean, low, high = mean_interval([record["test"]["accuracy"] for record in records])
        interval = "" if np.isnan(low) or low == high else f" ({low:.3f} to {high:.3f})"
        epochs = sorted({len(record["seconds_by_epoch"]) for record in records})
        rows.append(
            {
                "notebook": notebook,
                "net": variant.replace("_", " "),
                "test accuracy": f"{mean:.3f}{interval}",
                "seeds": str(len(records)),
                "parameters": f"{first['parameters']['total']:,}",
                "multiply-adds, millions": f"{work / 1e6:,.1f}" if work else "-",
                "data": first["dataset"],
                "trained on": f"{asked['train_images']:,}" if asked.get("train_images") else "-",
                "split": first["split"].get("name", "-"),
                "epochs": f"{epochs[0]} to {epochs[-1]}" if len(epochs) > 1 else str(epochs[0]),
                "batch": str(asked.get("batch_size", "-")),
                "optimizer": str(asked.get("optimizer", {}).get("name", "-")),
                "an epoch, s": f"{np.median([epoch_seconds(record) for record in timed]):.1f}" if timed else "-",
                "measured on": _measured_on(timed[0]) if timed else "-",
            }
        )
    return pd.DataFrame(rows)


def _timed_runs(results: Results) -> dict[tuple[str, str], list[dict]]:
    """The runs whose epochs are timed, by notebook and variant.

    They are of the computer that has most of the notebook's nets; of a net that has no run there, of another.
    """
    timed = {}
    for notebook in dict.fromkeys(notebook for notebook, _ in results.runs):
        nets = {key: list(by_seed.values()) for key, by_seed in results.runs.items() if key[0] == notebook}
        quiet = [(device_of(run), key) for key, runs in nets.items() for run in runs if run["disturbed"] is False]
        weight = lambda where, on=quiet: (len({k for d, k in on if d == where}), sum(d == where for d, _ in on))  # noqa: E731
        common = max(dict.fromkeys(where for where, _ in quiet), key=weight, default=None)
        for key, runs in nets.items():
            there = [run for run in runs if run["disturbed"] is False and device_of(run) == common]
            timed[key] = there or comparable_times(runs, of_epochs=True)
    return timed


def _measured_on(run: dict) -> str:
    """What must be equal for times to be compared: device, precision, number of threads."""
    precision, threads = run.get("precision", "unknown precision").removeprefix("mixed_"), run.get("threads")
    return f"{run['device']}, {precision}" + (f", {threads} thread{'s' * (threads != 1)}" if threads else "")
