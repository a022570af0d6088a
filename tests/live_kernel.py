"""A notebook in one kernel as whoever works in it has it: from its parameters to its end, again and again."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from suite.warm import warm_processes

ROOT = Path(__file__).parents[1]


@contextmanager
def warm_kernels() -> Iterator[None]:
    """Kernels that have everything imported when they begin, as the suite's have."""
    with pytest.MonkeyPatch.context() as patch, warm_processes(ROOT):
        patch.setenv("JUPYTER_PATH", str(ROOT / "suite" / "jupyter"))
        yield


def run_in_one_kernel(path: Path, passes: list[dict], given: dict) -> None:
    """Execute a notebook several times in one kernel.

    Args:
        path: The notebook.
        passes: Of each time, the parameters that it alone has; in capitals, environment variables.
        given: Parameters of all times; what the notebook does not declare is left out.
    """
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    (at,) = (k for k, cell in enumerate(cells) if "parameters" in cell.metadata.get("tags", []))
    sources = [cell.source for cell in cells[:at]]
    for own in passes:
        variables = {name: value for name, value in own.items() if name.isupper()}
        values = {name: value for name, value in (given | own).items() if f"\n{name} = " in f"\n{cells[at].source}"}
        sources.append(f"import os\nos.environ |= {variables!r}")
        sources += [cells[at].source, "\n".join(f"{name} = {value!r}" for name, value in values.items())]
        sources += [cell.source for cell in cells[at + 1 :]]
        sources.append(f"for name in {list(variables)!r}:\n    del os.environ[name]")
    whole = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, sources)))
    NotebookClient(whole, timeout=1200, kernel_name="python3", resources={"metadata": {"path": path.parent}}).execute()
