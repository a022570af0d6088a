"""The precision is the one that the device computes with natively."""

import types

import keras
import pytest

from helpers import machine
from helpers.machine import cpu_count, describe_device, use_precision, versions

pytestmark = pytest.mark.usefixtures("keep_precision")


@pytest.fixture
def machine(monkeypatch):
    """Pretend to be a machine: machine(backend=, gpu=compute capability or None, flags=)."""

    def pretend(backend="tensorflow", gpu=None, flags=()):
        monkeypatch.setattr(devices.keras.backend, "backend", lambda: backend)
        monkeypatch.setattr(devices, "uses_gpu", lambda: gpu is not None)
        monkeypatch.setattr(devices, "nvidia", lambda field: {"compute_cap": gpu, "name": "Tesla T4"}[field])
        monkeypatch.setattr(devices, "cpu_info", lambda field: " ".join(flags))

    return pretend


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
        ({"flags": ["avx2"]}, "float32", "no bfloat16 instructions"),
        ({"flags": ["avx512_bf16"], "backend": "jax"}, "float32", "jax gains nothing"),
    ],
)
def test_auto_chooses_what_the_device_computes_with_and_says_why(machine, like, policy, because):
    machine(**like)
    chosen, reason = use_precision("auto")
    assert chosen == policy == keras.config.dtype_policy().name
    assert because in reason


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_a_precision_that_was_asked_for_is_used_whatever_the_device(machine, policy):
    machine(flags=["avx512_bf16"])
    assert use_precision(policy) == (policy, "asked for")
    assert keras.layers.Dense(1).dtype_policy.name == policy


@pytest.mark.parametrize("unknown", ["bfloat16", "FLOAT32", "", None])
def test_an_unknown_precision_is_refused_and_nothing_is_changed(unknown):
    before = keras.config.dtype_policy().name
    with pytest.raises(ValueError, match="expected one of auto, float32, mixed_bfloat16, mixed_float16"):
        use_precision(unknown)
    assert keras.config.dtype_policy().name == before


def test_a_device_has_its_own_name(machine, monkeypatch):
    name = describe_device.__wrapped__  # without the memory of an earlier answer
    machine(gpu="7.5")
    assert name() == "Tesla T4"
    machine()
    monkeypatch.setattr(devices, "cpu_info", {"model name": "AMD EPYC 9R14"}.get)
    assert name() == f"AMD EPYC 9R14, {cpu_count()} cores"


@pytest.mark.parametrize(
    ("returncode", "printed", "found"), [(0, "Tesla T4\nTesla T4\n", "Tesla T4"), (9, "error", None), (0, "", None)]
)
def test_nvidia_smi_is_asked_for_the_first_gpu(monkeypatch, returncode, printed, found):
    answer = types.SimpleNamespace(returncode=returncode, stdout=printed)
    monkeypatch.setattr(hardware.shutil, "which", lambda _: "nvidia-smi")
    monkeypatch.setattr(hardware.subprocess, "run", lambda *_, **__: answer)
    assert hardware.nvidia("name") == found
    monkeypatch.setattr(hardware.shutil, "which", lambda _: None)
    assert hardware.nvidia("name") is None


def test_the_versions_include_the_backends_own():
    found = versions()
    assert found["keras"] == keras.__version__
    assert any(name.startswith(keras.backend.backend()) for name in found)
    assert cpu_count() >= 1
