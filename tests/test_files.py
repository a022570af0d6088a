"""Files that are written whole or not at all, in folders that are checked before anything is trained."""

import collections
import contextlib
import json
import os
import subprocess
import sys
import time
import types

import numpy as np
import pytest

from helpers import files
from helpers.files import (
    DAY,
    ResultsFolderError,
    lock,
    remove_half_written,
    replacing,
    results_folder,
    runs_folder,
    try_lock,
    write_json,
)

HOLDER = """
import sys
from helpers.files import try_lock
with open(sys.argv[1]) as file:
    print(try_lock(file), flush=True)
    sys.stdin.read()
"""


def test_the_folder_of_a_notebooks_records_is_made(tmp_path):
    folder = results_folder(tmp_path / "reports", "smoke", "03_cnn")
    assert folder == tmp_path / "reports" / "smoke" / "results" / "03_cnn"
    assert folder.is_dir()
    assert not list(folder.iterdir())


def test_a_results_folder_below_a_regular_file_is_refused_by_name(tmp_path):
    (tmp_path / "reports").write_text("not a folder")
    with pytest.raises(ResultsFolderError, match=r"reports.smoke.results.03_cnn .*Nothing was trained"):
        results_folder(tmp_path / "reports", "smoke", "03_cnn")


def test_a_folder_that_is_there_and_cannot_be_written_to_is_refused_before_training(tmp_path, monkeypatch):
    def refuse(dir):
        raise PermissionError(13, "Permission denied", str(dir))

    monkeypatch.setattr(files.tempfile, "TemporaryFile", refuse)
    with pytest.raises(ResultsFolderError, match=r"03_cnn \(.*Permission denied.*Nothing was trained"):
        results_folder(tmp_path, "smoke", "03_cnn")


def test_a_disk_that_is_nearly_full_is_refused_before_training(tmp_path, monkeypatch):
    usage = collections.namedtuple("usage", "total used free")
    monkeypatch.setattr(files.shutil, "disk_usage", lambda _: usage(10**12, 10**12, 5 * 2**20))
    with pytest.raises(ResultsFolderError, match=r"5 MiB free: expected 200 MiB or more.*Nothing was trained"):
        results_folder(tmp_path, "smoke", "03_cnn")


def test_json_is_written_with_numpys_numbers_as_plain_ones(tmp_path):
    write_json(tmp_path / "run.json", {"loss": np.float32(0.5), "seed": np.int64(3), "history": [1.0]})
    assert json.loads((tmp_path / "run.json").read_text()) == {"loss": 0.5, "seed": 3, "history": [1.0]}
    assert (tmp_path / "run.json").stat().st_mode & 0o444 == 0o444  # for everyone to read


@pytest.mark.parametrize(
    ("content", "error"),
    [({"loss": float("nan")}, ValueError), ({"loss": float("inf")}, ValueError), ({"model": object()}, TypeError)],
)
def test_what_is_no_plain_finite_value_leaves_the_old_file_and_nothing_else(tmp_path, content, error):
    write_json(tmp_path / "run.json", {"loss": 1.0})
    with pytest.raises(error):
        write_json(tmp_path / "run.json", {"accuracy": 0.5} | content)
    assert json.loads((tmp_path / "run.json").read_text()) == {"loss": 1.0}
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


def test_a_disk_that_fails_while_writing_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    (tmp_path / "page.html").write_text("old")
    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"), replacing(tmp_path / "page.html") as file:
        file.write(b"new")
    assert (tmp_path / "page.html").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_readers_see_the_old_file_until_the_new_one_is_whole(tmp_path):
    (tmp_path / "page.html").write_text("old")
    with replacing(tmp_path / "page.html") as file:
        file.write(b"half of the n")
        file.flush()
        assert (tmp_path / "page.html").read_text() == "old"
        file.write(b"ew one")
    assert (tmp_path / "page.html").read_text() == "half of the new one"


@pytest.mark.parametrize("refused", ["chmod", "replace"])
def test_a_share_that_refuses_costs_no_result_and_leaves_nothing_behind(tmp_path, monkeypatch, refused):
    def refuse(*_):
        raise PermissionError(refused)

    monkeypatch.setattr(files.os, refused, refuse)
    with contextlib.suppress(PermissionError), replacing(tmp_path / "page.html") as file:
        file.write(b"new")
    assert [path.name for path in tmp_path.iterdir()] == (["page.html"] if refused == "chmod" else [])


def left_by(folder, node: str, process, age: float = 0.0):
    """What `replacing` leaves when a process of a machine is killed, so many seconds ago."""
    path = folder / f".cnn-seed10.json-{node.replace('-', '_')}-{process}-x1y2z3_4"
    path.write_bytes(b"half of")
    os.utime(path, (time.time() - age,) * 2)
    return path


