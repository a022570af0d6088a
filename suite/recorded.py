"""What of the suite's work is recorded already, and what the rest costs on this machine.

Marks say what ended here. A fresh clone has none, but it has records, and pages that say what was not recorded when
they were made: that is enough to leave out what is done.
"""

import json
import statistics
import subprocess
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import nbformat

from helpers.limits import cpu_count
from helpers.machine import versions_that_count
from helpers.records import digest_of_shown, read_records, read_summary
from suite import warm
from suite.jobs import PAGE_MINUTES, ROOT, SIDE_BY_SIDE, Job, digest_of_cells
from suite.settings import SettingsError

# Images a second that `helpers.speed` would find on the machine whose times the notebooks say: by notebook 10, quick,
# which then said 1 min, and took 5 min 15 s on two AMD cores (Zen 3, float32) where 750 a second are found.
REFERENCE_SPEED = 7_000.0


@cache
def this_machine() -> dict:
    """What this machine computes with: backend, kind of device, device, versions, and our training code's version.

    Asked in a process of its own: Keras takes seconds to import, and JAX would keep the GPU's memory.
    """
    return json.loads(_ask("helpers.machine"))


def _ask(module: str) -> str:
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
    return {record["sha256"] for record in _runs(results)}


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
        summary = _last_summary(name, folder)
        lacking = {_seed_of(missing, planned) for missing in summary.get("missing", ())}
        if None in lacking or not summary.get("training"):
            continue
        kept = {record["sha256"] for path in folder.glob("results/*") for record in _runs(path)}
        lacking |= {run["seed"] for run in summary.get("runs", ()) if run["record"] not in kept}
        done = [seed for seed in planned if seed in summary["seeds"] and seed not in lacking]
        found |= {f"{name}-seed{seed}" for seed in done if _is_of_kind(folder / "results" / name, seed, machine)}
    return found


def why_stale(name: str, folder: Path) -> str:
    """Why a notebook's page is older than what there is now; "" if it is not.

    Args:
        name: The notebook's name.
        folder: The profile's folder of reports.
    """
    results = folder / "results" / name
    if not (results / "summary.json").is_file() or not (ROOT / "notebooks" / f"{name}.ipynb").is_file():
        return ""
    if not read_summary(results):
        return "What this page found, its summary.json, cannot be read."
    summary = _last_summary(name, folder)
    if not summary:
        return "The notebook's code has changed since this page was made."
    return other_records(name, folder, summary)


def other_records(name: str, folder: Path, summary: dict) -> str:
    """How the records that are there differ from those that a notebook's page was made of; "" if they do not.

    Args:
        name: The notebook's name.
        folder: The profile's folder of reports.
        summary: Of the page.
    """
    if other := _other_of_its_own(name, folder, summary):
        return other
    changed = _changed_beside(summary, folder)
    return f"It uses runs of other pages, which show others since: {', '.join(changed)}." if changed else ""


def uses_old_runs(name: str, folder: Path) -> bool:
    """Whether all that is old of a page are the runs of other notebooks that it uses.

    Args:
        name: The notebook's name.
        folder: The profile's folder of reports.
    """
    if not _changed_beside(read_summary(folder / "results" / name), folder):
        return False
    summary = _last_summary(name, folder)
    return bool(summary) and not _other_of_its_own(name, folder, summary)


def _other_of_its_own(name: str, folder: Path, summary: dict) -> str:
    """How the records of a page's own runs differ from those that it was made of."""
    records = [record for path in folder.glob("results/*") for record in _runs(path)]
    shown = {run["record"] for run in summary.get("runs", ())}
    if gone := shown - {record["sha256"] for record in records}:
        return f"Of the records that this page was made of {len(gone)} can no longer be found."
    own = [record for record in records if record["notebook"] == name and record["sha256"] not in shown]
    if newer := [record for record in own if _is_newer(record, summary)]:
        return f"Since this page was made {len(newer)} of its runs {'were' if len(newer) > 1 else 'was'} recorded."
    return ""


def _changed_beside(summary: dict, folder: Path) -> list[str]:
    """The other notebooks whose runs a page uses, and whose pages show other runs since."""
    used = summary.get("pages_beside", {})
    return [name for name, digest in used.items() if digest != digest_of_shown(folder / "results" / name)]


def _is_newer(record: dict, summary: dict) -> bool:
    """Whether a run that a page does not show was not there when it was made, wherever and whenever it was trained."""
    if "not_shown" in summary:
        return record["sha256"] not in summary["not_shown"]
    return record["seed"] in summary.get("seeds", ()) and _ended(record) > datetime.fromisoformat(summary["finished"])


