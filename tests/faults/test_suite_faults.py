"""The suite itself: kernels that die, jobs that hang, process groups that are killed, two suites on one folder."""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from small_suite import call, finish, make_suite, records, results, row_of, start, wait_for

from helpers.data.decoded import CacheFolderError, load_decoded
from helpers.files import try_lock
from suite.notebooks import Limit, run_notebook
from suite.warm import ADDRESS

ROOT = Path(__file__).parents[2]


def progress(root: Path, job: str) -> str:
    """The lines of progress of a job."""
    log = root / "reports" / "smoke" / ".partial" / f"{job}.progress"
    return log.read_text() if log.exists() else ""


def is_locked(path: Path) -> bool:
    """Whether a process holds a lock."""
    if not path.exists():
        return False
    with path.open("r+") as file:
        return not try_lock(file)


IN_TURN = [("01_none-seed10", r"epoch [2-9]/", signal.SIGINT), ("01_none-seed11", r"epoch [2-9]/", signal.SIGKILL)]
BESIDE = [("01_none-seed11", r"epoch [2-9]/", signal.SIGKILL)]  # while the other seed trains


@pytest.fixture(scope="module")
def undisturbed(libraries_are_imported, tmp_path_factory):
    """A suite that has trained two seeds of a notebook, a core each."""
    root = make_suite(tmp_path_factory.mktemp("undisturbed") / "suite", "none", epochs=16)
    said = call(root, "reproduce", "--seeds", "10 11", "--jobs", 2, "--threads", 1)
    assert row_of(said, "01_none-seed10")[:2] == ["done", "1"]
    return root


@pytest.mark.parametrize(("jobs", "blows"), [(1, IN_TURN), (2, BESIDE)], ids=["one job at a time", "two at a time"])
def test_SIGKILL_of_the_whole_process_group_and_Ctrl_C(undisturbed, tmp_path, jobs, blows):
    root = shutil.copytree(undisturbed, tmp_path / "suite", ignore=shutil.ignore_patterns("smoke"))
    asked = ("reproduce", "--seeds", "10 11", "--jobs", jobs, "--threads", 1)
    for job, reached, blow in blows:
        process = start(root, *asked, **{ADDRESS: ""})  # all its processes are its own, as a user's are
        wait_for(lambda job=job, reached=reached: re.search(reached, progress(root, job)), process)
        os.killpg(process.pid, blow)
        said = finish(process, None)  # it ends by itself; what would survive the blow would hold its output open
        assert process.returncode == (1 if blow == signal.SIGINT else -blow)
        assert ("Interrupted. Run the same command again" in said) == (blow == signal.SIGINT)
    if jobs == 1:
        assert ("01_none", "net", 10) in records(root)  # written when its run had ended, not when all had
    call(root, *asked)
    assert results(root) == results(undisturbed)


def test_jobs_that_fail_die_or_hang_once(tmp_path):
    root = make_suite(tmp_path, "dies", "hangs", "fails")
    said = call(root, "reproduce", "--timeout", "0.75", "--retries", "1", "--jobs", "2")
    for job in ("01_dies", "02_hangs", "03_fails"):
        assert row_of(said, job)[:2] == ["done", "2"], said
        trained = [int(epoch) for epoch in re.findall(rf"^{job} .*epoch (\d)/6", said, re.MULTILINE)]
        assert trained == [1, 2, 3, 4, 5, 6], said  # each epoch once: the second try finds the record
    assert "02_hangs: failed after" in said
    assert "took longer than its 0.75 min" in said
    assert "3 done, 3 retried" in said
    assert len(records(root)) == 3


def test_two_suites_on_one_folder(tmp_path):
    root = make_suite(tmp_path, "none")
    first = start(root, "reproduce")
    wait_for(lambda: is_locked(root / "reports" / "smoke" / ".partial" / "lock"), first)
    said = finish(start(root, "reproduce")), finish(first)
    assert "waiting for it to end" in said[0]
    assert "waiting for it to end" not in said[1]
    assert row_of(said[0], "01_none")[0] == "reused"
    assert sum(len(re.findall(r"epoch 1/6", text)) for text in said) == 1  # trained by one of them, once


def test_ports_that_are_taken_by_another_kernel(tmp_path, monkeypatch):
    import papermill

    root, calls = make_suite(tmp_path, "none"), []

    def taken_once(*args, **kwargs):
        calls.append(args)
        if len(calls) == 1:
            raise OSError("[Errno 98] Address already in use (addr='tcp://127.0.0.1:50000')")

    monkeypatch.setattr(papermill, "execute_notebook", taken_once)
    notebook = root / "notebooks" / "01_none.ipynb"
    assert run_notebook(notebook, root / "out.ipynb", {}, Limit()) is None
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


@pytest.mark.parametrize("is_counted", [True, False])  # False: another process fills the disk meanwhile
def test_a_disk_that_is_full_when_decoded_images_are_kept(small_disk, tmp_path, monkeypatch, is_counted):
    disk, content = small_disk(kilobytes=100), bytes(range(256)) * 800
    (tmp_path / "batch").write_bytes(content)
    md5s = {"batch": hashlib.md5(content, usedforsecurity=False).hexdigest()}
    monkeypatch.setenv("COURSEWORK_CACHE", str(disk))
    if not is_counted:
        monkeypatch.setattr("helpers.data.decoded._check_room", lambda *_: None)

    def decode(contents):
        pixels = np.frombuffer(contents[0], "uint8")
        return pixels.reshape(-1, 1, 1, 1), pixels.astype("int64")

    with pytest.raises(CacheFolderError, match=r"room.*COURSEWORK_CACHE|COURSEWORK_CACHE.*room"):
        load_decoded(tmp_path, md5s, decode)
    assert not [path for path in disk.rglob("*") if path.is_file()]
