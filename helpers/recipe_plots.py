"""Figures of a training recipe: what its first layer sees, what it makes of images, and how it compares in work."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.claims import Results
from helpers.plots import PAPER_OF_IMAGES


def filter_row(kernel: np.ndarray, count: int = 12) -> Figure:
    """The first filters of a convolution, grey where a weight is 0.

    Args:
        kernel: (rows, columns, channels, filters), 1 or 3 channels.
        count: Most filters to draw.
    """
    filters = kernel.transpose(3, 0, 1, 2)[:count]
    figure, axes = plt.subplots(1, len(filters), figsize=(0.75 * len(filters), 1.2), squeeze=False)
    figure.set_facecolor(PAPER_OF_IMAGES)
    for ax, weights in zip(axes.flat, filters, strict=True):
        shown = 0.5 + 0.5 * weights / np.abs(weights).max()
        ax.imshow(shown.squeeze(), cmap="gray", vmin=0, vmax=1)
        ax.axis("off")
    return figure


def epochs_of_images(batches, epochs: int = 2) -> Figure:
    """The first batch's images as epochs show them, a row an epoch, always in the same order.

    Args:
        batches: Such as `AugmentedBatches` of a few images in one batch, each with its number as its label.
        epochs: Rows to draw.
    """
    count = len(batches[0][1])
    figure, axes = plt.subplots(epochs, count, figsize=(1.5 * count, 1.6 * epochs), squeeze=False)
    figure.set_facecolor(PAPER_OF_IMAGES)
    for epoch, row in enumerate(axes):
        batches.draw_epoch(epoch)
        images, numbers = (np.asarray(part) for part in batches[0])
        for ax, k in zip(row, np.argsort(numbers, kind="stable"), strict=True):
            ax.imshow(images[k].squeeze(), cmap="gray", vmin=0, vmax=255)
            ax.axis("off")
        row[0].set_title(f"epoch {epoch + 1}", loc="left")
    return figure


def training_work(results: Results, dataset: str) -> pd.DataFrame:
    """What training each net took, counted so that no machine has a part in it, and what it reached.

    Work is the multiply-adds of one image in a forward pass, times the images, times the epochs. Training takes about
    three times that, the gradients included. Nets that begin from trained weights are left out, since most of their
    work was done before, and nets whose work cannot be counted.

    Args:
        results: The runs that the pages show.
        dataset: Of which data.

    Returns:
        A row a net: notebook, variant, work (multiply-adds) and accuracy, means of its runs.
    """
    rows = []
    for (notebook, variant), by_seed in results.runs.items():
        runs = [run for run in by_seed.values() if run["dataset"] == dataset]
        asked, each = runs[0]["hyperparameters"] if runs else {}, results.work.get((notebook, variant))
        if each and "train_images" in asked and asked.get("weights") != "imagenet":
            epochs = np.mean([len(run["seconds_by_epoch"]) for run in runs])
            accuracy = np.mean([run["test"]["accuracy"] for run in runs])
            rows.append((notebook, variant, each * asked["train_images"] * epochs, accuracy))
    return pd.DataFrame(rows, columns=["notebook", "variant", "work", "accuracy"])


def accuracy_against_work(nets: pd.DataFrame, highlighted: str, ax: Axes | None = None) -> Axes:
    """Test accuracy against the work of training, a dot a net, and the best accuracy within each work as a line.

    Args:
        nets: As `training_work` gives them.
        highlighted: The notebook whose nets are drawn as stars.
        ax: Where to draw; default, a new figure.
    """
    ax = ax or plt.subplots(figsize=(8, 4.5))[1]
    ax.set(xlabel="work of training, 10¹² multiply-adds of the forward pass", ylabel="test accuracy")
    if nets.empty:
        return ax
    nets = nets.sort_values("work").assign(work=lambda table: table["work"] / 1e12)
    colors = sns.color_palette()
    others = [notebook for notebook in sorted(set(nets["notebook"])) if notebook != highlighted]
    for notebook, group in nets.groupby("notebook"):
        style = {"marker": "*", "markersize": 12, "color": "black"}
        if notebook != highlighted:  # more of them than colours: then another marker
            turn, place = divmod(others.index(notebook), len(colors))
            style = {"marker": "osD^v"[turn % 5], "color": colors[place]}
        ax.plot(group["work"], group["accuracy"], ls="", label=notebook.replace("_", " "), alpha=0.8, **style)
    best = nets[nets["accuracy"] >= nets["accuracy"].cummax()]
    line = {"color": "grey", "linewidth": 1, "zorder": 0, "label": "_best within each work"}
    ax.step(best["work"], best["accuracy"], where="post", **line)
    ax.set(xscale="log")
    ax.xaxis.set_major_locator(plt.LogLocator(subs=(1, 2, 5)))
    ax.xaxis.set_major_formatter("{x:g}")
    ax.xaxis.set_minor_formatter(plt.NullFormatter())
    ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1), fontsize=8)
    return ax
