"""Figures of single values: of seeds, variants and counts, with what was printed."""

from collections.abc import Callable

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch


def metric_dots(runs: list[dict], panels: dict[str, dict[str, Callable[[dict], float]]]) -> Figure:
    """Figures of several variants side by side: a dot a run, a line their mean, a colour a variant.

    Args:
        runs: Records of runs.
        panels: By the label of a panel's axis, what takes each figure from a record, by the figure's name.
    """
    variants = list(dict.fromkeys(run["variant"] for run in runs))
    colors = dict(zip(variants, sns.color_palette(n_colors=len(variants)), strict=True))
    widths = [len(metrics) for metrics in panels.values()]
    figure, axes = plt.subplots(1, len(panels), figsize=(1.3 * sum(widths) + 1, 4), width_ratios=widths, squeeze=False)
    for ax, (label, metrics) in zip(axes.flat, panels.items(), strict=True):
        for i, variant in enumerate(variants):
            places = np.arange(len(metrics)) + (i - (len(variants) - 1) / 2) * 0.8 / len(variants)
            of_variant = [run for run in runs if run["variant"] == variant]
            values = np.array([[read(run) for read in metrics.values()] for run in of_variant])  # (runs, metrics)
            ax.plot(places, values.T, "o", color=colors[variant], markersize=4, label=f"_{variant.replace('_', ' ')}")
            ax.hlines(values.mean(axis=0), places - 0.08, places + 0.08, color=colors[variant])
        ax.set(ylabel=label, xticks=range(len(metrics)))
        ax.set_xticklabels([name.replace(" ", "\n") for name in metrics], fontsize=9)
        ax.grid(axis="x", visible=False)
    patches = [Patch(color=color, label=variant.replace("_", " ")) for variant, color in colors.items()]
    figure.legend(handles=patches, loc="outside upper center", ncols=len(patches), frameon=False)
    return figure


def metric_bars(groups: dict[str, dict[str, list[dict]]], metrics: dict[str, Callable[[dict], float]]) -> Figure:
    """Bars of several figures, their means, with a dot a run; an ax a group, a cluster of bars a variant.

    Args:
        groups: By group and variant, the records of its runs; there may be none.
        metrics: What takes each figure, 0 to 1, from a record, by the figure's name.
    """
    figure, axes = plt.subplots(1, len(groups), figsize=(4.6 * len(groups), 3.6), sharey=True, squeeze=False)
    width = 0.8 / len(metrics)
    for ax, (title, variants) in zip(axes.flat, groups.items(), strict=True):
        for i, (metric, read) in enumerate(metrics.items()):
            places = np.arange(len(variants)) + (i - (len(metrics) - 1) / 2) * width
            values = [list(map(read, runs)) for runs in variants.values()]
            if any(values):
                ax.bar(places, [np.mean(of_variant or [np.nan]) for of_variant in values], width, label=metric)
            for place, of_variant in zip(places, values, strict=True):
                dots = {"color": "black", "markersize": 3, "label": f"_{metric}, a run"}
                if of_variant:
                    ax.plot(np.full(len(of_variant), place), of_variant, "o", **dots)
        ends = {"xlim": (-0.5, len(variants) - 0.5), "ylim": (0, 1)}  # also where a variant has no runs
        ax.set(title=title, xticks=range(len(variants)), xticklabels=list(variants), **ends)
        ax.grid(axis="x", visible=False)
    axes[0, 0].set_ylabel("mean over the runs")
    legends = [ax.get_legend_handles_labels() for ax in axes.flat]  # of a group without runs, an empty one
    figure.legend(
        *max(legends, key=lambda found: len(found[0])), loc="outside upper center", ncols=len(metrics), frameon=False
    )
    return figure


def accuracy_dots(accuracies: pd.DataFrame, printed: dict[str, float], ax: Axes | None = None) -> Axes:
    """A row of dots a variant, one a run, and a cross where a report printed its accuracy.

    Args:
        accuracies: A row a seed, a column a variant.
        printed: By variant, where there is one.
        ax: Where to draw; default, a new figure.
    """
    ax = ax or plt.subplots(figsize=(7, 0.45 * accuracies.shape[1] + 1))[1]
    for row, variant in enumerate(accuracies):
        ax.plot(accuracies[variant], [row] * len(accuracies), "o", markersize=7, alpha=0.7, label="_ours")
        if variant in printed:
            ax.plot(printed[variant], row, "kx", markersize=9, label="_printed")
    names = [variant.replace("_", " ") for variant in accuracies]
    ax.set(xlabel="test accuracy", yticks=range(len(names)), yticklabels=names, ylim=(len(names) - 0.5, -0.5))
    return ax


def counts_and_chance(counts: pd.DataFrame, population: np.ndarray) -> Axes:
    """Images of each class in samples, beside the range that chance allows: two standard deviations either way.

    Args:
        counts: A row a class, its name the index; a column a sample, all of one size.
        population: Images of each class (classes,) that they were drawn from, without putting back.
    """
    total, drawn = population.sum(), counts.iloc[:, 0].sum()
    expected = drawn * population / total  # of a hypergeometric distribution, as is the deviation
    deviation = np.sqrt(expected * (1 - population / total) * (total - drawn) / (total - 1))
    ax = plt.subplots(figsize=(9, 3.4))[1]
    ax.errorbar(counts.index, expected, 2 * deviation, fmt="none", color="0.6", capsize=4, label="range of chance")
    for name, marker in zip(counts, "ox+v^", strict=False):
        ax.plot(counts.index, counts[name], marker, markeredgewidth=2, label=name)
    ax.set(xlabel="class", ylabel="images")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=1 + counts.shape[1], frameon=False)
    return ax
