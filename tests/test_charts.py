"""The values behind charts: those that were drawn, under their names, and where they were drawn."""

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from helpers import charts, plots
from helpers.charts import MIME, MOST_POINTS, chart_values, draw_chart, is_chart

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def closed():
    """Close the figures of a test."""
    yield
    plt.close("all")


def values_of(figure) -> list[dict]:
    """The panels of a figure, drawn."""
    figure.canvas.draw()
    return chart_values(figure)["panels"]


def points_of(panel: dict) -> dict[str, list[tuple]]:
    """A panel's points in words, by series."""
    return {series["name"]: [(*point[:2], *point[4:]) for point in series["points"]] for series in panel["series"]}


def history(offset=0.0):
    return {"loss": [1.5, 1.0], "val_loss": [1.6, 1.1], "accuracy": [0.4, 0.5 + offset], "val_accuracy": [0.41, 0.45]}


def test_curves_have_their_values_by_epoch_the_training_ones_by_that_name():
    runs = [{"variant": "cnn_2", "history": history()}, {"variant": "dense", "history": history(0.1)}]
    loss, accuracy = values_of(plots.learning_curves(runs))
    assert (accuracy["x"], accuracy["y"], accuracy["rows"]) == ("epoch", "accuracy", "x")
    assert points_of(accuracy) == {
        "cnn 2, training": [("1", "0.4"), ("2", "0.5")],
        "cnn 2": [("1", "0.41"), ("2", "0.45")],
        "dense, training": [("1", "0.4"), ("2", "0.6")],
        "dense": [("1", "0.41"), ("2", "0.45")],
    }
    assert points_of(loss)["dense"] == [("1", "1.6"), ("2", "1.1")]


def test_bars_have_the_names_at_their_axis_also_where_another_ax_shows_them():
    figure, axes = plt.subplots(1, 2, sharey=True)
    for ax, factor in zip(axes, (1, 2), strict=True):
        plots.class_bars({"cnn": [0.1 * factor, 0.25 * factor], "dense": [0.2, 0.3]}, ["cat", "dog"], "recall", ax)
    first, second = values_of(figure)
    assert (first["rows"], second["rows"], second["x"]) == ("y", "y", "recall")
    assert points_of(first) == {
        "cnn": [("0.1", "cat"), ("0.25", "dog")],
        "dense": [("0.2", "cat"), ("0.3", "dog")],
    }
    assert points_of(second)["cnn"] == [("0.2", "cat"), ("0.5", "dog")]


def test_upright_bars_have_their_heights():
    ax = plt.subplots()[1]
    ax.bar([0, 1], [3, -2])
    ax.set_xticks([0, 1], ["first net", "second\nnet"])
    assert points_of(values_of(ax.figure)[0]) == {"": [("first net", "3"), ("second net", "-2")]}


def test_names_that_are_numbers_are_names():
    ax = plots.class_bars({"cnn": [0.1, 0.25], "dense": [0.2, 0.3]}, ["0", "1"], "recall")
    assert points_of(values_of(ax.figure)[0])["dense"] == [("0.2", "0"), ("0.3", "1")]
    (panel,) = values_of(plots.confusion_matrix(np.array([[30, 10], [0, 60]]), ["0", "1"]).figure)
    assert points_of(panel) == {
        "0": [("0", "0", "75"), ("0", "1", "0")],
        "1": [("1", "0", "25"), ("1", "1", "100")],
    }


def test_dots_in_rows_have_the_name_of_their_row():
    ax = plots.accuracy_dots(pd.DataFrame({"cnn": [0.5, 0.6], "dense_2": [0.7, np.nan]}), {"cnn": 0.55})
    (panel,) = values_of(ax.figure)
    assert points_of(panel) == {
        "ours": [("0.5", "cnn"), ("0.6", "cnn"), ("0.7", "dense 2")],
        "printed": [("0.55", "cnn")],
    }


def test_a_heat_map_has_its_cells_as_they_are_written():
    matrix = np.array([[30, 10], [0, 60]])
    (panel,) = values_of(plots.confusion_matrix(matrix, ["cat", "dog"]).figure)
    assert (panel["x"], panel["y"], panel["rows"]) == ("predicted class", "true class", "y")
    assert points_of(panel) == {
        "cat": [("cat", "cat", "75"), ("cat", "dog", "0")],
        "dog": [("dog", "cat", "25"), ("dog", "dog", "100")],
    }


def test_rules_across_an_ax_are_no_values_and_of_many_points_some_are_kept():
    ax = plots.rate_test(np.logspace(-4, 0, 500), np.linspace(2, 1, 500), np.linspace(2, 1, 500), 0.1)
    (panel,) = values_of(ax.figure)
    found = points_of(panel)
    assert not any("top rate" in name for name in found)
    assert len(found["running mean"]) == panel["shown"] == MOST_POINTS
    assert "shown" not in values_of(plots.confusion_matrix(np.eye(2), ["cat", "dog"]).figure)[0]
    assert (found["running mean"][0], found["running mean"][-1]) == (("0.0001", "2"), ("1", "1"))


def test_the_ends_of_error_bars_are_named_as_the_bars_are():
    _, ax = plt.subplots()
    ax.bar([0, 1], [9, 8], label="images")
    ax.errorbar([0, 1], [9, 8], yerr=[1, 2], fmt="none", capsize=4, color="black", label="range of chance")
    found = points_of(values_of(ax.figure)[0])
    assert {name: [value for _, value in points] for name, points in found.items()} == {
        "images": ["9", "8"],
        "range of chance": ["8", "6", "10", "10"],
    }


