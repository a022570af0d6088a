"""Figures of claims: every seed a dot, intervals beside printed figures."""

from collections.abc import Iterable

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from helpers.claims import Judged, Step

COLOURS = {"supported": "C2", "contradicted": "C3", "no difference": "C1"}  # others grey


def evidence(judged: Iterable[Judged]) -> list[Figure]:
    """The comparisons of claims: a line with its 95 % interval, every seed a dot, the margin shaded; a figure a unit.

    A filled dot is a seed of the side said to be larger, a hollow one of the other, both against the mean of the other;
    where both sides are of the same runs, a dot is the difference in one of them.

    Args:
        judged: Claims; those without runs are left out.

    Returns:
        A figure for each kind of figure that there are comparisons of.
    """
    by_kind: dict[str, list[tuple[Judged, Step]]] = {}
    for claim in judged:
        for step in (step for step in claim.steps if step.difference):
            by_kind.setdefault(step.figure.kind.name, []).append((claim, step))
    return [_evidence(steps) for steps in by_kind.values()]


def _evidence(steps: list[tuple[Judged, Step]]) -> Figure:
    """The comparisons of one kind."""
    kind = steps[0][1].figure.kind
    scale = (lambda x: np.exp(x)) if kind.name == "time" else (lambda x: np.asarray(x) * kind.scale)
    figure, axes = plt.subplots(figsize=(9, 1.4 + 0.34 * len(steps)), layout="constrained")
    axes.axvspan(*scale([-kind.margin, kind.margin]), color="0.92", label=f"margin: {kind.margin_in_words}")
    axes.axvline(scale(0.0), color="0.4", linewidth=1)
    for row, (claim, step) in enumerate(steps):
        seeds = step.seeds or sorted(set(step.first) & set(step.second))
        first, second = (np.array([side[seed] for seed in seeds]) for side in (step.first, step.second))
        colour, style = COLOURS.get(claim.verdict, "0.45"), {"linestyle": "none", "marker": "o", "ms": 4}
        of_each = first - (second if step.paired else second.mean())
        named = "_in one run" if step.paired else "_a seed of the side said to be larger"
        axes.plot(scale(of_each), [row] * len(seeds), color=colour, label=named, **style)
        if not step.paired:
            hollow = style | {"mfc": "none", "label": "_a seed of the other side"}
            axes.plot(scale(second - second.mean()), [row] * len(seeds), color=colour, **hollow)
        if not np.isnan(step.difference.low):
            ends = scale([step.difference.low, step.difference.high])
            axes.plot(ends, [row + 0.22] * 2, color=colour, linewidth=2, label="_95 % interval")
    axes.set_yticks(range(len(steps)), [_row_name(*of) for of in steps], fontsize=8)
    axes.invert_yaxis()
    if kind.name == "time":
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(plt.LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_formatter(plt.NullFormatter())
    compared = "ratio of times" if kind.name == "time" else f"difference, {kind.unit}"
    axes.set(title=f"claims by {compared}", xlabel=f"{compared}, as claimed to the right")
    axes.legend(loc="best", fontsize=8)
    return figure


def _row_name(claim: Judged, step: Step) -> str:
    """What a comparison is called at its axis, behind its claim, with the claim's verdict where there is one."""
    return f"{claim.name}{f' {claim.verdict}' if claim.verdict in COLOURS else ''}: {step.text}"


def printed_beside_ours(table: pd.DataFrame) -> Figure:
    """Printed shares beside our prediction intervals: a cross the print, a line where one more run of ours would lie.

    Args:
        table: Rows of `claims.compare_all` whose figures are shares, with runs.
    """
    figure, axes = plt.subplots(figsize=(9, 1.2 + 0.28 * max(1, len(table))), layout="constrained")
    for row, (_, entry) in enumerate(table.iterrows()):
        values = list(entry["values"].values())
        if not np.isnan(entry["low"]):
            axes.plot(
                [entry["low"], entry["high"]],
                [row] * 2,
                color="C0",
                linewidth=5,
                alpha=0.35,
                solid_capstyle="butt",
                label="_one more run of ours",
            )
        axes.plot(values, [row] * len(values), "o", color="C0", ms=4, label="_our seeds")
        axes.plot(float(entry["printed"]), row, "x", color="C3", ms=7, mew=2, label="_printed")
    names = [f"{e['report']}  {e['variant']}, {e['metric']}".replace("_", " ") for _, e in table.iterrows()]
    axes.set_yticks(range(len(table)), names, fontsize=8)
    axes.invert_yaxis()
    axes.set_xlabel("share; cross: printed, dots: our seeds, line: where one more run of ours would lie (95 %)")
    return figure
