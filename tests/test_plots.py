"""The figures: given back, never shown, with labelled axes."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import scipy.stats
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers import plots
from helpers.predictions import Predictions, pack_predictions, unpack_predictions

NAMES = ["cat", "dog", "ship"]
RNG = np.random.default_rng(0)
COLOUR = RNG.integers(0, 256, (12, 8, 8, 3), dtype="uint8")
GREY = COLOUR[..., :1]
LABELS = np.arange(12) % 3


@pytest.fixture(autouse=True)
def _drawing(monkeypatch):
    """No windows, the style put back, and every figure closed."""
    plt.switch_backend("Agg")
    monkeypatch.setattr(plt, "show", lambda *_, **__: pytest.fail("a helper showed its figure"))
    with plt.rc_context():
        yield
    plt.close("all")


def said(y_prob: np.ndarray) -> Predictions:
    return unpack_predictions({"images": len(y_prob), "predictions": pack_predictions(y_prob)})


def run(variant: str, epochs: int) -> dict:
    falling = [1 / (epoch + 1) for epoch in range(epochs)]
    return {
        "variant": variant,
        "history": {key: falling for key in ("loss", "val_loss", "accuracy", "val_accuracy")},
    }


def titles(figure: Figure) -> list[str]:
    return [ax.get_title() for ax in figure.axes if ax.get_title() and ax.title.get_visible()]


@pytest.mark.parametrize("images", [COLOUR, GREY])
def test_a_grid_shows_each_image_under_its_title(images):
    figure = plots.image_grid(images, [f"image {i}" for i in range(12)], columns=5)
    assert isinstance(figure, Figure)
    assert titles(figure) == [f"image {i}" for i in range(12)]
    assert [len(ax.images) for ax in figure.axes] == [1] * 12 + [0] * 3
    np.testing.assert_array_equal(figure.axes[3].images[0].get_array(), images[3].squeeze())


def test_a_mosaic_lays_images_edge_to_edge_and_leaves_the_rest_of_its_last_row_white():
    dark = np.zeros((5, 4, 6, 3), "uint8")
    picture = plots.mosaic(dark, columns=3).images[0].get_array()
    assert picture.shape == (2 * 4, 3 * 6, 3)
    assert (picture[:4] == 0).all()
    assert (picture[4:, 12:] == 255).all()
    assert plots.mosaic(dark[..., :1]).images[0].get_array().shape == (4, 16 * 6)


@pytest.mark.parametrize("per_class", [1, 3, 8])
@pytest.mark.parametrize("images", [COLOUR, COLOUR[..., :1]], ids=["colour", "grey"])
def test_a_grid_of_classes_has_a_class_a_row(per_class, images):
    (ax,) = plots.class_grid(images, LABELS, NAMES, per_class).axes
    assert [label.get_text() for label in ax.get_yticklabels()] == NAMES
    shown = np.asarray(ax.images[0].get_array())
    height, width = images.shape[1] + 4, images.shape[2] + 4  # each in a white frame
    assert shown.shape[:2] == (3 * height, per_class * width)
    for row in range(3):
        found = images[np.flatnonzero(row == LABELS)[:per_class]]
        for column in range(per_class):
            cell = shown[row * height :, column * width :][2 : height - 2, 2 : width - 2]
            expected = found[column] if column < len(found) else np.full_like(images[0], 255)
            np.testing.assert_array_equal(cell, expected.squeeze())
        middle = ax.get_yticks()[row]
        assert row * height < middle < (row + 1) * height


def test_learning_curves_have_loss_and_accuracy_by_epoch_with_a_legend():
    figure = plots.learning_curves(
        [run("dense", 3), run("dense", 2), run("the_cnn", 1), run("other", 4)], ["dense", "the_cnn"]
    )
    assert [ax.get_xlabel() for ax in figure.axes] == ["epoch", "epoch"]
    assert [ax.get_ylabel() for ax in figure.axes] == ["loss (nats)", "accuracy"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["dense", "the cnn"]
    for style in ("--", "-"):  # training, validation
        lines = [line for line in figure.axes[0].lines if line.get_linestyle() == style]
        assert [list(line.get_xdata()) for line in lines] == [[1, 2, 3], [1, 2], [1]]


def test_runs_that_looked_at_no_validation_images_have_their_training_alone():
    alone = run("recipe", 3)
    alone["history"] = {key: alone["history"][key] for key in ("loss", "accuracy")}
    figure = plots.learning_curves([alone, run("cnn", 3)])
    assert [len(ax.lines) for ax in figure.axes] == [3, 3]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["recipe, training", "cnn"]
    by_step = {"recipe": np.arange(3)}
    of_loss = plots.schedules_and_curves([alone], by_step, by_step, steps_per_epoch=1).axes[1]
    assert [line.get_linestyle() for line in of_loss.lines] == ["--"]


def test_from_three_seeds_on_there_is_their_mean_in_a_band_as_far_as_all_trained():
    runs = [run("cnn", epochs) for epochs in (5, 3, 4)]
    for k, each in enumerate(runs):
        each["history"]["val_accuracy"] = [k * 0.1 + epoch * 0.01 for epoch in range(len(each["history"]["loss"]))]
    ax = plots.learning_curves(runs).axes[1]
    (solid,) = [line for line in ax.lines if line.get_linestyle() == "-"]
    assert list(solid.get_xdata()) == [1, 2, 3]
    assert list(solid.get_ydata()) == pytest.approx([0.1, 0.11, 0.12])
    band = ax.collections[1].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == pytest.approx((0.0, 0.22))
    assert [text.get_text() for text in ax.figure.legends[0].get_texts()] == ["cnn, mean of 3 seeds"]


def test_a_grey_line_marks_where_a_stage_ends():
    figure = plots.learning_curves([run("mlp", 6)], ["mlp"], stage_ends=[2, 4])
    for ax in figure.axes:
        assert [list(line.get_xdata()) for line in ax.lines[2:]] == [[2.5, 2.5], [4.5, 4.5]]


def test_the_range_of_f1_names_the_lowest_and_the_highest_class_by_their_means():
    runs = [
        {"test": {"by_class": {name: {"f1-score": f1, "support": 9} for name, f1 in zip(NAMES, scores, strict=True)}}}
        for scores in ((0.2, 0.6, 0.7), (0.4, 0.1, 0.9))
    ]
    assert plots.f1_range(runs) == "0.30 (cat) to 0.80 (ship)"
    assert plots.f1_range([]) == "not recorded"


def test_a_confusion_matrix_shows_shares_of_each_true_class_in_percent():
    _, given = plt.subplots()
    ax = plots.confusion_matrix([[3, 1, 0], [0, 2, 2], [0, 0, 0]], NAMES, given, "CNN")
    assert ax is given
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title()) == ("predicted class", "true class", "CNN")
    assert [text.get_text() for text in ax.texts] == ["75", "25", "0", "0", "50", "50", "0", "0", "0"]
    assert [label.get_text() for label in ax.get_yticklabels()] == NAMES
    assert isinstance(plots.confusion_matrix(np.eye(3), NAMES), Axes)


def test_bars_by_class_have_a_colour_a_variant():
    _, given = plt.subplots()
    ax = plots.class_bars({"dense": [0.5, 0.6, 0.7], "the_cnn": [0.7, 0.8, 0.9]}, NAMES, "recall", given)
    assert ax is given
    assert ax.get_xlabel() == "recall"
    assert [bar.get_width() for bar in ax.patches] == [0.5, 0.6, 0.7, 0.7, 0.8, 0.9]
    assert [label.get_text() for label in ax.get_yticklabels()] == NAMES
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["dense", "the cnn"]
    assert isinstance(plots.class_bars({"dense": [0.5, 0.6, 0.7]}, NAMES, "recall"), Axes)


def test_bars_of_nothing_are_empty():
    assert not plots.class_bars({}, NAMES, "recall").patches


def test_below_each_image_stands_what_each_net_says_with_mistakes_crossed():
    answers = {"arc2_sgd": np.array([0, 1]), "arc2_adam": np.array([2, 1])}
    figure = plots.answers_grid(GREY[:2], np.array([0, 1]), answers, NAMES, columns=2)
    assert titles(figure) == ["cat", "dog"]
    said = [[text.get_text() for text in ax.texts] for ax in figure.axes]
    assert said == [["arc2 sgd: cat", "✗ arc2 adam: ship"], ["arc2 sgd: dog", "arc2 adam: dog"]]


def test_metrics_of_variants_are_dots_a_run_in_a_panel_a_unit():
    runs = [{"variant": v, "a": a, "loss": 1.0} for v, a in (("sgd", 0.2), ("sgd", 0.4), ("adam", 0.5))]
    panels = {"share": {"test accuracy": lambda run: run["a"]}, "nats": {"loss": lambda run: run["loss"]}}
    figure = plots.metric_dots(runs, panels)
    assert [ax.get_ylabel() for ax in figure.axes] == ["share", "nats"]
    assert [list(line.get_ydata()) for line in figure.axes[0].lines] == [[0.2], [0.4], [0.5]]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["sgd", "adam"]
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["test\naccuracy"]


def test_the_surest_mistakes_come_first_and_say_what_is_true():
    y_prob = np.array([[0.9, 0.1, 0], [0.4, 0.6, 0], [0.05, 0, 0.95], [0.7, 0.2, 0.1]])
    figure = plots.surest_mistakes(COLOUR[:4], np.array([0, 2, 1, 1]), said(y_prob), NAMES, count=2)
    assert titles(figure) == ["ship 95%\nis dog", "cat 70%\nis dog"]
    np.testing.assert_array_equal(figure.axes[0].images[0].get_array(), COLOUR[2])


def test_a_net_without_mistakes_gives_a_grid_that_says_so():
    figure = plots.surest_mistakes(COLOUR[:3], np.arange(3), said(np.eye(3)), NAMES)
    assert titles(figure) == []
    assert [text.get_text() for ax in figure.axes for text in ax.texts] == ["no such image"]


def test_what_only_the_first_net_gets_right_is_shown_with_what_the_second_took_it_for():
    first, second = np.eye(3)[[0, 1, 2, 0]] * 0.6 + 0.1, np.eye(3)[[0, 2, 1, 1]] * 0.9 + 0.01
    first[2] = [0.01, 0.01, 0.98]
    figure = plots.only_first_right(COLOUR[:4], np.array([0, 1, 2, 1]), said(first), said(second), NAMES)
    assert titles(figure) == ["ship\nnot dog", "dog\nnot ship"]  # the surest first; of the last the second is right
    np.testing.assert_array_equal(figure.axes[0].images[0].get_array(), COLOUR[2])


def test_bars_of_recall_are_means_over_the_seeds():
    def tested(*recalls):
        by_class = {name: {"recall": recall} for name, recall in zip(NAMES, recalls, strict=True)}
        return {"variant": "cnn", "test": {"by_class": by_class}}

    ax = plots.recall_bars([tested(0.2, 0.5, 1.0), tested(0.4, 0.5, 0.0)], NAMES)
    assert [bar.get_width() for bar in ax.patches] == pytest.approx([0.3, 0.5, 0.5])


def test_the_style_sets_a_white_ground():
    plots.use_style()
    assert plt.rcParams["axes.facecolor"] == "white"
    assert plt.rcParams["figure.constrained_layout.use"]


def test_a_strip_shows_which_part_each_image_is_in_sorted_by_class():
    part = np.array([0, 1, 2, 0, 0, 0, 1, 1, 1, 2, 2, 2])
    (ax,) = plots.split_strips({"random": part, "none held out": np.zeros(12, int)}, LABELS, NAMES).axes
    shown = ax.images[0].get_array()
    np.testing.assert_array_equal(shown, [np.concatenate([part[k::3] for k in range(3)]), np.zeros(12)])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["random", "none held out"]
    assert [label.get_text() for label in ax.get_xticklabels()] == NAMES


def test_counts_stand_beside_the_range_that_chance_allows():
    counts = pd.DataFrame({"random": [4, 6], "stratified": [5, 5]}, ["cat", "dog"])
    ax = plots.counts_and_chance(counts, np.array([50, 50]))
    (bars,) = ax.containers
    low, high = bars.lines[2][0].get_segments()[0][:, 1]
    assert (low + high) / 2 == pytest.approx(5)
    assert (high - low) / 4 == pytest.approx(scipy.stats.hypergeom.std(100, 50, 10))
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert sorted(texts) == ["random", "range of chance", "stratified"]


def test_a_rate_test_marks_the_lowest_loss_and_the_rate_read_from_it():
    _, given = plt.subplots()
    rates, smoothed = np.geomspace(1e-3, 1, 4), np.array([2.0, 1.5, 1.0, 9.0])
    ax = plots.rate_test(rates, smoothed, smoothed, 0.03, given)
    assert ax is given
    assert (ax.get_xscale(), ax.get_xlabel(), ax.get_ylabel()) == ("log", "learning rate", "loss (nats)")
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels[2:] == ["its lowest, at 0.1", "top rate, 0.03"]
    assert ax.get_ylim()[1] < 9  # the explosion would hide the rest


def test_schedules_stand_beside_the_loss_they_cause_on_one_axis_of_steps():
    steps = np.arange(6)
    figure = plots.schedules_and_curves(
        [run("one_cycle", 3), run("one_cycle", 3), run("constant", 3)],
        {"constant": steps, "one_cycle": steps},
        {"constant": steps, "one_cycle": steps},
        steps_per_epoch=2,
    )
    assert [ax.get_ylabel() for ax in figure.axes] == [
        "learning rate",
        "loss (nats)",
        "momentum",
        "accuracy",
    ]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["constant", "one cycle"]
    dashed, solid = figure.axes[1].lines[:2]
    assert list(dashed.get_xdata()) == [1, 3, 5]  # a mean over the epoch, drawn at its middle
    assert list(solid.get_xdata()) == [2, 4, 6]  # measured at its end
    assert [line.get_linestyle() for line in figure.axes[3].lines] == ["--", "-"] * 3
    assert not figure.axes[1].texts


def test_schedules_of_one_momentum_are_told_apart_by_markers_none_upon_another():
    same = dict.fromkeys(["constant", "exponential", "cosine"], np.full(40, 0.9))
    lines = plots.schedules_and_curves([], same, same, steps_per_epoch=4).axes[2].lines
    assert len({line.get_marker() for line in lines}) == 3
    marked = [set(range(40)[first::every]) for first, every in (line.get_markevery() for line in lines)]
    assert sum(map(len, marked)) == len(set.union(*marked))
    assert all(marked)


def test_a_loss_far_above_the_others_is_left_out_of_the_figure_which_says_so():
    steps, runs = np.arange(24), [run("cosine", 12), run("cosine", 12)]
    runs[0]["history"] = runs[0]["history"] | {"val_loss": [0.5, 4.76, *[0.3] * 10]}
    ax = plots.schedules_and_curves(runs, {"cosine": steps}, {"cosine": steps}, steps_per_epoch=2).axes[1]
    assert 1 < ax.get_ylim()[1] < 1.2
    assert [text.get_text() for text in ax.texts] == ["higher: 1 of 48 losses, up to 4.76"]


@pytest.mark.parametrize("epochs", [1, 2])
def test_of_a_few_losses_all_are_in_the_figure(epochs):
    steps, runs = np.arange(2), [run("constant", epochs), run("cosine", epochs)]
    runs[0]["history"] = runs[0]["history"] | {"val_loss": [9.0] * epochs}
    by_variant = {"constant": steps, "cosine": steps}
    ax = plots.schedules_and_curves(runs, by_variant, by_variant, steps_per_epoch=1).axes[1]
    assert ax.get_ylim()[1] > 9
    assert not ax.texts


def test_each_accuracy_is_a_dot_in_its_variants_row_and_the_printed_one_a_cross():
    ax = plots.accuracy_dots(pd.DataFrame({"constant": [0.6, 0.7], "one_cycle": [0.8, np.nan]}), {"one_cycle": 0.71})
    first, second, cross = ax.lines
    assert first.get_xydata().tolist() == [[0.6, 0], [0.7, 0]]
    assert second.get_ydata().tolist() == [1, 1]
    assert (cross.get_xydata().tolist(), cross.get_marker()) == ([[0.71, 1]], "x")
    assert [label.get_text() for label in ax.get_yticklabels()] == ["constant", "one cycle"]
    assert not len(plots.accuracy_dots(pd.DataFrame({"constant": {}}), {}).lines[0].get_xdata())


def test_printed_histories_stand_in_black_beside_ours_a_column_a_variant():
    history = run("any", 3)["history"]
    figure = plots.beside_printed(
        [run("model_published", 2)], {"model": {"history": history}}, {"model": "model_published"}
    )
    loss, accuracy = figure.axes
    for ax in (loss, accuracy):
        ours, printed = ax.lines[:2], ax.lines[2:]
        assert [len(line.get_xdata()) for line in ours] == [2, 2]
        assert [list(line.get_xdata()) for line in printed] == [[1, 2, 3], [1, 2, 3]]
        assert {line.get_color() for line in printed} == {"black"}
        assert [line.get_linestyle() for line in printed] == ["--", "-"]  # training, validation
    assert titles(figure) == ["model"]
    own = plots.beside_printed([run("model_published", 2)], {}, {"model": "model_published"})  # a net of the reader's
    assert [len(ax.lines) for ax in own.axes] == [2, 2]


def test_curves_of_no_variant_are_none():
    assert not any(ax.lines for ax in plots.learning_curves([run("as_published", 2)], []).axes)


def test_inner_panels_have_the_titles_and_labels_that_the_outer_ones_show():
    history = run("any", 3)["history"]
    printed = {name: {"history": history} for name in ("one", "two")}
    figure = plots.beside_printed([], printed, {"one": "one", "two": "two"})
    assert [ax.get_title() for ax in figure.axes] == ["one", "two"] * 2
    assert [ax.get_ylabel() for ax in figure.axes] == ["loss (nats)"] * 2 + ["accuracy"] * 2
    assert titles(figure) == ["one", "two"]
    assert [ax.xaxis.label.get_visible() for ax in figure.axes] == [False, False, True, True]
    assert [ax.yaxis.label.get_visible() for ax in figure.axes] == [True, False] * 2


@pytest.mark.parametrize(("variants", "grid"), [(0, (1, 1)), (1, (1, 1)), (2, (1, 2)), (3, (2, 2)), (5, (3, 2))])
def test_two_confusion_matrices_stand_in_a_row(variants, grid):
    records = [{"variant": f"net {k}", "test": {"confusion_matrix": np.eye(3)}} for k in range(variants)]
    figure = plots.confusion_matrices(records, NAMES)
    assert titles(figure) == [f"net {k}" for k in range(variants)]
    assert len(figure.axes) == max(1, variants)
    assert figure.axes[0].get_subplotspec().get_gridspec().get_geometry() == grid
    assert tuple(figure.get_size_inches()) == (5.5 * grid[1], 5.4 * grid[0])


def test_a_net_without_mistakes_takes_no_class_for_another():
    right = [{"test": {"confusion_matrix": np.diag([3, 2, 1])}}]
    assert plots.most_confused(right, NAMES) == "no image is taken for another class"
    wrong = [{"test": {"confusion_matrix": [[3, 0, 0], [1, 1, 0], [0, 0, 1]]}}]
    assert plots.most_confused(wrong, NAMES) == f"{NAMES[1]} is taken for {NAMES[0]} in 50% of the cases"


def test_marked_cells_are_framed_in_every_matrix():
    matrix = [[5, 1, 0], [2, 4, 0], [0, 0, 6]]
    records = [{"variant": name, "test": {"confusion_matrix": matrix}} for name in ("one", "two")]
    figure = plots.mark_cells(plots.confusion_matrices(records, NAMES), [(0, 1), (1, 0)])
    frames = [[patch.get_xy() for patch in ax.patches] for ax in figure.axes]
    assert frames == [[(1, 0), (0, 1)]] * 2  # column, row


def test_bars_are_means_with_a_dot_a_run_and_a_variant_without_runs_has_none():
    runs = [{"test": {"accuracy": accuracy}} for accuracy in (0.4, 0.6)]
    read = {"accuracy": lambda record: record["test"]["accuracy"]}
    figure = plots.metric_bars({"a method": {"32x32": runs, "8x8": []}}, read)
    of_second = plots.metric_bars({"no runs yet": {"32x32": []}, "a method": {"32x32": runs}}, read)
    for legend in (figure.legends[0], of_second.legends[0]):
        assert [text.get_text() for text in legend.get_texts()] == list(read)
    np.testing.assert_array_equal([bar.get_height() for bar in figure.axes[0].patches], [0.5, np.nan])
    assert [list(line.get_ydata()) for line in figure.axes[0].lines] == [[0.4, 0.6]]
    assert figure.axes[0].get_xlim() == (-0.5, 1.5)  # room for both, so that the labels stand where they should
