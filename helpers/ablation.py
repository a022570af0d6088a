"""What each technique of a recipe brings: the recipe with it against the recipe without, paired by seed."""

from collections.abc import Collection, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from helpers.claims import mean_interval


def gains(first: list[dict], second: list[dict]) -> list[float]:
    """By how many points of test accuracy one variant is above another, a value for each seed that both have.

    Args:
        first, second: Their records.
    """
    found = [{record["seed"]: 100 * record["test"]["accuracy"] for record in records} for records in (first, second)]
    return [found[0][seed] - found[1][seed] for seed in found[0] if seed in found[1]]


def chance(records: list[dict]) -> float:
    """By how many points the test accuracy of two runs differs by their seeds alone, a standard deviation.

    Args:
        records: Of one variant.

    Returns:
        NaN of fewer than two runs.
    """
    accuracies = [100 * record["test"]["accuracy"] for record in records]
    return float(np.sqrt(2) * np.std(accuracies, ddof=1)) if len(records) > 1 else float("nan")


def gain_table(
    by_technique: dict[str, Sequence[float]], spread: float, of_same_runs: Collection[str] = ()
) -> pd.DataFrame:
    """The mean gain of each technique, the largest first, and whether chance may have made it.

    It may if it is below twice what chance makes of the mean of so many seeds; where both accuracies are of the very
    same runs, if the 95 % interval of the gain (Student's t) holds 0.

    Args:
        by_technique: Points, a value a seed; a technique without a seed is left out.
        spread: What chance makes of one seed's gain, a standard deviation in points; NaN where it is not known.
        of_same_runs: Techniques that the very same runs were tested with and without.

    Returns:
        Columns, the number of seeds aside all text: technique; gain, points; 95 % interval; seeds; may be chance.
    """
    rows = []
    for name, values in by_technique.items():
        if len(values):
            mean, low, high = mean_interval(values)
            limits = (low, high) if name in of_same_runs else mean + np.array([-1, 1]) * _limit(values, spread)
            word = "not known" if np.isnan(limits).any() else "yes" if limits[0] <= 0 <= limits[1] else ""
            interval = "-" if np.isnan(low) else f"{low:+.2f} to {high:+.2f}"
            rows.append((name, mean, interval, len(values), word))
    columns = ["technique", "gain, points", "95 % interval", "seeds", "may be chance"]
    table = pd.DataFrame(rows, columns=columns).sort_values("gain, points", ascending=False, ignore_index=True)
    return table.assign(**{"gain, points": [f"{mean:+.2f}" for mean in table["gain, points"]]})


def largest_loss(by_technique: dict[str, Sequence[float]], shorter: list[dict], whole: list[dict]) -> str:
    """What switching off the most important technique costs, with how little that was measured on, in a sentence.

    Args:
        by_technique: What each brings, in points, a value a seed.
        shorter: Records of the runs that it was measured with, nothing switched off.
        whole: Records of the whole recipe.
    """
    table = gain_table(by_technique, chance(whole))
    if table.empty:
        return "What each technique brings is not recorded."
    name, _, interval, seeds, word = table.iloc[0]
    epochs = " of ".join(
        dict.fromkeys(str(len(records[0]["seconds_by_epoch"])) for records in (shorter, whole) if records)
    )
    how_sure = f" ({interval})" if interval != "-" else ""
    may_be_chance = ", which may be chance" if word == "yes" else ""
    measured_on = f"{'one seed' if seeds == 1 else f'{seeds} seeds'}, over {epochs} epochs"
    mean = np.mean(by_technique[name])
    costs = f"{abs(mean):.2f} points {'more' if mean < 0 else 'less'}{how_sure}{may_be_chance}"
    if len(table) == 1:
        return f"Without {name} ({measured_on}) it is {costs}."
    missed = "none is missed" if mean < 0 else f"{name} is missed most"
    return f"Of the techniques, switched off one at a time ({measured_on}), {missed}: {costs} without {name}."


def gain_bars(
    by_technique: dict[str, Sequence[float]],
    spread: float,
    of_same_runs: Collection[str] = (),
    ax: Axes | None = None,
) -> Axes:
    """The gains of techniques, the largest at the top: a bar at the mean, a dot a seed, grey what chance may make.

    Args:
        by_technique: Points of test accuracy, a value a seed; a technique without a seed is left out.
        spread: What chance makes of one seed's gain, a standard deviation in points; NaN where it is not known.
        of_same_runs: Techniques that the very same runs were tested with and without: they have no grey.
        ax: Where to draw; default, a new figure.
    """
    names = gain_table(by_technique, spread, of_same_runs)["technique"].tolist()[::-1]
    ax = ax or plt.subplots(figsize=(7, 0.4 * len(names) + 0.8))[1]
    ax.barh(names, [np.mean(by_technique[name]) for name in names], height=0.5, label="_mean")
    for k, name in enumerate(names):
        values = by_technique[name]
        if name not in of_same_runs and not np.isnan(spread):
            limit = _limit(values, spread)
            ax.barh(k, 2 * limit, height=0.9, left=-limit, color="0.88", zorder=0, label="_chance")
        if len(values) > 1:
            ax.plot(mean_interval(values)[1:], [k - 0.36] * 2, color="black", linewidth=2, label="_95 % interval")
        ax.plot(values, [k] * len(values), "o", color="black", markersize=3, label="_a seed")
    ax.set(xlabel="gain in test accuracy, points\ndot: a seed; line: 95 % interval; grey: may be chance")
    return ax


def _limit(values: Sequence[float], spread: float) -> float:
    """Below how many points a mean gain may be chance."""
    return 2 * spread / np.sqrt(len(values))
