"""Memory and cores that a process may use: fewer where its container, its service or its owner holds it to fewer."""

import os

import pytest

from helpers import limits
from helpers.limits import cpu_count, memory_mb, thread_count
from helpers.machine import environment


def test_the_memory_is_the_machines_in_millions_of_bytes(monkeypatch, tmp_path):
    monkeypatch.setattr(limits, "CGROUP", tmp_path)
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert memory_mb() == pytest.approx(pages / 1e6, abs=1)
    assert memory_mb() > 500


@pytest.mark.parametrize(
    ("files", "memory", "cores"),
    [
        ({"memory.max": "3000000000", "cpu.max": "200000 100000"}, 3000, 2),
        ({"memory.max": "max", "cpu.max": "max 100000"}, 64_000, 8),
        ({"memory.max": "9223372036854771712", "cpu.max": "50000 100000"}, 64_000, 1),
        (
            {
                "memory/memory.limit_in_bytes": "3000000000",
                "cpu/cpu.cfs_quota_us": "350000",
                "cpu/cpu.cfs_period_us": "100000",
            },
            3000,
            3,
        ),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, 64_000, 8),
        ({}, 64_000, 8),
    ],
    ids=str,
)
def test_a_container_is_held_to_its_own_memory_and_cores(tmp_path, monkeypatch, files, memory, cores):
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"{content}\n")
    monkeypatch.setattr(limits, "CGROUP", tmp_path)
    monkeypatch.setattr(limits.os, "sysconf", {"SC_PAGE_SIZE": 4000, "SC_PHYS_PAGES": 16_000_000}.get)
    monkeypatch.setattr(limits, "cores_in_sight", lambda: 8)
    assert (memory_mb(), cpu_count()) == (memory, cores)


def test_a_service_is_held_to_the_least_of_what_its_groups_allow(tmp_path, monkeypatch):
    own = tmp_path / "system.slice" / "jupyter-ann.service"
    own.mkdir(parents=True)
    (own / "memory.max").write_text("2000000000\n")
    (own / "cpu.max").write_text("max 100000\n")
    (own.parent / "memory.max").write_text("8000000000\n")
    (own.parent / "cpu.max").write_text("300000 100000\n")
    (tmp_path / "own").write_text("0::/system.slice/jupyter-ann.service\n")
    monkeypatch.setattr(limits, "CGROUP", tmp_path)
    monkeypatch.setattr(limits, "OWN_CGROUP", tmp_path / "own")
    monkeypatch.setattr(limits.os, "sysconf", {"SC_PAGE_SIZE": 4000, "SC_PHYS_PAGES": 16_000_000}.get)
    monkeypatch.setattr(limits, "cores_in_sight", lambda: 8)
    assert (memory_mb(), cpu_count()) == (2000, 3)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="only Linux assigns cores to processes")
def test_cores_that_the_process_may_not_use_do_not_count(monkeypatch, tmp_path):
    monkeypatch.setattr(limits, "CGROUP", tmp_path)  # no container's limit
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert cpu_count() == 1
    finally:
        os.sched_setaffinity(0, allowed)
    assert cpu_count() == len(allowed)


def test_libraries_compute_with_all_cores_in_sight_even_where_a_container_is_held_to_some(monkeypatch, tmp_path):
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
    (tmp_path / "cpu.max").write_text("200000 100000\n")
    monkeypatch.setattr(limits, "CGROUP", tmp_path)
    monkeypatch.setattr(limits, "cores_in_sight", lambda: 8)
    assert (thread_count(), cpu_count()) == (8, 2)


def test_a_process_that_is_kept_to_some_cores_says_so(monkeypatch):
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "1")
    assert environment()["threads"] == 1
