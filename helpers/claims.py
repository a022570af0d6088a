"""What the reports printed, held against what was measured: intervals, differences, verdicts."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

CONFIDENCE = 0.95
# What the printed figures are called in a record.
METRICS = {
    "accuracy": lambda run: run["test"]["accuracy"],
    "loss": lambda run: run["test"]["loss"],
    "training_time": lambda run: run["seconds"],
    "parameters": lambda run: run["parameters"]["total"],
    "non_trainable_parameters": lambda run: run["parameters"]["non_trainable"],
    "macro_precision": lambda run: run["test"]["macro_avg"]["precision"],
    "macro_recall": lambda run: run["test"]["macro_avg"]["recall"],
    "macro_f1": lambda run: run["test"]["macro_avg"]["f1-score"],
}
LABELS = {"training_time": "training time, s", "loss": "loss, nats"}
# Never a matter of agreement: the reports' computers are not known.
NOT_COMPARABLE = {"training_time"}


@cache
def published_folder() -> Path:
    """The folder `reports/published`: beside the notebooks, else in the repository that the helpers lie in."""
    for root in (Path.cwd().parent, Path(__file__).parent.parent):
        if (root / "reports" / "published" / "published.csv").is_file():
            return root / "reports" / "published"
    raise FileNotFoundError("reports/published/published.csv was not found: run from the repository's notebooks folder")


def load_published(report: str, experiment: str) -> pd.DataFrame:
    """The printed figures of an experiment.

    Args:
        report: "A" to "E".
        experiment: As in published.csv, such as "dense_vs_cnn".

    Returns:
        Columns: variant, metric, class, epoch, value, unit, note; and printed, the value's very text.

    Raises:
        ValueError: Nothing was printed under these names.
    """
    table = pd.read_csv(published_folder() / "published.csv", dtype={"value": str})
    table["printed"], table["value"] = table["value"], pd.to_numeric(table["value"])
    rows = table[(table["report"] == report) & (table["experiment"] == experiment)]
    if rows.empty:
        raise ValueError(
            f"no figures of report {report}, experiment {experiment!r} in {published_folder()}/published.csv"
        )
    return rows.drop(columns=["report", "experiment"]).reset_index(drop=True)


def load_claim(claim_id: str) -> pd.Series:
    """A claim of the reports by its id, such as "A1"."""
    return pd.read_csv(published_folder() / "claims.csv", dtype=str).set_index("id").loc[claim_id]


def mean_interval(values: Iterable[float]) -> tuple[float, float, float]:
    """Mean of several runs and the 95 % interval of that mean, by Student's t.

    Returns:
        Mean, lower and upper end; the ends are NaN for fewer than two values.
    """
    values = np.asarray(list(values), dtype="float64")
    mean = float(values.mean())
    if len(values) < 2:
        return mean, float("nan"), float("nan")
    half = stats.t.ppf((1 + CONFIDENCE) / 2, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return mean, mean - half, mean + half


def compare_with_published(
    runs: list[dict], report: str, experiment: str, metrics: dict[str, str], names: dict[str, str] | None = None
) -> pd.DataFrame:
    """The table against the printed figures: printed, ours (mean, interval, seeds), difference, verdict.

    Args:
        runs: Records of runs.
        report: "A" to "E".
        experiment: As in published.csv.
        metrics: Which figures to compare, keys as in published.csv; the values say how to format them, such as ".3f".
        names: Our variant by published variant, where they differ.

    Returns:
        A row a variant and metric, all columns text. A figure that was not printed is "not printed". Runs on other data
        than the report's, or on less than the full protocol, get no comparison.
    """
    published = load_published(report, experiment)
    whole = published[published["class"].isna() & published["epoch"].isna()].set_index(["variant", "metric"])
    rows = []
    for variant in published["variant"].unique():
        ours = [run for run in runs if run["variant"] == (names or {}).get(variant, variant)]
        for metric, form in metrics.items():
            if not ours:
                continue
            printed = whole["printed"].get((variant, metric))
            compared = _compare(ours, metric, printed, form, are_comparable(ours, experiment))
            rows.append({"variant": variant, "figure": LABELS.get(metric, metric.replace("_", " ")), **compared})
    return pd.DataFrame(rows)


def _compare(ours: list[dict], metric: str, printed: str | None, form: str, comparable: bool) -> dict:
    """A printed figure beside ours, as text."""
    values = [METRICS[metric](run) for run in ours]
    mean, low, high = mean_interval(values)
    known = printed is not None and comparable
    return {
        "printed": (printed or "not printed") if comparable else "not compared",
        "ours, mean": f"{mean:{form}}",
        "95 % interval": "-" if np.isnan(low) or low == high else f"{low:{form}} to {high:{form}}",
        "seeds": str(len(values)),
        "difference": f"{mean - float(printed):+{form}}" if known else "-",
        "verdict": judge_figure(values, printed, metric) if known else "-",
    }


def judge_figure(values: list[float], printed: str, metric: str = "accuracy") -> str:
    """Say whether a printed figure could be one more run of ours.

    It could if it lies in the 95 % prediction interval of a single further run, widened by half of the figure's last
    printed digit.

    Args:
        values: Our figure, a value a seed.
        printed: The figure as it was printed, such as "0.70": its digits say how far it was rounded.
        metric: As in published.csv.

    Returns:
        "reproduced", "ours is higher", "ours is lower", "other hardware" for times, or "one seed" without an interval.
    """
    if metric in NOT_COMPARABLE:
        return "other hardware"
    difference = float(np.mean(values)) - float(printed)
    rounding = 0.5 * 10.0 ** -len(printed.partition(".")[2])
    if abs(difference) <= rounding:
        return "reproduced"
    if len(values) < 2:
        return "one seed"
    spread = np.std(values, ddof=1) * np.sqrt(1 + 1 / len(values))
    half = stats.t.ppf((1 + CONFIDENCE) / 2, len(values) - 1) * spread + rounding
    if abs(difference) <= half:
        return "reproduced"
    return "ours is higher" if difference > 0 else "ours is lower"


def judge_difference(better: list[float], worse: list[float]) -> tuple[str, tuple[float, float, float]]:
    """Judge a claim that one variant's figure is above another's, from runs paired by seed.

    Args:
        better: The figure of the variant said to have the larger one, a value a seed.
        worse: The other variant's, in the same order of seeds.

    Returns:
        "holds" if the 95 % interval of the paired differences is above 0, "contradicted" if below, else "not decided",
        "one seed" without an interval; and the mean difference with its interval.

    Raises:
        ValueError: Not the same number of runs.
    """
    if len(better) != len(worse):
        raise ValueError(f"runs are paired by seed: expected as many of each, came {len(better)} and {len(worse)}")
    mean, low, high = mean_interval(np.subtract(better, worse))
    verdict = "one seed" if np.isnan(low) else "holds" if low > 0 else "contradicted" if high < 0 else "not decided"
    return verdict, (mean, low, high)


def judge_claims(runs: list[dict], claim_ids: Iterable[str]) -> pd.DataFrame:
    """Judge claims that one variant is more accurate, or trains faster, than another.

    Args:
        runs: Records of runs; seeds are paired.
        claim_ids: Ids in claims.csv whose `better` and `worse` each name one variant.

    Returns:
        A row a claim, all columns text: claim, printed, ours (difference, its interval), seeds, verdict. No verdict on
        other data or on less than the full protocol.
    """
    return pd.DataFrame([_judge_claim(runs, load_claim(claim_id)) for claim_id in claim_ids])


def _judge_claim(runs: list[dict], claim: pd.Series) -> dict:
    """A claim, its printed figures and ours."""
    figure = METRICS[claim["metric"]]
    sides = ("better", "worse")
    by_seed = {side: {run["seed"]: figure(run) for run in runs if run["variant"] == claim[side]} for side in sides}
    seeds = sorted(by_seed["better"])
    if seeds != sorted(by_seed["worse"]) or not seeds:
        raise ValueError(
            f"claim {claim.name}: expected the same seeds of {claim['better']} and {claim['worse']}, came "
            f"{seeds} and {sorted(by_seed['worse'])}"
        )
    larger, smaller = ([values[seed] for seed in seeds] for values in by_seed.values())
    form, unit = ("+.0f", " s") if claim["metric"] == "training_time" else ("+.3f", "")
    if claim["metric"] == "training_time":  # faster means fewer seconds
        larger, smaller = smaller, larger
    verdict, (mean, low, high) = judge_difference(larger, smaller)
    interval = "" if np.isnan(low) else f" ({low:{form}} to {high:{form}})"
    comparable = are_comparable(runs, claim["experiment"])
    printed = f"{claim['published_better']} against {claim['published_worse']}{unit}"
    return {
        "claim": claim["claim"],
        "printed": printed if comparable else "not compared",
        "ours, difference": f"{mean:{form}}{unit}{interval}",
        "seeds": str(len(larger)),
        "verdict": verdict if comparable else "-",
    }


def are_comparable(runs: list[dict], experiment: str) -> bool:
    """Whether runs may be held against printed figures: the full protocol, on the experiment's own data."""
    dataset = "fashion_mnist" if experiment.startswith("fashion_mnist") else "cifar10"
    return all(run["profile"] == "full" and run["dataset"] == dataset for run in runs)
