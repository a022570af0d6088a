"""Figures over epochs and steps: histories of runs, and the rates that they were trained with."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator


def learning_curves(runs: list[dict], variants: Sequence[str] | None = None, stage_ends: Sequence[int] = ()) -> Figure:
    """Loss and accuracy by epoch, training dashed and validation solid, a colour a variant.

    A line a seed; from three seeds on their mean, in a band from the least to the most, as far as all of them trained.
    The legend lies above: between the curves there is no place that is free in every figure.

    Args:
        runs: Records of runs; of those that looked at no validation images, the training alone.
        variants: Which of them to draw, in this order; default all.
        stage_ends: Epochs after which something else began: a grey line each.
    """
    variants = list(dict.fromkeys(run["variant"] for run in runs)) if variants is None else variants
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.6))
    colors = dict(zip(variants, sns.color_palette(n_colors=len(variants)), strict=True))
    for ax, quantity in zip(axes, ("loss", "accuracy"), strict=True):
        for variant in variants:
            histories = [run["history"] for run in runs if run["variant"] == variant]
            label, color = variant.replace("_", " "), colors[variant]
            training = [history[quantity] for history in histories if quantity in history]
            validation = [history[f"val_{quantity}"] for history in histories if f"val_{quantity}" in history]
            named = f"_{label}, training" if validation else f"{label}, training"  # without validation its only line
            _draw_seeds(ax, training, label=named, color=color, linestyle="--", alpha=0.5)
            _draw_seeds(ax, validation, color=color, label=label)
        for end in stage_ends if runs else ():
            ax.axvline(end + 0.5, color="0.6", linewidth=1)
        ax.set(xlabel="epoch", ylabel=f"{quantity} (nats)" if quantity == "loss" else quantity)
        ax.set_title(f"{quantity}: training dashed, validation solid")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    handles, labels = axes[1].get_legend_handles_labels()
    if labels:  # a page from records may have no run to draw
        figure.legend(handles, labels, loc="outside upper center", ncols=min(2, len(labels)), frameon=False)
    return figure


def _draw_seeds(ax: Axes, curves: list[Sequence[float]], **style) -> None:
    """Draw a quantity by epoch: a line a seed, or the mean in a band where there are three seeds or more."""
    style |= {"linewidth": 1.4}
    if len(curves) > 2:
        shortest = min(map(len, curves))
        values = np.array([curve[:shortest] for curve in curves])
        epochs = np.arange(1, shortest + 1)
        ax.fill_between(epochs, values.min(axis=0), values.max(axis=0), color=style["color"], alpha=0.15, linewidth=0)
        style["label"] += f", mean of {len(curves)} seeds"
        curves = [values.mean(axis=0)]
    for i, curve in enumerate(curves):
        marker = "o" if len(curve) == 1 else None
        own = {"label": f"_{style['label'].removeprefix('_')}"} if i else {}  # once in the legend
        ax.plot(np.arange(1, len(curve) + 1), curve, marker=marker, **style | own)


def beside_printed(runs: list[dict], printed: dict[str, dict], names: dict[str, str]) -> Figure:
    """Loss and accuracy by epoch, the report's in black; training dashed, validation solid, a column a variant.

    Args:
        runs: Records of runs, a line each.
        printed: As `claims.load_histories` gives it; of a variant that is not there, ours alone are drawn.
        names: Our variant by published variant.
    """
    figure, axes = plt.subplots(2, len(names), figsize=(3.6 * len(names), 5.6), sharey="row", squeeze=False)
    for column, (published, variant) in zip(axes.T, names.items(), strict=True):
        ours = [(run["history"], "ours", "C0", 1.2) for run in runs if run["variant"] == variant]
        theirs = [(printed[published]["history"], "printed", "black", 1.8)] if published in printed else []
        for history, whose, color, width in (*ours, *theirs):
            for ax, quantity in zip(column, ("loss", "accuracy"), strict=True):
                for key, part, line in ((quantity, "training", "--"), (f"val_{quantity}", "validation", "-")):
                    epochs = np.arange(1, len(history[key]) + 1)
                    style = {"color": color, "linewidth": width, "marker": "o" if len(epochs) == 1 else None}
                    ax.plot(epochs, history[key], line, label=f"_{whose}, {part}", **style)
        for ax, ylabel in zip(column, ("loss (nats)", "accuracy"), strict=True):
            ax.set(title=published.replace("_", " "), xlabel="epoch", ylabel=ylabel)
            ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    _show_outer_labels(axes)
    patches = [Patch(color="C0", label="ours"), Patch(color="black", label="printed")]
    figure.legend(handles=patches, loc="outside upper center", ncols=2, frameon=False)
    return figure


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
    """Left, learning rate and momentum by step; right, the loss and the accuracy that they cause.

    A variant has a colour and a marker, so that lines upon each other can be told apart. Losses far above the others
    are left out of the figure, which says how many and how high.

    Args:
        runs: Records of runs, a line each.
        rates: Learning rate of each step (steps,), by variant.
        momenta: Momentum of each step (steps,), by variant.
        steps_per_epoch: Steps an epoch.
    """
    figure, axes = plt.subplots(2, 2, figsize=(10, 6.2), sharex=True)
    colors = dict(zip(rates, sns.color_palette(n_colors=len(rates)), strict=True))
    losses = []
    for k, (variant, color) in enumerate(colors.items()):
        style = {"color": color, "linewidth": 1.2, "marker": "os^Dv"[k % 5], "markersize": 4}
        style["label"] = f"_{variant.replace('_', ' ')}"
        every = max(1, len(rates[variant]) // 8)
        in_turn = {"markevery": (k * every // len(colors), every)}  # no marker upon another
        axes[0, 0].plot(rates[variant], **style | in_turn | {"label": style["label"].removeprefix("_")})
        axes[1, 0].plot(momenta[variant], **style | in_turn)
        for history in (run["history"] for run in runs if run["variant"] == variant):
            ends = np.arange(1, len(history["loss"]) + 1) * steps_per_epoch
            dashed = style | {"linestyle": "--", "alpha": 0.5, "label": f"{style['label']}, training"}
            dashed["marker"] = style["marker"] if len(ends) == 1 else None
            for ax, quantity in zip(axes[:, 1], ("loss", "accuracy"), strict=True):
                ax.plot(ends - steps_per_epoch / 2, history[quantity], **dashed)
                if f"val_{quantity}" in history:
                    ax.plot(ends, history[f"val_{quantity}"], **style)
            losses += [*history["loss"], *history.get("val_loss", ())]
    _leave_out_outliers(axes[0, 1], losses)
    axes[0, 0].set(ylabel="learning rate", xlabel="step")
    axes[1, 0].set(ylabel="momentum", xlabel="step")
    axes[0, 1].set(ylabel="loss (nats)", xlabel="step", title="training dashed, validation solid")
    axes[1, 1].set(ylabel="accuracy", xlabel="step")
    for ax in axes[0]:
        ax.xaxis.label.set_visible(False)
    figure.legend(loc="outside upper center", ncols=max(1, len(colors)), frameon=False)
    return figure


def _show_outer_labels(axes: np.ndarray) -> None:
    """Show the titles above a grid of axes alone, and the labels below it and on its left.

    The others have theirs too, unseen, for the tables of values and for whoever points at a value.
    """
    for (row, column), ax in np.ndenumerate(axes):
        ax.title.set_visible(row == 0)
        ax.xaxis.label.set_visible(row == axes.shape[0] - 1)
        ax.yaxis.label.set_visible(column == 0)


def _leave_out_outliers(ax: Axes, values: Sequence[float]) -> None:
    """End the y axis below losses of more than 1.5 times the 95th percentile, and say how many there are."""
    values = np.array(values)
    limit = 1.5 * np.percentile(values, 95, method="higher") if len(values) else np.inf  # of few values: the highest
    above = values[values > limit]
    if len(above):
        bottom, top = values.min(), values[values <= limit].max()
        margin = 0.05 * (top - bottom)
        ax.set_ylim(bottom - margin, top + margin)
        words = f"higher: {len(above)} of {len(values)} losses, up to {above.max():.3g}"
        ax.text(0.98, 0.97, words, ha="right", va="top", size="small", transform=ax.transAxes)
