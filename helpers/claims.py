"""What the reports printed, held against what was measured: intervals, differences, verdicts."""

import itertools
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
    "precision": lambda run: run["test"]["macro_avg"]["precision"],  # where a report does not say which average
    "f1": lambda run: run["test"]["macro_avg"]["f1-score"],  # likewise
    "class_accuracy:cat": lambda run: run["test"]["by_class"].get("cat", {}).get("recall", np.nan),
    "macro_recall": lambda run: run["test"]["macro_avg"]["recall"],
    "macro_f1": lambda run: run["test"]["macro_avg"]["f1-score"],
    "train_accuracy": lambda run: max(run["history"]["accuracy"]),
    "val_accuracy": lambda run: max(run["history"]["val_accuracy"]),
    "epochs_run": lambda run: len(run["seconds_by_epoch"]),
    "best_epoch": lambda run: run["best_epoch"],
}
LABELS = {
    "training_time": "training time, s",
    "loss": "loss, nats",
    "precision": "precision, macro",
    "f1": "f1, macro",
    "train_accuracy": "highest training accuracy",
    "val_accuracy": "highest validation accuracy",
}
# Never a matter of agreement: the reports' computers are not known.
NOT_COMPARABLE = {"training_time"}
# Claims of an order: the better variant above the first of the worse, and that above the second.
ORDERED = {"A6", "A7", "B1", "B4"}


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


def difference_text(first: Iterable[float], second: Iterable[float], form: str = "+.3f") -> str:
    """The mean of one variant's runs minus another's, with its 95 % interval: "+0.012 (+0.004 to +0.020)".

    The interval is Welch's: different nets share nothing by sharing a seed's number.

    Args:
        first, second: A value a run.
        form: How to format them.

    Returns:
        The text; without an interval where a side has one run or none differ, "not recorded" where a side has none.
    """
    sides = [np.asarray(list(side), dtype="float64") for side in (first, second)]
    if not all(map(len, sides)):
        return "not recorded"
    difference = f"{sides[0].mean() - sides[1].mean():{form}}"
    if min(map(len, sides)) < 2 or not any(np.ptp(side) for side in sides):
        return difference
    low, high = stats.ttest_ind(*sides, equal_var=False).confidence_interval(CONFIDENCE)
    return f"{difference} ({low:{form}} to {high:{form}})"


def compare_by_class(runs: list[dict], report: str, experiment: str, variant: str) -> pd.DataFrame:
    """The printed precision, recall and F1 of each class beside ours, the mean over the seeds.

    Args:
        runs: Records of runs of one variant, one or more.
        report: "A" to "E".
        experiment: As in published.csv.
        variant: The published variant; what it calls a class's accuracy is the recall.

    Returns:
        A row a class; by metric, the columns printed and ours, all text. Runs on other data than the report's, or on
        less than the full protocol, get no comparison.
    """
    figures = load_published(report, experiment).query("variant == @variant").dropna(subset="class")
    figures["metric"] = figures["metric"].replace("class_accuracy", "recall")
    printed = figures.pivot(index="class", columns="metric", values="printed")
    of_classes, columns = [run["test"]["by_class"] for run in runs], {}
    for metric, key in (("precision", "precision"), ("recall", "recall"), ("f1", "f1-score")):
        comparable = metric in printed and are_comparable(runs, experiment)
        columns[metric, "printed"] = {name: printed[metric][name] if comparable else "-" for name in of_classes[0]}
        columns[metric, "ours"] = {
            name: f"{np.mean([of_class[name][key] for of_class in of_classes]):.3f}" for name in of_classes[0]
        }
    return pd.DataFrame(columns)


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


def compare_exactly(figures: Iterable[tuple[str, str, float, float]], comparable: bool = True) -> pd.DataFrame:
    """The table against printed figures that chance has no part in, such as the sizes of a split.

    Args:
        figures: For each, the variant, what the figure is called, the printed value and ours.
        comparable: Whether ours are of the report's own data.

    Returns:
        A row a figure, all columns text: variant, figure, printed, ours, difference, verdict.
    """
    rows = []
    for variant, figure, printed, ours in figures:
        verdict = "reproduced" if ours == printed else "contradicted"
        known = (f"{printed:,g}", f"{ours - printed:+g}", verdict) if comparable else ("not compared", "-", "-")
        rows.append([variant, figure, known[0], f"{ours:,g}", *known[1:]])
    return pd.DataFrame(rows, columns=["variant", "figure", "printed", "ours", "difference", "verdict"])


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
        raise ValueError(f"runs are paired by seed: expected as many of each, got {len(better)} and {len(worse)}")
    mean, low, high = mean_interval(np.subtract(better, worse))
    verdict = "one seed" if np.isnan(low) else "holds" if low > 0 else "contradicted" if high < 0 else "not decided"
    return verdict, (mean, low, high)


