"""The whole suite's quick profile, as a user runs it, in a folder of its own."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.comparison import Comparison, Goal
from suite.jobs import ROOT

MINUTES_GOAL = 8
QUICK = "make reproduce PROFILE=quick"


def measure(num_images: int | None = None, rounds: int = 1) -> list[Comparison]:
    """Run every notebook once in the quick profile, as a user does, with nothing finished or decoded before.

    On other data than the notebooks ask for, or without the pretrained weights, it would be another measurement: then
    the figures are missing, and it is said why.

    Args:
        num_images: Of no use here: the profile says how many images there are.
        rounds: Likewise: once takes long enough.

    Raises:
        RuntimeError: A notebook failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        log, process = Path(folder, "log"), _start(Path(folder))
        _, status, usage = os.wait4(process.pid, 0)  # with the processes that it started and waited for
        unit = 1 if sys.platform == "darwin" else 2**10  # bytes there, KiB elsewhere
        minutes, largest = (time.perf_counter() - begun) / 60, usage.ru_maxrss * unit / 2**20
        process.returncode = os.waitstatus_to_exitcode(status)
        if status:
            raise RuntimeError(f"the suite did not run to its end:\n{log.read_text()[-4000:]}")
        summaries = [json.loads(path.read_text()) for path in Path(folder).glob("quick/results/*/summary.json")]
    missing = {QUICK: reason} if (reason := _differs(summaries)) else {}
    datasets = sorted({summary["dataset"] for summary in summaries})
    about = (
        f"All {len(summaries)} notebooks once, as many at a time as by default, from the start of the command "
        "to the index. No run, no decoded image and no frozen layer's output was kept from before. "
        f"Data: {', '.join(datasets)}."
    )
    goals = (Goal(QUICK, MINUTES_GOAL, at_least=False),)
    took, peak = ({} if missing else {QUICK: [figure]} for figure in (minutes, largest))
    of_largest = "Peak of the largest process, libraries included."
    return [
        Comparison("The suite's quick profile", about, "minutes", took, goals=goals, missing=missing),
        Comparison("Memory of the suite", of_largest, "MiB", peak, missing=missing),
    ]


def _start(folder: Path) -> subprocess.Popen:
    """The suite as a process of its own, what it prints in a file, with caches that are empty."""
    command = [sys.executable, "-m", "suite", "reproduce", "--profile", "quick", "--reports", str(folder)]
    environment = os.environ | {"COURSEWORK_CACHE": str(folder / "cache")}
    with (folder / "log").open("w") as log:
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)


def _differs(summaries: list[dict]) -> str:
    """Why the suite did not do what it does for a user who has all data; empty if it did."""
    found = []
    for summary in summaries:
        if summary["dataset"] != summary["asked_dataset"]:
            found.append(f"{summary['notebook']} ran on {summary['dataset']} in place of {summary['asked_dataset']}")
        if summary.get("unavailable"):
            found.append(f"{summary['notebook']}: {summary['unavailable']}")
    return "; ".join(found)
