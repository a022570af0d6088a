"""Several methods of doing the same, measured in turns, and the goals that one of them is held to."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field

import numpy as np


@dataclass(frozen=True)
class Goal:
    """How a method should compare with another, or with nothing.

    Attributes:
        method: Which one.
        bound: At least this, or at most.
        at_least: Whether the bound is a lower one.
        against: The method that its figures are divided by, round by round; None where they stand alone.
        obstacle: What stands against it, shown where it is missed.
        fastest: Whether all figures are divided by the other method's highest one, rather than round by round: where
            some of its rounds fell on a wait that is no part of the work.
    """

    method: str
    bound: float
    at_least: bool = True
    against: str | None = None
    obstacle: str = ""
    fastest: bool = False


@dataclass(frozen=True)
class Comparison:
    """Figures of several methods, a figure a round each.

    Attributes:
        title: What is compared.
        about: How it was measured, in a sentence or two.
        unit: Of the figures.
        values: Figures by method, in the order of the rounds.
        baseline: The method that the others are compared with; None without one.
        goals: What was aimed at.
        missing: Methods that could not be measured, each with the reason.
    """

    title: str
    about: str
    unit: str
    values: dict[str, list[float]]
    baseline: str | None = None
    goals: tuple[Goal, ...] = ()
    missing: dict[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict:
        """Everything as plain values, with medians, ratios and whether each goal is met."""
        rows = {method: spread(figures) for method, figures in self.values.items()}
        judged = [judge(goal, self.values) for goal in self.goals]
        if self.baseline in self.values:
            for method, figures in self.values.items():
                rows[method]["ratio"] = spread(np.divide(figures, self.values[self.baseline]))
        return asdict(self) | {"rows": rows, "goals": judged}


def judge(goal: Goal, values: dict[str, list[float]]) -> dict:
    """A goal, the figure that is held to it, and whether it is met; None where the methods were not measured."""
    asked = [goal.method, *([goal.against] if goal.against else [])]
    if not all(values.get(method) for method in asked):
        return asdict(goal) | {"measured": None, "met": None}
    others = values[goal.against] if goal.against else 1.0
    figures = np.divide(values[goal.method], np.max(others) if goal.fastest else others)
    measured = float(np.median(figures))
    return asdict(goal) | {
        "measured": measured,
        "met": bool(measured >= goal.bound if goal.at_least else measured <= goal.bound),
    }


def spread(figures) -> dict[str, float]:
    """Median, least and most."""
    return {"median": float(np.median(figures)), "least": float(np.min(figures)), "most": float(np.max(figures))}


def in_turns(methods: dict[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Call each method once a round, every second round in reverse order, so that whatever slows the machine meets all.

    Args:
        methods: Functions that return a figure, by name.
        rounds: How often each is called.
    """
    values = {name: [] for name in methods}
    for k in range(rounds):
        for name in list(methods)[:: 1 if k % 2 == 0 else -1]:
            values[name].append(methods[name]())
    return values


def describe(comparison: dict) -> list[str]:
    """A comparison's dictionary as lines to print."""
    lines = [f"{comparison['title']}, {comparison['unit']}"]
    for method, row in comparison["rows"].items():
        line = f"  {method}: {number(row['median'])} ({number(row['least'])} to {number(row['most'])})"
        if method != comparison["baseline"] and "ratio" in row:
            ratio = row["ratio"]
            line += (
                f", {ratio['median']:.2f} times {comparison['baseline']} ({ratio['least']:.2f} to {ratio['most']:.2f})"
            )
        lines.append(line)
    lines += [f"  {method}: not measured: {reason}" for method, reason in comparison["missing"].items()]
    return lines + [f"  goal: {describe_goal(goal, comparison['unit'])}" for goal in comparison["goals"]]


def describe_goal(goal: dict, unit: str) -> str:
    """A judged goal in words; the unit is that of the figures, which a goal against another method does without."""
    against = f"the fastest round of {goal['against']}" if goal.get("fastest") else goal["against"]
    of = f" times {against}" if goal["against"] else f" {unit}" * (unit != "share")
    bound = f"{goal['bound']:.3g}" if abs(goal["bound"]) < 100 else number(goal["bound"])  # 1.8, not 1.80
    aim = f"{goal['method']}: at {'least' if goal['at_least'] else 'most'} {bound}{of}"
    if goal["met"] is None:
        return f"{aim}; not measured"
    if goal["met"]:
        return f"{aim}; measured {number(goal['measured'])}, reached"
    obstacle = f" ({goal['obstacle']})" if goal.get("obstacle") else ""
    return f"{aim}; measured {number(goal['measured'])}, not reached{obstacle}"


def number(value: float) -> str:
    """A figure with three significant digits, zeros among them; from 100 on whole, with commas."""
    return f"{value:,.0f}" if abs(value) >= 99.95 else f"{value:#.3g}"
