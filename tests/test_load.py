"""What other processes took of the processor."""

import os
import subprocess
import sys

import pytest

from helpers import load as load_module
from helpers.load import Load


@pytest.fixture
def processor(monkeypatch):
    """A machine of two cores: processor(seconds, busy=, own=) lets time pass, in which so much was used."""
    state = {"total": 1000.0, "busy": 300.0, "own": 20.0}
    monkeypatch.setattr(Load, "_busy", staticmethod(lambda: tuple(state.values())))

    def passes(seconds: float, busy: float, own: float) -> None:
        for name, more in (("total", 2 * seconds), ("busy", busy), ("own", own)):
            state[name] += more

    return passes


@pytest.mark.parametrize(
    ("busy", "own", "share"),
    [
        (20, 20, 0.0),  # ten seconds of two cores, all of them this process's
        (20, 10, 0.5),  # another process had the second core
        (12, 10, 0.1),
        (0, 0, 0.0),
        (9.9, 10, 0.0),  # the clocks differ by a tick: nothing is below none
    ],
)
def test_the_share_of_other_processes_is_what_was_busy_and_not_this_ones(processor, busy, own, share):
    load = Load()
    processor(10, busy=busy, own=own)
    assert load.others() == pytest.approx(share)


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="only Linux assigns cores to processes")
def test_only_the_cores_that_this_process_may_use_count(monkeypatch, tmp_path):
    monkeypatch.setattr(load_module, "STAT", tmp_path / "stat")
    monkeypatch.setattr(load_module.os, "sched_getaffinity", lambda _: {1, 3})
    monkeypatch.setattr(load_module.os, "sysconf", lambda _: 100)
    lines = ["cpu 999 0 0 999 0 0 0 0 0 0", *(f"cpu{n} {100 * n} 0 0 {1000 - 100 * n} 0 0 0 0 0 0" for n in range(4))]
    (tmp_path / "stat").write_text("\n".join([*lines, "intr 5"]))
    assert Load._busy()[:2] == (20.0, 4.0)


def test_what_was_before_the_measurement_does_not_count(processor):
    processor(100, busy=200, own=0)
    load = Load()
    processor(10, busy=10, own=10)
    assert load.others() == 0


def test_where_the_system_does_not_say_nothing_is_known(monkeypatch):
    monkeypatch.setattr(Load, "_busy", staticmethod(lambda: None))
    assert Load().others() is None


def test_a_moment_too_short_for_the_systems_clock_says_nothing(processor):
    assert Load().others() is None


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux counts the time of all processes")
def test_a_process_that_computes_beside_this_one_is_seen():
    code = "import time\nwhile time.process_time() < 0.6: pass\nprint(time.process_time(), flush=True)\ninput()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    before, load = Load._busy(), Load()
    with subprocess.Popen([sys.executable, "-c", code], **pipes) as other:
        worked = float(other.stdout.readline())
        share, after = load.others(), Load._busy()
        other.kill()
    seconds, busy, own = (late - early for early, late in zip(before, after, strict=True))
    assert busy - own >= worked - 0.1  # the clocks of the system are coarse
    assert share >= (worked - 0.1) / seconds
