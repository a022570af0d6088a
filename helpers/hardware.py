"""What the machine is, asked of the machine itself: no deep-learning library is needed for it."""

import os
import shutil
import subprocess
from pathlib import Path


def nvidia(field: str) -> str | None:
    """A field of the first NVIDIA GPU, such as "name" or "compute_cap", as nvidia-smi gives it; None without a GPU."""
    if not shutil.which("nvidia-smi"):
        return None
    query = ["nvidia-smi", f"--query-gpu={field}", "--format=csv,noheader"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.splitlines()[0].strip() if answer.returncode == 0 and answer.stdout else None


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
