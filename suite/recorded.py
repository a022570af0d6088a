"""What of the suite's work is recorded already.

Marks say what ended here. A fresh clone has none, but it has records, and pages that say what was not recorded when
they were made: that is enough to leave out what is done.
"""

import json
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import nbformat

from helpers.machine import versions_that_count
from helpers.records import read_records, read_summary
from suite import warm
from suite.jobs import ROOT, Job, digest_of_cells
from suite.settings import SettingsError


@cache
def this_machine() -> dict:
    """What this machine computes with: backend, kind of device, device, versions, and our training code's version.

    Asked in a process of its own: Keras takes seconds to import, and JAX would keep the GPU's memory.
    """
    return json.loads(ask("helpers.machine"))


def ask(module: str) -> str:
    """The last line that a module of ours prints, run as a program.

    Raises:
        SettingsError: It failed, as Keras's own settings may make it.
    """
    asked = subprocess.run(warm.command(module), cwd=ROOT, capture_output=True, text=True)
    if asked.returncode:
        why = (asked.stderr.strip().splitlines() or ["it ended without a message"])[-1]
        raise SettingsError(f"What this machine computes with cannot be found out: {why}")
    return asked.stdout.splitlines()[-1]


def digests_of(results: Path, seeds: Iterable[int]) -> list[str]:
    """Digests of the records in a notebook's folder that are of some seeds, or of what is measured beside all."""
    found = [record for record in read_records(results)[0] if record["kind"] != "run" or record["seed"] in seeds]
    return sorted(record["sha256"] for record in found)


def runs_of(results: Path) -> set[str]:
    """Digests of the records of runs in a notebook's folder."""
    return {record["sha256"] for record in runs_in(results)}


def recorded_jobs(jobs: Iterable[Job], folder: Path, machine: dict) -> set[str]:
    """Names of the jobs of a seed whose runs are all recorded, as made with this machine's kind of device and software.

    It is the notebook's last page that knows which runs there should be. A page of other code than the notebook's
    proves nothing, nor does one that lacks what its runs depend on, such as candidates or a measurement: its jobs are
    executed, which takes seconds where the records are there.

    Args:
        jobs: All jobs of the notebooks to look at.
        folder: The profile's folder of reports.
        machine: As `this_machine` describes it.
    """
    seeds: dict[str, list[int]] = {}
    for job in jobs:
        seeds.setdefault(job.notebook, []).extend([] if job.seed is None else [job.seed])
    found = set()
    for name, planned in seeds.items():
        summary = last_summary(name, folder)
        lacking = {_seed_of(missing, planned) for missing in summary.get("missing", ())}
        if None in lacking or not summary.get("training"):
            continue
        kept = {record["sha256"] for path in folder.glob("results/*") for record in runs_in(path)}
        lacking |= {run["seed"] for run in summary.get("runs", ()) if run["record"] not in kept}
        done = [seed for seed in planned if seed in summary["seeds"] and seed not in lacking]
        found |= {f"{name}-seed{seed}" for seed in done if _is_of_kind(folder / "results" / name, seed, machine)}
    return found


def _seed_of(missing: str, planned: list[int]) -> int | None:
    """The seed of a run that a page lacks, such as "cnn, seed 10"; None of what is made once for all seeds."""
    number = missing.rpartition(", seed ")[2]
    return int(number) if number.isdecimal() and int(number) in planned else None


def _is_of_kind(results: Path, seed: int, machine: dict) -> bool:
    """Whether each run of a seed was recorded on this machine's kind of device, with its software."""
    own = [record for record in runs_in(results) if record["seed"] == seed]
    settings = {record["setting"] for record in own}
    return settings == {record["setting"] for record in own if kind_of(record) == kind_of(machine)}


def kind_of(where: dict) -> tuple:
    """What two machines must share for one to use the other's runs."""
    versions = versions_that_count(where["versions"])
    return versions, *(where.get(key) for key in ("backend", "device_kind", "training_version"))


def last_summary(notebook: str, folder: Path) -> dict:
    """What the notebook's last page says of its runs; empty if there is none, or if it is of other code."""
    try:
        executed = nbformat.read(folder / f"{notebook}.ipynb", as_version=4)
    except (OSError, ValueError):
        return {}
    now = nbformat.read(ROOT / "notebooks" / f"{notebook}.ipynb", as_version=4)
    return read_summary(folder / "results" / notebook) if digest_of_cells(executed) == digest_of_cells(now) else {}


def runs_in(results: Path) -> list[dict]:
    """The records of runs in a notebook's folder."""
    return [record for record in read_records(results)[0] if record["kind"] == "run"]