def _ended(record: dict) -> datetime:
    """When a run ended."""
    return datetime.fromisoformat(record["started"]) + timedelta(seconds=record["seconds"])


def _seed_of(missing: str, planned: list[int]) -> int | None:
    """The seed of a run that a page lacks, such as "cnn, seed 10"; None of what is made once for all seeds."""
    number = missing.rpartition(", seed ")[2]
    return int(number) if number.isdecimal() and int(number) in planned else None


def _is_of_kind(results: Path, seed: int, machine: dict) -> bool:
    """Whether each run of a seed was recorded on this machine's kind of device, with its software."""
    own = [record for record in _runs(results) if record["seed"] == seed]
    settings = {record["setting"] for record in own}
    return settings == {record["setting"] for record in own if _kind(record) == _kind(machine)}


def _kind(where: dict) -> tuple:
    """What two machines must share for one to use the other's runs."""
    versions = versions_that_count(where["versions"])
    return versions, *(where.get(key) for key in ("backend", "device_kind", "training_version"))


def _last_summary(notebook: str, folder: Path) -> dict:
    """What the notebook's last page says of its runs; empty if there is none, or if it is of other code."""
    try:
        executed = nbformat.read(folder / f"{notebook}.ipynb", as_version=4)
    except (OSError, ValueError):
        return {}
    now = nbformat.read(ROOT / "notebooks" / f"{notebook}.ipynb", as_version=4)
    return read_summary(folder / "results" / notebook) if digest_of_cells(executed) == digest_of_cells(now) else {}


@cache
def measured_slowness() -> float:
    """How many times longer this machine takes to train than the one whose times the notebooks say; measured once."""
    return REFERENCE_SPEED / float(_ask("helpers.speed"))


def seconds_of(
    jobs: Iterable[Job],
    folder: Path,
    machine: dict,
    slowness: Callable[[], float] = measured_slowness,
    anew: bool = False,
) -> dict[str, float]:
    """About how long each job takes on this machine, by its name, with all of its cores.

    Where this device has recorded runs of a notebook, their seconds count; of a seed that is partly recorded only the
    rest. Elsewhere it is what the notebook says, times what others took on this device against what they say, or, where
    this device has recorded nothing, times the speed that is measured now. What does not train takes what it says.

    Args:
        jobs: All jobs of the notebooks to look at.
        folder: The profile's folder of reports.
        machine: As `this_machine` describes it.
        slowness: Measures how many times longer than said training takes here.
        anew: Whether what is recorded is trained again.
    """
    jobs = list(jobs)
    training = [job for job in jobs if job.seed is not None or not job.after]
    runs = {job.notebook: _runs(folder / "results" / job.notebook) for job in training}
    typical = {name: _seconds_by_variant(records, machine["device"]) for name, records in runs.items()}
    page = 60 * PAGE_MINUTES
    said = {job.notebook: max(0.0, 60 * job.minutes - page) for job in training}  # of it, what is training
    ratios = [sum(typical[name].values()) / said[name] for name in said if typical[name] and said[name]]
    measured = any(said[name] and not typical[name] for name in said) and not ratios
    ratio = slowness() if measured else statistics.median(ratios) if ratios else 1.0
    found = dict.fromkeys((job.name for job in jobs), page)
    for job in training:
        own = [run for run in runs[job.notebook] if run["seed"] in job.seeds and _kind(run) == _kind(machine)]
        recorded = set() if anew else {run["variant"] for run in own}
        rest = [seconds for variant, seconds in typical[job.notebook].items() if variant not in recorded]
        found[job.name] += sum(rest) if typical[job.notebook] else ratio * said[job.notebook]
    return found


def _seconds_by_variant(records: list[dict], device: str) -> dict[str, float]:
    """The median training time of each variant on a device: of runs beside another, what they would take alone."""
    by_variant: dict[str, list[float]] = {}
    for record in records:
        if record["device"] == device:
            shared = record["device_kind"] == "cpu" and record.get("disturbed")
            beside = cpu_count() // record.get("threads", cpu_count()) if shared else 1
            share = min(1.0, SIDE_BY_SIDE / beside) if beside > 1 else 1.0
            by_variant.setdefault(record["variant"], []).append(record["seconds"] * share)
    return {variant: statistics.median(seconds) for variant, seconds in by_variant.items()}


def _runs(results: Path) -> list[dict]:
    """The records of runs in a notebook's folder."""
    return [record for record in read_records(results)[0] if record["kind"] == "run"]
