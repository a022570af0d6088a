"""The whole suite's quick profile, as a user runs it, in a folder of its own."""

import resource
import subprocess
import sys
import tempfile
import time

from helpers.bench.comparison import Comparison, Goal
from helpers.suite.jobs import ROOT

MINUTES_GOAL = 10
QUICK = "make reproduce PROFILE=quick"


def measure(num_images: int | None = None, rounds: int = 1) -> list[Comparison]:
    """Run every notebook once in the quick profile, one at a time, with nothing finished before.

    Args:
        num_images: Of no use here: the profile says how many images there are.
        rounds: Likewise: once is ten minutes.

    Raises:
        RuntimeError: A notebook failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "helpers.suite", "--profile", "quick", "--reports", folder]
        start = time.perf_counter()
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        minutes = (time.perf_counter() - start) / 60
    if ended.returncode:
        raise RuntimeError(f"the suite did not run to its end:\n{ended.stdout[-2000:]}{ended.stderr[-2000:]}")
    about = (
        "Every notebook once, one at a time, from the start of the command to the index; nothing was kept from before."
    )
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**10
    return [
        Comparison(
            "The suite's quick profile",
            about,
            "minutes",
            {QUICK: [minutes]},
            goals=(Goal(QUICK, MINUTES_GOAL, at_least=False),),
        ),
        Comparison(
            "Memory of the suite", "Peak of the largest process, libraries included.", "MiB", {QUICK: [largest]}
        ),
    ]
