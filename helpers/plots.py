"""The figures: each function takes data and an ax (or makes its own figure), and gives it back."""

from collections.abc import Callable, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import MaxNLocator

from helpers.charts import show_charts_with_values
from helpers.claims import mean_interval

# The paper of figures that show images: all but white. By it a page knows them from charts, which it darkens in a dark
# theme; an image that was turned into its negative would be another image.
PAPER_OF_IMAGES = "#fefefe"


def use_style() -> None:
    """Set the look of all figures, readable on a page and a phone; a notebook's charts are shown with their values."""
    sns.set_theme(context="notebook", style="whitegrid", palette="colorblind")
    plt.rcParams |= {
        "figure.dpi": 110,
        "figure.constrained_layout.use": True,
        "axes.titlesize": "medium",
        "figure.titlesize": "medium",
    }
    show_charts_with_values()


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


def learning_curves(runs: list[dict], variants: Sequence[str] | None = None, stage_ends: Sequence[int] = ()) -> Figure:
    """Loss and accuracy by epoch, training dashed and validation solid, a colour a variant.

    A line a seed; from three seeds on their mean, in a band from the least to the most, as far as all of them trained.

    Args:
        runs: Records of runs.
        variants: Which of them to draw, in this order; default all.
        stage_ends: Epochs after which something else began: a grey line each.
    """
    variants = variants or list(dict.fromkeys(run["variant"] for run in runs))
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.6))
    colors = dict(zip(variants, sns.color_palette(n_colors=len(variants)), strict=True))
    for ax, quantity in zip(axes, ("loss", "accuracy"), strict=True):
        for variant in variants:
            histories = [run["history"] for run in runs if run["variant"] == variant]
            label, color = variant.replace("_", " "), colors[variant]
            _draw_seeds(
                ax,
                [history[quantity] for history in histories],
                label=f"_{label}, training",
                color=color,
                linestyle="--",
                alpha=0.5,
            )
            _draw_seeds(ax, [history[f"val_{quantity}"] for history in histories], color=color, label=label)
        for end in stage_ends:
            ax.axvline(end + 0.5, color="0.6", linewidth=1)
        ax.set(xlabel="epoch", ylabel=f"{quantity} (nats)" if quantity == "loss" else quantity)
        ax.set_title(f"{quantity}: training dashed, validation solid")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    if axes[1].get_legend_handles_labels()[1]:  # a page from records may have no run to draw
        axes[1].legend(loc="lower right")
    return figure


def _draw_seeds(ax: Axes, curves: list[Sequence[float]], **style) -> None:
    """Draw a quantity by epoch: a line a seed, or the mean in a band where there are three seeds or more."""
    style |= {"linewidth": 1.4}
    if len(curves) > 2:
        shortest = min(map(len, curves))
        values = np.array([curve[:shortest] for curve in curves])
        epochs = np.arange(1, shortest + 1)
        ax.fill_between(epochs, values.min(axis=0), values.max(axis=0), color=style["color"], alpha=0.15, linewidth=0)
        curves = [values.mean(axis=0)]
    for i, curve in enumerate(curves):
        marker = "o" if len(curve) == 1 else None
        own = {"label": f"_{style['label'].removeprefix('_')}"} if i else {}  # once in the legend
        ax.plot(np.arange(1, len(curve) + 1), curve, marker=marker, **style | own)


