"""Figures of images: what is in the data, and what nets say of it."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from helpers.plots.style import PAPER_OF_IMAGES


def image_grid(images: np.ndarray, titles: Sequence[str], columns: int = 5, side: float = 1.25) -> Figure:
    """Images in rows, each under its title.

    Args:
        images: uint8 (n, height, width, channels), 1 or 3 channels.
        titles: A title an image.
        columns: Images a row.
        side: Inches an image.
    """
    rows = max(1, -(-len(images) // columns))  # an empty grid where there is nothing to show
    figure, axes = plt.subplots(rows, columns, figsize=(columns * side, rows * (side + 0.3)), squeeze=False)
    figure.set_facecolor(PAPER_OF_IMAGES)
    for ax in axes.flat:
        ax.axis("off")
    for ax, image, title in zip(axes.flat, images, titles, strict=False):
        ax.imshow(image.squeeze(), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        ax.set_title(title, fontsize=8)
    if not len(images):
        axes[0, 0].text(0, 0.5, "no such image", transform=axes[0, 0].transAxes)
    return figure


def mosaic(images: np.ndarray, columns: int = 16, ax: Axes | None = None) -> Axes:
    """Many images in rows, edge to edge.

    Args:
        images: uint8 (n, height, width, channels), 1 or 3 channels.
        columns: Images a row.
        ax: Where to draw; default, a new figure.
    """
    rows = -(-len(images) // columns)
    height, width, channels = images.shape[1:]
    whole = np.full((rows * columns, height, width, channels), 255, "uint8")  # white where the last row is not full
    whole[: len(images)] = images
    picture = whole.reshape(rows, columns, height, width, channels).transpose(0, 2, 1, 3, 4)
    ax = ax or plt.subplots(figsize=(0.55 * columns, 0.55 * rows + 0.3))[1]
    ax.figure.set_facecolor(PAPER_OF_IMAGES)
    picture = picture.reshape(rows * height, columns * width, channels).squeeze()
    ax.imshow(picture, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    ax.axis("off")
    return ax


def answers_grid(
    images: np.ndarray, y_true: np.ndarray, answers: dict[str, np.ndarray], class_names: Sequence[str], columns: int = 5
) -> Figure:
    """Images, each under its true class, with what several nets take it for; wrong answers crossed, in red.

    Args:
        images: uint8 (n, height, width, channels).
        y_true: Integer classes (n,).
        answers: Predicted classes (n,), by net.
        class_names: Names by class.
        columns: Images a row.
    """
    figure = image_grid(images, [class_names[k] for k in y_true], columns, side=1.5)
    figure.set_figheight(figure.get_figheight() + 0.15 * len(answers) * -(-len(images) // columns))
    for i, ax in enumerate(figure.axes[: len(images)]):
        for line, (net, y_pred) in enumerate(answers.items()):
            right = y_pred[i] == y_true[i]
            text = f"{'' if right else '✗ '}{net.replace('_', ' ')}: {class_names[y_pred[i]]}"
            style = {"fontsize": 7, "ha": "center", "va": "top", "color": "0.3" if right else "tab:red"}
            ax.annotate(text, (0.5, 0), (0, -3 - 10 * line), "axes fraction", textcoords="offset points", **style)
    return figure


def class_grid(images: np.ndarray, labels: np.ndarray, class_names: Sequence[str], per_class: int = 8) -> Figure:
    """The first images of each class, a class a row, its name at the left: one picture, far quicker than an axes each.

    Args:
        images: uint8 (n, height, width, channels), 1 or 3 channels.
        labels: Integer classes (n,).
        class_names: Names by class.
        per_class: Most images a class.
    """
    framed = np.pad(images[:0], ((0, len(class_names) * per_class), (2, 2), (2, 2), (0, 0)), constant_values=255)
    for row in range(len(class_names)):
        chosen = images[np.flatnonzero(labels == row)[:per_class]]
        framed[row * per_class :][: len(chosen), 2:-2, 2:-2] = chosen
    ax = mosaic(framed, per_class, plt.subplots(figsize=(per_class * 0.8 + 1.2, len(class_names) * 0.8))[1])
    height = framed.shape[1]
    ax.set_yticks(np.arange(len(class_names)) * height + (height - 1) / 2, class_names)
    ax.tick_params(length=0)
    ax.axis("on")
    ax.set_xticks([])
    ax.grid(visible=False)
    sns.despine(ax=ax, left=True, bottom=True)
    return ax.figure


def split_strips(parts: dict[str, np.ndarray], labels: np.ndarray, class_names: Sequence[str]) -> Figure:
    """Which part each image is in: a strip a split, images sorted by class, a colour a part.

    Args:
        parts: By split, what each image is for (n,): 0 training, 1 validation, 2 test.
        labels: Integer classes (n,).
        class_names: Names by class.
    """
    figure, ax = plt.subplots(figsize=(9, 0.32 * len(parts) + 1.1))
    colors = dict(zip(("training", "validation", "test"), ("0.88", *sns.color_palette(n_colors=2)), strict=True))
    rows = np.stack(list(parts.values()))[:, np.argsort(labels, kind="stable")]
    ax.imshow(rows, cmap=ListedColormap(list(colors.values())), vmin=0, vmax=2, aspect="auto", interpolation="nearest")
    ends = np.cumsum(np.bincount(labels, minlength=len(class_names)))
    ax.vlines(ends[:-1] - 0.5, -0.5, len(rows) - 0.5, color="black", linewidth=1)
    ax.hlines(np.arange(1, len(rows)) - 0.5, -0.5, len(labels) - 0.5, color="white", linewidth=4)
    ax.set(yticks=range(len(rows)), yticklabels=list(parts), xlabel="images, sorted by class")
    ax.set_xticks((np.r_[0, ends[:-1]] + ends - 1) / 2, class_names, fontsize=9)
    ax.grid(visible=False)
    patches = [Patch(color=color, label=part) for part, color in colors.items()]
    ax.legend(handles=patches, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=len(patches), frameon=False)
    return figure


def only_first_right(
    images: np.ndarray, y_true: np.ndarray, first, second, class_names: Sequence[str], count: int = 10
) -> Figure:
    """The images that only the first of two nets gets right, where it is surest, with what the second took them for.

    Args:
        images: uint8 (n, height, width, channels).
        y_true: Integer classes (n,).
        first, second: `predictions.Predictions` of these images.
        class_names: Names by class.
        count: Most images to show.
    """
    chosen = np.flatnonzero((first.y_pred == y_true) & (second.y_pred != y_true))
    chosen = chosen[np.argsort(-first.confidence[chosen], kind="stable")][:count]
    titles = [f"{class_names[y_true[i]]}\nnot {class_names[second.y_pred[i]]}" for i in chosen]
    return image_grid(images[chosen], titles, side=1.4)


def surest_mistakes(
    images: np.ndarray, y_true: np.ndarray, predictions, class_names: Sequence[str], count: int = 10
) -> Figure:
    """The wrong predictions with the highest probability, each with what was predicted and what is true.

    Args:
        images: uint8 (n, height, width, channels).
        y_true: Integer classes (n,).
        predictions: `predictions.Predictions` of these images.
        class_names: Names by class.
        count: Most images to show.
    """
    y_pred, confidence = predictions.y_pred, predictions.confidence
    wrong = np.flatnonzero(y_pred != y_true)
    wrong = wrong[np.argsort(-confidence[wrong], kind="stable")][:count]
    titles = [f"{class_names[y_pred[i]]} {confidence[i]:.0%}\nis {class_names[y_true[i]]}" for i in wrong]
    return image_grid(images[wrong], titles, side=1.4)
