"""Figures of a training recipe: what its first layer sees, what it makes of images, and how it compares in time."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

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


def accuracy_against_minutes(runs: pd.DataFrame, highlighted: str, ax: Axes | None = None) -> Axes:
    """Test accuracy against training time, a dot a net, and the best accuracy within each time as a line.

    Args:
        runs: As `load_runs` gives them; a net is a dot at the mean of its runs.
        highlighted: The notebook whose nets are drawn as stars.
        ax: Where to draw; default, a new figure.
    """
    ax = ax or plt.subplots(figsize=(8, 4.5))[1]
    ax.set(xlabel="minutes of training", ylabel="test accuracy")
    if runs.empty:
        return ax
    means = runs.groupby(["notebook", "variant"])[["seconds", "accuracy"]].mean().reset_index().sort_values("seconds")
    for notebook, group in means.groupby("notebook"):
        star = {"marker": "*", "markersize": 12, "color": "black"} if notebook == highlighted else {"marker": "o"}
        ax.plot(group["seconds"] / 60, group["accuracy"], ls="", label=notebook.replace("_", " "), alpha=0.8, **star)
    best = means[means["accuracy"] >= means["accuracy"].cummax()]
    ax.step(
        best["seconds"] / 60,
        best["accuracy"],
        where="post",
        color="grey",
        linewidth=1,
        zorder=0,
        label="_best within each time",
    )
    ax.set(xscale="log")
    ax.xaxis.set_major_locator(plt.LogLocator(subs=(1, 2, 5)))
    ax.xaxis.set_major_formatter("{x:g}")
    ax.xaxis.set_minor_formatter(plt.NullFormatter())
    ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1), fontsize=8)
    return ax