@pytest.mark.parametrize("node", ["laptop", "ip-10-0-0-7"])
def test_half_written_files_stay_while_who_writes_them_may_be_alive(tmp_path, monkeypatch, node):
    monkeypatch.setattr(files.platform, "node", lambda: node)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    living = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    stay = [
        left_by(tmp_path, node, living.pid, age=9 * DAY),
        left_by(tmp_path, "another-machine", ended.pid, age=DAY - 60),
        tmp_path / "cnn-seed10.json",
        tmp_path / ".gitignore",
        tmp_path / ".notes-2024-05-01.md",  # somebody's own
    ]
    (tmp_path / ".backup-2024-05-01").mkdir()
    go = [
        left_by(tmp_path, node, ended.pid),
        left_by(tmp_path, node, os.getpid()),  # this process writes nothing now
        left_by(tmp_path, "another-machine", living.pid + 1, age=DAY + 60),
    ]
    for path in stay[2:]:
        path.touch()
    os.utime(tmp_path / ".notes-2024-05-01.md", (0, 0))
    remove_half_written(tmp_path)
    assert set(tmp_path.iterdir()) == {*stay, tmp_path / ".backup-2024-05-01"}
    assert not any(path.exists() for path in go)
    living.communicate()


def test_a_file_that_is_being_written_says_by_whom(tmp_path):
    with replacing(tmp_path / "cnn-seed10.json"):
        (path,) = tmp_path.iterdir()
        *_, node, process, _ = path.name.rsplit("-", 3)
        assert (node, int(process)) == (files.platform.node().replace("-", "_"), os.getpid())


def test_runs_are_kept_beside_a_profiles_reports_or_where_they_are_asked_to_be(tmp_path):
    assert runs_folder(tmp_path / "reports", "smoke") == tmp_path / "reports" / "smoke" / ".runs"
    assert runs_folder(tmp_path / "reports", "full", str(tmp_path / "drive" / "runs")) == tmp_path / "drive" / "runs"
    assert (tmp_path / "reports" / "smoke" / ".runs").is_dir()
    assert (tmp_path / "drive" / "runs").is_dir()
    assert not (tmp_path / "reports" / "full").exists()


def test_a_folder_of_runs_that_cannot_be_written_is_refused_before_training(tmp_path, monkeypatch):
    (tmp_path / "drive").write_text("not a folder")
    with pytest.raises(
        ResultsFolderError, match=r"drive.runs .*expected a writable folder; correct runs_dir or .*Nothing was trained"
    ):
        runs_folder(tmp_path / "reports", "smoke", str(tmp_path / "drive" / "runs"))
    usage = collections.namedtuple("usage", "total used free")
    monkeypatch.setattr(files.shutil, "disk_usage", lambda _: usage(10**12, 10**12, 5 * 2**20))
    with pytest.raises(ResultsFolderError, match=r"5 MiB free: expected 200 MiB or more"):
        runs_folder(tmp_path / "reports", "smoke")


def test_a_file_is_locked_by_one_at_a_time_until_it_is_closed(tmp_path):
    with (tmp_path / "lock").open("w") as first, (tmp_path / "lock").open() as second:
        assert try_lock(first)
        assert not try_lock(second)
        assert try_lock(first)  # it has it
        first.close()
        assert try_lock(second)


def test_the_lock_of_a_process_that_is_killed_is_free_again(tmp_path):
    (tmp_path / "lock").touch()
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "lock")]
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "True\n"
    with (tmp_path / "lock").open() as file:
        assert not try_lock(file)
        holder.kill()
        holder.communicate()
        assert try_lock(file)


def test_a_free_file_is_locked_without_waiting(tmp_path):
    with (tmp_path / "lock").open("w") as file, (tmp_path / "lock").open() as other:
        lock(file, when_waiting=lambda: pytest.fail("it was free"))
        assert not try_lock(other)


def test_who_finds_a_file_locked_says_so_once_and_waits_for_it(tmp_path):
    with (tmp_path / "lock").open("w") as holder, (tmp_path / "lock").open() as file:
        assert try_lock(holder)
        said = []

        def wait():
            said.append("waiting")
            holder.close()

        lock(file, when_waiting=wait)
        assert said == ["waiting"]
        with (tmp_path / "lock").open() as other:
            assert not try_lock(other)


def no_locks(*_):
    """What a file system without locks answers."""
    raise OSError(95, "Operation not supported")


@pytest.mark.parametrize("system", [None, types.SimpleNamespace(flock=no_locks, LOCK_EX=2, LOCK_NB=4)])
def test_where_the_system_has_no_locks_nothing_is_held_and_nobody_waits(tmp_path, monkeypatch, system):
    monkeypatch.setattr(files, "fcntl", system)
    with (tmp_path / "lock").open("w") as first, (tmp_path / "lock").open() as second:
        for file in (first, second):
            assert try_lock(file)
            lock(file, when_waiting=lambda: pytest.fail("there is nothing to wait for"))


def test_text_with_brackets_and_spaces_stays_as_it_is(tmp_path):
    content = {"note": "see [a  b] and [1,\n 2]", "lists": [[1, 2], ["a  b", "[x  y]"], [], {"[ ]": [0.5]}]}
    write_json(tmp_path / "run.json", content)
    text = (tmp_path / "run.json").read_text()
    assert json.loads(text) == content
    assert "[ 1, 2 ]" in text  # a list of numbers is a line


def test_on_windows_nobody_is_asked_whether_he_is_alive(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_is_alive", lambda process: pytest.fail("that would be Ctrl-C"))
    node = files.platform.node()
    young, old = left_by(tmp_path, node, 12345, age=DAY - 60), left_by(tmp_path, node, 12346, age=DAY + 60)
    monkeypatch.setattr(files.os, "name", "nt")
    try:
        remove_half_written(tmp_path)
    finally:
        monkeypatch.undo()
    assert young.exists()
    assert not old.exists()
