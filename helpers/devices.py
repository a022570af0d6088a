"""What computes: the device, its name, and the precision that it computes with natively."""

import platform
from functools import cache
from importlib import metadata

import keras

from helpers.hardware import cpu_count, cpu_info, nvidia

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
    capability = nvidia("compute_cap") if uses_gpu() else None
    if capability:
        generation = int(capability.split(".")[0])
        if generation >= 8:  # Ampere and later
            return "mixed_bfloat16", f"the GPU (compute capability {capability}) computes with bfloat16"
        if generation == 7:  # Volta and Turing; Keras scales the loss, so that small gradients are not lost
            return "mixed_float16", f"the GPU (compute capability {capability}) computes with float16, not bfloat16"
        return "float32", f"the GPU (compute capability {capability}) gains nothing from half the precision"
    if keras.backend.backend() != "tensorflow":
        # Measured on AVX512-BF16 processors: JAX's CPU convolutions gain nothing from bfloat16.
        return "float32", f"{keras.backend.backend()} gains nothing from bfloat16 on a processor"
    native = {"avx512_bf16", "amx_bf16"} & set((cpu_info("flags") or "").split())
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
        return nvidia("name") or "GPU"
    model = cpu_info("model name") or platform.processor() or platform.machine()
    return f"{model}, {cpu_count()} cores"


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
