"""The notebooks: one question each, one form for all, nets that others use too, and cells that can be run again."""

import ast
import contextlib
import csv
import io
import json
import subprocess
import sys
import types
from pathlib import Path

import keras
import nbformat
import numpy as np
import pytest
from IPython.core.inputtransformer2 import TransformerManager
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers import layer_plots, models, plots
from helpers.claims.figures import TIMES
from helpers.lab.known_parameters import KNOWN
from helpers.profiles import PROFILES
from helpers.training import identify_run
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


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def parameters_at(notebook) -> int:
    """The position of the parameters' cell among the code cells."""
    (at,) = (k for k, cell in enumerate(code_cells(notebook)) if "parameters" in cell.metadata.get("tags", []))
    return at


def parsed(cell) -> list[ast.stmt]:
    """A code cell's statements, lines of IPython's own turned into Python."""
    return ast.parse(TransformerManager().transform_cell(cell.source)).body


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


# The nets on a notebook's page.

MEAN, STD = np.array([0.49, 0.48, 0.45]), np.array([0.25, 0.24, 0.26])


def names_of_page(stem: str, input_shape=(32, 32, 3), **given) -> dict:
    """What the cell with a notebook's nets defines, executed with the notebook's parameters and imports alone."""
    cells = code_cells(nbformat.read(ROOT / "notebooks" / f"{stem}.ipynb", as_version=4))
    lab = types.SimpleNamespace(input_shape=input_shape, class_names=[*"abcdefghij"], is_full=True)
    names = {"lab": lab, "mean": MEAN, "std": STD} | given
    imports = [s for cell in cells for s in parsed(cell) if isinstance(s, ast.Import | ast.ImportFrom)]
    exec(compile(ast.Module(imports, []), stem, "exec"), names)
    names["display"] = lambda *_: None
    parameters = cells[parameters_at(types.SimpleNamespace(cells=cells))].source
    page = next(cell.source for cell in cells if "keras.Input(" in cell.source)
    with contextlib.redirect_stdout(io.StringIO()):
        for source in (parameters, page):
            exec(compile(source, stem, "exec"), names)
    return names


def layers_of(model: keras.Model) -> list[tuple]:
    """The kind, the configuration and the shape of each layer; names, precisions and initial seeds aside."""
    found = []
    for layer in model.layers:
        if not isinstance(layer, keras.layers.InputLayer):
            config = {key: value for key, value in layer.get_config().items() if key not in ("name", "dtype", "seed")}
            found.append((type(layer).__name__, json.dumps(config, sort_keys=True, default=str), layer.output.shape))
    return found


PAGES = {
    "02 dense": ("02_dense_baseline", lambda page: page["dense"](0.5), lambda: models.report_a_dense(dropout_rate=0.5)),
    "02 mlp": ("02_dense_baseline", lambda page: page["mlp"](), lambda: models.report_c_mlp(mean=MEAN, std=STD)),
    "03 dense": ("03_cnn", lambda page: page["dense"](), lambda: models.report_a_dense(dropout_rate=0.5)),
    "03 cnn": ("03_cnn", lambda page: page["cnn"](0.5), lambda: models.report_a_cnn(dropout_rate=0.5)),
    "05 with": ("05_pooling", lambda page: page["cnn"](), lambda: models.report_a_cnn(dropout_rate=0.3)),
    "05 without": (
        "05_pooling",
        lambda page: page["cnn"](pooling=False),
        lambda: models.report_a_cnn(dropout_rate=0.3, pooling=False),
    ),
    **{
        f"06 {name}": (
            "06_strides",
            lambda page, name=name: page["cnn"](**page["variants"][name]),
            lambda options=options: models.report_a_cnn(dropout_rate=0.3, **options),
        )
        for name, options in {
            "cnn": {},
            "pool_stride_1": {"pool_stride": 1},
            "pool_stride_4": {"pool_stride": 4},
            "conv_stride_2": {"conv_strides": (2, 1, 1)},
            "conv_stride_4": {"conv_strides": (4, 1, 1)},
        }.items()
    },
    "08 valid": ("08_resolution", lambda page: page["convnet"]((32, 32, 3)), models.report_b_convnet),
    "09 arc2": ("09_fashion_mnist", lambda page: page["arc2"](0.25), lambda: models.report_b_arc2((32, 32, 3))),
    "09 arc3": ("09_fashion_mnist", lambda page: page["arc3"](0.25), lambda: models.report_b_arc3((32, 32, 3))),
    **{
        f"10 {name}": (
            "10_batch_norm",
            lambda page, name=name: page["cnn"](*page["variants"][name]),
            lambda options=options: models.report_c_cnn(mean=MEAN, std=STD, **options),
        )
        for name, options in {
            "cnn_plain": {},
            "cnn_batch_norm": {"batch_norm": True, "dropout_rate": 0.5},
            "batch_norm_alone": {"batch_norm": True},
        }.items()
    },
    "12 model 1": ("12_depth", lambda page: page["model_1"](), models.report_d_model_1),
    "12 model 2": ("12_depth", lambda page: page["model_2"](), models.report_d_model_2),
    "12 model 3": ("12_depth", lambda page: page["model_3"](), models.report_d_model_3),
    **{
        f"13 {activation}": (
            "13_optimizer_activation",
            lambda page, activation=activation: page["convnet"](activation),
            lambda activation=activation: models.report_e_convnet(activation=activation),
        )
        for activation in ("leaky_relu", "tanh")
    },
}


@pytest.mark.parametrize("which", PAGES)
def test_a_net_on_a_page_is_the_one_that_others_use(which):
    stem, on_page, in_helpers = PAGES[which]
    ours, theirs = on_page(names_of_page(stem)), in_helpers()
    assert layers_of(ours) == layers_of(theirs)
    assert models.count_parameters(ours) == models.count_parameters(theirs)


@pytest.mark.parametrize(
    ("first", "second"),
    [("02 dense", "03 dense"), ("05 with", "06 cnn"), ("03 cnn", "05 with")],
)
def test_the_same_net_on_two_pages_has_its_record_in_common(first, second):
    images, labels = np.zeros((8, 32, 32, 3), "uint8"), np.zeros(8, int)
    settings = []
    for stem, on_page, _ in (PAGES[first], PAGES[second]):
        keras.utils.set_random_seed(1)
        model = on_page(names_of_page(stem, dropout_rate_cnn=0.3))
        next(layer for layer in model.layers if isinstance(layer, keras.layers.Dropout)).rate = 0.3
        model.compile(keras.optimizers.Adam(0.001), "sparse_categorical_crossentropy", metrics=["accuracy"])
        settings.append(identify_run(model, images, labels, validation_data=None, epochs=1, batch_size=4, seed=1))
    assert settings[0] == settings[1]
