"""The figures of a net's layers: bars, boxes and squares as large as the tables say."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from helpers import layer_plots, times

IMAGE = np.zeros((32, 32, 3), "uint8")


def table(layers: list[str], shapes: list[str], work: list[int], fields: list[int | None]) -> pd.DataFrame:
    """Costs by layer, as `costs.layer_costs` gives them."""
    columns = {"layer": layers, "output shape": shapes, "multiply-adds": work, "receptive field": fields}
    return pd.DataFrame(columns | {"jump": fields}).astype({"receptive field": "Int64", "jump": "Int64"})


POOLED = table(
    ["scale_pixels", "conv_1", "pool_1", "hidden_1", "probabilities"],
    ["32 x 32 x 3", "32 x 32 x 50", "16 x 16 x 50", "100", "10"],
    [0, 4_000_000, 0, 1_000_000, 1_000],
    [1, 5, 6, None, None],
)
TABLES = {"with_pool": POOLED, "without": POOLED[POOLED["layer"] != "pool_1"]}


@pytest.fixture(autouse=True)
def _drawing():
    """No windows, and every figure closed."""
    plt.switch_backend("Agg")
    yield
    plt.close("all")


def widths(ax) -> list[float]:
    return [patch.get_width() for patch in ax.patches]


def test_bars_are_as_long_as_the_costs_and_small_layers_are_left_out():
    figure = layer_plots.cost_bars(TABLES, {"multiply-adds": ("millions", 1e6)})
    (ax,) = figure.axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["conv_1", "hidden_1"]
    assert widths(ax) == [4, 1, 4, 1]
    assert ax.get_xlabel() == "millions"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["with pool", "without"]


def test_a_layer_that_a_variant_lacks_gets_no_bar():
    costly_pool = POOLED.assign(**{"multiply-adds": [0, 4, 2, 1, 1]})
    (ax,) = layer_plots.cost_bars({"a": costly_pool, "b": costly_pool.drop(2)}, {"multiply-adds": ("all", 1)}).axes
    np.testing.assert_array_equal(widths(ax), [4, 2, 1, 1, 4, np.nan, 1, 1])


def test_boxes_are_as_high_as_the_side_and_as_wide_as_the_channels():
    (ax,) = layer_plots.feature_maps(TABLES).axes
    image, conv, pool, *_ = ax.patches
    assert conv.get_height() == image.get_height() == 2 * pool.get_height()
    assert conv.get_width() == pool.get_width() == pytest.approx(image.get_width() * 50 / 3)
    assert len(ax.patches) == 3 + 2  # no boxes of what has no height and width
    words = [text.get_text() for text in ax.texts]
    assert words.count("32 x 32 x 50") == 2
    assert {"with pool", "without", "16 x 16 x 50", "pool_1"} <= set(words)


def test_squares_are_as_large_as_the_receptive_fields_and_lie_in_the_middle():
    figure = layer_plots.receptive_fields(IMAGE, TABLES, columns=2)
    pooled, plain = figure.axes
    assert (widths(pooled), widths(plain)) == ([5, 6], [5])
    assert pooled.patches[0].get_xy() == (-2.5, -2.5)
    assert pooled.images[0].get_extent() == [-16, 16, 16, -16]
    assert [ax.get_title() for ax in figure.axes] == ["with pool: 6 pixels", "without: 5 pixels"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["conv_1", "pool_1"]
    first = {"conv": POOLED[POOLED["layer"].isin(["conv_1"])], "dense": POOLED[POOLED["layer"] == "hidden_1"]}
    drawn = layer_plots.receptive_fields(IMAGE, first, columns=2)
    assert [ax.get_title() for ax in drawn.axes] == ["conv: 5 pixels", "dense: 1 pixels"]


def test_each_run_is_a_dot_at_its_stride_and_the_line_goes_through_the_means():
    columns = ["net", "test accuracy", "test loss, nats", "an epoch, s", "machine"]
    rows = [["a 1", 0.5, 1, 9, "quiet"], ["a 1", 0.7, 2, 5, "disturbed"], ["a 2", 0.4, 3, 2, "quiet"]]
    figure = layer_plots.outcomes_by_stride(pd.DataFrame(rows, columns=columns), {"reading": ["a_1", "a_2"]}, (1, 2))
    accuracy, _, seconds = figure.axes
    line, *dots = accuracy.lines
    np.testing.assert_allclose(line.get_xydata(), [[1, 0.6], [2, 0.4]])
    assert [tuple(dot.get_xydata()[0]) for dot in dots] == [(1, 0.5), (1, 0.7), (2, 0.4)]
    assert [dot.get_markerfacecolor() == "white" for dot in seconds.lines[1:]] == [False, True, False]
    assert not any(dot.get_markerfacecolor() == "white" for dot in dots)
    assert [dot.get_label().endswith("not compared") for dot in seconds.lines[1:]] == [False, True, False]


def test_the_log_axis_of_times_has_plain_numbers():
    columns = ["net", "test accuracy", "test loss, nats", "an epoch, s", "machine"]
    rows = [["a 1", 0.5, 1, 257.0, "quiet"], ["a 2", 0.4, 3, 5.1, "quiet"]]
    figure = layer_plots.outcomes_by_stride(pd.DataFrame(rows, columns=columns), {"reading": ["a_1", "a_2"]}, (1, 2))
    figure.canvas.draw()
    low, high = figure.axes[2].get_ylim()
    ticks = figure.axes[2].get_yticklabels()
    assert [t.get_text() for t in ticks if low <= t.get_position()[1] <= high] == ["5", "10", "20", "50", "100", "200"]


def test_without_any_run_there_are_axes_without_dots():
    nothing = times.outcomes([], pd.Series(dtype=float), None)
    figure = layer_plots.outcomes_by_stride(nothing, {"reading": ["a_1", "a_2"]}, (1, 2))
    assert [len(ax.lines) for ax in figure.axes] == [1, 1, 1]
    assert nothing.drop(columns="machine").groupby("net", sort=False).mean().empty
