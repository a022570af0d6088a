"""A training run that is killed, or whose files are damaged, ends like one that nothing happened to."""

import random
import shutil
import subprocess

import numpy as np
import pytest

from helpers.training.checkpoints import DIGEST_BYTES

TIMES = ("seconds", "seconds_by_epoch", "seconds_first_step", "images_per_second", "others_by_epoch")


def only_run(runs_dir):
    """The folder of the only run."""
    (folder,) = runs_dir.iterdir()
    return folder


def but_for_times(result: dict) -> dict:
    """A run's result without what a clock says, how it was had, and a commit that is made while the tests run."""
    kept = {key: value for key, value in result.items() if key not in (*TIMES, "started", "reused", "computed")}
    return kept | {"environment": {**result["environment"], "commit": ""}}


def assert_ends_like(undisturbed, answer, kept: int | None = None):
    """The same history, weights to the bit, stopping epoch; each epoch timed once.

    Args:
        undisturbed, answer: The worker's answers.
        kept: So many epochs were not computed anew: those of the last good checkpoint.
    """
    assert answer["statuses"] == [0] * len(answer["statuses"]), answer["error"]
    for result in answer["results"]:
        assert but_for_times(result) == but_for_times(undisturbed["results"][0])
        assert len(result["seconds_by_epoch"]) == len(result["history"]["loss"])
        assert result["seconds"] == pytest.approx(sum(result["seconds_by_epoch"]))
        assert kept is None or result["computed"] == len(result["history"]["loss"]) - kept


def test_the_undisturbed_run_has_what_must_be_resumed(undisturbed):
    (result,) = undisturbed["results"]
    assert result["stopped_early"]
    assert 1 < result["best_epoch"] < len(result["history"]["loss"]) == result["computed"]
    assert not result["reused"]


def test_SIGKILL_at_a_random_moment(worker, undisturbed, runs_dir, moment):
    share = random.Random(moment).uniform(0, 0.9) ** 0.5  # rather late: the first half is one epoch, which compiles
    killed = worker.ask(runs_dir, kill_after=share * undisturbed["seconds"])
    assert killed["statuses"][0] in (-9, 0)  # 0: it was that little faster
    was_kept = any((only_run(runs_dir) / name).exists() for name in ("current", "previous", "finished"))
    answer = worker.ask(runs_dir)
    assert_ends_like(undisturbed, answer)
    (result,) = answer["results"]
    assert (result["computed"] < len(result["history"]["loss"])) == was_kept


def test_SIGKILL_again_and_again(worker, undisturbed, runs_dir):
    for _ in range(4):  # each goes an epoch further than the one before
        assert worker.ask(runs_dir, die_at=["write", 2])["statuses"] == [-9]
    assert_ends_like(undisturbed, worker.ask(runs_dir), kept=4)


@pytest.mark.parametrize(
    ("function", "call", "kept"),
    [
        ("write", 1, 0),  # the first checkpoint, before it is safe
        ("rename", 2, 0),  # written, but not yet in its place (the first call sets aside one before it: there is none)
        ("write", 3, 2),  # two others are there
        ("rename", 3, 1),  # the one before is about to be set aside
        ("rename", 4, 1),  # it is set aside, and the new one not yet in its place
        ("write", "finished", "all"),  # the last checkpoint is there, the finished run not yet safe
        ("write", "record", "all"),  # the run has ended, its record is not yet safe
        ("remove", 1, "all"),  # the finished run is written, its checkpoints are still there
        ("remove", 2, "all"),
    ],
)
def test_SIGKILL_while_a_checkpoint_or_result_is_written(worker, undisturbed, runs_dir, function, call, kept):
    epochs = len(undisturbed["results"][0]["seconds_by_epoch"])
    call = {"finished": epochs + 1, "record": epochs + 2}.get(call, call)
    assert worker.ask(runs_dir, die_at=[function, call])["statuses"] == [-9]
    assert_ends_like(undisturbed, worker.ask(runs_dir), epochs if kept == "all" else kept)
    assert not list(only_run(runs_dir).glob(".*"))  # nothing half-written is left


def copied(cut, runs_dir):
    """The folder of a run that was killed after its third epoch, copied to where this test's runs are."""
    return shutil.copytree(cut, runs_dir / cut.name)


