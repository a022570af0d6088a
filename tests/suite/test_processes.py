"""A job's process: it ends in time and with its parent, has a GPU of its own, and says how it goes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpers import gpus
from helpers.progress import LOG_VARIABLE
from suite.processes import Follow, JobTimeoutError, claim_gpu, time_limit

ROOT = Path(__file__).parents[2]
PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]])
time.sleep(20)
"""
CHILD = """
import os, time
from suite.processes import end_with_parent
end_with_parent()
print(os.getpid(), flush=True)
time.sleep(20)
"""
HOLDER = """
import os, pathlib, sys
from suite.processes import claim_gpu
with claim_gpu(pathlib.Path(sys.argv[1])):
    print(os.environ.get("CUDA_VISIBLE_DEVICES"), flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def visible(monkeypatch):
    """Set CUDA_VISIBLE_DEVICES, or unset it with None; put back afterwards. The machine has no GPU of its own."""
    monkeypatch.setattr(gpus, "_nvidia_smi", lambda field: [])

    def set_to(gpus: str | None):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", gpus or "")
        if gpus is None:
            del os.environ["CUDA_VISIBLE_DEVICES"]

    return set_to


@pytest.fixture
def holder(tmp_path, visible):
    """Begin a process that claims one of two GPUs until its input ends: holder() -> process, its GPU."""
    visible("0,1")
    begun = []

    def begin():
        command = [sys.executable, "-c", HOLDER, str(tmp_path)]
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        begun.append(process)
        return process, process.stdout.readline().strip()

    yield begin
    for process in begun:
        process.kill()
        process.communicate()


def sleep_at_most(seconds: float) -> None:
    """Sleep in short pieces, as Python code that can be interrupted does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.01)


# Time.


def test_a_job_that_takes_too_long_is_ended_in_time_with_the_message():
    before, started = signal.getsignal(signal.SIGALRM), time.monotonic()
    with pytest.raises(JobTimeoutError, match=r"longer than its 0\.3 s"), time_limit(0.3, "longer than its 0.3 s"):
        sleep_at_most(10)
    assert 0.25 < time.monotonic() - started < 3
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_a_job_that_ends_in_time_is_left_alone_afterwards():
    before = signal.getsignal(signal.SIGALRM)
    with time_limit(0.3, "too long"):
        assert signal.getsignal(signal.SIGALRM) is not before
    assert signal.getsignal(signal.SIGALRM) is before
    sleep_at_most(0.4)


def test_a_job_that_fails_in_time_keeps_its_own_error():
    before = signal.getsignal(signal.SIGALRM)
    with pytest.raises(KeyError, match="seed"), time_limit(60, "too long"):
        raise KeyError("seed")
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_no_limit_changes_nothing():
    before = signal.getsignal(signal.SIGALRM)
    with time_limit(None, ""):
        assert signal.getsignal(signal.SIGALRM) is before
        assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


# GPUs.


def test_jobs_at_the_same_time_have_different_gpus_and_a_killed_one_gives_its_own_back(holder):
    first, gpu = holder()
    _, other = holder()
    assert {gpu, other} == {"0", "1"}
    first.kill()
    first.wait()
    assert holder()[1] == gpu


@pytest.mark.parametrize("listed", ["3,5", " 3, 5"])
def test_only_gpus_that_are_visible_are_claimed(tmp_path, visible, listed):
    claimed = []
    visible(listed)
    with claim_gpu(tmp_path):
        claimed.append(os.environ["CUDA_VISIBLE_DEVICES"])
        visible(listed)  # as in another process
        with claim_gpu(tmp_path):
            claimed.append(os.environ["CUDA_VISIBLE_DEVICES"])
    assert claimed == ["3", "5"]


def test_a_gpu_is_free_again_when_its_job_has_ended(tmp_path, visible):
    for _ in range(2):
        visible("0,1")
        with claim_gpu(tmp_path):
            assert os.environ["CUDA_VISIBLE_DEVICES"] == "0"


def test_where_all_gpus_are_taken_a_job_sees_what_it_saw(tmp_path, visible):
    visible("3")
    with claim_gpu(tmp_path):
        visible("3")
        with claim_gpu(tmp_path):
            assert os.environ["CUDA_VISIBLE_DEVICES"] == "3"


@pytest.mark.parametrize("gpus", [None, "", "-1"])
def test_without_gpus_nothing_is_changed(tmp_path, visible, gpus):
    visible(gpus)
    with claim_gpu(tmp_path):
        assert os.environ.get("CUDA_VISIBLE_DEVICES") == gpus
    assert list(tmp_path.iterdir()) == []


# Parents.


def test_a_process_ends_soon_after_its_parent_was_killed():
    command = [sys.executable, "-c", PARENT, CHILD]
    parent = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    child = int(parent.stdout.readline())
    assert parent.poll() is None
    os.kill(child, 0)  # it is there
    parent.kill()
    parent.communicate(timeout=10)  # until the last one that can write to it has ended: the child sleeps for 20 s


def test_a_process_whose_parent_lives_goes_on():
    code = CHILD.replace("sleep(20)", "sleep(0.8)") + "print('done')"
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert (ended.returncode, ended.stdout.splitlines()[1:]) == (0, ["done"])


# Progress.


def test_lines_of_progress_are_printed_as_they_are_written_and_the_last_at_the_end(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv(LOG_VARIABLE, "")  # so that it is put back
    log = tmp_path / "03_cnn.progress"
    log.write_text("of an earlier execution\n")
    with Follow(log, "03_cnn"):
        assert os.environ[LOG_VARIABLE] == str(log)
        assert capsys.readouterr().out == "03_cnn: starting\n"
        log.write_text("epoch 1\nepoch 2\n")
        lines, end = [], time.monotonic() + 10
        while len(lines) < 2 and time.monotonic() < end:
            sleep_at_most(0.1)
            lines += capsys.readouterr().out.splitlines()
        assert [line.split("  ")[-1] for line in lines] == ["epoch 1", "epoch 2"]
        assert all(line.startswith("03_cnn   0:0") for line in lines)
        with log.open("a") as file:
            file.write("epoch 3\n")
    assert [line.split("  ")[-1] for line in capsys.readouterr().out.splitlines()] == ["epoch 3"]


def test_a_job_that_says_nothing_is_followed_without_complaint(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv(LOG_VARIABLE, "")
    with pytest.raises(KeyError), Follow(tmp_path / "03_cnn.progress", "03_cnn"):
        raise KeyError
    assert capsys.readouterr().out == "03_cnn: starting\n"
