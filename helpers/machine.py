"""What computes: processor or GPU, precision, versions, commit.

Keras is imported where it is needed, within functions: what only asks for the machine starts in no time.
"""

import itertools
import json
import os
import platform
import shutil
import subprocess
import sys
from functools import cache
from importlib import metadata
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")  # where Linux mounts the limits of containers and services
OWN_CGROUP = Path("/proc/self/cgroup")  # which of them hold for this process
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


def nvidia(field: str) -> str | None:
    """A field of the first NVIDIA GPU that may be used, such as "name", as nvidia-smi gives it; None without one."""
    first = next(iter(visible_gpus()), None)
    if first is None:
        return None
    number = int(first) if first.isdecimal() else _number_of(first)
    return next(iter(_nvidia_smi(field)[number:]), None)


def visible_gpus() -> list[str]:
    """The NVIDIA GPUs that this process may use, by number or as $CUDA_VISIBLE_DEVICES names them."""
    if (visible := os.environ.get("CUDA_VISIBLE_DEVICES")) is not None:
        named = [gpu.strip() for gpu in visible.split(",")]
        return list(itertools.takewhile(lambda gpu: gpu not in ("", "-1", "NoDevFiles"), named))  # as CUDA reads it
    return [str(number) for number in range(len(_nvidia_smi("name")))]


def memory_mb() -> int:
    """Memory that this process may use, MB: the machine's, or less where its container or service is held to less."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limits = _limits("memory.max") or _limits("memory/memory.limit_in_bytes")
    return min([whole, *(limit for limit, *_ in limits)]) // 10**6


def cpu_count() -> int:
    """Number of processor cores that this process may use: whole ones, where its container is held to a part."""
    quotas = _limits("cpu.max")
    if not quotas:
        first, second = _limits("cpu/cpu.cfs_quota_us"), _limits("cpu/cpu.cfs_period_us")
        quotas = [[*quota, *period] for quota, period in zip(first, second, strict=False)]
    return max(1, min([cores_in_sight(), *(quota[0] // quota[1] for quota in quotas if len(quota) == 2)]))


def cores_in_sight() -> int:
    """Number of processor cores that libraries take for theirs, whatever share of them a container is held to."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _limits(name: str) -> list[list[int]]:
    """The numbers in files of this name that hold for this process: of its control group, and of those around it."""
    try:
        lines = OWN_CGROUP.read_text().splitlines()
    except OSError:
        lines = []
    own = next((line.removeprefix("0::/") for line in lines if line.startswith("0::/")), "")  # of version 2
    found = []
    for group in (Path(own), *Path(own).parents) if own else (Path(),):
        try:
            found.append([int(number) for number in (CGROUP / group / name).read_text().split() if int(number) > 0])
        except (OSError, ValueError):  # no such file; or "max", no limit
            continue
    return [numbers for numbers in found if numbers]


def thread_count() -> int:
    """Number of cores that this process computes with: with another number sums round differently."""
    return int(os.environ.get("TF_NUM_INTRAOP_THREADS") or cores_in_sight())


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


def _nvidia_smi(field: str) -> list[str]:
    """A field of every NVIDIA GPU; none where there is no GPU or no driver."""
    if not shutil.which("nvidia-smi"):
        return []
    query = ["nvidia-smi", f"--query-gpu={field}", "--format=csv,noheader"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [line.strip() for line in answer.stdout.splitlines()] if answer.returncode == 0 else []


def _number_of(name: str) -> int:
    """The number of the GPU whose UUID begins so, such as "GPU-8932f937"; 0 of one that nvidia-smi does not list."""
    return next((number for number, uuid in enumerate(_nvidia_smi("uuid")) if uuid.startswith(name)), 0)


def _output(command: list[str]) -> str:
    """What a short command prints; its failure is an error."""
    return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout.strip()


if __name__ == "__main__":
    from helpers.training.identity import TRAINING_VERSION

    print(json.dumps({**environment(), "training_version": TRAINING_VERSION}))
