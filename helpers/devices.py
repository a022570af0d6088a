"""What computes: the device, its name, and the precision that it computes with natively."""

import os
import platform
import shutil
import subprocess
from functools import cache
from importlib import metadata
from pathlib import Path

import keras

PRECISIONS = ("auto", "float32", "mixed_bfloat16", "mixed_float16")


def use_precision(requested: str = "auto") -> tuple[str, str]:
    """Set Keras's dtype policy for every layer made from now on.

    Args:
        requested: "auto", or a policy of Keras: "float32", "mixed_bfloat16", "mixed_float16".

    Returns:
        The policy's name, and the reason for it in a few words.

    Raises:
        ValueError: An unknown precision.
    """
    if requested not in PRECISIONS:
        raise ValueError(f"precision: expected one of {', '.join(PRECISIONS)}, came {requested!r}")
    policy, reason = _native_precision() if requested == "auto" else (requested, "asked for")
    keras.config.set_dtype_policy(policy)
    return policy, reason


def _native_precision() -> tuple[str, str]:
    """The fastest policy that the device computes with natively, and why."""
    capability = _nvidia("compute_cap") if uses_gpu() else None
    if capability:
        major = int(capability.split(".")[0])
        if major >= 8:
            return "mixed_bfloat16", f"the GPU (compute capability {capability}) computes with bfloat16"
        if major >= 7:
            return "mixed_float16", f"the GPU (compute capability {capability}) computes with float16, not bfloat16"
        return "float32", f"the GPU (compute capability {capability}) has no fast half precision"
    if keras.backend.backend() != "tensorflow":
        # Measured on AVX512-BF16 processors: JAX's CPU convolutions gain nothing from bfloat16.
        return "float32", f"{keras.backend.backend()} gains nothing from bfloat16 on a processor"
    native = {"avx512_bf16", "amx_bf16"} & _cpu_flags()
    if native:
        return "mixed_bfloat16", f"the processor computes with bfloat16 ({', '.join(sorted(native))})"
    return "float32", "the processor has no bfloat16 instructions"


def uses_gpu() -> bool:
    """Whether Keras's backend computes on a GPU."""
    return any(device.lower().startswith("gpu") for device in keras.distribution.list_devices())


@cache
def describe_device() -> str:
    """The name of what computes, such as "Tesla T4" or "AMD EPYC 9R14, 2 cores"."""
    if uses_gpu():
        return _nvidia("name") or "GPU"
    model = platform.processor() or platform.machine()
    for line in _cpu_info():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    return f"{model}, {cpu_count()} cores"


def cpu_count() -> int:
    """Number of processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def versions() -> dict[str, str]:
    """Versions of Python and of what determines a result, by package."""
    packages = ["keras", "numpy", "scikit-learn"]
    packages += {"tensorflow": ["tensorflow", "tensorflow-cpu"], "jax": ["jax", "jaxlib"]}.get(
        keras.backend.backend(), []
    )
    found = {"python": platform.python_version()}
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def _nvidia(field: str) -> str | None:
    """A field of the first GPU as nvidia-smi gives it, None where there is no such tool or GPU."""
    if not shutil.which("nvidia-smi"):
        return None
    query = ["nvidia-smi", f"--query-gpu={field}", "--format=csv,noheader"]
    answer = subprocess.run(query, capture_output=True, text=True, timeout=10)
    return answer.stdout.splitlines()[0].strip() if answer.returncode == 0 and answer.stdout else None


def _cpu_flags() -> set[str]:
    """The processor's feature flags; none where the system does not list them."""
    return next((set(line.split(":", 1)[1].split()) for line in _cpu_info() if line.startswith("flags")), set())


def _cpu_info() -> list[str]:
    """Lines of /proc/cpuinfo, none outside Linux."""
    try:
        return Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return []
