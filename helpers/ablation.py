"""What each technique of a recipe brings: the recipe with it against the recipe without, paired by seed."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes


def gains(first: list[dict], second: list[dict]) -> list[float]:
    """By how many points of test accuracy one variant is above another, a value for each seed that both have.

    Args:
        first, second: Their records.
    """
    found = [{record["seed"]: 100 * record["test"]["accuracy"] for record in records} for records in (first, second)]
    return [found[0][seed] - found[1][seed] for seed in found[0] if seed in found[1]]


def chance(records: list[dict]) -> str:
    """By how much the test accuracy of two runs differs by their seeds alone, a standard deviation: "0.20 points".

    Args:
        records: Of one variant.
    """
    accuracies = [100 * record["test"]["accuracy"] for record in records]
    return f"{np.sqrt(2) * np.std(accuracies, ddof=1):.2f} points" if len(records) > 1 else "an unknown amount"


def gain_table(by_technique: dict[str, Sequence[float]]) -> pd.DataFrame:
    """The mean gain of each technique with its number of seeds, the largest first; those without a seed are left out.

    Args:
        by_technique: Points, a value a seed.
    """
    means = {name: float(np.mean(values)) for name, values in by_technique.items() if len(values)}
    rows = [
        {"technique": name, "gain, points": f"{means[name]:+.2f}", "seeds": len(by_technique[name])}
        for name in sorted(means, key=means.get, reverse=True)
    ]
    return pd.DataFrame(rows, columns=["technique", "gain, points", "seeds"])


def largest_gain(by_technique: dict[str, Sequence[float]]) -> str:
    """The technique with the largest mean gain, in words: "Muon, +3.46 points"."""
    table = gain_table(by_technique)
    return "not recorded" if table.empty else "{}, {} points".format(*table.iloc[0, :2])


def gain_bars(by_technique: dict[str, Sequence[float]], ax: Axes | None = None) -> Axes:
    """The gains of techniques, the largest at the top: a bar at the mean, a dot a seed.

    Args:
        by_technique: Points of test accuracy, a value a seed; a technique without a seed is left out.
        ax: Where to draw; default, a new figure.
    """
    names = gain_table(by_technique)["technique"].tolist()[::-1]
    ax = ax or plt.subplots(figsize=(7, 0.4 * len(names) + 0.8))[1]
    ax.barh(names, [np.mean(by_technique[name]) for name in names], label="_mean")
    for k, name in enumerate(names):
        ax.plot(by_technique[name], [k] * len(by_technique[name]), "o", color="black", markersize=3, label="_a seed")
    ax.set(xlabel="gain in test accuracy, points; a dot a seed")
    return ax
