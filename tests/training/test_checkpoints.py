"""Checkpoints: read as they were written or not at all, and the one before is there when the last one is damaged."""

import hashlib
import io
import json
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest

from helpers import files as files_module
from helpers.files import try_lock
from helpers.training.checkpoints import CheckpointError, RunFiles

EARLY, LATE = "2026-01-01T00:00:00+00:00", "2026-02-01T00:00:00+00:00"
WEIGHTS = np.random.default_rng(0).random(1000, "float32")


@pytest.fixture
def folder(tmp_path):
    """A run's folder."""
    path = tmp_path / "run"
    path.mkdir()
    return path


@pytest.fixture
def files(folder):
    """The files of a run, none written yet."""
    return RunFiles(folder, "ours")


def keep(files: RunFiles, *epochs: int) -> None:
    """Write a checkpoint after each of some epochs."""
    for epoch in epochs:
        files.checkpoint({"weights": WEIGHTS + epoch}, {"started": EARLY, "epochs": epoch})


def change(path, where) -> None:
    """Turn one bit of a file over: in the digest, in the header, in an array, or at the end."""
    content = bytearray(path.read_bytes())
    place = {"digest": 5, "header": 34, "array": len(content) // 2, "end": len(content) - 1}[where]
    content[place] ^= 1
    path.write_bytes(content)


def cut(path, where) -> None:
    """Cut a file short: to nothing, within the digest, after it, in the middle, by the last byte."""
    content = path.read_bytes()
    length = {"empty": 0, "in digest": 9, "after digest": 32, "middle": len(content) // 2, "last": len(content) - 1}
    path.write_bytes(content[: length[where]])


DAMAGES = [(change, where) for where in ("digest", "header", "array", "end")]
DAMAGES += [(cut, where) for where in ("empty", "in digest", "after digest", "middle", "last")]


@pytest.fixture(params=DAMAGES, ids=lambda damage: f"{damage[0].__name__} {damage[1]}")
def damage(request):
    """Spoils a file: damage(path)."""
    spoil, where = request.param
    return lambda path: spoil(path, where)


@pytest.mark.parametrize(
    "array",
    [
        WEIGHTS.reshape(10, 100),
        np.array([0, 2**32 - 1], "uint32"),
        np.array([-(2**63), 2**63 - 1]),
        np.array(3.5, "float32"),
        np.array(7, "int64"),
        np.array([True, False]),
        np.array([np.nan, np.inf, -0.0, 1e-45], "float32"),
        np.zeros((0, 3), "float16"),
        np.asfortranarray(WEIGHTS.reshape(10, 100)),
    ],
    ids=lambda array: f"{array.dtype}{array.shape}",
)
def test_arrays_come_back_as_they_were_to_the_bit(files, array):
    files.checkpoint({"variable 0": array, "best 0": WEIGHTS}, {})
    arrays, _ = files.latest()
    assert set(arrays) == {"variable 0", "best 0"}
    back = arrays["variable 0"]
    assert (back.dtype, back.shape, back.tobytes()) == (array.dtype, array.shape, array.tobytes())


def test_values_come_back_as_they_were(files):
    values = {
        "name": 'Dürer, 画像 🙂 "\\\n',
        "third": 1 / 3,
        "big": 2**60,
        "none": None,
        "nested": {"a": [1, True, []]},
    }
    files.finish({}, values)
    assert files.finished() == ({}, values)


def test_before_anything_is_written_there_is_nothing_to_read(files):
    with warnings.catch_warnings(action="error"):
        assert files.latest() is None
        assert files.finished() is None


def test_the_newest_checkpoint_is_read_and_the_one_before_is_kept(files, folder):
    keep(files, 1, 2, 3)
    assert sorted(path.name for path in folder.iterdir()) == ["current", "previous"]
    arrays, values = files.latest()
    np.testing.assert_array_equal(arrays["weights"], WEIGHTS + 3)
    assert values == {"started": EARLY, "epochs": 3}
    (folder / "current").unlink()  # as when the process is killed between the two
    assert files.latest()[1]["epochs"] == 2


def test_a_checkpoint_starts_with_the_checksum_of_the_rest_and_holds_no_pickle(files, folder):
    keep(files, 1)
    content = (folder / "current").read_bytes()
    assert content[:32] == hashlib.sha256(content[32:]).digest()
    with np.load(io.BytesIO(content[32:]), allow_pickle=False) as archive:
        assert json.loads(archive["values.json"].tobytes()) == {"identity": "ours", "started": EARLY, "epochs": 1}


def test_a_damaged_checkpoint_is_removed_and_the_one_before_is_used(files, folder, damage):
    keep(files, 1, 2)
    damage(folder / "current")
    with pytest.warns(UserWarning, match=r"^run/current is damaged: its checksum differs; it is removed and not used"):
        arrays, values = files.latest()
    assert values["epochs"] == 1
    np.testing.assert_array_equal(arrays["weights"], WEIGHTS + 1)
    assert [path.name for path in folder.iterdir()] == ["previous"]


def test_where_both_checkpoints_are_damaged_the_run_starts_anew(files, folder, damage):
    keep(files, 1, 2)
    damage(folder / "current")
    damage(folder / "previous")
    with pytest.warns(UserWarning, match="is damaged") as said:
        assert files.latest() is None
    assert [str(warning.message).split()[0] for warning in said] == ["run/current", "run/previous"]
    assert list(folder.iterdir()) == []
    keep(files, 1)
    assert files.latest()[1]["epochs"] == 1


def test_a_damaged_finished_run_is_removed_and_trained_again(files, folder, damage):
    files.finish({"weights": WEIGHTS}, {"started": EARLY})
    damage(folder / "finished")
    with pytest.warns(UserWarning, match="^run/finished is damaged"):
        assert files.finished() is None
    assert list(folder.iterdir()) == []


def test_nothing_of_a_file_is_parsed_before_its_checksum_is_verified(files, folder, damage, monkeypatch):
    keep(files, 1)
    damage(folder / "current")
    monkeypatch.setattr(np, "load", lambda *_, **__: pytest.fail("the archive was opened"))
    monkeypatch.setattr(json, "loads", lambda *_, **__: pytest.fail("the values were read"))
    with pytest.warns(UserWarning, match="is damaged"):
        assert files.latest() is None


def test_a_checkpoint_of_another_run_is_not_used(files, folder):
    keep(files, 1)
    keep(RunFiles(folder, "another's"), 2)
    with pytest.warns(UserWarning, match="^run/current belongs to another run; it is removed and not used"):
        assert files.latest()[1]["epochs"] == 1


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, path):
        self._path = path

    def __reduce__(self):
        return open, (str(self._path), "w")


def test_pickled_objects_are_never_loaded(files, folder, tmp_path):
    trap = np.array([Trap(tmp_path / "sprung")], object)
    archive = io.BytesIO()
    values = np.frombuffer(b'{"identity": "ours"}', "uint8")
    np.savez(archive, weights=trap, **{"values.json": values})
    content = archive.getvalue()
    (folder / "current").write_bytes(hashlib.sha256(content).digest() + content)
    with pytest.warns(UserWarning, match="run/current holds something else than arrays and plain values"):
        assert files.latest() is None
    assert not (tmp_path / "sprung").exists()
    pickle.loads(pickle.dumps(trap))[0].close()  # the trap does work
    assert (tmp_path / "sprung").exists()


@pytest.mark.parametrize(("since", "used"), [(None, True), (EARLY, True), (LATE, False)])
def test_what_was_begun_before_a_time_is_left_out_without_a_word(files, folder, since, used):
    keep(files, 1, 2)
    files.finish({}, {"started": EARLY})
    keep(files, 3)
    later = RunFiles(folder, "ours", since)
    with warnings.catch_warnings(action="error"):
        assert (later.finished() is not None) == used
        assert (later.latest() is not None) == used
    assert {path.name for path in folder.iterdir()} == ({"current", "finished"} if used else set())


def test_the_finished_run_replaces_its_checkpoints(files, folder):
    keep(files, 1, 2)
    files.finish({"weights": WEIGHTS}, {"started": EARLY, "history": [0.5]})
    assert [path.name for path in folder.iterdir()] == ["finished"]
    assert files.latest() is None
    arrays, values = files.finished()
    np.testing.assert_array_equal(arrays["weights"], WEIGHTS)
    assert values == {"started": EARLY, "history": [0.5]}


def test_a_full_disk_leaves_the_checkpoints_before_and_says_what_to_do(files, folder, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    keep(files, 1, 2)
    monkeypatch.setattr(files_module.os, "fsync", full)
    with pytest.raises(CheckpointError, match=r"No space left.*make room.*run again"):
        keep(files, 3)
    assert files.latest()[1]["epochs"] == 2
    assert (folder / "previous").exists()
    with pytest.raises(CheckpointError, match=r"No space left"):
        files.finish({}, {})
    assert files.latest()[1]["epochs"] == 2
    assert not list(folder.glob(".*"))  # nothing half-written


def test_values_that_are_no_finite_numbers_are_refused_and_the_checkpoint_before_stays(files):
    keep(files, 1)
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.checkpoint({}, {"loss": float("nan")})
    assert files.latest()[1]["epochs"] == 1


def test_a_folder_that_cannot_be_made_is_named_with_what_to_do(tmp_path):
    (tmp_path / "runs").write_text("a file, not a folder")
    with pytest.raises(CheckpointError, match=r"runs.run .*expected a writable folder.*correct reports_dir"):  # noqa: SIM117
        with RunFiles(tmp_path / "runs" / "run", "ours").held(pytest.fail):
            pytest.fail("it was begun")


def test_a_folder_that_is_removed_meanwhile_is_named_with_what_to_do(files, folder):
    folder.rmdir()
    with pytest.raises(CheckpointError, match=r"cannot be kept in .*run .*expected a writable folder"):
        keep(files, 1)
    with pytest.raises(CheckpointError, match=r"expected a writable folder"):
        files.finish({}, {})


def test_an_error_of_the_training_is_not_taken_for_one_of_the_folder(files):
    with pytest.raises(FileNotFoundError, match="images"), files.held(pytest.fail):
        raise FileNotFoundError("images")


def half_written(folder, name: str, process: int):
    """What `replacing` leaves of a file when that process is killed."""
    path = folder / f".{name}-{files_module._node()}-{process}-abc12345"
    path.write_bytes(b"half of")
    return path


@pytest.fixture
def dead():
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_whoever_holds_a_run_removes_what_a_killed_process_left_half_written(files, folder, dead):
    keep(files, 1, 2)
    for name in ("current", "finished"):
        half_written(folder, name, dead)
    with files.held(pytest.fail):
        assert {path.name for path in folder.iterdir()} == {"current", "previous", "lock"}


WRITER = """
import sys
from helpers.training.checkpoints import RunFiles
from pathlib import Path
import helpers.files
def wait(_):
    print("writing", flush=True)
    sys.stdin.read()
helpers.files.os.fsync = wait  # all is written to the temporary file, which has not got its name yet
RunFiles(Path(sys.argv[1]), "ours").checkpoint({}, {"started": "2026-03-01T00:00:00+00:00", "epochs": 7})
"""


def test_without_locks_another_process_leaves_the_file_that_is_being_written(files, folder, monkeypatch):
    keep(files, 1)
    monkeypatch.setattr(files_module, "try_lock", lambda file: True)  # as on a network drive without locks
    command = [sys.executable, "-c", WRITER, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout.readline() == "writing\n"
        with files.held(lambda: pytest.fail("there is no lock to wait for")):
            assert len(list(folder.glob(".current-*"))) == 1
            assert files.latest()[1]["epochs"] == 1
            files.finish({}, {"started": EARLY})  # removes the checkpoints of a run that it has finished
        writer.stdin.close()
        assert writer.wait() == 0
    assert files.finished() == ({}, {"started": EARLY})
    assert files.latest()[1]["epochs"] == 7


def test_a_run_is_held_by_one_at_a_time_and_let_go_at_the_end(files, folder):
    with files.held(pytest.fail), (folder / "lock").open() as other:
        assert not try_lock(other)
    with pytest.raises(KeyError), files.held(pytest.fail):
        raise KeyError
    with (folder / "lock").open() as other:
        assert try_lock(other)


def test_who_finds_a_run_held_says_so_once_and_waits_for_its_end(files, folder, dead):
    keep(files, 1)
    other, said = (folder / "lock").open("w"), []
    assert try_lock(other)
    left = half_written(folder, "current", dead)

    def wait():
        said.append(left.exists())  # not removed while another holds the run
        other.close()

    with files.held(wait):
        assert said == [True]
        assert not left.exists()


def test_the_folder_of_a_run_is_made_with_those_above_it(tmp_path):
    files = RunFiles(tmp_path / "a" / "b" / "run", "ours")
    with files.held(pytest.fail):
        keep(files, 1)
    assert files.latest()[1]["epochs"] == 1
