"""The record of a training run: one JSON file, written whole or not at all."""

import json
import math
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import keras
import pandas as pd

from helpers.data import Split
from helpers.devices import describe_device, versions
from helpers.training import TrainingResult

MIN_FREE_BYTES = 200 * 2**20  # a notebook's records, figures and page take a few MB


class ResultsFolderError(OSError):
    """Results cannot be written where they should be."""


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


def results_folder(reports_dir: str | os.PathLike, profile: str, notebook: str) -> Path:
    """Make the folder of a notebook's records, and check that it can be written to and that there is room.

    Args:
        reports_dir: The folder of all reports.
        profile: "full", "quick" or "smoke".
        notebook: The notebook's name.

    Raises:
        ResultsFolderError: It cannot be made or written to, or the disk is nearly full.
    """
    folder = Path(reports_dir) / profile / "results" / notebook
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ResultsFolderError(
            f"results cannot be written to {folder.resolve()} ({error}): expected a writable folder; "
            "correct reports_dir or its permissions. Nothing was trained."
        ) from error
    free = shutil.disk_usage(folder).free
    if free < MIN_FREE_BYTES:
        raise ResultsFolderError(
            f"{folder.resolve()} is on a disk with {free / 2**20:.0f} MiB free: expected "
            f"{MIN_FREE_BYTES / 2**20:.0f} MiB or more; make room, or set reports_dir to another disk. "
            "Nothing was trained."
        )
    return folder


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


def write_json(path: Path, content: dict) -> None:
    """Write JSON to a temporary name in the same folder, then rename: readers see the old file or the new one."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}-", delete=False) as file:
        try:
            json.dump(content, file, indent=1, allow_nan=False, default=_plain)
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            os.unlink(file.name)
            raise
    os.chmod(file.name, 0o644)  # temporary files are private, records are for everyone
    os.replace(file.name, path)


def _plain(value):
    """NumPy numbers as Python's; anything else in a record is a mistake."""
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"a record holds plain values only, came {type(value).__name__}")
