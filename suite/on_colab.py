"""What a notebook's set-up does on Google Colab once the repository is there: `%run coursework/suite/on_colab.py`.

The helpers are imported from there beside what Colab ships, of which nothing is changed. Where that is too old they are
not found.
"""

import os
import sys
import tomllib
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def find_too_old(dependencies: Iterable[str]) -> list[str]:
    """Which requirements are not met here, a line each: "keras 3.10.0, not >=3.13"."""
    from packaging.requirements import Requirement

    lacking = []
    for needed in map(Requirement, dependencies):
        try:
            installed = metadata.version(needed.name)
        except metadata.PackageNotFoundError:
            lacking.append(f"{needed.name}, which is not installed")
            continue
        if not needed.specifier.contains(installed, prereleases=True):
            lacking.append(f"{needed.name} {installed}, not {needed.specifier}")
    return lacking


def main() -> None:
    """Have the helpers found, go into the folder of notebooks, switch oneDNN on, give an older Keras what it lacks.

    Raises:
        ImportError: Something is too old. Nothing is upgraded: that might break what else is installed.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    if lacking := find_too_old(project["dependencies"]):
        raise ImportError(
            f"the helpers cannot work here, because of {'; '.join(lacking)}. Choose the newest version under "
            "Runtime, Change runtime type. Or install what is named by %pip install --upgrade, and restart the session."
        )
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # as in the Makefile; TensorFlow reads it when it is imported
    sys.path.insert(0, str(ROOT))  # until the session is restarted, and then again
    os.chdir(ROOT / "notebooks")
    from helpers.training.older_keras import provide_optimizers

    provide_optimizers()


if __name__ == "__main__":
    main()
