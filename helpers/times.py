"""What recorded runs took: beside what was predicted of them, and those of one net beside those of another."""

import math
from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd
from pandas.io.formats.style import Styler

from helpers.claims import comparable_times
from helpers.progress import format_seconds
from helpers.runs import MACHINE, epoch_seconds

FORMS = {  # how the columns of the tables below are shown; of other numbers, as they are
    **dict.fromkeys(["test accuracy", "test loss, nats"], "{:.3f}"),
    "training time, s": "{:,.0f}",
    **dict.fromkeys(["an epoch, s", "predicted, s"], "{:.1f}"),
    "measured / predicted": "{:.2f}",
}
ANOTHER = "another computer or setting"
APART = ("disturbed", ANOTHER)  # on what kind of machine times cannot be compared


def machines(records: Iterable[dict]) -> list[str]:
    """What kind of machine each run was on: as in `MACHINE`, or another computer or setting than the compared.

    Args:
        records: Records of runs; where times are `APART` they cannot be compared with the others.
    """
    records = list(records)
    compared = {id(run) for run in comparable_times(records, of_epochs=True)}
    return [MACHINE[run["disturbed"]] if run["disturbed"] or id(run) in compared else ANOTHER for run in records]


def outcomes(records: list[dict], predicted: pd.Series, speed: dict | None) -> pd.DataFrame:
    """What runs took and reached, beside what was predicted of their epochs.

    Args:
        records: Records of runs.
        predicted: Seconds an epoch by variant, as in `costs.forecast`.
        speed: What it was predicted from: there is no prediction of runs on another device.

    Returns:
        A row a run, by variant as predicted and by seed. Numbers, but for the net's name and the machine: `APART`
        marks runs whose times cannot be compared with the others', for what else it did or for being another one.
    """
    rows, order = [], list(predicted.index)
    on_machines = zip(records, machines(records), strict=True)
    for run, machine in sorted(on_machines, key=lambda pair: (order.index(pair[0]["variant"]), pair[0]["seed"])):
        known, seconds = bool(speed) and speed["device"] == run["device"], epoch_seconds(run)
        expected = predicted[run["variant"]] if known else math.nan
        rows.append(
            {
                "net": run["variant"].replace("_", " "),
                "seed": run["seed"],
                "machine": machine,
                "test accuracy": run["test"]["accuracy"],
                "test loss, nats": run["test"]["loss"],
                "training time, s": run["seconds"],
                "an epoch, s": seconds,
                "predicted, s": expected,
                "measured / predicted": seconds / expected,
            }
        )
    columns = ["net", "seed", "machine", "test accuracy", "test loss, nats", "training time, s", "an epoch, s"]
    return pd.DataFrame(rows, columns=[*columns, "predicted, s", "measured / predicted"])


def mean_outcomes(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Means of `outcomes` by net, its number of `seeds`, and of those `timed`: whose times can be compared."""
    times = ["an epoch, s", "predicted, s", "measured / predicted"]
    numbers = outcomes.drop(columns=["seed", "training time, s", "machine"])
    numbers[times] = numbers[times].mask(outcomes["machine"].isin(APART))
    by_net = numbers.groupby("net", sort=False)
    return by_net.mean().assign(seeds=by_net.size(), timed=by_net["an epoch, s"].count())


def styled(table: pd.DataFrame) -> Styler:
    """A table of `outcomes` or `mean_outcomes` for reading."""
    return table.style.format(FORMS, na_rep="-")


def relative_epochs(records: list[dict], reference: str) -> dict[str, float]:
    """How long an epoch of each variant takes beside one of the reference, all on one device; NaN where not known.

    Args:
        records: Records of runs; of all variants', what `comparable_times` takes.
        reference: The variant whose epochs are 1.
    """
    means = _mean_times(records, epoch_seconds, of_epochs=True)
    return {variant: mean / means.get(reference, math.nan) for variant, mean in means.items()}


def compare_seconds(records: list[dict], variant: str, reference: str) -> str:
    """How long an epoch of one variant takes beside one of another, in words: "8.1 times as long".

    Args:
        records: Records of runs; of both variants', what `comparable_times` takes.
        variant, reference: The two.
    """
    both = [run for run in records if run["variant"] in (variant, reference)]
    ratio = relative_epochs(both, reference).get(variant, math.nan)
    return "not measured undisturbed" if math.isnan(ratio) else f"{format_ratio(ratio)} times as long"


def compare_runs(records: list[dict], variant: str, reference: str) -> str:
    """How long whole runs of one variant take beside those of another: "15 times as long (18 min against 73 s)".

    Args:
        records: Records of runs; of both variants', what `comparable_times` takes.
        variant, reference: The two.

    Returns:
        The words; "" where no times can be compared.
    """
    both = [run for run in records if run["variant"] in (variant, reference)]
    means = _mean_times(both, lambda run: run["seconds"], of_epochs=False)
    long, short = (means.get(name, math.nan) for name in (variant, reference))
    if math.isnan(long / short):
        return ""
    return f"{format_ratio(long / short)} times as long ({format_seconds(long)} against {format_seconds(short)})"


def format_ratio(ratio: float) -> str:
    """A ratio with two significant digits, all of a larger one: "0.17", "8.4", "207"; "-" where it is not known."""
    if math.isnan(ratio):
        return "-"
    return f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.1f}" if ratio >= 1 else f"{ratio:#.2g}"


def _mean_times(records: list[dict], seconds: Callable[[dict], float], of_epochs: bool) -> dict[str, float]:
    """Seconds by variant, of the runs whose times can be compared; NaN of a variant without any.

    The mean is the geometric one, by which claims on times are judged: so a ratio is theirs.
    """
    found: dict[str, list[float]] = {run["variant"]: [] for run in records}
    for run in comparable_times(records, of_epochs):
        found[run["variant"]].append(seconds(run))
    return {variant: math.exp(np.mean(np.log(times))) if times else math.nan for variant, times in found.items()}
