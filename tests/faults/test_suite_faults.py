"""The suite itself: kernels that die, jobs that hang, process groups that are killed, two suites on one folder."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from suite import execute as execute_module

ROOT = Path(__file__).parents[2]
SETUP = """
import pathlib, keras
from helpers import data, files, models, runs, training
folder = files.results_folder(reports_dir, profile, name)
kept = files.runs_folder(reports_dir, profile, runs_dir)
(images, labels, class_names), used = data.load_dataset("digits", stand_in=True)
split = data.split_official(len(images), num_test=300, num_validation=300)
experiment = runs.Experiment(name, profile, used, dataset, seeds, split, folder)
first_time = pathlib.Path(marker).exists() is False
pathlib.Path(marker).touch()
"""
TRAIN = """
bar, records = training.Progress(len(seeds)), []
for seed in seeds:
    keras.utils.set_random_seed(seed)
    model = models.report_a_dense(images.shape[1:])
    rate = 0.001 + int(name[:2]) / 1e5  # another run in each notebook
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    x, y = images[split.train], labels[split.train]
    validation = images[split.validation], labels[split.validation]
    result = training.fit(model, x, y, validation_data=validation, epochs=6, batch_size=16, patience=4, seed=seed,
                          name=f"net, seed {seed}", progress=bar, runs_dir=kept)
    records.append(runs.write_run(experiment, "net", model, result, {}))
"""
ANSWER = """
import pandas as pd
losses = [str(run["history"]["loss"]) for run in records]
table = pd.DataFrame({"variant": "net", "figure": "loss", "ours, mean": losses})
display(table)
"""
SUMMARY = "runs.write_summary(experiment, table, bar)"
HARM = {
    "none": "pass",
    "dies": "import os\nif first_time: os._exit(9)",
    "hangs": "import time\nif first_time: time.sleep(3600)",
    "fails": "if first_time: raise ConnectionError('the disk was away for a moment')",
}


@pytest.fixture
def make_suite(tmp_path):
    """Make a copy of the suite with notebooks of its own, by the harm that comes to them: make_suite("dies", ...)."""

    def make(*harms: str) -> Path:
        shutil.copytree(ROOT / "helpers", tmp_path / "helpers", ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("Snakefile", "requirements.txt"):
            shutil.copy(ROOT / name, tmp_path)
        (tmp_path / "notebooks").mkdir()
        for number, harm in enumerate(harms, start=1):
            name = f"{number:02d}_{harm}"
            literals = 'profile = "smoke"\ndataset = "digits"\nseeds = [0]\nruns_dir = ""\nreports_dir = "../reports"\n'
            literals += f'name = "{name}"\nmarker = "{tmp_path / name}.once"'
            sources = [literals, SETUP, TRAIN, HARM[harm], ANSWER, SUMMARY]
            cells = [nbformat.v4.new_markdown_cell(f"# {name}"), *map(nbformat.v4.new_code_cell, sources)]
            cells[1].metadata.tags = ["parameters"]
            about = {"question": "Does it?", "minutes": dict.fromkeys(("smoke", "quick", "full"), 0.1)}
            kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
            notebook = nbformat.v4.new_notebook(cells=cells, metadata={"coursework": about, "kernelspec": kernel})
            nbformat.write(notebook, tmp_path / "notebooks" / f"{name}.ipynb")
        return tmp_path

    return make


def start(root: Path, *arguments: str) -> subprocess.Popen:
    """Start the suite in a process group of its own."""
    command = [sys.executable, "-m", "suite", "--profile", "smoke", "--dataset", "digits", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(root), "TF_CPP_MIN_LOG_LEVEL": "3"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.Popen(command, cwd=root, env=environment, start_new_session=True, **pipes)


def finish(process: subprocess.Popen) -> str:
    """What the suite said, once it has ended well."""
    said, _ = process.communicate(timeout=240)
    assert process.returncode == 0, said[-3000:]
    return said


def row_of(said: str, job: str) -> list[str]:
    """A job's row in the last table: its status, tries, and time."""
    return re.findall(rf"^{job} .*$", said.split("runs trained, reused")[-1], re.MULTILINE)[0].split()[1:]


def results(root: Path) -> dict:
    """The records of the runs, and the tables of the pages, without what a clock says."""
    folder, found = root / "reports" / "smoke", {}
    for path in sorted(folder.glob("results/*/*.json")):
        content = json.loads(path.read_text())
        keep = ("history", "best_epoch", "stopped_early", "identity", "table", "seeds", "hyperparameters")
        found[path.parent.name, path.name] = {key: content[key] for key in keep if key in content}
    for path in sorted(folder.glob("*.html")):
        found[path.name] = re.findall(r"<td.*?</td>", path.read_text(), re.DOTALL)
    return found


