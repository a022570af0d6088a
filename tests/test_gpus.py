"""The GPUs that a process may use, as nvidia-smi lists them."""

import types

import pytest

from helpers import gpus
from helpers.gpus import nvidia, visible_gpus

TWO = "echo 'NVIDIA H200'; echo 'Tesla T4 '"


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


@pytest.mark.parametrize(
    ("returncode", "printed", "found"), [(0, "Tesla T4\nTesla T4\n", "Tesla T4"), (9, "error", None), (0, "", None)]
)
def test_nvidia_smi_is_asked_for_the_first_gpu(monkeypatch, returncode, printed, found):
    answer = types.SimpleNamespace(returncode=returncode, stdout=printed)
    monkeypatch.setattr(gpus.shutil, "which", lambda _: "nvidia-smi")
    monkeypatch.setattr(gpus.subprocess, "run", lambda *_, **__: answer)
    assert nvidia("name") == found
    monkeypatch.setattr(gpus.shutil, "which", lambda _: None)
    assert nvidia("name") is None


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


@pytest.mark.parametrize(
    ("visible", "name"),
    [("1", "Tesla T4"), ("1,0", "Tesla T4"), ("0", "NVIDIA H200"), ("-1", None), ("", None), ("7", None)],
)
def test_the_gpu_that_may_be_used_is_the_one_that_is_named(nvidia_smi, monkeypatch, visible, name):
    nvidia_smi(TWO)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert nvidia("name") == name


def test_a_gpu_may_be_named_by_the_beginning_of_its_uuid(nvidia_smi, monkeypatch):
    nvidia_smi('case "$*" in *uuid*) echo GPU-8f1a-01; echo GPU-9b2c-02;; *) ' + TWO + ";; esac")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-9b2c")
    assert nvidia("name") == "Tesla T4"


def test_a_program_that_cannot_be_started_is_no_gpu(nvidia_smi, tmp_path):
    nvidia_smi(None)
    (tmp_path / "nvidia-smi").write_bytes(b"\x7fELF of another processor")
    (tmp_path / "nvidia-smi").chmod(0o755)
    assert visible_gpus() == []
