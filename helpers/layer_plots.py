"""Figures of a net's costs, shapes and receptive fields by layer (`helpers.costs`); of runs by stride (`times`)."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

from helpers.plots import PAPER_OF_IMAGES
from helpers.times import APART


def cost_bars(tables: dict[str, pd.DataFrame], quantities: dict[str, tuple[str, float]]) -> Figure:
    """Horizontal bars by layer, an ax a quantity and a colour a variant.

    Args:
        tables: Costs by layer, by variant. Left out are layers that cost less than a thousandth of the costliest.
        quantities: By column of the tables, the label of its axis and what is 1 there, such as 1e6 for millions.
    """
    order = max(tables.values(), key=len)["layer"]  # of the net with the most layers; the others have some of them
    costs = {column: _by_variant(tables, column).reindex(order) for column in quantities}
    layers = order[np.any([(cost.max(axis=1) > cost.max(axis=None) / 1000) for cost in costs.values()], axis=0)]
    size = (9, 0.4 * len(layers) + 1.2)
    figure, axes = plt.subplots(1, len(quantities), sharey=True, figsize=size, squeeze=False)
    height = 0.8 / len(tables)
    for ax, (column, (label, unit)) in zip(axes.flat, quantities.items(), strict=True):
        for i, variant in enumerate(tables):
            positions = np.arange(len(layers)) + (i - (len(tables) - 1) / 2) * height
            ax.barh(positions, costs[column].loc[layers, variant] / unit, height, label=variant.replace("_", " "))
        ax.set(xlabel=label, yticks=range(len(layers)), yticklabels=layers)
        ax.grid(axis="y", visible=False)
    axes[0, 0].invert_yaxis()
    axes[0, -1].legend(loc="lower right")
    return figure


def feature_maps(tables: dict[str, pd.DataFrame]) -> Figure:
    """What each layer gives, a box a layer and a row a variant: as high as the map's side, as wide as its channels.

    Args:
        tables: Costs by layer, by variant; those layers are drawn whose output has height, width and channels.
    """
    shapes = {variant: _map_shapes(table) for variant, table in tables.items()}
    columns = list(max(shapes.values(), key=len))
    highest, widest = (max(shape[i] for row in shapes.values() for shape in row.values()) for i in (0, 2))
    figure, ax = plt.subplots(figsize=(1.25 * len(columns) + 1.6, 1.15 * len(shapes) + 0.5))
    for i, (variant, row) in enumerate(shapes.items()):
        ax.text(-0.55, i, variant.replace("_", " "), ha="right", va="center")
        for layer, (side, _, channels) in row.items():
            x, width, height = columns.index(layer), 0.8 * channels / widest, 0.62 * side / highest
            color = sns.color_palette()[0 if layer.startswith("conv") else 1 if layer.startswith("pool") else 7]
            ax.add_patch(Rectangle((x - width / 2, i - height / 2), width, height, color=color, linewidth=1))
            ax.text(x, i + 0.36, f"{side} x {side} x {channels}", ha="center", va="top", fontsize=8)
    for x, layer in enumerate(columns):
        ax.text(x, -0.42, layer, ha="center", va="bottom", fontsize=9)
    ax.set(xlim=(-0.5, len(columns) - 0.5), ylim=(len(shapes) - 0.4, -0.5))
    ax.axis("off")
    return figure


def receptive_fields(image: np.ndarray, tables: dict[str, pd.DataFrame], columns: int = 3) -> Figure:
    """On an image, the part that a value in the middle of each layer depends on, an ax a variant and a square a layer.

    Args:
        image: uint8 (height, width, channels).
        tables: Costs by layer, by variant; those layers are drawn that see more than the layer before.
        columns: Axes a row.
    """
    fields = {variant: _growing_fields(table) for variant, table in tables.items()}
    layers = list(dict.fromkeys(layer for row in fields.values() for layer in row))
    colors = dict(zip(layers, sns.color_palette("viridis", len(layers)), strict=True))
    half = max(image.shape[0], *(side for row in fields.values() for side in row.values())) / 2 + 1
    rows = -(-len(fields) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(3 * columns, 3.1 * rows), squeeze=False)
    figure.set_facecolor(PAPER_OF_IMAGES)
    for ax in axes.flat:
        ax.axis("off")
    middle = image.shape[0] / 2
    for ax, (variant, row) in zip(axes.flat, fields.items(), strict=False):
        ax.imshow(image.squeeze(), cmap="gray", extent=(-middle, middle, middle, -middle), interpolation="nearest")
        for layer, side in row.items():
            corner = (-side / 2, -side / 2)
            ax.add_patch(Rectangle(corner, side, side, fill=False, edgecolor=colors[layer], linewidth=1.4))
        title = f"{variant.replace('_', ' ')}: {max(row.values(), default=1)} pixels"
        ax.set(xlim=(-half, half), ylim=(half, -half), title=title)
    handles = [Rectangle((0, 0), 1, 1, fill=False, edgecolor=color, linewidth=2) for color in colors.values()]
    figure.legend(handles, layers, loc="outside lower center", ncols=len(layers), frameon=False)
    return figure


def outcomes_by_stride(outcomes: pd.DataFrame, readings: dict[str, list[str]], strides: Sequence[int]) -> Figure:
    """Test accuracy, test loss and seconds an epoch by stride, a dot a run and a line through the means.

    Args:
        outcomes: As `times.outcomes` gives them; times that cannot be compared are hollow dots, beside the line.
        readings: By reading of what a stride is, a variant a stride; a colour each.
        strides: In the order of the variants.
    """
    figure, axes = plt.subplots(1, 3, figsize=(10, 3.4))
    for ax, quantity in zip(axes, ("test accuracy", "test loss, nats", "an epoch, s"), strict=True):
        is_time = quantity == "an epoch, s"
        for reading, variants in readings.items():
            by_variant = [outcomes[outcomes["net"] == variant.replace("_", " ")] for variant in variants]
            counted = [runs[~(is_time & runs["machine"].isin(APART))] for runs in by_variant]
            (line,) = ax.plot(strides, [runs[quantity].mean() for runs in counted], label=reading)
            for stride, runs in zip(strides, by_variant, strict=True):
                for value, machine in zip(runs[quantity], runs["machine"], strict=True):
                    apart = is_time and machine in APART
                    label = f"_{reading}, a run{' that is not compared' * apart}"
                    face = "white" if apart else line.get_color()
                    ax.plot(stride, value, "o", color=line.get_color(), mfc=face, markersize=4, label=label)
        ax.set(xlabel="stride", title=quantity, xticks=strides)
        if is_time and outcomes[quantity].gt(0).any():  # without any run there is nothing above 0
            ax.set_yscale("log")
            ax.yaxis.set(major_locator=LogLocator(subs=(1, 2, 5)), minor_locator=NullLocator())
            ax.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes[0].legend(loc="best", fontsize=9)
    return figure


def _by_variant(tables: dict[str, pd.DataFrame], column: str) -> pd.DataFrame:
    """One column of the tables: a row a layer, a column a variant, missing where a variant lacks the layer."""
    return pd.DataFrame({variant: table.set_index("layer")[column] for variant, table in tables.items()})


def _map_shapes(table: pd.DataFrame) -> dict[str, list[int]]:
    """Height, width and channels by layer."""
    maps = table[table["jump"].notna()].set_index("layer")["output shape"]
    return {layer: [int(size) for size in shape.split(" x ")] for layer, shape in maps.items()}


def _growing_fields(table: pd.DataFrame) -> dict[str, int]:
    """Receptive fields by layer, those that are larger than any before."""
    fields = table.dropna(subset="receptive field").set_index("layer")["receptive field"].astype(int)
    return fields[fields > fields.shift(fill_value=1)].to_dict()
