"""Tables of what the reports printed beside what we measured."""

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
import pandas as pd

from helpers.claims.evidence import FIRST_SEED, Results, are_comparable, comparable_times, judged_runs
from helpers.claims.figures import EXACT, LABELS, TIMES, figure
from helpers.claims.intervals import mean_interval, prediction_interval
from helpers.claims.once import repeated_metric
from helpers.claims.precision import count_runs
from helpers.claims.printed import compare_with_print, fewest_seeds, least_of, renamed_metrics, rounding_of
from helpers.claims.published import load_figures, load_published, load_variants

CHOSEN = "$best"


def compare_with_published(
    runs: list[dict],
    report: str,
    experiment: str,
    metrics: dict[str, str],
    names: dict[str, str] | None = None,
    notebook: str = "",
) -> pd.DataFrame:
    """The table against the printed figures: printed, ours (mean, interval, prediction interval), and what that says.

    Args:
        runs: Records of runs.
        report: "A" to "E".
        experiment: As in published.csv.
        metrics: Which figures to compare, keys as in published.csv; the values say how to format them, such as ".3f".
            Of times, those count that can be compared with the other variants', and no interval is given.
        names: Our variant by published variant, where they differ.
        notebook: Whose table it is: what variants.csv has another judge is shown and not judged.

    Returns:
        A row a variant and metric, all columns text. A figure that was not printed is "not printed". Runs on other data
        than the report's, or on less than the full protocol, get no comparison. A figure that a report printed a second
        time, by the same name or another, or of another net, or that another notebook judges, has no agreement of its
        own: one printed number is judged once. Where runs are of several precisions, seeds says how many are of each.
    """
    published, repeated = load_published(report, experiment), _repeated(report, experiment)
    whole = published[published["class"].isna() & published["epoch"].isna()].set_index(["variant", "metric"])
    rows, renamed = [], renamed_metrics(report, experiment)
    nets, elsewhere = _nets_of(report, experiment), _elsewhere(report, experiment, notebook)
    our_name = {variant: (names or {}).get(variant, variant) for variant in published["variant"].unique()}
    of_all = [run for run in runs if run["variant"] in our_name.values()]
    for variant, name in our_name.items():
        ours, before = [run for run in runs if run["variant"] == name], []
        for metric, form in metrics.items() if ours else ():
            printed = whole["printed"].get((variant, metric))
            own = renamed.get((variant, metric), metric)
            row = {"variant": variant, "figure": _label(own)}
            usable = _usable(ours, of_all, own)
            comparable = are_comparable(ours, experiment)
            of_seeds = judged_runs(ours, experiment) if own not in EXACT else ours
            judged = {run["seed"]: figure(own)(run) for run in _usable(of_seeds, of_all, own)}
            known = printed and comparable and usable
            fewest = fewest_seeds(report, experiment, variant)
            agreement = compare_with_print(list(judged.values()), printed, own, fewest) if known else "-"
            if agreement == "too few seeds to say" and len(judged) < len(usable):
                agreement += f": seeds from {FIRST_SEED} on are judged"
            if known and own not in (*EXACT, *TIMES):
                first = repeated_metric(own, judged, printed, before)
                agreement = f"judged as {_label(first)}" if first else agreement
                before.append((own, judged, printed))
                is_its = name in (variant, *nets[variant]) or CHOSEN in nets[variant]
                judge = elsewhere.get(variant, agreement) if is_its else "of another net"
                agreement = repeated.get(variant, judge)
            row |= _row(usable, own, printed if comparable else None, form) | {"agreement": agreement}
            rows.append(row if comparable else row | {"printed": "not compared"})
    return pd.DataFrame(rows)


def compare_all(results: Results, experiments: Iterable[tuple[str, str]] = ()) -> pd.DataFrame:
    """Every printed figure of a whole net beside ours, each once.

    Args:
        results: The runs that the pages show.
        experiments: Reports and experiments to take; default, all.

    Returns:
        Columns: report, experiment, variant, reading, metric, printed, notebook, values (by seed), low and high (of the
        prediction interval), agreement (a key of `AGREEMENT`, or "not yet run").
    """
    figures = load_figures()
    whole = figures[figures["class"].isna() & figures["epoch"].isna()].set_index(["report", "experiment", "variant"])
    rows, chosen, variants = [], set(experiments), load_variants()
    runs_of = {
        k: judged_runs(results.side(ours["side"], ours["notebook"]).all_runs, ours["experiment"])
        for k, ours in variants.iterrows()
    }
    for k, ours in variants.iterrows():
        key = (ours["report"], ours["experiment"], ours["variant"])
        if ours["same_as"] or key not in whole.index or (chosen and key[:2] not in chosen):
            continue
        renamed = renamed_metrics(*key[:2])
        beside = (variants[["report", "experiment", "reading"]] == [*key[:2], ours["reading"]]).all(axis=1)
        of_all = [run for other in variants.index[beside] for run in runs_of[other]]
        known = []
        for _, printed in whole.loc[[key]].iterrows():
            metric = renamed.get((key[2], printed["metric"]), printed["metric"])
            values = {run["seed"]: figure(metric)(run) for run in _usable(runs_of[k], of_all, metric)}
            if repeated_metric(metric, values, printed["printed"], known):
                continue
            known.append((metric, values, printed["printed"]))
            low, high = prediction_interval(
                values.values() if metric not in TIMES else [], rounding_of(printed["printed"])
            )
            fewest = fewest_seeds(*key)
            found = list(values.values())
            agreement = compare_with_print(found, printed["printed"], metric, fewest) if runs_of[k] else ""
            row = {"report": key[0], "experiment": key[1], "variant": key[2], "reading": ours["reading"]}
            row |= {"metric": metric, "printed": printed["printed"], "notebook": ours["notebook"], "values": values}
            rows.append(row | {"low": low, "high": high, "agreement": agreement or "not yet run"})
    return pd.DataFrame(rows)


