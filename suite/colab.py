"""The notebooks on Google Colab: an address and a form written into them, and a trial with Colab's versions.

`python -m suite.colab address OWNER/NAME` writes; `python -m suite.colab test FOLDER [NOTEBOOK ...]` tries.
"""

import argparse
import ast
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from suite.jobs import ROOT, notebooks_of
from suite.notebooks import one_line

PYTHON = "3.13"  # Colab's
PLACE = re.compile(r'^(    repository = )"[^"]*"', re.MULTILINE)
BADGE = "[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]"
TRIED = "https://github.com/owner/name"  # in a trial, git fetches this checkout in its place


FIELDS = {bool: "boolean", int: "integer", float: "number", str: "string"}  # of a form, by the type of a value


def set_address(notebook: nbformat.NotebookNode, name: str, repository: str) -> None:
    """Write a repository into a notebook: into what fetches it on Colab, and as a badge below the title.

    Its parameters become a form, which Colab alone shows; for everything else that is a cell with other comments.

    Args:
        notebook: Its content, changed in place.
        name: The notebook's name, such as "03_cnn".
        repository: "owner/name" on GitHub.

    Raises:
        ValueError: The repository is none, or the notebook does not say where it belongs.
    """
    if not re.fullmatch(r"[\w-]+/[\w.-]+", repository):
        raise ValueError(f'REPO: expected "owner/name" of a repository on GitHub, got {repository!r}')
    places = [cell for cell in notebook.cells if cell.cell_type == "code" and PLACE.search(cell.source)]
    if len(places) != 1:
        raise ValueError(f'{name}: expected one line `    repository = "..."` in its set-up, got {len(places)}')
    places[0].source = PLACE.sub(rf'\1"{repository}"', places[0].source)
    title, *rest = notebook.cells[0].source.split("\n\n")
    address = f"https://colab.research.google.com/github/{repository}/blob/main/notebooks/{name}.ipynb"
    rest = [part for part in rest if not part.startswith(BADGE)]
    notebook.cells[0].source = "\n\n".join([title, f"{BADGE}({address})", *rest])
    for cell in notebook.cells:
        if "parameters" in cell.metadata.get("tags", []):
            cell.source = as_form(cell.source)


def as_form(source: str) -> str:
    """A cell of parameters as a form of Colab: a field each, the words on it above.

    A text has a list of choices where the words on it quote others. What is a form already stays as it is.

    Args:
        source: Lines such as `epochs = 5  # of every run`.
    """
    lines = []
    for line in source.splitlines():
        assigned, _, words = line.partition("  # ")
        if not words or words.startswith("@param"):
            lines.append(line)
            continue
        name, _, literal = assigned.partition(" = ")
        value = ast.literal_eval(literal)
        field = f'{{type: "{FIELDS.get(type(value), "raw")}"}}'
        if value and isinstance(value, str):
            choices = list(dict.fromkeys([value, *re.findall(r'"(\w*)"', words)]))
            field = json.dumps(choices) if len(choices) > 1 else field
        lines += [f"# @markdown **{name}**: {words}", f"{assigned}  # @param {field}"]
    return "\n".join(lines)


def write_addresses(repository: str, folder: Path = ROOT / "notebooks") -> None:
    """Write a repository into all notebooks."""
    for path in notebooks_of(folder):
        notebook = nbformat.read(path, as_version=4)
        set_address(notebook, path.stem, repository)
        path.write_text(nbformat.writes(notebook) + "\n")


def make_environment(folder: Path) -> None:
    """Make an environment with Colab's versions, and a kernel "colab" of it that this environment finds."""
    uv = str(Path(sys.executable).with_name("uv"))
    wanted = os.environ.get("COLAB_PYTHON") or PYTHON
    made = subprocess.run([uv, "venv", "--quiet", "--allow-existing", "--python", wanted, str(folder)])
    if made.returncode:
        print(
            f"Python {PYTHON}, which Colab has, cannot be had: name one by COLAB_PYTHON=. Tried with this one instead."
        )
        subprocess.run([uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(folder)], check=True)
    python = str(folder / "bin" / "python")
    asked = [uv, "pip", "install", "--quiet", "--python", python, "--requirement", str(ROOT / "requirements-colab.txt")]
    subprocess.run(asked, check=True)
    kernel = ["-m", "ipykernel", "install", "--prefix", str(folder), "--name", "colab"]
    subprocess.run([python, *kernel], check=True, capture_output=True)


def installed(folder: Path) -> set[str]:
    """What is installed in an environment: "keras==3.13.2"."""
    listed = [folder / "bin" / "python", "-m", "pip", "list", "--format", "freeze"]
    return set(subprocess.run(listed, check=True, capture_output=True, text=True).stdout.split())


def try_notebook(path: Path, content: Path) -> str | None:
    """Execute a notebook at smoke scale as Colab would; None, or the error in one line.

    Args:
        path: The notebook.
        content: The folder that its kernel starts in, Colab's /content.
    """
    notebook = nbformat.read(path, as_version=4)
    set_address(notebook, path.stem, TRIED.partition("github.com/")[2])
    (at,) = (k for k, cell in enumerate(notebook.cells) if "parameters" in cell.metadata.get("tags", []))
    notebook.cells.insert(at + 1, nbformat.v4.new_code_cell('profile = "smoke"'))
    try:
        NotebookClient(notebook, timeout=1800, kernel_name="colab", resources={"metadata": {"path": content}}).execute()
    except CellExecutionError as error:
        return one_line(f"{error.ename}: {error.evalue}")
    except Exception as error:  # a dead kernel: the other notebooks go on
        return one_line(f"{type(error).__name__}: {error}")
    return None


def try_all(folder: Path, names: list[str]) -> int:
    """Try notebooks, those named or all, in an environment made in a folder; the number of those that failed."""
    suite = notebooks_of(ROOT / "notebooks")
    every = {path.stem for path in suite}
    if unknown := set(names) - every:
        raise SystemExit(f"NB: expected names of {', '.join(sorted(every))}; got {', '.join(sorted(unknown))}")
    make_environment(folder)
    os.environ.pop("PYTHONPATH", None)  # or the helpers would be found without what the set-up does on Colab
    os.environ |= {"JUPYTER_PATH": str(folder / "share" / "jupyter"), "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    os.environ |= {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{ROOT.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": TRIED,
    }
    version = subprocess.run([folder / "bin" / "python", "--version"], capture_output=True, text=True).stdout.strip()
    print(f"{version} with requirements-colab.txt; the helpers as committed, the notebooks as they are", flush=True)
    before, failed = installed(folder), 0
    paths = [path for path in suite if not names or path.stem in names]
    with tempfile.TemporaryDirectory() as content:
        for path in paths:
            error = try_notebook(path, Path(content))
            failed += bool(error)
            print(f"{path.stem}: {error or 'done'}", flush=True)
    if changed := before ^ installed(folder):
        print(f"The notebooks changed what Colab ships: {', '.join(sorted(changed))}")
    print(f"{len(paths) - failed} passed, {failed} failed")
    return failed + bool(changed)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="suite.colab")
    parser.add_argument("command", choices=("address", "test"))
    parser.add_argument("subject", help="owner/name, or the folder for the environment")
    parser.add_argument("notebooks", nargs="*")
    asked = parser.parse_args()
    if asked.command == "test":
        sys.exit(bool(try_all(Path(asked.subject).resolve(), asked.notebooks)))
    try:
        write_addresses(asked.subject)
    except ValueError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
