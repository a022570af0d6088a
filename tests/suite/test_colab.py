"""The notebooks on Google Colab: one set-up for all, a fork's address in each, and versions that suffice."""

import ast
import importlib.util
import os
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager
from packaging.requirements import Requirement

from suite import on_colab
from suite.colab import BADGE, PLACE, as_form, set_address, try_all, write_addresses
from suite.jobs import FETCHING, digest_of_cells, notebooks_of

ROOT = Path(__file__).parents[2]
NOTEBOOKS = notebooks_of(ROOT / "notebooks")


def read(name: str) -> nbformat.NotebookNode:
    return nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)


def fetching(notebook: nbformat.NotebookNode) -> str:
    """What a notebook's set-up does on Colab."""
    return "".join(match[0] for match in FETCHING.finditer(notebook.cells[1].source))


def test_the_notebooks_fetch_one_repository_in_one_form():
    assert len({fetching(nbformat.read(path, as_version=4)) for path in NOTEBOOKS}) == 1
    assert len(fetching(read("03_cnn")).splitlines()) == 6


def test_without_an_address_a_notebook_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = PLACE.sub(r'\1""', read("03_cnn").cells[1].source)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(AssertionError, match="on Colab, name the repository in the line above"):
        exec(TransformerManager().transform_cell(source), {})


def test_a_fork_writes_its_address_into_all_notebooks_once(tmp_path):
    for path in NOTEBOOKS:
        (tmp_path / path.name).write_text(path.read_text())
    written = []
    for repository in ("other/fork", "some-one/coursework.2026", "some-one/coursework.2026"):
        write_addresses(repository, tmp_path)
        written.append({path.name: path.read_text() for path in tmp_path.glob("*.ipynb")})
    assert written[1] == written[2]
    for name, text in written[1].items():
        assert "other/fork" not in text
        stem = Path(name).stem
        address = f"https://colab.research.google.com/github/some-one/coursework.2026/blob/main/notebooks/{stem}.ipynb"
        assert text.count(f"{BADGE}({address})") == text.count(address) == 1
        assert text.count('repository = \\"some-one/coursework.2026\\"') == 1


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_in_a_fork_the_parameters_are_a_form_with_the_same_values_and_words(path):
    notebook = nbformat.read(path, as_version=4)
    (cell,) = (cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", []))
    form = as_form(cell.source)
    assert as_form(form) == form
    assert ast.dump(ast.parse(form)) == ast.dump(ast.parse(cell.source))
    assert all(line.partition("  # ")[2] in form for line in cell.source.splitlines())
    fields = [line.partition("  # @param ")[2] for line in form.splitlines() if " = " in line.partition("#")[0]]
    assert all(fields)
    assert fields[0].startswith('["quick", "full"')


def test_each_kind_of_parameter_has_its_field():
    source = """base = "VGG16"  # or "ResNet50"
runs_dir = ""  # a folder; "": none
epochs = 1_000  # of every run
rate = 0.1  # a step
augmented = False  # flip the images
seeds = [10]  # one run a seed"""
    assert as_form(source).splitlines()[:2] == [
        '# @markdown **base**: or "ResNet50"',
        'base = "VGG16"  # @param ["VGG16", "ResNet50"]',
    ]
    kinds = [line.partition("@param ")[2] for line in as_form(source).splitlines() if "@param" in line][1:]
    assert kinds == [f'{{type: "{kind}"}}' for kind in ("string", "integer", "number", "boolean", "raw")]


def test_the_badge_stands_below_the_title():
    notebook = read("03_cnn")
    set_address(notebook, "03_cnn", "owner/name")
    title, badge, question = notebook.cells[0].source.split("\n\n")[:3]
    assert (title[:7], badge.startswith(BADGE), question[:13]) == ("# 03 · ", True, "**Question.**")


@pytest.mark.parametrize("repository", ["", "owner", "https://github.com/owner/name", 'owner/na"me', "owner/name/x"])
def test_what_is_no_repository_is_not_written(repository):
    notebook = read("03_cnn")
    with pytest.raises(ValueError, match='expected "owner/name"'):
        set_address(notebook, "03_cnn", repository)
    assert notebook == read("03_cnn")


def test_a_notebook_without_a_place_for_the_address_is_refused_by_its_name():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# A"), nbformat.v4.new_code_cell("1")])
    with pytest.raises(ValueError, match=r"03_cnn: expected one line .* in its set-up, got 0"):
        set_address(notebook, "03_cnn", "owner/name")


def test_a_notebook_is_written_as_it_is_committed():
    for path in NOTEBOOKS:
        assert nbformat.writes(nbformat.read(path, as_version=4)) + "\n" == path.read_text()


def test_what_is_recorded_stays_done_in_a_fork():
    notebook, fork = read("03_cnn"), read("03_cnn")
    set_address(fork, "03_cnn", "owner/name")
    assert digest_of_cells(notebook) == digest_of_cells(fork)
    fork.cells[1].source += "\nx = 1"
    assert digest_of_cells(notebook) != digest_of_cells(fork)


def test_colab_has_what_the_helpers_need():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = (ROOT / "requirements-colab.txt").read_text().splitlines()
    pins = [Requirement(line.partition("  #")[0]) for line in lines if line and not line.startswith("#")]
    versions = {pin.name: str(pin.specifier).removeprefix("==") for pin in pins}
    needed = [Requirement(text) for text in project["dependencies"]]
    assert all(each.specifier.contains(versions[each.name]) for each in needed if each.name in versions)
    assert {each.name for each in needed} - set(versions) == {"packaging"}  # which IPython's kernel brings


def test_what_is_too_old_or_missing_is_named(monkeypatch):
    monkeypatch.setattr(metadata, "version", version_of({"keras": "3.10.0", "numpy": "2.1.3"}))
    needed = ["keras>=3.13", "numpy>=2.1", "no-such-package"]
    assert on_colab.find_too_old(needed) == ["keras 3.10.0, not >=3.13", "no-such-package, which is not installed"]
    with pytest.raises(ImportError, match=r"because of keras 3\.10\.0, not >=3\.13; pandas, which is not installed"):
        on_colab.main()


def test_the_helpers_are_found_and_tensorflow_uses_onednn(monkeypatch):
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")  # so that it is put back
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS")
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(ROOT)
    on_colab.main()
    assert (sys.path[0], Path.cwd()) == (str(ROOT), ROOT / "notebooks")
    assert os.environ["TF_ENABLE_ONEDNN_OPTS"] == "1"


def version_of(installed: dict[str, str]):
    """In place of `metadata.version`."""

    def version(name: str) -> str:
        if name not in installed:
            raise metadata.PackageNotFoundError(name)
        return installed[name]

    return version


def test_here_nothing_is_too_old():
    assert on_colab.find_too_old(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]) == []


def test_an_unknown_notebook_is_refused_before_an_environment_is_made(tmp_path):
    with pytest.raises(SystemExit, match="NB: expected names of 01_data_and_splits"):
        try_all(tmp_path / "environment", ["99_none"])
    assert not (tmp_path / "environment").exists()
