"""What the machine says of itself: GPUs that may be used, memory, cores."""

import os

import pytest

from helpers.machine import cpu_count, memory_mb, nvidia, visible_gpus


@pytest.fixture
def nvidia_smi(tmp_path, monkeypatch):
    """Put a script in place of all programs of the machine: nvidia_smi(lines of shell), or None for no script."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    def write(script: str | None):
        if script is not None:
            path = tmp_path / "nvidia-smi"
            path.write_text(f"#!/bin/sh\n{script}\n")
            path.chmod(0o755)

    return write


TWO = "echo 'NVIDIA H200'; echo 'Tesla T4 '"


@pytest.mark.parametrize(
    ("script", "count", "first"),
    [
        (TWO, 2, "NVIDIA H200"),
        ("echo 'Tesla T4'", 1, "Tesla T4"),
        ("exit 0", 0, None),  # a driver without a GPU
        ("echo 'NVIDIA-SMI has failed'; exit 9", 0, None),
        (None, 0, None),
    ],
)
def test_the_gpus_are_those_that_nvidia_smi_lists(nvidia_smi, script, count, first):
    nvidia_smi(script)
    assert len(visible_gpus()) == count
    assert nvidia("name") == first


def test_nvidia_smi_is_asked_for_the_field(nvidia_smi):
    nvidia_smi('echo "$@"')
    assert nvidia("compute_cap") == "--query-gpu=compute_cap --format=csv,noheader"


@pytest.mark.parametrize(
    ("visible", "count"), [("", 0), ("-1", 0), ("0", 1), ("0,1", 2), ("3, 5,7", 3), ("GPU-8f1a,GPU-9b2c", 2), ("0,", 1)]
)
def test_gpus_that_are_hidden_from_the_process_do_not_count(nvidia_smi, monkeypatch, visible, count):
    nvidia_smi(TWO)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert len(visible_gpus()) == count


def test_a_program_that_cannot_be_started_is_no_gpu(nvidia_smi, tmp_path):
    nvidia_smi(None)
    (tmp_path / "nvidia-smi").write_bytes(b"\x7fELF of another processor")
    (tmp_path / "nvidia-smi").chmod(0o755)
    assert visible_gpus() == []


def test_the_memory_is_the_machines_in_millions_of_bytes():
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert memory_mb() == pytest.approx(pages / 1e6, abs=1)
    assert memory_mb() > 500


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="only Linux assigns cores to processes")
def test_cores_that_the_process_may_not_use_do_not_count():
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert cpu_count() == 1
    finally:
        os.sched_setaffinity(0, allowed)
    assert cpu_count() == len(allowed)
