"""The jobs of the suite, a training a (notebook, seed) and a page a notebook, and how each of them stands."""

import heapq
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
from IPython.core.inputtransformer2 import TransformerManager

from helpers.files import try_lock
from helpers.fingerprints import digest_of_code, digest_of_values
from helpers.profiles import PROFILES

ROOT = Path(__file__).parents[1]
MARKS = ".partial/ended"  # below a profile's folder: an empty file says that a job ended well
MEMORY_MB = 3_000  # of a notebook that does not say how much it needs
SEEDS = {"full": (10, 11, 12, 13, 14), "quick": (10,), "smoke": (10,)}  # of a notebook that does not say which
# What fetches the repository on Colab, with the import that it alone needs: it differs between forks, and computes
# nothing.
FETCHING = re.compile(
    r"^import importlib\.util\n|^if importlib\.util\.find_spec\(\"helpers\"\) is None.*\n(?: {4}.*\n)+", re.MULTILINE
)
PAGE_MINUTES = 0.25  # of a page whose runs are all recorded, about
# How much more is trained in the same time by jobs that share the cores than by one after another on all: small nets
# leave a core idle. On two AMD cores 1.06 (E's net) to 1.29 (D's model 1), by the sum of both rates: a little too much.
SIDE_BY_SIDE = 1.2


@dataclass(frozen=True)
class Job:
    """One execution of a notebook.

    Attributes:
        notebook: The notebook's name, such as "03_cnn".
        seed: The seed that the job trains; None for the job that makes the page, of all seeds.
        seeds: The seeds that the notebook is executed with.
        after: Marks of the jobs that must have ended before.
        digest: Of all that determines what the job makes, its random numbers aside.
        memory_mb: Memory that it may need, MB.
        minutes: What it takes on two cores, about.
        alone: Whether it has all cores to itself, for its times are judged.
    """

    notebook: str
    seed: int | None
    seeds: tuple[int, ...]
    after: tuple[str, ...]
    digest: str
    memory_mb: int
    minutes: float
    alone: bool = False

    @property
    def name(self) -> str:
        """What the job is called, such as "03_cnn-seed10", or "03_cnn" for the page."""
        return self.notebook if self.seed is None else f"{self.notebook}-seed{self.seed}"

    @property
    def mark(self) -> str:
        """The file that says that the job ended well, relative to the profile's folder."""
        return f"{MARKS}/{self.name}.{self.digest}"

    def state(self, folder: Path) -> str:
        """How the job stands in a profile's folder: "running", "done", "failed", "stale" or "pending".

        Stale is what ended well, but with other code, parameters or software than today's.
        """
        if is_running(folder, self.name):
            return "running"
        if (folder / self.mark).exists():
            return "done"
        if read_outcome(folder, self.name).get("status") == "failed":
            return "failed"
        return "stale" if list((folder / MARKS).glob(f"{self.name}.*")) else "pending"

    def forget(self, folder: Path) -> None:
        """Remove the job's marks, so that it is executed again."""
        for mark in (folder / MARKS).glob(f"{self.name}.*"):
            mark.unlink()


def notebooks_of(folder: Path) -> list[Path]:
    """The notebooks of the suite, in order: those named as "03_cnn.ipynb" is. Others, such as copies, are left alone.

    Raises:
        ValueError: One says nothing of what the suite must know.
    """
    suite = sorted(path for path in folder.glob("*.ipynb") if re.fullmatch(r"\d\d_[a-z0-9_]+", path.stem))
    for path in suite:
        about = nbformat.read(path, as_version=4).metadata.get("coursework")
        said = about if isinstance(about, dict) else {}
        minutes, seeds = said.get("minutes"), said.get("seeds", {})
        known = isinstance(minutes, dict) and set(PROFILES) <= set(minutes) and isinstance(seeds, dict)
        if "question" not in said or not known:
            raise ValueError(
                f"notebooks/{path.name}: expected in its metadata, under coursework, a question and the minutes of "
                f"{', '.join(PROFILES)}, and seeds by profile, if any, as CONTRIBUTING.md says (or another name, such "
                f"as draft.ipynb); got {about}"
            )
    return suite


