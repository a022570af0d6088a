"""The record of a training run: one JSON file, written whole or not at all."""

import json
import math
import os
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import keras
import pandas as pd

from helpers.data import Split
from helpers.devices import describe_device, versions
from helpers.files import write_json
from helpers.training import TrainingResult


@dataclass(frozen=True)
class Experiment:
    """What all runs of one execution of a notebook have in common.

    Attributes:
        notebook: The notebook's name, such as "03_cnn".
        profile: "full", "quick" or "smoke".
        dataset: Name of the data really used.
        asked_dataset: Name of the data asked for; another than `dataset` means that a stand-in was used.
        seeds: The seeds to run.
        split: The split of the images, whole; a profile may use less of each part.
        folder: Where the records go.
    """

    notebook: str
    profile: str
    dataset: str
    asked_dataset: str
    seeds: list[int]
    split: Split
    folder: Path

    def __post_init__(self):
        current_commit()  # read once, before the first run: the code may change while it trains


def write_run(
    experiment: Experiment,
    variant: str,
    model: keras.Model,
    training: TrainingResult,
    test: dict,
    **hyperparameters,
) -> dict:
    """Write the record of a run that has ended to `<variant>-seed<k>.json`, and return it.

    Args:
        experiment: What the runs of the notebook have in common.
        variant: What distinguishes this run from the others, such as "cnn".
        model: The trained model.
        training: What `fit` returned.
        test: What `metrics.summarise_test` returned; empty for a run that was only validated.
        **hyperparameters: Those that neither the optimizer nor `fit` knows, such as dropout_rate.
    """
    trained = training.as_dict()
    record = {
        "notebook": experiment.notebook,
        "variant": variant,
        "dataset": experiment.dataset,
        "profile": experiment.profile,
        "seed": training.seed,
        "split": {"name": experiment.split.name, "fingerprint": experiment.split.fingerprint, **experiment.split.sizes},
        "hyperparameters": trained.pop("hyperparameters") | hyperparameters,
        "parameters": count_parameters(model),
        **trained,
        "test": test,
        "precision": keras.config.dtype_policy().name,
        **environment(),
    }
    write_json(experiment.folder / f"{variant}-seed{training.seed}.json", record)
    return record


def write_summary(experiment: Experiment, table: pd.DataFrame, **more) -> None:
    """Write `summary.json`, the notebook's last act: who finds it knows that the notebook ran to its end.

    Args:
        experiment: What the runs of the notebook have in common.
        table: The table that answers the notebook's question.
        **more: Further plain values.
    """
    summary = {
        "notebook": experiment.notebook,
        "profile": experiment.profile,
        "dataset": experiment.dataset,
        "asked_dataset": experiment.asked_dataset,
        "seeds": experiment.seeds,
        "precision": keras.config.dtype_policy().name,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        **environment(),
        "table": json.loads(table.to_json(orient="records")),
        **more,
    }
    write_json(experiment.folder / "summary.json", summary)


def load_runs(folder: str | os.PathLike) -> pd.DataFrame:
    """Read all records at or below a folder.

    Args:
        folder: A results folder, of one notebook or of several.

    Returns:
        A row a run, sorted by notebook, variant and seed: the record's fields, and accuracy, loss and epochs beside
        them. Empty where there are no records.
    """
    records = []
    for path in sorted(Path(folder).rglob("*-seed*.json")):
        record = json.loads(path.read_text())
        test = record["test"]
        records.append(
            record
            | {"accuracy": test.get("accuracy"), "loss": test.get("loss"), "epochs": len(record["seconds_by_epoch"])}
        )
    frame = pd.DataFrame(records)
    return frame.sort_values(["notebook", "variant", "seed"], ignore_index=True) if records else frame


def count_parameters(model: keras.Model) -> dict[str, int]:
    """Numbers of parameters: total, trainable, not trainable."""
    total = model.count_params()
    trainable = sum(math.prod(weight.shape) for weight in model.trainable_weights)
    return {"total": total, "trainable": trainable, "non_trainable": total - trainable}


def environment() -> dict:
    """Where a result was computed: backend, device, versions, commit."""
    return {
        "backend": keras.backend.backend(),
        "device": describe_device(),
        "versions": versions(),
        "commit": current_commit(),
    }


@cache
def current_commit() -> str:
    """The commit of the code, with "+changes" where notebooks or helpers differ from it; "unknown" outside git."""
    root = Path(__file__).parent.parent
    git = ["git", "-C", str(root)]
    try:
        commit = _output([*git, "rev-parse", "--short=10", "HEAD"])
        changes = _output([*git, "status", "--porcelain", "--", "helpers", "notebooks", "requirements.txt"])
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return commit + ("+changes" if changes else "")


def _output(command: list[str]) -> str:
    """What a short command prints; its failure is an error."""
    return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout.strip()
