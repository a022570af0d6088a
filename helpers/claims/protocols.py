"""The protocol that runs must have been trained by to be held against the print, from reports/published/protocols.csv.

A net is written in its notebook's cell, and may be changed there: one layer more is not noticed here.
"""

from functools import cache
from math import isclose

import pandas as pd

from helpers.claims.published import published_folder

ANY_PROFILE = ("optimizer", "learning_rate", "momentum")  # the smaller profiles change the rest


@cache
def load_protocols() -> dict[tuple[str, str], dict[str, str]]:
    """What each variant is trained by: by notebook and variant, each hyperparameter as text, "" if any will do."""
    table = pd.read_csv(published_folder() / "protocols.csv", dtype=str, keep_default_na=False)
    return {(row.pop("notebook"), row.pop("variant")): row for row in table.to_dict("records")}


def departures(run: dict) -> list[str]:
    """How a run's hyperparameters differ from its variant's protocol, in words; a variant without a row has none.

    Args:
        run: A record. Of the smaller profiles only the optimizer counts, since they train for fewer epochs, say.

    Returns:
        A text for each that differs: "learning rate 0.01, not 0.0001".
    """
    asked = run.get("hyperparameters", {})
    used = asked | {key: asked.get("optimizer", {}).get(key) for key in ("learning_rate", "momentum")}
    used["optimizer"] = asked.get("optimizer", {}).get("name")
    protocol = load_protocols().get((run.get("notebook"), run.get("variant")), {})
    return [
        f"{key.replace('_', ' ')} {_in_words(used[key])}, not {expected}"
        for key, expected in protocol.items()
        if expected and _counts(key, used, run["profile"]) and not _is(used[key], expected)
    ]


def _counts(key: str, used: dict, profile: str) -> bool:
    """Whether a hyperparameter is known of the run, and to be as in the protocol; no patience is known, too."""
    known = used.get(key) is not None or (key == "patience" and key in used)
    return known and (profile == "full" or key in ANY_PROFILE)


def _is(value: object, expected: str) -> bool:
    """Whether a hyperparameter is what the table says; a number to five digits: float32 rounds rates."""
    if isinstance(value, int | float):
        return expected.replace(".", "", 1).isdigit() and isclose(value, float(expected), rel_tol=1e-5)
    return _in_words(value) == expected


def _in_words(value: object) -> str:
    """A hyperparameter as the table has it; a schedule is one, whatever its rates."""
    if isinstance(value, dict):
        return "a schedule"
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
