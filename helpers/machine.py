"""What computes: processor or GPU, precision, versions, commit.

Keras is imported where it is needed, within functions: what only asks for the machine starts in no time.
"""

import json
import platform
import subprocess
import sys
from functools import cache
from importlib import metadata
from pathlib import Path

from helpers.gpus import nvidia
from helpers.limits import cpu_count, thread_count

PRECISIONS = ("auto", "float32", "mixed_bfloat16", "mixed_float16")


def use_precision(requested: str = "auto") -> tuple[str, str]:
    """Set Keras's dtype policy for every layer made from now on.

    Args:
        requested: "auto", or a policy of Keras: "float32", "mixed_bfloat16", "mixed_float16".

    Returns:
        The policy's name, and the reason for it in a few words.

    Raises:
        ValueError: An unknown precision, or Keras is set to channels in front: all nets here have them last.
    """
    import keras

    if (order := keras.config.image_data_format()) != "channels_last":
        raise ValueError(
            f"image_data_format: expected channels_last, got {order}, which would be other nets: correct keras.json in "
            "Keras's folder (~/.keras, or $KERAS_HOME), or call keras.config.set_image_data_format('channels_last')"
        )
    if requested not in PRECISIONS:
        raise ValueError(f"precision: expected one of {', '.join(PRECISIONS)}, got {requested!r}")
    policy, reason = _native_precision() if requested == "auto" else (requested, "asked for")
    keras.config.set_dtype_policy(policy)
    return policy, reason


def _native_precision() -> tuple[str, str]:
    """The fastest policy that the device computes with natively, and why."""
    import keras

    capability = nvidia("compute_cap") if uses_gpu() else None
    if uses_gpu() and not capability:
        return "float32", "what the GPU computes with is not known: nvidia-smi names none"
    if capability:
        generation = int(capability.split(".")[0])
        if generation >= 8:  # Ampere and later
            return "mixed_bfloat16", f"the GPU (compute capability {capability}) computes with bfloat16"
        if generation == 7:  # Volta and Turing; Keras scales the loss, so that small gradients are not lost
            return "mixed_float16", f"the GPU (compute capability {capability}) computes with float16, not bfloat16"
        return "float32", f"the GPU (compute capability {capability}) gains nothing from 16 bits"
    if keras.backend.backend() != "tensorflow":
        # Measured on AVX512-BF16 processors: JAX's CPU convolutions gain nothing from bfloat16.
        return "float32", f"{keras.backend.backend()} gains nothing from bfloat16 on a processor"
    native = bfloat16_instructions()
    if native == ["avx512_bf16"] and cpu_info("vendor_id") == "GenuineIntel":
        # Measured on two cores, family 6 model 207: matrix products 313 to 321 GFLOP/s in float32, 165 to 167 in
        # bfloat16; report A's CNN 1,300 and 790 images a second. On AMD's, bfloat16 is the faster one.
        return "float32", "bfloat16 is no faster on Intel's processors without AMX"
    if native:
        return "mixed_bfloat16", f"the processor computes with bfloat16 ({', '.join(native)})"
    return "float32", "the processor has no bfloat16 instructions"


def bfloat16_instructions() -> list[str]:
    """The instructions with which this processor multiplies bfloat16, by name; none where it would be emulated."""
    return sorted({"avx512_bf16", "amx_bf16"} & set((cpu_info("flags") or "").split()))


def uses_gpu() -> bool:
    """Whether Keras's backend computes on a GPU."""
    import keras

    return any(device.lower().startswith("gpu") for device in keras.distribution.list_devices())


@cache
def describe_device() -> str:
    """The name of what computes, such as "Tesla T4" or "AMD EPYC (family 25, model 17), 2 cores".

    Rented machines give different processors one name: the family and model tell them apart, and of Intel's whether
    they lack AMX, which some machines hide (a net takes twice as long there).
    """
    if uses_gpu():
        return nvidia("name") or "GPU"
    model = cpu_info("model name") or _of_mac() or platform.processor() or platform.machine()
    family, number = cpu_info("cpu family"), cpu_info("model")
    flags = set((cpu_info("flags") or "").split())
    lacking = ", without AMX" if "Intel" in model and "avx512_bf16" in flags and "amx_bf16" not in flags else ""
    generation = f" (family {family}, model {number}{lacking})" if family and number else ""
    return f"{model}{generation}, {cpu_count()} cores"


def versions() -> dict[str, str]:
    """Versions of Python and of what determines a result, by package."""
    import keras

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


def versions_that_count(versions: dict[str, str]) -> dict[str, str]:
    """Versions of what a run is computed by, under one name for each: what is said of another machine's or of this one.

    Neither Python's nor scikit-learn's makes a run another, and TensorFlow for processors is one package on Linux and
    Windows on Intel's or AMD's, another everywhere else.
    """
    same = {"tensorflow": "tensorflow-cpu"}
    return {same.get(name, name): v for name, v in versions.items() if name not in ("python", "scikit-learn")}


def environment() -> dict:
    """Where a result was computed: backend, kind of device ("cpu" or "gpu"), device, threads, versions, commit."""
    import keras

    return {
        "backend": keras.backend.backend(),
        "device_kind": "gpu" if uses_gpu() else "cpu",
        "device": describe_device(),
        "threads": thread_count(),
        "versions": versions(),
        "commit": current_commit(),
    }


@cache
def current_commit() -> str:
    """The commit of the code, with "+changes" where notebooks or helpers differ from it; "unknown" outside git."""
    git = ["git", "-C", str(Path(__file__).parent.parent)]
    try:
        if not _output([*git, "ls-files", "--", "helpers"]):
            return "unknown"  # a copy within somebody's repository, of which it is no part
        commit = _output([*git, "rev-parse", "--short=10", "HEAD"])
        changes = _output([*git, "status", "--porcelain", "--", "helpers", "notebooks", "requirements.txt"])
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return commit + ("+changes" if changes else "")


def cpu_info(field: str) -> str | None:
    """A field of the first processor in /proc/cpuinfo, such as "model name" or "flags"; None outside Linux."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return None
    return next((line.split(":", 1)[1].strip() for line in lines if line.split(":")[0].strip() == field), None)


def _of_mac() -> str | None:
    """The name of a Mac's processor, such as "Apple M3"; None elsewhere."""
    return _output(["sysctl", "-n", "machdep.cpu.brand_string"]) if sys.platform == "darwin" else None


def _output(command: list[str]) -> str:
    """What a short command prints; its failure is an error."""
    return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout.strip()


if __name__ == "__main__":
    from helpers.training.identity import TRAINING_VERSION

    print(json.dumps({**environment(), "training_version": TRAINING_VERSION}))
