"""What computes is named and measured: GPUs, precision, memory, cores, versions and commit."""

import os
import subprocess
import types

import keras
import pytest

from helpers import machine
from helpers.machine import (
    cpu_count,
    current_commit,
    describe_device,
    environment,
    memory_mb,
    nvidia,
    thread_count,
    use_precision,
    versions,
    visible_gpus,
)

pytestmark = pytest.mark.usefixtures("keep_precision")
TWO = "echo 'NVIDIA H200'; echo 'Tesla T4 '"


@pytest.fixture
def pretend(monkeypatch):
    """Pretend to be a machine: pretend(backend=, gpu=compute capability or None, flags=, vendor=of the processor)."""

    def be(backend="tensorflow", gpu=None, flags=(), vendor="AuthenticAMD"):
        monkeypatch.setattr(keras.backend, "backend", lambda: backend)
        monkeypatch.setattr(machine, "uses_gpu", lambda: gpu is not None)
        monkeypatch.setattr(machine, "nvidia", lambda field: {"compute_cap": gpu, "name": "Tesla T4"}[field])
        monkeypatch.setattr(machine, "cpu_info", {"flags": " ".join(flags), "vendor_id": vendor}.get)

    return be


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
    ("like", "policy", "because"),
    [
        ({"gpu": "9.0"}, "mixed_bfloat16", "compute capability 9.0"),
        ({"gpu": "8.0", "backend": "jax"}, "mixed_bfloat16", "computes with bfloat16"),
        ({"gpu": "7.5"}, "mixed_float16", "computes with float16, not bfloat16"),
        ({"gpu": "7.0", "backend": "jax"}, "mixed_float16", "compute capability 7.0"),
        ({"gpu": "6.1"}, "float32", "gains nothing"),
        ({"flags": ["avx2", "avx512_bf16"]}, "mixed_bfloat16", "avx512_bf16"),
        ({"flags": ["amx_bf16"]}, "mixed_bfloat16", "amx_bf16"),
        ({"flags": ["amx_bf16", "avx512_bf16"], "vendor": "GenuineIntel"}, "mixed_bfloat16", "amx_bf16"),
        (
            {"flags": ["avx512_bf16"], "vendor": "GenuineIntel"},
            "float32",
            "no faster on Intel's processors without AMX",
        ),
        ({"flags": ["avx2"]}, "float32", "no bfloat16 instructions"),
        ({"flags": ["avx512_bf16"], "backend": "jax"}, "float32", "jax gains nothing"),
    ],
)
def test_auto_chooses_what_the_device_computes_with_and_says_why(pretend, like, policy, because):
    pretend(**like)
    chosen, reason = use_precision("auto")
    assert chosen == policy == keras.config.dtype_policy().name
    assert because in reason


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_a_precision_that_was_asked_for_is_used_whatever_the_device(pretend, policy):
    pretend(flags=["avx512_bf16"])
    assert use_precision(policy) == (policy, "asked for")
    assert keras.layers.Dense(1).dtype_policy.name == policy


@pytest.mark.parametrize("unknown", ["bfloat16", "FLOAT32", "", None])
def test_an_unknown_precision_is_refused_and_nothing_is_changed(unknown):
    before = keras.config.dtype_policy().name
    with pytest.raises(ValueError, match="expected one of auto, float32, mixed_bfloat16, mixed_float16"):
        use_precision(unknown)
    assert keras.config.dtype_policy().name == before


def test_a_device_has_its_own_name(pretend, monkeypatch):
    name = describe_device.__wrapped__  # without the memory of an earlier answer
    pretend(gpu="7.5")
    assert name() == "Tesla T4"
    pretend()
    monkeypatch.setattr(machine, "cpu_info", {"model name": "AMD EPYC 9R14"}.get)
    assert name() == f"AMD EPYC 9R14, {cpu_count()} cores"


def test_processors_that_share_a_name_are_told_apart_by_family_and_model(pretend, monkeypatch):
    pretend()
    names = []
    for model in ("17", "1"):
        monkeypatch.setattr(machine, "cpu_info", {"model name": "AMD EPYC", "cpu family": "25", "model": model}.get)
        names.append(describe_device.__wrapped__())
    assert names[0] == f"AMD EPYC (family 25, model 17), {cpu_count()} cores"
    assert names[0] != names[1]


@pytest.mark.parametrize(("flags", "said"), [("avx512_bf16 amx_bf16", ""), ("avx512_bf16", ", without AMX"), ("", "")])
def test_of_intels_processors_it_is_said_whether_they_lack_amx(pretend, monkeypatch, flags, said):
    pretend("tensorflow")
    fields = {"model name": "Intel Xeon", "cpu family": "6", "model": "207", "flags": flags}
    monkeypatch.setattr(machine, "cpu_info", fields.get)
    assert describe_device.__wrapped__() == f"Intel Xeon (family 6, model 207{said}), {cpu_count()} cores"


