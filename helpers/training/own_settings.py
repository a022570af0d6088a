"""What a notebook's own losses, callbacks, batches and the like were made with, whether they say it or not."""

from collections.abc import Iterable
from types import FunctionType

import keras

from helpers.fingerprints import PLAIN, counts, description

_OURS = ("keras", __package__.split(".")[0])  # packages whose code counts by its version


def unsaid_settings(things: Iterable) -> list:
    """What losses, optimizers, constraints and the like of a notebook's own were made with, where no one says it.

    One that inherits Keras's `get_config` has a configuration without its own settings: its attributes count then.
    """
    found = []
    for each in [part for thing in things for part in (thing, *_held(thing))]:
        makers = [kind for kind in type(each).__mro__ if "get_config" in vars(kind)]
        if makers and is_ours(makers[0]) and not is_ours(type(each)) and not isinstance(each, keras.Layer):
            inherited = {name for kind in type(each).__mro__ if is_ours(kind) for name in _names_used(kind)}
            own = {k: v for k, v in vars(each).items() if k not in inherited and counts(v)}
            if own:
                found.append([type(each).__name__, description(own, (each,))])
    return found


def _held(thing) -> list:
    """What a thing holds that can be configured."""
    return [value for value in getattr(thing, "__dict__", {}).values() if hasattr(value, "get_config")]


def _names_used(kind: type) -> set[str]:
    """The names of attributes and the like that a class's own functions use."""
    functions = [getattr(member, "__func__", member) for member in vars(kind).values()]
    return {name for each in functions if isinstance(each, FunctionType) for name in each.__code__.co_names}


def batches_of(callback, batches) -> list | None:
    """What batches of its own a callback looks at, if they are others than those that are trained on."""
    own = getattr(callback, "batches", None)
    if not hasattr(own, "describe") or own is batches or own.describe() == batches.describe():
        return None
    return [type(callback).__name__, type(own).__name__, own.describe(), *more_of_batches(own)]


def shown_values(callback) -> dict:
    """What a callback holds and shows: what it was made with, if it is made anew for each run."""
    return description({key: value for key, value in _values(callback) if not key.startswith("_")}, (callback,))


def hidden_values(callback) -> dict:
    """What else a callback of a notebook holds."""
    return description({key: value for key, value in _values(callback) if key.startswith("_")}, (callback,))


def _values(callback) -> list[tuple]:
    """A callback's attributes, but for those that Keras sets when it trains."""
    return [item for item in vars(callback).items() if item[1] is not None and item[0] not in ("params", "_model")]


def more_of_batches(batches) -> list[dict]:
    """What batches of a notebook's own were made with, as far as it shows: `describe` may be its base's."""
    return [] if is_ours(type(batches)) else [plain_values(batches, hidden=False)]


def plain_values(batches, hidden: bool) -> dict:
    """Plain values that a dataset of batches holds, those that begin with "_" or the others."""
    plain = (*PLAIN, list, tuple, dict)
    return {k: v for k, v in vars(batches).items() if isinstance(v, plain) and k.startswith("_") == hidden}


def is_ours(maker) -> bool:
    """Whether a class or function is Keras's or ours."""
    return str(maker.__module__).split(".")[0] in _OURS
