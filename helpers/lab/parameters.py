"""Checks of a notebook's parameters, made before anything is loaded or trained.

papermill turns `-y '{lr: 1e-3}'` into a string and only warns of a name that the notebook does not have, so every
notebook says in its first own cell what it expects.
"""

import ast
import difflib
import numbers
import types
from collections.abc import Callable, Iterable

Check = Callable[[object], str | None]  # a value -> None if it is right, else what was expected
ALWAYS = "profile"  # a parameter of every notebook: the cell that sets it is the parameters' cell
INJECTED = "# Parameters"  # how papermill's cell begins


class ParameterError(ValueError):
    """A parameter is unknown, missing or not what it should be."""


def check_parameters(namespace: dict, checks: dict[str, Check]) -> None:
    """Check every parameter of a notebook, and that there is no other.

    Args:
        namespace: The notebook's `globals()`.
        checks: What each parameter must be, by its name.

    Raises:
        ParameterError: All problems at once, each with what was expected and what it got.
    """
    problems = [_unknown(name, checks) for name in given_parameters(namespace) if name not in checks]
    for name, check in checks.items():
        if name not in namespace:
            problems.append(f"{name}: missing")
        elif expected := check(namespace[name]):
            value = namespace[name]
            problems.append(f"{name}: expected {expected}, got {value!r} ({type(value).__name__})")
    if problems:
        raise ParameterError("; ".join(problems))


def given_parameters(namespace: dict) -> list[str]:
    """The names that a notebook's parameters' cell and papermill's set, as they were executed last.

    A live kernel's namespace holds everything of earlier executions, so the names are read from IPython's history of
    cells; without one they are all plain values of the namespace.

    Args:
        namespace: The notebook's `globals()`.
    """
    if not namespace.get("In"):
        return [name for name, value in namespace.items() if not name.startswith("_") and _is_plain(value)]
    given: list[str] = []
    for source in namespace["In"]:
        names = _assigned(source)
        if source.lstrip().startswith(INJECTED):
            given += names
        elif ALWAYS in names:
            given = names
    return list(dict.fromkeys(given))


def whole_number(low: int, high: int | None = None) -> Check:
    """Expect an int from `low` to `high`."""
    expected = f"a whole number of {low} or more" if high is None else f"a whole number from {low} to {high}"

    def check(value):
        right = isinstance(value, numbers.Integral) and not isinstance(value, bool)
        return None if right and value >= low and (high is None or value <= high) else expected

    return check


def seed() -> Check:
    """Expect what NumPy and Keras take as a seed."""
    return whole_number(0, 2**32 - 1)


def number(above: float, up_to: float = 1e6) -> Check:
    """Expect a number above one bound and at most another; an int will do."""

    def check(value):
        right = isinstance(value, numbers.Real) and not isinstance(value, bool) and above < value <= up_to
        return None if right else f"a number above {above:g} and at most {up_to:g}"

    return check


def share() -> Check:
    """Expect a share: 0 or more, below 1."""

    def check(value):
        right = isinstance(value, numbers.Real) and not isinstance(value, bool) and 0 <= value < 1
        return None if right else "a share, 0 or more and below 1"

    return check


def yes_or_no() -> Check:
    """Expect True or False."""
    return lambda value: None if isinstance(value, bool) else "True or False"


def one_of(*choices: str) -> Check:
    """Expect one of some words."""

    def check(value):
        return None if value in choices else "one of " + ", ".join(map(repr, choices))

    return check


def text(empty: bool = False) -> Check:
    """Expect a string; an empty one only where `empty` allows it."""
    return lambda value: None if isinstance(value, str) and (value or empty) else "a string"


def list_of(item: Check, at_least: int = 1, distinct: bool = True) -> Check:
    """Expect a list of so many items or more, each as the item's own check says, and none twice if so asked."""

    def check(value):
        if not isinstance(value, list) or len(value) < at_least:
            return f"a list of {at_least} or more, each {item(None)}"
        if wrong := [v for v in value if item(v)]:
            return f"each item to be {item(wrong[0])}"
        return "each item once" if distinct and len(set(value)) < len(value) else None

    return check


def _assigned(source: str) -> list[str]:
    """The names that a cell assigns to, outside functions and the like; none of a cell that is no plain Python."""
    try:
        statements: Iterable = ast.parse(source).body
    except SyntaxError:
        return []
    targets = [target for s in statements if isinstance(s, ast.Assign) for target in s.targets]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _is_plain(value) -> bool:
    """Whether it is a value, not a module, a class or a function."""
    return not isinstance(value, types.ModuleType) and not callable(value)


def _unknown(name: str, known: dict) -> str:
    """What to say of a name that is not a parameter."""
    close = difflib.get_close_matches(name, known, n=1)
    return f"{name}: unknown parameter" + (f", perhaps {close[0]}?" if close else f"; known are {', '.join(known)}")
