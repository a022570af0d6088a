"""The notebooks: one question each, one form for all, and cells that can be run again."""

import ast
import csv
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from notebook_cells import code_cells, parameters_at, parsed

from helpers import layer_plots, plots
from helpers.claims.figures import TIMES
from helpers.lab.known_parameters import KNOWN
from helpers.profiles import PROFILES
from suite.colab import PLACE, write_addresses
from suite.jobs import notebooks_of

ROOT = Path(__file__).parent.parent
COMPARING_TIMES = ("times.compare", "times.relative", "times.outcomes", ', "training_time", ')
NOTEBOOKS = notebooks_of(ROOT / "notebooks")
RETURNS = {
    name: getattr(function, "__annotations__", {}).get("return")
    for module in (plots, layer_plots)
    for name, function in vars(module).items()
}
DRAWING = (
    "plt.",
    "claim_plots.",
    "recipe_plots.",
    "ablation.gain_bars(",
    *(f"plots.{name}(" for name, returned in RETURNS.items() if returned in (Axes, Figure)),
)


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


# The form.


def test_the_suite_has_notebooks_each_with_a_number_of_its_own():
    numbers = [path.stem[:3] for path in NOTEBOOKS]
    assert numbers[0] == "01_"
    assert len(set(numbers)) == len(numbers)
    assert all(number[:2].isdecimal() and number[2] == "_" for number in numbers)


def test_the_start_page_names_each_by_its_title():
    listed = [line for line in (ROOT / "notebooks" / "README.md").read_text().splitlines() if line.startswith("- ")]
    titles = [
        nbformat.read(path, as_version=4).cells[0].source.splitlines()[0].removeprefix("# ") for path in NOTEBOOKS
    ]
    assert listed == [f"- [{title}]({path.name})" for title, path in zip(titles, NOTEBOOKS, strict=True)]


def test_is_committed_without_outputs_and_small(path, notebook):
    assert all(not cell.outputs and cell.execution_count is None for cell in code_cells(notebook))
    assert path.stat().st_size < 100_000


def lines_of(cell) -> list[str]:
    """A code cell's lines, without those that are in a fork alone: the words above the fields of its form."""
    return [line for line in cell.source.splitlines() if not line.startswith("# @markdown ")]


def assert_is_short(notebook):
    assert len(notebook.cells) <= 25
    assert len(code_cells(notebook)) <= 12
    for cell in code_cells(notebook):
        assert len(lines_of(cell)) <= 25
        assert all(len(line) <= 120 or "  # @param " in line or PLACE.match(line) for line in lines_of(cell))


def test_is_short_enough_to_read(notebook):
    assert_is_short(notebook)


def test_the_pattern_for_all_takes_at_most_90_lines_of_code():
    cells = code_cells(nbformat.read(ROOT / "notebooks" / "03_cnn.ipynb", as_version=4))
    assert sum(bool(line.strip()) for cell in cells for line in lines_of(cell)) <= 90


def test_a_fork_with_its_address_is_as_short_and_passes_ruff(tmp_path):
    (tmp_path / "notebooks").mkdir()
    for path in NOTEBOOKS:
        (tmp_path / "notebooks" / path.name).write_text(path.read_text())
    write_addresses("some-one-with-a-long-name/and-a-long-name-for-the-coursework-2026", tmp_path / "notebooks")
    for path in (tmp_path / "notebooks").iterdir():
        assert_is_short(nbformat.read(path, as_version=4))
    settings = ["--no-cache", "--config", str(ROOT / "pyproject.toml"), "--config", f"src = ['{ROOT}']"]
    for command in (["check"], ["format", "--check"]):
        asked = [sys.executable, "-m", "ruff", *command, *settings, "."]
        ended = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True)
        assert ended.returncode == 0, ended.stdout


def test_begins_with_its_question_and_says_what_it_costs(notebook):
    first = notebook.cells[0]
    assert first.cell_type == "markdown"
    assert first.source.startswith("# ")
    assert "**Question.**" in first.source
    assert "**Cost.**" in first.source
    about = notebook.metadata.coursework
    assert about.question.endswith("?")
    assert set(about.minutes) == set(PROFILES)


def test_runs_alone_where_its_times_are_judged_or_compared():
    rows = list(csv.DictReader((ROOT / "reports" / "published" / "claims.csv").open()))
    judged = {row["notebook"] for row in rows if row["figure"] in TIMES}
    notebooks = {path.stem: nbformat.read(path, as_version=4) for path in NOTEBOOKS}
    code = {name: "\n".join(cell.source for cell in code_cells(found)) for name, found in notebooks.items()}
    compared = {name for name, source in code.items() if any(words in source for words in COMPARING_TIMES)}
    timed = {name: found.metadata.coursework.get("timed", []) for name, found in notebooks.items()}
    assert judged | compared | {"14_fast_recipe", "15_precision"} == {n for n in timed if "full" in timed[n]}
    assert {"05_pooling", "06_strides", "07_frozen_vs_unfrozen", "14_fast_recipe", "15_precision"} == {
        name
        for name in timed
        if "quick" in timed[name]  # their answers name times, or they ask how fast
    }
    assert not any("smoke" in profiles for profiles in timed.values())
    assert judged


def test_has_one_parameters_cell_of_literals_each_with_a_word_on_it(notebook):
    cell = code_cells(notebook)[parameters_at(notebook)]
    for statement in parsed(cell):
        assert isinstance(statement, ast.Assign)
        ast.literal_eval(statement.value)
    words = ("  # ", "# @markdown ")  # the latter in a fork, where they are above the line
    assert all(any(mark in line for mark in words) for line in cell.source.splitlines())


def test_has_every_parameter_checked_before_anything_else_is_done(path, notebook):
    cells, at = code_cells(notebook), parameters_at(notebook)
    names = {statement.targets[0].id for statement in parsed(cells[at])}
    following = cells[at + 1].source
    before, made, _ = following.partition(f'lab = Lab("{path.stem}", globals()')
    assert made
    assert all(isinstance(s, ast.Assign | ast.FunctionDef) for s in ast.parse(before).body)  # checks with a name
    assert {name for name in names if name not in KNOWN and name not in following} == set()


def test_describes_its_figures_in_words(notebook):
    drawing = [cell for cell in code_cells(notebook) if any(name in cell.source for name in DRAWING)]
    assert drawing
    for cell in drawing:
        words = cell.metadata.get("alt", "")
        assert min(map(len, [words] if isinstance(words, str) else words)) > 20


def test_ends_with_its_findings(notebook):
    last = parsed(code_cells(notebook)[-1])[-1]
    assert isinstance(last, ast.Expr)
    assert ast.unparse(last).startswith("lab.finish(")
    assert {"answer", "discussion"} <= {keyword.arg for keyword in last.value.keywords}


def test_leaves_no_comparing_of_numbers_to_the_reader(notebook):
    text = "\n".join(cell.source for cell in notebook.cells)
    assert "ompare the numbers above" not in text
    assert "ompare the two numbers" not in text


def test_folds_the_answers_of_its_exercises(notebook):
    assert "<details><summary>Answers</summary>" in notebook.cells[-1].source


def test_leaves_the_import_path_and_the_backend_alone(notebook):
    source = "\n".join(cell.source for cell in code_cells(notebook))
    assert not [word for word in ("sys.path", "import tensorflow", "import jax", "plt.show") if word in source]
