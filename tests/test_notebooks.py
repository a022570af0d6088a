"""The form of the notebooks: one question each, parameters that papermill can set, nothing committed but the source."""

import ast
from pathlib import Path

import nbformat
import pytest

from helpers.profiles import PROFILES

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
DRAWING = ("plots.", "plt.")


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request):
    """Each notebook's path in turn."""
    return request.param


@pytest.fixture
def notebook(path):
    """The notebook's content, valid by nbformat's own schema."""
    content = nbformat.read(path, as_version=4)
    nbformat.validate(content)
    return content


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def parameter_cells(notebook):
    return [cell for cell in code_cells(notebook) if "parameters" in cell.metadata.get("tags", [])]


def test_the_suite_has_notebooks_each_with_a_number_of_its_own():
    numbers = [path.stem[:3] for path in NOTEBOOKS]
    assert numbers[0] == "01_"
    assert len(set(numbers)) == len(numbers)
    assert all(number[:2].isdecimal() and number[2] == "_" for number in numbers)


def test_is_committed_without_outputs_and_small(path, notebook):
    assert all(not cell.outputs and cell.execution_count is None for cell in code_cells(notebook))
    assert path.stat().st_size < 100_000


def test_is_short_enough_to_read(notebook):
    assert len(notebook.cells) <= 25
    assert len(code_cells(notebook)) <= 12
    assert max(len(cell.source.splitlines()) for cell in code_cells(notebook)) <= 25


def test_begins_with_its_question_and_says_what_it_costs(notebook):
    first = notebook.cells[0]
    assert first.cell_type == "markdown"
    assert first.source.startswith("# ")
    assert "**Question.**" in first.source
    assert "**Cost.**" in first.source
    about = notebook.metadata.coursework
    assert about.question.endswith("?")
    assert set(about.minutes) == set(PROFILES)


def test_has_one_parameters_cell_of_literals_each_with_a_word_on_it(notebook):
    (cell,) = parameter_cells(notebook)
    for statement in ast.parse(cell.source).body:
        assert isinstance(statement, ast.Assign)
        ast.literal_eval(statement.value)
    assert all("  # " in line for line in cell.source.splitlines())


def test_checks_every_parameter_before_it_loads_anything(notebook):
    (cell,) = parameter_cells(notebook)
    names = {statement.targets[0].id for statement in ast.parse(cell.source).body}
    following = code_cells(notebook)[code_cells(notebook).index(cell) + 1].source
    assert "check_parameters(" in following
    assert "load_" not in following.split("check_parameters(")[0]
    assert {name for name in names if name not in following} == set()


def test_describes_its_figures_in_words(notebook):
    sources = [(cell, cell.source.replace("plots.use_style", "")) for cell in code_cells(notebook)]
    drawing = [cell for cell, source in sources if any(name in source for name in DRAWING)]
    assert drawing
    assert all(len(cell.metadata.get("alt", "")) > 20 for cell in drawing)


def test_ends_by_writing_its_summary(notebook):
    last = code_cells(notebook)[-1].source.strip().splitlines()[-1]
    assert last.startswith("runs.write_summary(")


def test_folds_the_answers_of_its_exercises(notebook):
    assert "<details><summary>Answers</summary>" in notebook.cells[-1].source


def test_leaves_the_import_path_and_the_backend_alone(notebook):
    source = "\n".join(cell.source for cell in code_cells(notebook))
    assert not [word for word in ("sys.path", "import tensorflow", "import jax", "plt.show") if word in source]