def compare_classes(
    runs: list[dict], report: str, experiment: str, names: dict[str, str] | None = None
) -> dict[str, pd.DataFrame]:
    """`compare_by_class` of every variant with figures of classes that were not printed before, and comparable runs.

    Args:
        runs, report, experiment, names: As for `compare_with_published`.

    Returns:
        The tables by published variant.
    """
    printed, repeated = load_published(report, experiment).dropna(subset="class"), _repeated(report, experiment)
    tables = {}
    for variant in printed["variant"].unique():
        ours = [run for run in runs if run["variant"] == (names or {}).get(variant, variant)]
        if ours and variant not in repeated and are_comparable(ours, experiment):
            tables[variant] = compare_by_class(ours, report, experiment, variant)
    return tables


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
        known = metric in printed and are_comparable(runs, experiment)
        of_print, none = (printed[metric].dropna(), "not printed") if known else ({}, "-")
        columns[metric, "printed"] = {name: of_print.get(name, none) for name in of_classes[0]}
        columns[metric, "ours"] = {
            name: f"{np.mean([of_class[name][key] for of_class in of_classes]):.3f}" for name in of_classes[0]
        }
    return pd.DataFrame(columns)


def compare_exactly(figures: Iterable[tuple[str, str, float, float]], comparable: bool = True) -> pd.DataFrame:
    """The table against printed figures that chance has no part in, such as the sizes of a split.

    Args:
        figures: For each, the variant, what the figure is called, the printed value and ours.
        comparable: Whether ours are of the report's own data.

    Returns:
        A row a figure, all columns text: variant, figure, printed, ours, difference, agreement.
    """
    rows = []
    for variant, figure_name, printed, ours in figures:
        agreement = "equal" if ours == printed else "not equal"
        known = (f"{printed:,g}", f"{ours - printed:+g}", agreement) if comparable else ("not compared", "-", "-")
        rows.append([variant, figure_name, known[0], f"{ours:,g}", *known[1:]])
    return pd.DataFrame(rows, columns=["variant", "figure", "printed", "ours", "difference", "agreement"])


def _repeated(report: str, experiment: str) -> dict[str, str]:
    """Variants whose figures were printed before, each with where they are judged."""
    rows = load_variants().query("report == @report and experiment == @experiment and same_as != ''")
    firsts = rows.set_index("variant")["same_as"].str.removeprefix(f"{experiment}/").str.split("/")
    return {variant: f"judged as {' of '.join(first[::-1])}".replace("_", " ") for variant, first in firsts.items()}


def _elsewhere(report: str, experiment: str, notebook: str) -> dict[str, str]:
    """Variants whose figures another notebook judges, each with which; none where no notebook is named."""
    rows = load_variants().query("report == @report and experiment == @experiment and notebook != @notebook")
    of_others = dict(zip(rows["variant"], rows["notebook"], strict=True)) if notebook else {}
    return {variant: f"judged in {other[:2]}" for variant, other in of_others.items()}


def _nets_of(report: str, experiment: str) -> dict[str, list[str]]:
    """What our runs of each printed variant are called, by variants.csv; `CHOSEN` where a page chooses one."""
    rows, nets = load_variants().query("report == @report and experiment == @experiment"), defaultdict(list)
    for _, row in rows.iterrows():
        nets[row["variant"]].append(row["side"].partition("@")[0])
    return nets


def _usable(runs: list[dict], of_all: list[dict], metric: str) -> list[dict]:
    """The runs of a variant whose figure counts: of times, those that can be compared with the other variants'."""
    if metric not in TIMES:
        return runs
    compared = {id(run) for run in comparable_times(of_all, metric == "epoch_time")}
    return [run for run in runs if id(run) in compared]


def _label(metric: str) -> str:
    """What tables call a metric."""
    return LABELS.get(metric, metric.replace("_", " "))


def _row(runs: list[dict], metric: str, printed: str | None, form: str) -> dict:
    """A printed figure beside that of some runs of ours, as text."""
    values = list(map(figure(metric), runs))
    mean, low, high = mean_interval(values or [np.nan])
    further = prediction_interval(values, rounding_of(printed) if printed else 0.0)
    span = lambda a, b: f"{max(a, least_of(metric)):{form}} to {b:{form}}"  # noqa: E731
    sure = np.isnan(low) or low == high or metric in TIMES  # few times on one machine: no interval says more
    return {
        "printed": printed or "not printed",
        "ours, mean": f"{mean:{form}}" if values else "-",
        "95 % interval": "-" if sure else span(low, high),
        "one more run": "-" if sure or metric in EXACT else span(*further),
        "seeds": count_runs(runs),
    }
