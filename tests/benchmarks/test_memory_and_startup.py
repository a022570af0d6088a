"""A process's memory, and how long a notebook takes to begin."""

import re
import subprocess
import sys

import numpy as np
import pytest

from benchmarks import startup, trainers
from suite.jobs import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def test_memory_is_a_processs_own_and_not_that_of_who_started_it():
    much = np.ones(200 * 2**20, "uint8")
    code = "from benchmarks.trainers import peak_memory; x = bytearray(b'1') * 2**26; print(peak_memory())"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 2**26 < int(ended.stdout) < much.nbytes < trainers.peak_memory()


def test_a_notebooks_start_is_measured_in_processes_of_its_own(monkeypatch):
    monkeypatch.setattr(startup, "LIBRARIES", "import json, time")
    monkeypatch.setattr(startup, "HELPERS", "time.sleep(0.2)")
    comparison = startup.measure(rounds=2)[0]
    assert comparison.baseline in comparison.values
    assert all(len(seconds) == 2 for seconds in comparison.values.values())
    assert min(comparison.values[startup.ALONE]) > 0
    assert min(comparison.values[startup.WITH_HELPERS] + comparison.values[startup.IN_KERNEL]) > 0.2


def test_all_helpers_are_those_that_the_notebooks_import():
    asked = [re.findall(r"from helpers(?:\.(\w+)\S*)? import ([\w, ]+)", path.read_text()) for path in NOTEBOOKS]
    of_notebooks = {
        name for found in asked for module, names in found for name in ([module] if module else names.split(", "))
    }
    lines = [line.removeprefix("from ").partition(" import ") for line in startup.HELPERS.splitlines()]
    of_benchmark = {name for module, _, names in lines for name in [*names.split(", "), *module.split(".")[1:]]}
    assert {"data", "plots", "training"} <= of_notebooks
    assert of_notebooks <= of_benchmark


def test_code_that_cannot_be_imported_has_no_time():
    with pytest.raises(subprocess.CalledProcessError):
        startup._seconds_of_process("import no_such_module")