def test_small_numbers_at_an_axis_are_numbers():
    figure, ax = plt.subplots()
    ax.plot([2e-5, 9e-4, 7.7e-3], [1, 2, 3])
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter("{x:g}")
    assert [x for x, _ in points_of(values_of(figure)[0])[""]] == ["2e-05", "0.0009", "0.0077"]


def test_what_has_no_label_is_named_by_its_colour_in_the_legend():
    figure, ax = plt.subplots()
    ax.plot([1, 2], [3, 4], color="C1")
    ax.plot([1, 2], [5, 6], color="C2")
    figure.legend(handles=[plt.Line2D([], [], color="C1", label="ours")])
    assert set(points_of(values_of(figure)[0])) == {"ours", ""}


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_each_value_lies_where_it_was_drawn(scale):
    figure, axes = plt.subplots(1, 2, layout="constrained")
    axes[1].plot([1, 10, 30], [0.2, 0.9, 0.5], "s", color="red", markersize=4, markeredgewidth=0)
    axes[1].set(xscale=scale, xlim=(0.5, 40), ylim=(0, 1), xlabel="step")
    figure.suptitle("a title")
    file = io.BytesIO()
    figure.savefig(file, bbox_inches="tight", pad_inches=charts.MARGIN, dpi=200)
    picture = np.asarray(Image.open(file).convert("RGB")).astype(int)
    (panel,) = chart_values(figure)["panels"]
    for *_, left, top in panel["series"][0]["points"]:
        row, column = round(top / 1000 * picture.shape[0]), round(left / 1000 * picture.shape[1])
        around = picture[row - 4 : row + 5, column - 4 : column + 5].reshape(-1, 3)
        assert (np.abs(around - [255, 0, 0]).sum(axis=1) < 60).any()


def test_what_lies_outside_of_the_axes_is_told_at_their_edge():
    figure, ax = plt.subplots()
    ax.plot([1, 2, 3], [1.0, 1e4, 2.0])
    ax.set_ylim(0, 3)
    (panel,) = values_of(figure)
    (_, _, *first), (_, value, left, top), (_, _, *last) = panel["series"][0]["points"]
    assert value == "1e+04"
    assert first[0] < left < last[0]
    assert 0 <= top < last[1] < first[1] < 1000


def test_figures_of_images_are_no_charts_nor_are_empty_ones():
    assert not is_chart(plots.image_grid(np.zeros((2, 4, 4, 3), "uint8"), ["a", "b"]))
    assert not is_chart(plt.subplots()[0])


def test_of_a_chart_without_values_it_is_said_that_they_are_not_recorded():
    empty = plots.confusion_matrices([], ["cat", "dog"])
    plots.mark_cells(empty, [(0, 1)])
    curves = plots.learning_curves([{"variant": "cnn", "history": history()}], ["dense"], stage_ends=[1])
    dots = plots.accuracy_dots(pd.DataFrame({"constant": {}}), {}).figure
    bars = plots.metric_bars({"a": {"b": []}}, {"f1": len})
    for figure in (empty, plots.learning_curves([]), curves, dots, bars):
        assert list(draw_chart(figure)) == ["text/markdown"]
        assert "not recorded yet" in draw_chart(figure)["text/markdown"]
    assert not draw_chart(plots.image_grid(np.zeros((2, 4, 4, 3), "uint8"), ["a", "b"]))
    assert not draw_chart(plots.image_grid(np.zeros((0, 4, 4, 3), "uint8"), []))  # it says that there is none
    own = plt.figure()
    own.gca().pie([1, 2])
    assert draw_chart(own) == {}  # drawn as it is: it has no values that could be told


def test_a_chart_is_drawn_the_same_each_time_with_its_values(monkeypatch):
    monkeypatch.setitem(plt.rcParams, "svg.hashsalt", "coursework")

    def drawn() -> dict:
        return draw_chart(plots.class_bars({"cnn": [0.1, 0.2]}, ["cat", "dog"], "recall").figure)

    once, again = drawn(), drawn()
    assert set(once) == {"image/svg+xml", MIME}
    assert once == again
    assert once["image/svg+xml"].lstrip().startswith("<?xml")
    assert not re.search(r"<dc:date>", once["image/svg+xml"])


def test_a_notebooks_figure_is_drawn_to_find_its_size_and_to_show_it_and_never_else():
    code = """
from IPython.core.interactiveshell import InteractiveShell
from matplotlib.figure import Figure

InteractiveShell.kernel = None  # as that of a notebook has one
shell, draws, draw = InteractiveShell.instance(), [], Figure.draw
Figure.draw = lambda figure, renderer: draws.append(figure) or draw(figure, renderer)
shell.run_cell("from helpers import plots; plots.use_style()")
for _ in range(2):
    shell.run_cell("plots.class_bars({'cnn': [0.1, 0.2]}, ['cat', 'dog'], 'recall');")
    print("drawn:", len(draws))
"""
    environment = {**os.environ, "MPLBACKEND": "module://matplotlib_inline.backend_inline", "PYTHONPATH": str(ROOT)}
    ended = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120)
    assert re.findall(r"^drawn: (\d)$", ended.stdout, re.MULTILINE) == ["2", "4"], ended.stderr


def test_elsewhere_than_in_a_notebook_nothing_is_changed(monkeypatch):
    monkeypatch.setattr(charts, "get_ipython", lambda: None)
    before = dict(plt.rcParams)
    charts.show_charts_with_values()
    assert dict(plt.rcParams) == before