@pytest.mark.parametrize(
    ("returncode", "printed", "found"), [(0, "Tesla T4\nTesla T4\n", "Tesla T4"), (9, "error", None), (0, "", None)]
)
def test_nvidia_smi_is_asked_for_the_first_gpu(monkeypatch, returncode, printed, found):
    answer = types.SimpleNamespace(returncode=returncode, stdout=printed)
    monkeypatch.setattr(machine.shutil, "which", lambda _: "nvidia-smi")
    monkeypatch.setattr(machine.subprocess, "run", lambda *_, **__: answer)
    assert nvidia("name") == found
    monkeypatch.setattr(machine.shutil, "which", lambda _: None)
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


def test_a_macs_processor_has_its_own_name(monkeypatch):
    monkeypatch.setattr(machine.sys, "platform", "darwin")
    monkeypatch.setattr(machine, "_output", lambda command: "Apple M3" if command[0] == "sysctl" else "")
    monkeypatch.setattr(machine, "cpu_info", lambda field: None)
    monkeypatch.setattr(machine, "uses_gpu", lambda: False)
    assert describe_device.__wrapped__() == f"Apple M3, {cpu_count()} cores"


def test_a_program_that_cannot_be_started_is_no_gpu(nvidia_smi, tmp_path):
    nvidia_smi(None)
    (tmp_path / "nvidia-smi").write_bytes(b"\x7fELF of another processor")
    (tmp_path / "nvidia-smi").chmod(0o755)
    assert visible_gpus() == []


def test_the_memory_is_the_machines_in_millions_of_bytes(monkeypatch, tmp_path):
    monkeypatch.setattr(machine, "CGROUP", tmp_path)
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
    monkeypatch.setattr(machine, "CGROUP", tmp_path)
    monkeypatch.setattr(machine.os, "sysconf", {"SC_PAGE_SIZE": 4000, "SC_PHYS_PAGES": 16_000_000}.get)
    monkeypatch.setattr(machine, "cores_in_sight", lambda: 8)
    assert (memory_mb(), cpu_count()) == (memory, cores)


def test_a_service_is_held_to_the_least_of_what_its_groups_allow(tmp_path, monkeypatch):
    own = tmp_path / "system.slice" / "jupyter-ann.service"
    own.mkdir(parents=True)
    (own / "memory.max").write_text("2000000000\n")
    (own / "cpu.max").write_text("max 100000\n")
    (own.parent / "memory.max").write_text("8000000000\n")
    (own.parent / "cpu.max").write_text("300000 100000\n")
    (tmp_path / "own").write_text("0::/system.slice/jupyter-ann.service\n")
    monkeypatch.setattr(machine, "CGROUP", tmp_path)
    monkeypatch.setattr(machine, "OWN_CGROUP", tmp_path / "own")
    monkeypatch.setattr(machine.os, "sysconf", {"SC_PAGE_SIZE": 4000, "SC_PHYS_PAGES": 16_000_000}.get)
    monkeypatch.setattr(machine, "cores_in_sight", lambda: 8)
    assert (memory_mb(), cpu_count()) == (2000, 3)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="only Linux assigns cores to processes")
def test_cores_that_the_process_may_not_use_do_not_count(monkeypatch, tmp_path):
    monkeypatch.setattr(machine, "CGROUP", tmp_path)  # no container's limit
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert cpu_count() == 1
    finally:
        os.sched_setaffinity(0, allowed)
    assert cpu_count() == len(allowed)


def test_the_environment_says_what_computed():
    found = environment()
    assert found["backend"] == keras.backend.backend()
    assert found["device_kind"] in ("cpu", "gpu")
    assert found["versions"] == versions()
    assert found["versions"]["keras"] == keras.__version__
    assert any(name.startswith(keras.backend.backend()) for name in found["versions"])
    assert found["device"]
    assert found["threads"] == thread_count()
    assert found["commit"]


def test_libraries_compute_with_all_cores_in_sight_even_where_a_container_is_held_to_some(monkeypatch, tmp_path):
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
    (tmp_path / "cpu.max").write_text("200000 100000\n")
    monkeypatch.setattr(machine, "CGROUP", tmp_path)
    monkeypatch.setattr(machine, "cores_in_sight", lambda: 8)
    assert (thread_count(), cpu_count()) == (8, 2)


def test_a_process_that_is_kept_to_some_cores_says_so(monkeypatch):
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "1")
    assert environment()["threads"] == 1


# The commit.


def test_the_commit_is_unknown_outside_git(monkeypatch):
    def fails(command):
        raise subprocess.CalledProcessError(128, command)

    monkeypatch.setattr(machine, "_output", fails)
    assert current_commit.__wrapped__() == "unknown"


@pytest.mark.parametrize(("changes", "commit"), [("", "0123456789"), (" M helpers/models.py", "0123456789+changes")])
def test_the_commit_says_whether_the_code_differs_from_it(monkeypatch, changes, commit):
    monkeypatch.setattr(machine, "_output", lambda command: changes if "status" in command else "0123456789")
    assert current_commit.__wrapped__() == commit


def test_the_commit_is_unknown_where_the_code_is_no_part_of_the_repository_around_it(monkeypatch):
    monkeypatch.setattr(machine, "_output", lambda command: "" if "ls-files" in command else "0123456789")
    assert current_commit.__wrapped__() == "unknown"


def test_the_commit_is_that_of_the_start_whatever_is_committed_while_training(monkeypatch):
    before = current_commit()
    monkeypatch.setattr(machine, "_output", lambda command: "a later one")
    assert current_commit() == before
