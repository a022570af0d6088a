"""A notebook whose runs are recorded, in the kernel of somebody who changes a parameter, runs all, and changes back."""

import json
import os
import shutil
from pathlib import Path

import nbformat
from live_kernel import run_in_one_kernel

from helpers.variables import FROM_RECORDS, SUITE

ROOT = Path(__file__).parents[2]
TRAINED_AGAIN = ("03_cnn", "07_frozen_vs_unfrozen", "12_depth")  # with candidates, pretrained layers, own metrics
CHANGED = {"batch_size": 48, "split_seed": 7, "num_draws": 200}  # each notebook has one of these parameters


def assert_its_cells_can_be_run_again(name: str, records: Path, folder: Path) -> None:
    """Run all cells with a changed parameter and then as they were: what is shown in the end is what was at first.

    Its runs are recorded, so that all of its cells have something to show; three notebooks train the others.

    Args:
        name: The notebook.
        records: What the suite left of all notebooks at smoke scale.
        folder: Empty, of this call alone.
    """
    copy = folder / "smoke"
    shutil.copytree(records, copy)
    before = {path: path.read_bytes() for path in copy.glob("results/*/*.json") if path.name != "summary.json"}
    path = ROOT / "notebooks" / f"{name}.ipynb"
    given = {"profile": "smoke", "reports_dir": str(folder)}
    given |= {} if os.environ.get("COURSEWORK_DATA") else {"dataset": "digits", "fashion_dataset": "digits"}
    source = next(c.source for c in nbformat.read(path, 4).cells if "parameters" in c.metadata.get("tags", []))
    changed = {key: value for key, value in CHANGED.items() if f"\n{key} = " in source}
    assert len(changed) == 1
    first = json.loads((records / "results" / name / "summary.json").read_text())
    trains = name in TRAINED_AGAIN and not first.get("unavailable")
    run_in_one_kernel(path, [changed if trains else changed | {FROM_RECORDS: "1"}, {SUITE: "1"}], given)
    after = {path: path.read_bytes() for path in copy.glob("results/*/*.json") if path.name != "summary.json"}
    assert before.items() <= after.items()
    new = [json.loads(after[path]) for path in after.keys() - before.keys()]
    assert {record["notebook"] for record in new} == ({name} if trains else set())
    assert all(record["hyperparameters"]["batch_size"] == 48 for record in new if record["kind"] == "run")
    last = json.loads((copy / "results" / name / "summary.json").read_text())
    for key in ("missing", "runs", "table", "answer"):
        assert last[key] == first[key]
