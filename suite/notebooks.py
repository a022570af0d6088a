"""Executing a notebook by papermill, in time; and what is kept of it."""

import os
import re
from pathlib import Path
from typing import NamedTuple

import nbformat

from helpers.files import replacing
from suite.processes import JobTimeoutError, time_limit

ROOT = Path(__file__).parents[1]


class Limit(NamedTuple):
    """How long a job may take.

    Attributes:
        seconds: None for no limit.
        message: What is said of a job that took longer.
    """

    seconds: float | None = None
    message: str = ""


def parameters_of(notebook: Path, profile: str, dataset: str, seeds: list[int], reports: Path) -> dict:
    """The parameters that the suite gives to a notebook; those that it does not declare are left out.

    Args:
        notebook: The notebook.
        profile, dataset, seeds: What was asked for.
        reports: Where its reports go.
    """
    beside = "digits" if dataset == "digits" else "fashion_mnist"  # of those that ask about it
    given = {"profile": profile, "dataset": dataset, "fashion_dataset": beside, "seeds": seeds}
    return given | {"reports_dir": os.path.relpath(reports, notebook.parent)}  # shown on the page: no absolute path


def run_notebook(notebook: Path, executed: Path, parameters: dict, limit: Limit, tries: int = 3) -> str | None:
    """Execute a notebook by papermill; None, or the error in one line.

    Args:
        notebook: The notebook.
        executed: Where the executed one goes, cell by cell.
        parameters: papermill parameters; those that the notebook does not declare are left out.
        limit: How long it may take.
        tries: How often, where two kernels pick the same ports.
    """
    os.environ["JUPYTER_PATH"] = str(Path(__file__).with_name("jupyter"))  # of this environment's kernels, the warm one
    os.environ.pop("MPLBACKEND", None)  # the kernel's own backend draws into the notebook
    import papermill
    from papermill.exceptions import PapermillExecutionError

    try:
        declared = papermill.inspect_notebook(str(notebook))
        with time_limit(*limit):
            papermill.execute_notebook(
                str(notebook),
                str(executed).replace("{", "{{").replace("}", "}}"),  # papermill formats output paths
                parameters={key: value for key, value in parameters.items() if key in declared},
                kernel_name="python3",
                cwd=str(notebook.parent),
                progress_bar=False,
            )
    except PapermillExecutionError as error:
        return one_line(f"{error.ename}: {error.evalue}")
    except JobTimeoutError as error:
        return str(error)
    except Exception as error:  # a dead kernel, a full disk: whatever it is, the other notebooks go on
        if "Address already in use" in str(error) and tries > 1:
            return run_notebook(notebook, executed, parameters, limit, tries - 1)
        return one_line(f"{type(error).__name__}: {error}")
    return None


def forget_paths(executed: Path) -> None:
    """Take this machine's folders out of a notebook, those in outputs too: reports are shared, folders are private."""
    content = nbformat.read(executed, as_version=4)
    for key in ("input_path", "output_path"):
        content.metadata.papermill[key] = Path(content.metadata.papermill[key]).name
    for output in (output for cell in content.cells for output in cell.get("outputs", [])):
        if output.output_type == "stream":  # a warning names the file that it comes from
            output.text = output.text.replace(f"{ROOT}/", "")
    with replacing(executed) as file:
        file.write(nbformat.writes(content).encode())


def one_line(text: str, longest: int = 600) -> str:
    """A message without line breaks and terminal colours, cut where it runs on."""
    text = " ".join(re.sub(r"\x1b\[[0-9;]*m", "", text).split())
    return text if len(text) <= longest else text[:longest] + " ..."
