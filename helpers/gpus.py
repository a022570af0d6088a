"""The NVIDIA GPUs that this process may use, asked of nvidia-smi: no backend is imported."""

import itertools
import os
import shutil
import subprocess


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