def truncated(content: bytes) -> bytes:
    return content[: len(content) // 2]


def emptied(content: bytes) -> bytes:
    return b""


def flipped(content: bytes) -> bytes:
    at = DIGEST_BYTES + len(content) // 2
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def flipped_in_its_checksum(content: bytes) -> bytes:
    return bytes([content[0] ^ 128]) + content[1:]


@pytest.mark.parametrize("damage", [truncated, emptied, flipped, flipped_in_its_checksum])
def test_a_damaged_checkpoint_gives_way_to_the_one_before(worker, undisturbed, cut, runs_dir, damage):
    current = copied(cut, runs_dir) / "current"
    current.write_bytes(damage(current.read_bytes()))
    assert_ends_like(undisturbed, worker.ask(runs_dir), kept=2)


def test_all_checkpoints_damaged(worker, undisturbed, cut, runs_dir):
    folder = copied(cut, runs_dir)
    for name in ("current", "previous"):
        (folder / name).write_bytes(flipped((folder / name).read_bytes()))
    assert_ends_like(undisturbed, worker.ask(runs_dir), kept=0)


def test_a_checkpoint_of_another_run(worker, undisturbed, cut, runs_dir, tmp_path):
    worker.ask(tmp_path / "others", options={"seed": 4}, die_at=["write", 4])
    shutil.copytree(only_run(tmp_path / "others"), runs_dir / cut.name)
    assert_ends_like(undisturbed, worker.ask(runs_dir), kept=0)


def test_a_damaged_finished_run(worker, undisturbed, kept_runs, runs_dir):
    finished = only_run(shutil.copytree(kept_runs, runs_dir)) / "finished"
    finished.write_bytes(flipped(finished.read_bytes()))
    answer = worker.ask(runs_dir)
    assert_ends_like(undisturbed, answer, kept=0)
    assert not answer["results"][0]["reused"]


def test_two_processes_on_one_run(worker, undisturbed, runs_dir):
    answer = worker.ask(runs_dir, processes=2)
    assert_ends_like(undisturbed, answer)
    assert sorted(result["reused"] for result in answer["results"]) == [False, True]  # one trained, one waited
    assert 0 in [result["computed"] for result in answer["results"]]


def test_two_processes_on_one_run_both_killed(worker, undisturbed, runs_dir):
    killed = worker.ask(runs_dir, processes=2, kill_after=0.7 * undisturbed["seconds"])
    assert set(killed["statuses"]) <= {-9, 0}, killed["error"]
    assert_ends_like(undisturbed, worker.ask(runs_dir, processes=2))


def test_a_loss_that_becomes_NaN(worker, runs_dir):
    options = {"boom_after": 20}  # in the third epoch of eight steps
    first, again = (worker.ask(runs_dir, options=options) for _ in range(2))
    for answer in (first, again):
        assert answer["statuses"] == [1]
        assert "the loss is nan after epoch 3 at a learning rate of 1e+38" in answer["error"]
        assert "lower the learning rate" in answer["error"]
    names = {path.name for path in only_run(runs_dir).iterdir()}
    assert names == {"current", "previous", "lock"}  # the good epochs are kept, nothing is called finished


def test_a_disk_that_is_full_when_a_checkpoint_is_written(worker, undisturbed, small_disk):
    disk = small_disk(kilobytes=600)
    filler = disk / "filler"
    filler.write_bytes(bytes(300_000))  # room for two checkpoints of about 110 kB, not for three
    answer = worker.ask(disk / "runs")
    assert answer["statuses"] == [1]
    assert "No space left" in answer["error"]
    assert "make room" in answer["error"]
    filler.unlink()
    assert_ends_like(undisturbed, worker.ask(disk / "runs"), kept=2)


def test_a_folder_that_becomes_read_only(worker, undisturbed, small_disk):
    disk = small_disk(kilobytes=4_000)
    worker.ask(disk / "runs", die_at=["write", 4])
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    answer = worker.ask(disk / "runs")
    assert answer["statuses"] == [1]
    assert "Read-only file system" in answer["error"]
    assert "training goes on from the last checkpoint" in answer["error"]
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    assert_ends_like(undisturbed, worker.ask(disk / "runs"), kept=3)


def test_a_checkpoint_that_holds_a_pickle(worker, undisturbed, cut, runs_dir, tmp_path):
    import hashlib
    import io

    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "executed"), "w"))

    current = copied(cut, runs_dir) / "current"
    archive = io.BytesIO()
    np.savez(archive, evil=np.array([Evil()], dtype=object))
    content = archive.getvalue()
    current.write_bytes(hashlib.sha256(content).digest() + content)  # even with a checksum that is right
    answer = worker.ask(runs_dir)
    assert not (tmp_path / "executed").exists()
    assert_ends_like(undisturbed, answer, kept=2)