def plan_jobs(
    notebooks: list[Path], profile: str, dataset: str, seeds: tuple[int, ...], from_records: bool = False
) -> list[Job]:
    """The jobs of notebooks, in a reader's order.

    A notebook that trains with several seeds is a job a seed, which leaves records, and a job that makes the page from
    them. With one seed the page's job trains as well. Where pages are made from records alone, they are the only jobs.

    Args:
        notebooks: The notebooks' files.
        profile: "full", "quick" or "smoke".
        dataset: The data set asked for.
        seeds: The seeds asked for; none for each notebook's own.
        from_records: Whether nothing is to be trained.
    """
    training_code, page_code = _digest_of("helpers"), _digest_of("helpers", "suite/site")
    printed = [path.read_text() for path in sorted((ROOT / "reports" / "published").glob("*.csv"))]
    asked = [profile, dataset, os.environ.get("KERAS_BACKEND", ""), (ROOT / "requirements.txt").read_text()]
    jobs = []
    for path in notebooks:
        notebook = nbformat.read(path, as_version=4)
        about = notebook.metadata["coursework"]
        if about.get("of_all"):  # made of the pages of all others, when these are there: suite/results.py
            continue
        memory, default = about.get("memory_mb", MEMORY_MB), about.get("seeds", {}).get(profile, SEEDS[profile])
        used, has_seeds = seeds or tuple(default), _has_seeds(notebook)
        minutes = about["minutes"][profile] / (len(default) if has_seeds else 1)  # measured with all of its own seeds
        own = used if has_seeds and len(used) > 1 and not from_records else ()
        alone = profile in about.get("timed", ()) and not from_records
        digest = digest_of_values([asked, training_code, digest_of_cells(notebook)])[:16]
        trained = [Job(path.stem, seed, (seed,), (), digest, memory, minutes, alone) for seed in own]
        digest = digest_of_values([asked, page_code, printed, _shown(notebook), used])[:16]
        digest, minutes = f"records-{digest}" if from_records else digest, PAGE_MINUTES if trained else minutes
        after, alone = tuple(job.mark for job in trained), alone and not trained
        page = Job(path.stem, None, used, after, digest, memory, minutes, alone)
        jobs += [*trained, page]
    return jobs


def seconds_beside(jobs: list[Job], seconds: dict[str, float], stretch: float) -> dict[str, float]:
    """What each job takes where several are executed at a time, by its name.

    Args:
        jobs: The jobs.
        seconds: What each takes with all cores to itself.
        stretch: How many times longer it takes beside others; a job that runs `alone` does not.
    """
    return {job.name: seconds[job.name] * (1.0 if job.alone else stretch) for job in jobs}


def seconds_of_all(jobs: list[Job], seconds: dict[str, float], at_a_time: int, stretch: float) -> float:
    """What all of some jobs take, begun in their order, each as soon as there is room for it.

    Args:
        jobs: The jobs.
        seconds: What each takes with all cores to itself.
        at_a_time: How many share the cores.
        stretch: As for `seconds_beside`.
    """
    beside = seconds_beside(jobs, seconds, stretch)
    ends = [0.0] * at_a_time  # of what is executed at the same time
    for job in jobs:
        if not job.alone:
            heapq.heapreplace(ends, ends[0] + beside[job.name])
    return max(ends) + sum(beside[job.name] for job in jobs if job.alone)


def read_outcome(folder: Path, name: str) -> dict:
    """How the last execution of a job went; empty if it never was executed."""
    try:
        return json.loads((folder / ".partial" / f"{name}.json").read_text())
    except FileNotFoundError:
        return {}


def is_running(folder: Path, name: str) -> bool:
    """Whether a process is executing a job."""
    try:
        with (folder / ".partial" / f"{name}.lock").open("r+") as file:
            return not try_lock(file)
    except FileNotFoundError:
        return False


def last_log_line(folder: Path, name: str) -> str:
    """The last line of a job's progress; empty if there is none."""
    try:
        lines = (folder / ".partial" / f"{name}.progress").read_text().splitlines()
    except FileNotFoundError:
        return ""
    return lines[-1] if lines else ""


def digest_of_cells(notebook: nbformat.NotebookNode) -> str:
    """Digest of a notebook's code, without what papermill injected and what fetches the repository on Colab.

    Comments and formatting do not count.
    """
    sources = (FETCHING.sub("", source) for source in _sources(notebook, "code"))
    return digest_of_code(map(TransformerManager().transform_cell, sources))


def _sources(notebook: nbformat.NotebookNode, *kinds: str) -> list[str]:
    """The text of a notebook's own cells of these kinds."""
    own = (cell for cell in notebook.cells if "injected-parameters" not in cell.metadata.get("tags", []))
    return [cell.source for cell in own if cell.cell_type in kinds]


def _shown(notebook: nbformat.NotebookNode) -> list:
    """What of a notebook its page shows: the text of all cells, its question, the words of its figures."""
    words = [cell.metadata.get("alt") for cell in notebook.cells]
    return [_sources(notebook, "code", "markdown"), notebook.metadata["coursework"].get("question"), words]


def _has_seeds(notebook: nbformat.NotebookNode) -> bool:
    """Whether a notebook trains with the seeds that it is given."""
    return any("\nseeds = " in source for source in _sources(notebook, "code"))


def _digest_of(*folders: str) -> str:
    """Digest of code, and of templates and styles, in folders of the repository."""
    paths = [path for folder in folders for path in sorted((ROOT / folder).rglob("*"))]
    templates = [path.read_text() for path in paths if path.suffix in (".jinja", ".css", ".js")]
    return digest_of_values([digest_of_code(path.read_text() for path in paths if path.suffix == ".py"), templates])
