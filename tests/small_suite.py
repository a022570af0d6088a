"""A copy of the suite with notebooks of its own, that train a small net on the digits; and what it said and left."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import nbformat

from suite import warm

ROOT = Path(__file__).parents[1]
STANDS_IN = [] if os.environ.get("COURSEWORK_DATA") else ["--dataset", "digits"]  # arguments, for data not given
PARAMETERS = """
profile = "smoke"
dataset = "digits"
seeds = [10]
runs_dir = ""
reports_dir = "../reports"
"""
SETUP = """
import keras
from helpers import data
from helpers.lab import Lab
lab = Lab("{name}", globals())
(x_train, y_train), validation, (x_test, y_test) = lab.load(lambda n: data.split_official(n, 300, 300))
learning_rate = 0.001 + int("{name}"[:2]) / 1e5  # another run in each notebook
"""
TRAIN = """
import pathlib
first_time = not pathlib.Path("{marker}").exists()
pathlib.Path("{marker}").touch()
def net():
    image = keras.Input(lab.input_shape, dtype="uint8")
    hidden = [keras.layers.Flatten(), keras.layers.Dense(100, activation="relu"), keras.layers.Dropout(0.5)]
    return keras.Sequential([image, keras.layers.Rescaling(1 / 16), *hidden, keras.layers.Dense(10, "softmax")])
for run in lab.runs({{"net": net}}):
    model = run.build()
    model.compile(keras.optimizers.Adam(learning_rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    run.fit(model, x_train, y_train, validation_data=validation, epochs={epochs}, batch_size=4, patience=5)
    run.test(x_test, y_test)
"""
FINISH = """
import pandas as pd
losses = [str(record["history"]["loss"]) for record in lab.of("net")]
lab.add_table(pd.DataFrame({"variant": "net", "figure": "loss", "ours, mean": losses}))
lab.finish(answer=f"The net is right on {lab.text('net')} of the test images.")
"""
HARM = {
    "none": "pass",
    "dies": "import os\nif first_time: os._exit(9)",
    "hangs": "import time\nif first_time: time.sleep(3600)",
    "fails": "if first_time: raise ConnectionError('the disk was away for a moment')",
}


def make_suite(root: Path, *harms: str, epochs: int = 6) -> Path:
    """Copy the suite, with a notebook for each harm that is done to it when it has trained: 01_none, 02_dies, ..."""
    for package in ("helpers", "suite"):
        shutil.copytree(ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "reports" / "published", root / "reports" / "published")
    shutil.copy(ROOT / "requirements.txt", root)
    (root / "notebooks").mkdir()
    for number, harm in enumerate(harms, start=1):
        name = f"{number:02d}_{harm}"
        train = TRAIN.format(marker=root / f"{name}.once", epochs=epochs)
        write_notebook(root, name, PARAMETERS, SETUP.format(name=name), train, HARM[harm], FINISH)
    return root


def write_notebook(root: Path, name: str, *sources: str, **more) -> None:
    """Write a notebook of these cells, the first of them the parameters; `more` is what else it says of itself."""
    cells = [nbformat.v4.new_markdown_cell(f"# {name}"), *map(nbformat.v4.new_code_cell, sources)]
    cells[1].metadata.tags = ["parameters"]
    about = {"question": "Does it?", "minutes": dict.fromkeys(("smoke", "quick", "full"), 0.1)} | more
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"coursework": about, "kernelspec": kernel})
    nbformat.write(notebook, root / "notebooks" / f"{name}.ipynb")


def start(root: Path, command: str, *arguments, **environment) -> subprocess.Popen:
    """Start a command of the suite at smoke scale, on the digits, in a process group of its own."""
    env = {**os.environ, "PYTHONPATH": str(root), "TF_CPP_MIN_LOG_LEVEL": "3", **environment}
    suite = warm.command("suite") if env.get(warm.ADDRESS) else [sys.executable, "-m", "suite"]
    line = [*suite, command, "--profile", "smoke", "--dataset", "digits", *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    # Ctrl-C reaches it as in a terminal, also where these tests run in the background, in which it is ignored.
    heeds = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)  # noqa: E731
    return subprocess.Popen(line, cwd=root, env=env, start_new_session=True, preexec_fn=heeds, **pipes)


def run_suite(root: Path, *arguments, **environment) -> subprocess.CompletedProcess:
    """`python -m suite` in a checkout, with some environment variables changed."""
    line = [sys.executable, "-m", "suite", *map(str, arguments)]
    env = {**os.environ, "PYTHONPATH": str(root), **environment}
    return subprocess.run(line, cwd=root, env=env, capture_output=True, text=True, timeout=900)


def finish(process: subprocess.Popen, expected: int | None = 0) -> str:
    """What the suite said, once it has ended as expected; None expects no more than that it ends."""
    try:
        said, _ = process.communicate(timeout=600)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    assert expected is None or process.returncode == expected, said[-3000:]
    return said


def call(root: Path, command: str, *arguments, expected: int = 0, **environment) -> str:
    """What a command of the suite said, once it has ended as expected."""
    return finish(start(root, command, *arguments, **environment), expected)


def wait_for(is_so: Callable[[], bool], process: subprocess.Popen, seconds: float = 240) -> None:
    """Wait until something is so, while a process runs."""
    end = time.monotonic() + seconds
    while not is_so():
        assert process.poll() is None, process.communicate()[0][-3000:]
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def row_of(said: str, job: str) -> list[str]:
    """A job's row in the last table: its status, tries, and time."""
    return re.findall(rf"^{job} .*$", said.split("runs trained, reused")[-1], re.MULTILINE)[0].split()[1:]


def records(root: Path) -> dict[tuple[str, str, int], dict]:
    """The records of runs, by notebook, variant and seed."""
    paths = root.glob("reports/smoke/results/*/*-seed*.json")
    found = [json.loads(path.read_text()) for path in sorted(paths)]
    return {(record["notebook"], record["variant"], record["seed"]): record for record in found}


def results(root: Path) -> dict:
    """What records and pages say, without what a clock says."""
    keep = ("history", "best_epoch", "stopped_early", "identity", "setting", "hyperparameters", "test")
    found = {name: {key: record[key] for key in keep} for name, record in records(root).items()}
    for path in sorted((root / "reports" / "smoke").glob("*.html")):
        page = re.sub(r' href="[^"]*"', "", path.read_text())  # a record's address has its digest, of its times as well
        found[path.name] = re.findall(r"<td.*?</td>", page, re.DOTALL)
    return found