def test_SIGKILL_of_the_whole_process_group_and_Ctrl_C(make_suite):
    root = make_suite("none")
    undisturbed = finish(start(root, "--seeds", "0 1"))
    expected = results(root)
    shutil.rmtree(root / "reports")
    for seconds, blow in ((8, signal.SIGKILL), (10, signal.SIGINT), (12, signal.SIGKILL)):
        process = start(root, "--seeds", "0 1")
        time.sleep(seconds)
        os.killpg(process.pid, blow)
        process.communicate(timeout=60)
    finish(start(root, "--seeds", "0 1"))
    assert results(root) == expected
    assert row_of(undisturbed, "01_none-seed0")[:2] == ["done", "1"]


def test_jobs_that_fail_die_or_hang_once(make_suite):
    root = make_suite("dies", "hangs", "fails")
    said = finish(start(root, "--timeout", "0.5", "--retries", "1", "--jobs", "2"))
    for job in ("01_dies", "02_hangs", "03_fails"):
        assert row_of(said, job)[:2] == ["done", "2"], said
        trained = [int(epoch) for epoch in re.findall(rf"^{job} .*epoch (\d)/6", said, re.MULTILINE)]
        assert trained == list(range(1, len(trained) + 1)), said  # each epoch once: the second try goes on, or takes it
    assert "02_hangs: failed after" in said
    assert "took longer than its 0.5 min" in said
    assert "3 done, 3 retried" in said


def test_two_suites_on_one_folder(make_suite):
    root = make_suite("none")
    first = start(root)
    time.sleep(1)
    second = start(root)
    said = [finish(first), finish(second)]
    assert sum("waiting for it to end" in text for text in said) == 1
    waited = next(text for text in said if "waiting for it to end" in text)
    assert row_of(waited, "01_none")[0] == "reused"
    assert sum(len(re.findall(r"epoch 1/6", text)) for text in said) == 1  # trained by one of them, once


def test_ports_that_are_taken_by_another_kernel(make_suite, monkeypatch):
    import papermill

    root, calls = make_suite("none"), []

    def taken_once(*args, **kwargs):
        calls.append(args)
        if len(calls) == 1:
            raise OSError("[Errno 98] Address already in use (addr='tcp://127.0.0.1:50000')")

    monkeypatch.setattr(papermill, "execute_notebook", taken_once)
    notebook = root / "notebooks" / "01_none.ipynb"
    assert execute_module._run(notebook, root / "out.ipynb", {}, None) is None
    assert len(calls) == 2


@pytest.mark.parametrize("change", ["altered", "pickle"])
def test_a_data_file_that_is_not_the_published_one(tmp_path, change):
    batch = tmp_path / "data" / "cifar-10-batches-py" / "data_batch_1"
    batch.parent.mkdir(parents=True)
    executed = tmp_path / "executed"
    harm = f"cos\nsystem\n(S'touch {executed}'\ntR.".encode()  # what unpickling would run
    batch.write_bytes(harm if change == "pickle" else bytes(31_035_704))
    for name in ("data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch", "batches.meta"):
        (batch.parent / name).write_bytes(harm)
    code = "from helpers.data import load_dataset; load_dataset('cifar10', stand_in=False)"
    folders = {"COURSEWORK_DATA": str(tmp_path / "data"), "COURSEWORK_CACHE": str(tmp_path / "cache")}
    environment = {**os.environ, **folders, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    ended = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120)
    assert ended.returncode != 0
    assert "data_batch_1" in ended.stderr
    assert "MD5" in ended.stderr
    assert not executed.exists()


def test_a_disk_that_is_full_when_a_record_is_written(small_disk):
    from helpers.files import write_json

    disk = small_disk(kilobytes=100)
    write_json(disk / "net-seed0.json", {"loss": 1.0})
    (disk / "filler").write_bytes(bytes(92_000))
    with pytest.raises(OSError, match="No space left"):
        write_json(disk / "net-seed0.json", {"losses": list(range(10_000))})
    assert json.loads((disk / "net-seed0.json").read_text()) == {"loss": 1.0}
    assert {path.name for path in disk.iterdir()} == {"net-seed0.json", "filler"}


def test_a_disk_that_is_full_when_decoded_images_are_kept(small_disk, tmp_path):
    disk = small_disk(kilobytes=100)
    code = "from helpers.data import load_dataset; print(load_dataset('cifar10', stand_in=True)[0][0].shape)"
    environment = {**os.environ, "COURSEWORK_CACHE": str(disk), "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    if not os.environ.get("COURSEWORK_DATA"):
        pytest.skip("CIFAR-10 is not in $COURSEWORK_DATA")
    ended = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120)
    assert (ended.returncode == 0 and "(60000, 32, 32, 3)" in ended.stdout) or "room" in ended.stderr
    assert not list(disk.rglob("*.npy"))
