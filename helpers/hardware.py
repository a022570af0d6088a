"""What the machine is, asked of the machine itself: no deep-learning library is needed for it."""

import os
import shutil
import subprocess
from pathlib import Path


def nvidia(field: str) -> str | None:
    """A field of the first NVIDIA GPU, such as "name" or "compute_cap", as nvidia-smi gives it; None without a GPU."""
    return next(iter(_nvidia_smi(field)), None)


def visible_gpus() -> list[str]:
    """The NVIDIA GPUs that this process may use, by number or as $CUDA_VISIBLE_DEVICES names them."""
    if (visible := os.environ.get("CUDA_VISIBLE_DEVICES")) is not None:
        return [gpu.strip() for gpu in visible.split(",") if gpu.strip() not in ("", "-1")]
    return [str(number) for number in range(len(_nvidia_smi("name")))]


def memory_mb() -> int:
    """Memory of the machine, MB."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 10**6


def cpu_count() -> int:
    """Number of processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def cpu_info(field: str) -> str | None:
    """A field of the first processor in /proc/cpuinfo, such as "model name" or "flags"; None outside Linux."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return None
    return next((line.split(":", 1)[1].strip() for line in lines if line.split(":")[0].strip() == field), None)


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
