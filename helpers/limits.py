"""How much of the machine this process may use: memory and processor cores, less where a container holds it to less."""

import os
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")  # where Linux mounts the limits of containers and services
OWN_CGROUP = Path("/proc/self/cgroup")  # which of them hold for this process


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


def thread_count() -> int:
    """Number of cores that this process computes with: with another number sums round differently."""
    return int(os.environ.get("TF_NUM_INTRAOP_THREADS") or cores_in_sight())


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
