"""Figures and words by class: confusions, recall and what is taken for what."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

MATRICES_A_ROW = 2  # of three the numbers would be too small to read on a page
DARK = 65  # percent, above which a cell of a confusion matrix is too dark for dark figures


def confusion_matrix(matrix: np.ndarray, class_names: Sequence[str], ax: Axes | None = None, title: str = "") -> Axes:
    """A confusion matrix as shares of each true class, in percent.

    Args:
        matrix: Counts (classes, classes): rows true, columns predicted. May be a mean over seeds.
        class_names: Names by class.
        ax: Where to draw; default, a new figure.
        title: Title of the ax.
    """
    ax = ax or plt.subplots(figsize=(5.6, 5))[1]
    matrix = np.asarray(matrix, dtype="float64")
    shares = 100 * matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    # As seaborn's heatmap, which draws the whole figure once for each matrix, to see whether its labels overlap.
    ax.pcolormesh(shares, cmap="Blues", vmin=0, vmax=100, edgecolor="white", linewidth=0.5)
    for (row, column), share in np.ndenumerate(shares):
        color = "white" if share > DARK else ".15"
        ax.text(column + 0.5, row + 0.5, f"{share:.0f}", size=8, color=color, ha="center", va="center")
    middles = np.arange(len(class_names)) + 0.5
    ax.set(xticks=middles, xticklabels=class_names, yticks=middles, yticklabels=class_names, aspect="equal")
    ax.set(xlabel="predicted class", ylabel="true class", title=title)
    ax.invert_yaxis()
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    ax.tick_params(axis="x", rotation=45)
    plt.setp(ax.get_xticklabels(), ha="right", rotation_mode="anchor")
    return ax


def confusion_matrices(runs: list[dict], class_names: Sequence[str]) -> Figure:
    """A confusion matrix a variant, each the sum over its seeds, in percent of the true class; two in a row.

    Args:
        runs: Records of runs.
        class_names: Names by class.
    """
    variants = list(dict.fromkeys(run["variant"] for run in runs))
    columns = min(MATRICES_A_ROW, max(1, len(variants)))
    rows = max(1, -(-len(variants) // columns))
    figure, axes = plt.subplots(rows, columns, figsize=(5.5 * columns, 5.4 * rows), squeeze=False)
    for ax in axes.flat[len(variants) :] if variants else ():
        ax.remove()
    for ax, variant in zip(axes.flat, variants, strict=False):
        matrices = [run["test"]["confusion_matrix"] for run in runs if run["variant"] == variant]
        confusion_matrix(np.sum(matrices, axis=0), class_names, ax, title=variant.replace("_", " "))
    return figure


def mark_cells(figure: Figure, cells: Sequence[tuple[int, int]]) -> Figure:
    """Frame cells of every confusion matrix in a figure, in red.

    Args:
        figure: As `confusion_matrices` gives it.
        cells: Row, the true class, and column, the predicted one, of each.
    """
    for ax in filter(lambda ax: ax.has_data(), figure.axes):
        for row, column in cells:
            ax.add_patch(Rectangle((column, row), 1, 1, fill=False, edgecolor="tab:red", linewidth=2))
    return figure


def class_bars(
    scores: dict[str, Sequence[float]], class_names: Sequence[str], xlabel: str, ax: Axes | None = None
) -> Axes:
    """Horizontal bars by class, a colour a variant.

    Args:
        scores: A value a class (0 to 1), by variant.
        class_names: Names by class.
        xlabel: What the values are.
        ax: Where to draw; default, a new figure.
    """
    ax = ax or plt.subplots(figsize=(7, 0.42 * len(class_names) + 1))[1]
    height = 0.8 / max(1, len(scores))
    for i, (variant, values) in enumerate(scores.items()):
        positions = np.arange(len(class_names)) + (i - (len(scores) - 1) / 2) * height
        if not np.isnan(values).all():  # none is recorded
            ax.barh(positions, values, height, label=variant.replace("_", " "))
    ax.set(yticks=range(len(class_names)), yticklabels=class_names, xlabel=xlabel, xlim=(0, 1))
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    if ax.containers:
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=len(scores), frameon=False)
    return ax


def recall_bars(runs: list[dict], class_names: Sequence[str], ax: Axes | None = None) -> Axes:
    """Each class's recall, mean over the seeds, a colour a variant.

    Args:
        runs: Records of runs.
        class_names: Names by class.
        ax: Where to draw; default, a new figure.
    """
    recalls: dict[str, list] = {}
    for run in runs:
        of_run = [run["test"]["by_class"][name]["recall"] for name in class_names]
        recalls.setdefault(run["variant"], []).append(of_run)
    means = {variant: np.mean(values, axis=0) for variant, values in recalls.items()}
    return class_bars(means, class_names, "recall, mean over the seeds", ax)


def most_confused(runs: list[dict], class_names: Sequence[str]) -> str:
    """The most frequent mistake of runs in words: "cat is taken for dog in 25 % of the cases".

    Args:
        runs: Records of runs of one variant.
        class_names: Names by class.
    """
    if not runs:
        return "not recorded"
    matrix = np.sum([run["test"]["confusion_matrix"] for run in runs], axis=0)
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    np.fill_diagonal(shares, 0)
    if not shares.any():
        return "no image is taken for another class"
    true, predicted = np.unravel_index(shares.argmax(), shares.shape)
    return f"{class_names[true]} is taken for {class_names[predicted]} in {shares[true, predicted]:.0%} of the cases"


def f1_range(runs: list[dict]) -> str:
    """The classes with the lowest and the highest f1, mean over the seeds, in words: "0.36 (cat) to 0.64 (ship)".

    Args:
        runs: Records of runs of one variant.
    """
    if not runs:
        return "not recorded"
    names = [name for name, of_class in runs[0]["test"]["by_class"].items() if of_class["support"]]
    by_class = {name: np.mean([run["test"]["by_class"][name]["f1-score"] for run in runs]) for name in names}
    lowest, *_, highest = sorted(by_class, key=by_class.get)
    return f"{by_class[lowest]:.2f} ({lowest}) to {by_class[highest]:.2f} ({highest})"
