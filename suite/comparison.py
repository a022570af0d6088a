"""A record held against the same run trained again: equal to the bit, within the spread between seeds, or different."""

import statistics
from pathlib import Path

import numpy as np

from helpers.predictions import unpack_predictions

MOST_OFF = 0.02  # of accuracy, where there are too few seeds to know their spread
DEVIATIONS = 4  # between seeds
FEWEST_SEEDS = 3  # for a spread
SAME = ("device", "threads", "versions", "backend", "precision", "training_version")  # then bits must be the same


def compare_records(record: dict, again: dict, others: list[dict]) -> dict:
    """Hold a record against that of the same run trained again.

    Args:
        record: The record.
        again: The new one.
        others: Records of the same notebook, among them those of the variant with other seeds.

    Returns:
        verdict: "equal" to the bit, "within tolerance" or "differs"; epochs, of the record; epochs_compared;
        epochs_equal, from the first on; accuracy and accuracy_again, on the test images; difference; tolerance;
        same_machine; device, versions, commit of the new one.
    """
    accuracies = [other["test"]["accuracy"] for other in _other_seeds(record, others)]
    tolerance = _tolerance([*accuracies, record["test"]["accuracy"]])
    difference = abs(record["test"]["accuracy"] - again["test"]["accuracy"])
    equal = record["history"] == again["history"] and _same_tests(record, again)
    same_machine = all(record.get(key) == again.get(key) for key in SAME)
    return {
        "verdict": _verdict(equal, same_machine, difference <= tolerance),
        "epochs": len(record["seconds_by_epoch"]),
        "epochs_compared": len(again["seconds_by_epoch"]),
        "epochs_equal": _epochs_equal(record["history"], again["history"]),
        "accuracy": record["test"]["accuracy"],
        "accuracy_again": again["test"]["accuracy"],
        "difference": difference,
        "tolerance": tolerance,
        "same_machine": same_machine,
        **{key: again[key] for key in ("device", "versions", "commit")},
    }


def compare_epochs(record: dict, runs_dir: Path, machine: dict, others: list[dict]) -> dict:
    """Hold a record's first epochs against those of a run that was stopped before its end.

    Args:
        record: The record.
        runs_dir: The folder in which that run was kept.
        machine: On what, as `recorded.this_machine` describes it.
        others: As for `compare_records`.

    Returns:
        As `compare_records`, the accuracy being that on validation images, or on training images where there are none.
        The verdict is "no epoch in time" if none has ended.
    """
    history = _kept_history(runs_dir, record["identity"])
    key = "val_accuracy" if "val_accuracy" in record["history"] else "accuracy"
    epochs = min(map(len, (history.get(key, []), record["history"][key])))
    if not epochs:
        return {"verdict": "no epoch in time"}
    by_seed = [other["history"][key] for other in [record, *_other_seeds(record, others)]]
    off = [abs(record["history"][key][i] - history[key][i]) for i in range(epochs)]
    tolerances = [_tolerance([values[i] for values in by_seed if len(values) > i]) for i in range(epochs)]
    worst = int(np.argmax(np.subtract(off, tolerances)))
    equal = _epochs_equal(record["history"], history)
    same_machine = all(record.get(name) == machine.get(name) for name in SAME if name != "precision")
    return {
        "verdict": _verdict(equal >= epochs, same_machine, off[worst] <= tolerances[worst]),
        "epochs": len(record["seconds_by_epoch"]),
        "epochs_compared": epochs,
        "epochs_equal": equal,
        "accuracy": record["history"][key][worst],
        "accuracy_again": history[key][worst],
        "difference": off[worst],
        "tolerance": tolerances[worst],
        "same_machine": same_machine,
        **{name: machine[name] for name in ("device", "versions", "commit")},
    }


def _verdict(equal: bool, same_machine: bool, is_close: bool) -> str:
    """The verdict: what is close is enough only where the machine or its software is another."""
    if equal:
        return "equal"
    return "within tolerance" if is_close and not same_machine else "differs"


def _other_seeds(record: dict, others: list[dict]) -> list[dict]:
    """Records of the variant with other seeds, one of each."""
    found = {r["seed"]: r for r in others if r["variant"] == record["variant"] and r["dataset"] == record["dataset"]}
    return [other for seed, other in found.items() if seed != record["seed"]]


def _tolerance(values: list[float]) -> float:
    """How far a run may be off: so many standard deviations between seeds, or what is set where they are few."""
    return DEVIATIONS * statistics.stdev(values) if len(values) >= FEWEST_SEEDS else MOST_OFF


def _same_tests(record: dict, again: dict) -> bool:
    """Whether the tests of two records say the same, predictions included; how they were packed does not count."""
    tests = [{"": r["test"], **r["tests"]} for r in (record, again)]
    if set(tests[0]) != set(tests[1]):
        return False
    return all(_plain(tests[0][name]) == _plain(tests[1][name]) for name in tests[0])


def _plain(test: dict) -> dict:
    """A test with its predictions as lists."""
    found = unpack_predictions(test)
    columns = {name: getattr(found, name).tolist() for name in ("y_pred", "confidence", "second")}
    return {key: value for key, value in test.items() if key != "predictions"} | columns


def _epochs_equal(first: dict, second: dict) -> int:
    """For how many epochs, from the first on, two histories are equal to the bit."""
    if set(first) != set(second):
        return 0
    epochs = min(len(values) for history in (first, second) for values in history.values())
    return next((i for i in range(epochs) if any(first[k][i] != second[k][i] for k in first)), epochs)


def _kept_history(runs_dir: Path, identity: str) -> dict[str, list[float]]:
    """The history of a run by its checkpoint; of one that is trained in several phases, one after the other."""
    from helpers.training.checkpoints import RunFiles  # imports Keras

    found, own = [], runs_dir / identity
    for folder in [own] if own.exists() else sorted(runs_dir.glob("*")):
        files = RunFiles(folder, folder.name)
        _, values = files.finished() or files.latest() or ({}, None)
        if values:
            found.append((values["started"], values.get("history") or values["clock"]["history"]))
    phases = [history for _, history in sorted(found, key=lambda pair: pair[0])]
    return {key: [value for phase in phases for value in phase[key]] for key in phases[0]} if phases else {}
