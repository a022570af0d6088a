"""How long a notebook takes to begin: the libraries alone, with the helpers, and in a kernel of its own."""

import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import nbformat

from benchmarks.comparison import Comparison, in_turns
from suite.jobs import ROOT
from suite.notebooks import Limit, run_notebook

LIBRARIES = "import keras, numpy, pandas\nfrom IPython.display import display\nfrom matplotlib import pyplot"
HELPERS = (
    "from helpers import ablation, claim_plots, claims, costs, data, files, lab, layer_plots, machine, metrics, models"
    "\nfrom helpers import plots, predictions, recipe_plots, records, runs, times, training, transfer"
    "\nfrom helpers.fast import muon, net"
    "\nfrom helpers.training import rate_finder, schedules"
)
ALONE, WITH_HELPERS, IN_KERNEL = "the libraries alone", "with all helpers", "with all helpers, in a kernel"


def measure(num_images: int | None = None, rounds: int = 3) -> list[Comparison]:
    """Import what the notebooks import, each time in a fresh process.

    Args:
        num_images: Of no use here.
        rounds: How often each is measured.
    """
    methods = {
        ALONE: partial(_seconds_of_process, LIBRARIES),
        WITH_HELPERS: partial(_seconds_of_process, f"{LIBRARIES}\n{HELPERS}"),
        IN_KERNEL: partial(_seconds_of_kernel, f"{LIBRARIES}\n{HELPERS}"),
    }
    methods[IN_KERNEL]()  # what the system has in memory afterwards is the same for all
    about = (
        "From the start of a process to its end, after it has imported Keras with its backend, NumPy, pandas and "
        "Matplotlib; then all helpers as well; then both as a notebook's only cell, executed as the suite does."
    )
    return [Comparison("Starting a notebook", about, "seconds", in_turns(methods, rounds), baseline=ALONE)]


def _seconds_of_process(code: str) -> float:
    """Seconds that a fresh Python takes for some code."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)
    return time.perf_counter() - begun


def _seconds_of_kernel(code: str) -> float:
    """Seconds that the suite takes for a notebook with some code in its only cell."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    with tempfile.TemporaryDirectory() as folder:
        source, executed = Path(folder, "source.ipynb"), Path(folder, "executed.ipynb")
        nbformat.write(notebook, source)
        begun = time.perf_counter()
        if error := run_notebook(source, executed, {}, Limit()):
            raise RuntimeError(f"a kernel could not be started: {error}")
        return time.perf_counter() - begun
