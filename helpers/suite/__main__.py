"""The main job: execute the notebooks through Snakemake, build the pages, say what came of it.

python -m helpers.suite --profile auto --seeds "0 1 2" --jobs 1 --dataset cifar10 [--only 03_cnn]
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from helpers.profiles import PROFILES
from helpers.progress import format_seconds
from helpers.suite.outcomes import read_outcomes, results_table
from helpers.suite.settings import Settings, read_settings, thread_limits

ROOT = Path(__file__).parents[2]
FULL_SEEDS = 3  # the minutes in a notebook's metadata are of so many seeds in full, of one otherwise


def main() -> int:
    """Run the suite; 0 if every notebook ran to its end, 2 if it could not begin, else 1."""
    parser = argparse.ArgumentParser(prog="python -m helpers.suite", description=__doc__.splitlines()[0])
    parser.add_argument("--profile", default="auto", help="auto (full on a GPU, else quick), full, quick or smoke")
    parser.add_argument("--dataset", default="cifar10")
    parser.add_argument("--seeds", default="", help='whole numbers, such as "0 1 2"; default 0 1 2 in full, else 0')
    parser.add_argument("--jobs", default="1", help="notebooks at a time")
    parser.add_argument("--only", default="", help="one notebook's name, such as 03_cnn; default all")
    parser.add_argument("--reports", type=Path, default=ROOT / "reports")
    asked = parser.parse_args()
    suite = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    for variable in ("COURSEWORK_DATA", "COURSEWORK_CACHE"):  # the kernels work in another folder
        if os.environ.get(variable):
            os.environ[variable] = str(Path(os.environ[variable]).expanduser().resolve())
    try:
        notebooks = choose_notebooks(suite, asked.only)
        settings = read_settings(asked.profile, asked.dataset, asked.seeds, asked.jobs, asked.reports.resolve())
    except (ValueError, OSError) as error:
        print(f"Nothing was run. {error}", file=sys.stderr)
        return 2
    announce(notebooks, settings)
    return run(notebooks, suite, settings)


def choose_notebooks(suite: list[Path], only: str) -> list[Path]:
    """All notebooks, or the one that is named.

    Raises:
        ValueError: There is none of that name.
    """
    chosen = [notebook for notebook in suite if only in ("", notebook.stem, notebook.name)]
    if not chosen:
        names = ", ".join(notebook.stem for notebook in suite)
        raise ValueError(f"NB: expected a notebook's name, one of {names}; came {only!r}")
    return chosen


def announce(notebooks: list[Path], settings: Settings) -> None:
    """Say what will be run and about how long it takes."""
    profile = PROFILES[settings.profile]
    print(f"Profile {profile.name} ({settings.why}): {profile.about}.")
    data = os.environ.get("COURSEWORK_DATA") or "Keras's download and cache"
    print(f"Data: {settings.dataset} from {data}. Seeds: {', '.join(map(str, settings.seeds))}.")
    minutes = 0.0
    for notebook in notebooks:
        about = json.loads(notebook.read_text())["metadata"]["coursework"]
        own = about["minutes"][profile.name] * len(settings.seeds) / (FULL_SEEDS if profile.name == "full" else 1)
        minutes += own
        print(f"  {notebook.stem:<24} about {format_seconds(own * 60):>6}  {about['question']}")
    total = format_seconds(minutes * 60 / min(settings.jobs, len(notebooks)))
    print(f"About {total} in all, as measured on two processor cores; less on a GPU.\n", flush=True)


def run(notebooks: list[Path], suite: list[Path], settings: Settings) -> int:
    """Execute notebooks, then build the index of all that were ever executed for the profile."""
    from helpers.site.pages import build_index

    started = time.time()
    settings.partial.mkdir(exist_ok=True)
    for notebook in notebooks:
        (settings.partial / f"{notebook.stem}.json").unlink(missing_ok=True)
    fetch_data(settings)
    ended = call_snakemake(notebooks, settings)
    outcomes = read_outcomes(suite, settings.folder)
    asked = {notebook.stem for notebook in notebooks}
    fresh = [o for o in outcomes if o["notebook"] in asked and (settings.partial / f"{o['notebook']}.json").exists()]
    if fresh:
        print("\n" + results_table(fresh))
    done = {o["notebook"] for o in fresh if o["status"] == "done"}
    index = settings.folder / "index.html"
    if done or not index.exists():  # where nothing ended well, the earlier index stays as it was
        build_index(settings.folder, outcomes)
    print(f"\n{format_seconds(time.time() - started)} in all. Open {os.path.relpath(index)}", flush=True)
    report_failures(asked - done, fresh, settings, ended)
    return 1 if asked - done else 0


def fetch_data(settings: Settings) -> None:
    """Fetch the data sets once: notebooks that download a file at the same time would spoil it for each other."""
    command = [sys.executable, "-m", "helpers.data", *dict.fromkeys([settings.dataset, "fashion_mnist"])]
    command += ["--stand-in"] if PROFILES[settings.profile].allows_stand_in else []
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with (settings.partial / "data.log").open("w") as log:
        subprocess.run(command, cwd=ROOT, stderr=log, env=environment)


def call_snakemake(notebooks: list[Path], settings: Settings) -> int:
    """Run the workflow, its own log to a file, the notebooks' progress to the terminal; returns its exit status."""
    config = {"profile": settings.profile, "dataset": settings.dataset, "reports": str(settings.reports)}
    config["seeds"] = " ".join(map(str, settings.seeds))
    config["notebooks"] = " ".join(notebook.stem for notebook in notebooks)
    command = [sys.executable, "-m", "snakemake", "--cores", str(settings.jobs), "--quiet", "all"]
    # Every notebook asked for is executed: after a fresh clone the files' times say nothing about what is out of date.
    command += ["--forceall", "--keep-going", "--rerun-incomplete", "--nolock"]
    command += ["--config", *(f"{key}={value}" for key, value in config.items())]
    environment = {**os.environ, **thread_limits(settings.jobs), "PYTHONPATH": str(ROOT)}
    environment.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with (settings.partial / "snakemake.log").open("w") as log:
        try:
            return subprocess.run(command, cwd=ROOT, stderr=log, env=environment).returncode
        except KeyboardInterrupt:
            return 130


def report_failures(unfinished: set[str], fresh: list[dict], settings: Settings, ended: int) -> None:
    """The last lines: each notebook that failed, its error, and the partly executed notebook."""
    outcomes = {outcome["notebook"]: outcome for outcome in fresh}
    for name in sorted(unfinished):
        print(f"FAILED {name}: {(outcomes.get(name) or {}).get('error') or _cut_short(ended, settings)}")
        if (partial := settings.partial / f"{name}.ipynb").exists():
            print(f"       partly executed: {os.path.relpath(partial)}")


def _cut_short(ended: int, settings: Settings) -> str:
    """What to say of a notebook that left no outcome."""
    if ended == 130:
        return "interrupted"
    return f"its process ended without a word; see {os.path.relpath(settings.partial / 'snakemake.log')}"


if __name__ == "__main__":
    sys.exit(main())
