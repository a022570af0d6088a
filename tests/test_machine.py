"""What computes is named: device, precision, versions and commit."""

import subprocess

import keras
import pytest

from helpers import machine
from helpers.limits import cpu_count, thread_count
from helpers.machine import current_commit, describe_device, environment, use_precision, versions

pytestmark = pytest.mark.usefixtures("keep_precision")


@pytest.fixture
def pretend(monkeypatch):
    """Pretend to be a machine: pretend(backend=, gpu=compute capability or None, flags=, vendor=of the processor)."""

    def be(backend="tensorflow", gpu=None, flags=(), vendor="AuthenticAMD"):
        monkeypatch.setattr(keras.backend, "backend", lambda: backend)
        monkeypatch.setattr(machine, "uses_gpu", lambda: gpu is not None)
        monkeypatch.setattr(machine, "nvidia", lambda field: {"compute_cap": gpu, "name": "Tesla T4"}[field])
        monkeypatch.setattr(machine, "cpu_info", {"flags": " ".join(flags), "vendor_id": vendor}.get)

    return be


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


def test_a_macs_processor_has_its_own_name(monkeypatch):
    monkeypatch.setattr(machine.sys, "platform", "darwin")
    monkeypatch.setattr(machine, "_output", lambda command: "Apple M3" if command[0] == "sysctl" else "")
    monkeypatch.setattr(machine, "cpu_info", lambda field: None)
    monkeypatch.setattr(machine, "uses_gpu", lambda: False)
    assert describe_device.__wrapped__() == f"Apple M3, {cpu_count()} cores"


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