def beside_printed(runs: list[dict], printed: dict[str, dict], names: dict[str, str]) -> Figure:
    """Loss and accuracy by epoch, the report's in black; training dashed, validation solid, a column a variant.

    Args:
        runs: Records of runs, a line each.
        printed: As `claims.load_histories` gives it.
        names: Our variant by published variant.
    """
    figure, axes = plt.subplots(2, len(names), figsize=(3.6 * len(names), 5.6), sharey="row", squeeze=False)
    for column, (published, variant) in zip(axes.T, names.items(), strict=True):
        ours = [(run["history"], "ours", "C0", 1.2) for run in runs if run["variant"] == variant]
        for history, whose, color, width in (*ours, (printed[published]["history"], "printed", "black", 1.8)):
            for ax, quantity in zip(column, ("loss", "accuracy"), strict=True):
                for key, part, line in ((quantity, "training", "--"), (f"val_{quantity}", "validation", "-")):
                    epochs = np.arange(1, len(history[key]) + 1)
                    style = {"color": color, "linewidth": width, "marker": "o" if len(epochs) == 1 else None}
                    ax.plot(epochs, history[key], line, label=f"_{whose}, {part}", **style)
        column[0].set_title(published.replace("_", " "))
        column[1].set(xlabel="epoch")
        column[1].xaxis.set_major_locator(MaxNLocator(integer=True))
    axes[0, 0].set(ylabel="loss (nats)")
    axes[1, 0].set(ylabel="accuracy")
    patches = [Patch(color="C0", label="ours"), Patch(color="black", label="printed")]
    figure.legend(handles=patches, loc="outside upper center", ncols=2, frameon=False)
    return figure


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
    sns.heatmap(
        shares, annot=True, fmt=".0f", cmap="Blues", cbar=False, square=True, ax=ax, annot_kws={"size": 8},
        xticklabels=class_names, yticklabels=class_names, vmin=0, vmax=100, linewidths=0.5,
    )  # fmt: skip
    ax.set(xlabel="predicted class", ylabel="true class", title=title)
    ax.tick_params(axis="x", rotation=45)
    plt.setp(ax.get_xticklabels(), ha="right", rotation_mode="anchor")
    return ax


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
        ax.barh(positions, values, height, label=variant.replace("_", " "))
    ax.set(yticks=range(len(class_names)), yticklabels=class_names, xlabel=xlabel, xlim=(0, 1))
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    if scores:
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=len(scores), frameon=False)
    return ax


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
            ax.bar(places, [np.mean(of_variant) if of_variant else 0 for of_variant in values], width, label=metric)
            for place, of_variant in zip(places, values, strict=True):
                dots = {"color": "black", "markersize": 3, "label": f"_{metric}, a run"}
                ax.plot(np.full(len(of_variant), place), of_variant, "o", **dots)
        ax.set(title=title, xticks=range(len(variants)), xticklabels=list(variants), ylim=(0, 1))
        ax.grid(axis="x", visible=False)
    figure.legend(
        *axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=len(metrics), frameon=False
    )
    return figure


def value_dots(values: dict[str, Sequence[float]], xlabel: str, ax: Axes | None = None) -> Axes:
    """A row of dots a group, one a run, with the mean and its 95 % interval beneath; a line marks 0.

    Args:
        values: A value a run, by group; a group may have none.
        xlabel: What the values are.
        ax: Where to draw; default, a new figure.
    """
    ax = ax or plt.subplots(figsize=(7, 0.42 * len(values) + 1))[1]
    for row, (group, color) in enumerate(zip(values.values(), sns.color_palette(n_colors=len(values)), strict=True)):
        ax.plot(group, np.full(len(group), row - 0.12), "o", color=color, markersize=5, label="_a run")
        if len(group):
            mean, low, high = mean_interval(group)
            ax.plot([low, high], [row + 0.2] * 2, color=color, linewidth=2, label="_95 % interval")
            ax.plot(mean, row + 0.2, "|", color=color, markersize=10, markeredgewidth=2, label="_mean")
    ax.axvline(0, color="0.4", linewidth=1)
    ax.set(yticks=range(len(values)), yticklabels=[name.replace("_", " ") for name in values], xlabel=xlabel)
    ax.set_ylim(len(values) - 0.5, -0.5)
    ax.grid(axis="y", visible=False)
    return ax


def confusion_matrices(runs: list[dict], class_names: Sequence[str]) -> Figure:
    """A confusion matrix a variant, each the sum over its seeds, in percent of the true class.

    Args:
        runs: Records of runs.
        class_names: Names by class.
    """
    variants = list(dict.fromkeys(run["variant"] for run in runs))
    size = (5.5 * max(1, len(variants)), 5.4)
    figure, axes = plt.subplots(1, max(1, len(variants)), figsize=size, squeeze=False)
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
    for ax in figure.axes:
        for row, column in cells:
            ax.add_patch(Rectangle((column, row), 1, 1, fill=False, edgecolor="tab:red", linewidth=2))
    return figure


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
    true, predicted = np.unravel_index(shares.argmax(), shares.shape)
    return f"{class_names[true]} is taken for {class_names[predicted]} in {shares[true, predicted]:.0%} of the cases"