def judge_claims(runs: list[dict], claim_ids: Iterable[str], names: dict[str, str] | None = None) -> pd.DataFrame:
    """Judge claims that one variant is more accurate, or trains faster, than another or than several others.

    A claim that names several others is several comparisons: of the better variant with each of them or, for a claim
    of an order, of each variant with the next. It holds if all of them do, and is contradicted if any is.

    Args:
        runs: Records of runs. A comparison pairs the seeds that both of its variants have; the table says how many, and
            "not run" where there are none. Times are compared as `comparable_times` says.
        claim_ids: Ids in claims.csv whose `better` names one variant.
        names: Our variant by published variant, where they differ.

    Returns:
        A row a claim, all columns text: claim, printed, ours (difference, its interval), seeds, verdict. Differences
        are positive where the claim is right. No verdict on other data or on less than the full protocol.

    Raises:
        ValueError: A claim that names several better variants.
    """
    return pd.DataFrame([_judge_claim(runs, load_claim(claim_id), names or {}) for claim_id in claim_ids])


def _judge_claim(runs: list[dict], claim: pd.Series, names: dict[str, str]) -> dict:
    """A claim, its printed figures and ours."""
    pairs = _pairs(claim)
    judged = [_judge_pair(runs, claim, *(names.get(variant, variant) for variant in pair)) for pair in pairs]
    printed, comparable = claim[["published_better", "published_worse"]], are_comparable(runs, claim["experiment"])
    unit = " s" if claim["metric"] == "training_time" else ""
    text = "not printed" if printed.isna().any() else " against ".join(printed).replace("|", " and ") + unit
    return {
        "claim": claim["claim"],
        "printed": text if comparable else "not compared",
        "ours, difference": "; ".join(f"{name}: {d}" if len(pairs) > 1 else d for name, d, _, _ in judged),
        "seeds": "; ".join(seeds for _, _, seeds, _ in judged),
        "verdict": _combine([verdict for *_, verdict in judged]) if comparable else "-",
    }


def _pairs(claim: pd.Series) -> list[tuple[str, str]]:
    """The comparisons that a claim consists of: better and worse variant of each."""
    better, worse = claim["better"], claim["worse"].split("|")
    if "|" in better:
        raise ValueError(f"claim {claim.name}: expected one better variant, got {better}")
    return list(itertools.pairwise([better, *worse])) if claim.name in ORDERED else [(better, w) for w in worse]


def _judge_pair(runs: list[dict], claim: pd.Series, better: str, worse: str) -> tuple[str, str, str, str]:
    """One comparison as text: which from which, the difference with its interval, seeds, verdict."""
    is_time = claim["metric"] in NOT_COMPARABLE
    larger, smaller = (worse, better) if is_time else (better, worse)  # faster means fewer seconds
    figure = METRICS[claim["metric"]]
    runs = comparable_times(runs) if is_time else runs
    by_seed = [{run["seed"]: figure(run) for run in runs if run["variant"] == side} for side in (larger, smaller)]
    common, every = (sorted(operator(*map(set, by_seed))) for operator in (set.intersection, set.union))
    if not common:
        return f"{larger} - {smaller}", "-", f"0 of {len(every)}", "not run"
    verdict, (mean, low, high) = judge_difference(*([values[seed] for seed in common] for values in by_seed))
    form, unit = ("+.0f", " s") if is_time else ("+.3f", "")
    interval = "" if np.isnan(low) else f" ({low:{form}} to {high:{form}})"
    seeds = f"{len(common)}" if common == every else f"{len(common)} of {len(every)}"
    return f"{larger} - {smaller}", f"{mean:{form}}{unit}{interval}", seeds, verdict


def comparable_times(runs: list[dict]) -> list[dict]:
    """Those of some runs whose times may be compared: of one device, and not disturbed by other processes.

    Args:
        runs: Records of runs. Of several devices the one with the most runs counts.
    """
    undisturbed = [run for run in runs if not run["disturbed"]]
    devices = [(run["backend"], run["device"]) for run in undisturbed]
    common = max(devices, key=devices.count, default=None)
    return [run for run, device in zip(undisturbed, devices, strict=True) if device == common]


def _combine(verdicts: list[str]) -> str:
    """The verdict on a claim from those on its comparisons: the first of these that any of them has."""
    order = ("contradicted", "not decided", "not run", "one seed", "holds")
    return min(verdicts, key=order.index)


def are_comparable(runs: list[dict], experiment: str) -> bool:
    """Whether runs may be held against printed figures: the full protocol, on the experiment's own data."""
    dataset = "fashion_mnist" if experiment.startswith("fashion_mnist") else "cifar10"
    return all(run["profile"] == "full" and run["dataset"] == dataset for run in runs)
