"""Is my number normal? Where a figure lies among our seeds, and what usually makes one lie outside.

A whole table: `python -m helpers.claims my_results.csv`. Single figures, in a notebook: `asking.check`.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.claims.causes import OTHER_IMAGES, OTHER_NET, SHARES, causes_of
from helpers.claims.count_checks import missing_counts
from helpers.claims.evidence import Results, judged_runs
from helpers.claims.figures import COUNTS, EXACT, Figure, figure
from helpers.claims.intervals import prediction_interval
from helpers.claims.printed import WIDEST, WIDEST_COUNT, fewest_seeds, renamed_metrics, rounding_of
from helpers.claims.printed_nets import CONFUSED, NET, OF_CLASS, in_words, tidy
from helpers.claims.published import load_variants
from helpers.claims.statistics import CONFIDENCE

VERDICTS = {
    "within": "One more run of ours would lie there: 95 %, of a net's figures by class for all of them together.",
    "unusually high": "Above where one more run of ours would lie; or, with few or scattered seeds, far above ours.",
    "unusually low": "Below where one more run of ours would lie; or, with few or scattered seeds, far below ours.",
    "too few seeds to say": "Our seeds are too few, or scatter too much, to say where; and it is not far from ours.",
    "too coarsely rounded to say": "Its digits are too few to say where it lies: of a share give two or more.",
    "not compared": "We have nothing to hold it against.",
    "equal": "An exact figure is ours.",
    "not equal": "An exact figure is another.",
}
FAR, FAR_BY_CLASS = 0.10, 0.30  # of shares: several times what seeds and the choice of test images make of most nets
FAR_SPREAD = 3  # and at least so many standard deviations of ours: of six seeds or more no one more run lies so far
UNUSUAL = ("unusually high", "unusually low", "not equal")


@dataclass(frozen=True)
class Checked:
    """A given figure beside ours.

    Attributes:
        report, experiment, variant: Whose figure it is meant to be.
        reading: Of what is printed and can be read in two ways.
        metric, class_name: Which figure; no class of a whole net's.
        held_as: Which of ours it is held against, where the report calls that one so.
        printed: As it was given.
        note: What its row said besides.
        verdict: A key of `VERDICTS`.
        num_seeds: Runs of ours.
        mean, low, high: Of ours, and where one more run would lie, rounding allowed for; NaN where it is not known.
        reason: Why it is not compared.
        causes: What usually makes it lie outside.
    """

    report: str
    experiment: str
    variant: str
    reading: str
    metric: str
    class_name: str
    printed: str
    note: str
    verdict: str
    num_seeds: int = 0
    mean: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    reason: str = ""
    causes: tuple[str, ...] = ()
    held_as: str = ""

    @property
    def is_unusual(self) -> bool:
        """Whether it lies outside."""
        return self.verdict in UNUSUAL

    @property
    def net(self) -> str:
        """Report, experiment and variant, with the reading if there are two."""
        return f"{self.report} / {self.experiment} / {self.variant}" + (f" ({self.reading})" if self.reading else "")

    @property
    def words(self) -> str:
        """What the figure is called: "recall of cat"."""
        name = in_words(self.metric) + (f" (as {in_words(self.held_as)})" if self.held_as else "")
        return f"{name} of {self.class_name}" if self.class_name else name

    @property
    def shown(self) -> tuple[str, str]:
        """Our mean, and where one more run of ours would lie, as text."""
        form = ",.0f" if self.metric in (*EXACT, "support") else ".1f" if "epoch" in self.metric else ".3f"
        mean = "-" if np.isnan(self.mean) else f"{self.mean:{form}}"
        low, high = (max(0.0, self.low), min(1.0, self.high)) if self.metric in SHARES else (self.low, self.high)
        return mean, "-" if np.isnan(self.low) else f"{low:{form}} to {high:{form}}"


def check_table(table: pd.DataFrame, results: Results) -> list[Checked]:
    """Say of each figure of a table where it lies among our seeds.

    Args:
        table: A row a figure, as `find_inconsistencies` takes them.
        results: Our runs; those of the full protocol and of the judged seeds count.

    Returns:
        A row a figure, by net. Where a printed variant can be read in two ways, by the one in which fewer of the net's
        figures lie outside; where as many do, or one of them has no runs of ours, a row for each.
    """
    rows, variants = [], load_variants()
    for key, of_net in tidy(table).groupby(NET, sort=False):
        sides = variants[(variants[NET] == list(key)).all(axis=1)]
        readings = []
        columns = ["reading", "notebook", "side", "layers"]
        for reading, notebook, side, layers in sides[columns].to_numpy() if len(sides) else [[""] * 4]:
            runs = judged_runs(results.side(side, notebook).all_runs, key[1]) if side else []
            readings.append(_check_net(of_net, reading, runs, layers == "ours"))
        compared = [found for found in readings if any(row.verdict != "not compared" for row in found)]
        fewest = min(map(_num_unusual, compared), default=0)
        rows += [row for found in readings if found not in compared or _num_unusual(found) == fewest for row in found]
    return rows


def unusual_figures(rows: Iterable[Checked]) -> list[list[Checked]]:
    """The rows that lie outside, those of one net with the same verdict and causes together."""
    by = lambda row: (row.net, row.verdict, row.causes)  # noqa: E731
    outside = [row for row in rows if row.is_unusual]
    order = list(dict.fromkeys(map(by, outside)))
    return [list(group) for _, group in itertools.groupby(sorted(outside, key=lambda row: order.index(by(row))), by)]


def _num_unusual(rows: Iterable[Checked]) -> int:
    """How many rows lie outside."""
    return sum(row.is_unusual for row in rows)


def _check_net(rows: pd.DataFrame, reading: str, runs: Sequence[dict], own_layers: bool) -> list[Checked]:
    """The rows of one net beside its runs.

    A metric that the report calls otherwise than we may be meant either way, unless the table gives both.

    Args:
        rows: Of the table.
        reading: By which the runs were found.
        runs: Of ours.
        own_layers: Whether their layers are our choice, as the report does not print them.
    """
    report, experiment, variant = rows.iloc[0][NET]
    given = set(rows.loc[(rows["class"] == "") & rows["epoch"].isna(), "metric"])
    renamed, fewest = renamed_metrics(report, experiment), fewest_seeds(report, experiment, variant)
    confidence = confidence_of(
        int((rows["metric"].isin(OF_CLASS) & (rows["class"] != "") & rows["epoch"].isna()).sum())
    )
    missing = missing_counts(rows) or "only checked against the table's other figures"
    checked, columns = [], ["metric", "class", "epoch", "printed", "note"]
    for metric, name, epoch, printed, note in rows.reindex(columns=columns).itertuples(index=False):
        of_report, level = renamed.get((variant, metric), metric), confidence if name else CONFIDENCE
        found = []
        for meaning in dict.fromkeys([metric] if of_report in given else [of_report, metric]):
            of = None if pd.notna(epoch) else _figure_of(meaning, name)
            if of is None:
                reason = "only checked against the table's other figures"
                found.append({"verdict": "not compared", "reason": missing if metric.startswith(CONFUSED) else reason})
            elif own_layers and of.name in EXACT:
                found.append({"verdict": "not compared", "reason": "the report does not print this net's layers"})
            else:
                compared = compare_figure(of, float(printed), rounding_of(printed), runs, fewest, level)
                found.append(compared | {"held_as": meaning if meaning != metric else ""})
        best = next((each for each in found if each["verdict"] not in UNUSUAL), found[0])
        note = note if isinstance(note, str) else ""
        checked.append(Checked(report, experiment, variant, reading, metric, name, printed, note, **best))
    return checked


def _figure_of(metric: str, class_name: str) -> Figure | None:
    """The figure that a row gives; None where ours have none like it."""
    if metric == "support":
        return Figure("support", class_name)
    if metric.startswith(CONFUSED) or (class_name and metric not in OF_CLASS):
        return None
    try:
        return figure(f"{OF_CLASS[metric]}:{class_name}" if class_name else metric)
    except ValueError:
        return None


def compare_figure(of: Figure, value: float, half: float, runs: Sequence[dict], fewest: int, confidence: float) -> dict:
    """What `Checked` says of a figure: the verdict and what it rests on."""
    if of.is_time:
        return {"verdict": "not compared", "reason": "a time on other hardware"}
    if not runs:
        return {"verdict": "not compared", "reason": "no runs of ours at the full protocol"}
    values = [_support(run, of.argument) if of.name == "support" else of(run) for run in runs]
    found = {"num_seeds": len(values), "mean": float(np.mean(values))}
    if of.name in (*EXACT, "support"):
        if all(ours == value for ours in values):
            return found | {"verdict": "equal"}
        return found | {"verdict": "not equal", "causes": OTHER_IMAGES if of.name == "support" else OTHER_NET}
    low, high = prediction_interval(values, half, confidence)
    found |= {"low": low, "high": high}
    far = (FAR_BY_CLASS if of.argument else FAR) if of.name in SHARES else np.inf
    far = max(far, FAR_SPREAD * float(np.std(values, ddof=1))) if len(values) > 1 else far
    near = found["mean"] - far - half, found["mean"] + far + half
    widest = WIDEST_COUNT if of.name in COUNTS else FAR_BY_CLASS if of.argument else WIDEST
    few = len(values) < max(2, fewest)
    low, high = near if few else (max(low, near[0]), min(high, near[1]))
    if low <= value <= high and half > widest:
        return found | {"verdict": "too coarsely rounded to say"}
    if low <= value <= high:
        says_nothing = few or (found["high"] - found["low"]) / 2 > widest
        return found | {"verdict": "too few seeds to say" if says_nothing else "within"}
    verdict = "unusually high" if value > high else "unusually low"
    return found | {"verdict": verdict, "causes": causes_of(of, verdict)}


def confidence_of(num_by_class: int) -> float:
    """Of each figure by class, so that all of one net's together have `CONFIDENCE` (Bonferroni)."""
    return 1 - (1 - CONFIDENCE) / max(1, num_by_class)


def _support(run: dict, class_name: str) -> float:
    """Test images of a class; NaN where a run has no such class."""
    return run["test"]["by_class"].get(class_name, {}).get("support", float("nan"))
