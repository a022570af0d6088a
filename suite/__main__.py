"""The commands behind `make`: execute the notebooks, build the pages, say how it went.

python -m suite reproduce|pages|status|audit --profile auto --seeds "10 11 12" --jobs 1 [--only 03_cnn]
"""

import argparse
import os
import sys
from pathlib import Path

from helpers.files import lock, remove_half_written
from suite.jobs import ROOT, notebooks_of
from suite.settings import DEFAULTS, Settings, SettingsError, read_settings
from suite.warm import warm_processes
from suite.workflow import SNAKEMAKE_LOG


def main() -> int:
    """Do what was asked for; 0 if all went well, 2 if it could not begin, else 1."""
    asked = read_command_line()
    for variable in ("COURSEWORK_DATA", "COURSEWORK_CACHE"):  # the kernels work in another folder
        if os.environ.get(variable):
            os.environ[variable] = str(Path(os.environ[variable]).expanduser().resolve())
    try:
        if set("{}") & set(str(ROOT)):
            raise ValueError(f"Expected a path without braces, which Snakemake reads as wildcards; got {ROOT}.")
        suite = notebooks_of(ROOT / "notebooks")
        notebooks = choose_notebooks(suite, asked.only)
        defaults = {"pages": {"profile": "full", "jobs": "2"}, "audit": {"profile": "full"}}.get(asked.command, {})
        given = {name: getattr(asked, name) or defaults.get(name, "") for name in DEFAULTS}
        settings = read_settings(asked.reports.resolve(), **given)
    except (ValueError, OSError) as error:
        print(f"Nothing was run. {error}", file=sys.stderr)
        return 2
    try:
        return call_alone(asked, notebooks, suite, settings)
    except SettingsError as error:
        print(f"Nothing was run. {error}", file=sys.stderr)
        return 2


def call_alone(asked: argparse.Namespace, notebooks: list[Path], suite: list[Path], settings: Settings) -> int:
    """Run a command while no other works on the profile's folder; the status disturbs none."""
    if asked.command == "status":
        return call(asked, notebooks, suite, settings)
    settings.partial.mkdir(exist_ok=True)
    with (settings.partial / "lock").open("w") as file:
        lock(file, lambda: print(f"Another run is at work on {settings.folder}: waiting for it to end.", flush=True))
        (settings.partial / SNAKEMAKE_LOG).unlink(
            missing_ok=True
        )  # of an earlier call; in this one it may be appended to
        for folder in (settings.folder, settings.folder / "figures", settings.partial):
            remove_half_written(folder)  # by a call that was killed
        with warm_processes(ROOT):
            return call(asked, notebooks, suite, settings)


def read_command_line() -> argparse.Namespace:
    """What was asked for; the values are checked later, all at once."""
    parser = argparse.ArgumentParser(prog="python -m suite", description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=("reproduce", "pages", "status", "audit"))
    parser.add_argument(
        "--profile",
        default="",
        help="full, quick, smoke, or auto (full on a GPU, else quick); default full for pages and audit, else auto",
    )
    parser.add_argument("--dataset", default="", help="cifar10, fashion_mnist or digits; default cifar10")
    parser.add_argument("--seeds", default="", help='whole numbers, such as "10 11"; default each notebook\'s own')
    parser.add_argument("--jobs", default="", help="jobs at a time; default 2 where a processor trains, else 1")
    parser.add_argument("--retries", default="", help="how often a failed job is tried again; default 2")
    parser.add_argument("--timeout", default="", help="minutes that a job may take; default no limit")
    parser.add_argument("--minutes", default="", help="minutes that all of it may take; default no limit")
    parser.add_argument("--gpus", default="", help="number of GPUs; default as many as there are here")
    parser.add_argument("--threads", default="", help="cores of a job; default this machine's, shared by the jobs")
    parser.add_argument("--number", default="", help="records to audit; default 3, or as many as fit into --minutes")
    parser.add_argument("--draw", default="", help="seed with which the records to audit are drawn; default any")
    parser.add_argument("--fresh", default="", help="1 trains everything anew, whatever is there already")
    parser.add_argument("--only", default="", help="one notebook's name, such as 03_cnn; default all")
    parser.add_argument("--reports", type=Path, default=ROOT / "reports")
    return parser.parse_args()


def choose_notebooks(suite: list[Path], only: str) -> list[Path]:
    """All notebooks, or the one that is named.

    Raises:
        ValueError: There is none of that name.
    """
    chosen = [notebook for notebook in suite if only in ("", notebook.stem, notebook.name)]
    if not chosen:
        names = ", ".join(notebook.stem for notebook in suite)
        raise ValueError(f"NB: expected a notebook's name, one of {names}; got {only!r}")
    return chosen


def call(asked: argparse.Namespace, notebooks: list[Path], suite: list[Path], settings: Settings) -> int:
    """Run a command; what it needs is imported now, since impossible requests are to be refused at once."""
    if asked.command == "status":
        from suite.reproduce import status_command

        return status_command(notebooks, settings)
    if asked.command == "pages":
        from suite.pages import pages_command

        return pages_command(notebooks, suite, settings)
    if asked.command == "audit":
        from suite.audit import audit_command

        return audit_command(notebooks, suite, settings)
    from suite.reproduce import reproduce_command

    return reproduce_command(notebooks, suite, settings, asked.fresh not in ("", "0"), again=bool(asked.only))


if __name__ == "__main__":
    sys.exit(main())
