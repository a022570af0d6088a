"""The record of a training run: one JSON file, written whole or not at all."""

import json
import math
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import keras
import pandas as pd

from helpers.data import Split
from helpers.environment import current_commit, environment
from helpers.files import write_json
from helpers.progress import Progress
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
    del trained["reused"]  # says how this execution came by the run, nothing of the run
    record = {
        "notebook": experiment.notebook,
        "variant": variant,
        "dataset": experiment.dataset,
        "profile": experiment.profile,
        "seed": training.seed,
        "split": {"name": experiment.split.name, "fingerprint": experiment.split.fingerprint, **experiment.split.sizes},
        "hyperparameters": trained.pop("hyperparameters") | hyperparameters,
        "parameters": count_parameters(model),
        **trained.pop("environment"),
        **trained,
        "test": test,
        "precision": keras.config.dtype_policy().name,
    }
    write_json(experiment.folder / f"{variant}-seed{training.seed}.json", record)
    return record


def write_summary(experiment: Experiment, table: pd.DataFrame, progress: Progress | None = None, **more) -> None:
    """Write `summary.json`, the notebook's last act: who finds it knows that the notebook ran to its end.

    Args:
        experiment: What the runs of the notebook have in common.
        table: The table that answers the notebook's question.
        progress: The progress of the notebook's training runs; None where nothing is trained.
        **more: Further plain values, or one in place of what is found here, such as precision where it changed.
    """
    trained = progress and {"runs": progress.finished, "reused": progress.reused, "seconds": progress.seconds}
    summary = {
        "notebook": experiment.notebook,
        "profile": experiment.profile,
        "dataset": experiment.dataset,
        "asked_dataset": experiment.asked_dataset,
        "seeds": experiment.seeds,
        "precision": keras.config.dtype_policy().name,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        **environment(),
        "training": trained,
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