def f1_range(runs: list[dict]) -> str:
    """The classes with the lowest and the highest f1, mean over the seeds, in words: "0.36 (cat) to 0.64 (ship)".

    Args:
        runs: Records of runs of one variant.
    """
    if not runs:
        return "not recorded"
    names = runs[0]["test"]["by_class"]
    by_class = {name: np.mean([run["test"]["by_class"][name]["f1-score"] for run in runs]) for name in names}
    lowest, *_, highest = sorted(by_class, key=by_class.get)
    return f"{by_class[lowest]:.2f} ({lowest}) to {by_class[highest]:.2f} ({highest})"


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


def rate_test(
    rates: np.ndarray, losses: np.ndarray, smoothed: np.ndarray, suggested: float, ax: Axes | None = None
) -> Axes:
    """The loss against a learning rate that rises step by step, and the rate read from it.

    Args:
        rates: Learning rate of each step (steps,).
        losses: Loss of each step's batch (steps,).
        smoothed: Their running mean (steps,).
        suggested: The rate that was read from the curve.
        ax: Where to draw; default, a new figure.
    """
    ax = ax or plt.subplots(figsize=(7, 3.6))[1]
    rates, losses, smoothed = map(np.asarray, (rates, losses, smoothed))  # lists, where they are read from a record
    lowest = int(np.argmin(smoothed))
    ax.plot(rates, losses, color="0.75", linewidth=1, label="loss of the batch")
    ax.plot(rates, smoothed, linewidth=2, label="running mean")
    ax.plot(rates[lowest], smoothed[lowest], "o", color="black", label=f"its lowest, at {rates[lowest]:.2g}")
    ax.axvline(suggested, color="black", linestyle="--", label=f"top rate, {suggested:.2g}")
    bottom, top = 0.9 * losses.min(), 1.2 * smoothed[: lowest + 1].max()  # what follows may be far above
    ax.set(xscale="log", xlabel="learning rate", ylabel="loss (nats)", ylim=(bottom, top))
    ax.legend(loc="lower left", fontsize=8)
    return ax


def schedules_and_curves(runs: list[dict], rates: dict, momenta: dict, steps_per_epoch: int) -> Figure:
    """Left, learning rate and momentum by step; right, the loss and the accuracy that they cause; a colour a variant.

    Args:
        runs: Records of runs, a line each.
        rates: Learning rate of each step (steps,), by variant.
        momenta: Momentum of each step (steps,), by variant.
        steps_per_epoch: Steps an epoch.
    """
    figure, axes = plt.subplots(2, 2, figsize=(10, 6.2), sharex=True)
    colors = dict(zip(rates, sns.color_palette(n_colors=len(rates)), strict=True))
    for variant, color in colors.items():
        axes[0, 0].plot(rates[variant], color=color, label=variant.replace("_", " "))
        axes[1, 0].plot(momenta[variant], color=color, label=f"_{variant.replace('_', ' ')}")
        for history in (run["history"] for run in runs if run["variant"] == variant):
            ends = np.arange(1, len(history["loss"]) + 1) * steps_per_epoch
            style = {"color": color, "marker": "o" if len(ends) == 1 else None, "linewidth": 1.2}
            style["label"] = f"_{variant.replace('_', ' ')}"
            dashed = style | {"linestyle": "--", "alpha": 0.5, "label": f"{style['label']}, training"}
            axes[0, 1].plot(ends - steps_per_epoch / 2, history["loss"], **dashed)
            axes[0, 1].plot(ends, history["val_loss"], **style)
            axes[1, 1].plot(ends, history["val_accuracy"], **style)
    axes[0, 0].set(ylabel="learning rate")
    axes[1, 0].set(ylabel="momentum", xlabel="step")
    axes[0, 1].set(ylabel="loss (nats)", title="training dashed, validation solid")
    axes[1, 1].set(ylabel="validation accuracy", xlabel="step")
    figure.legend(loc="outside upper center", ncols=max(1, len(colors)), frameon=False)
    return figure
