"""What techniques bring is paired by seed, and the figures of a recipe show what they are given."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex

from helpers import ablation, recipe_plots
from helpers.claims import Results
from helpers.training.batches import AugmentedBatches


@pytest.fixture(autouse=True)
def _close():
    """Close all figures after a test."""
    yield
    plt.close("all")


def runs(**accuracies):
    """Records of some seeds: runs(s1=0.5) is seed 1 with an accuracy of 0.5."""
    return [{"seed": int(name[1:]), "test": {"accuracy": accuracy}} for name, accuracy in accuracies.items()]


def test_a_gain_is_the_difference_of_the_same_seed_in_points():
    assert ablation.gains(runs(s1=0.9, s2=0.8, s3=0.7), runs(s3=0.6, s2=0.81)) == pytest.approx([-1, 10])
    assert ablation.gains(runs(s1=0.9), []) == []


def test_by_chance_two_runs_differ_by_the_square_root_of_two_standard_deviations():
    assert ablation.chance(runs(s1=0.9, s2=0.92)) == pytest.approx(2.0)
    assert np.isnan(ablation.chance(runs(s1=0.9)))


GAINS = {"flips": [0.5, 0.7], "Muon": [3.0], "shifts": [0.5], "none": [], "several views": [0.8, 0.9]}


def test_techniques_stand_by_their_mean_gain_and_those_without_a_seed_are_left_out():
    table = ablation.gain_table(GAINS, spread=0.3, of_same_runs=["several views"])
    assert table.iloc[:, [0, 1, 3]].to_numpy().tolist() == [
        ["Muon", "+3.00", 1], ["several views", "+0.85", 2], ["flips", "+0.60", 2], ["shifts", "+0.50", 1],
    ]  # fmt: skip
    assert table["95 % interval"].tolist() == ["-", "+0.21 to +1.49", "-0.67 to +1.87", "-"]


def test_a_gain_below_twice_what_seeds_alone_make_of_it_may_be_chance():
    def words(spread):
        table = ablation.gain_table(GAINS, spread, ["several views"])
        return dict(zip(table["technique"], table["may be chance"], strict=True))

    assert words(0.3) == {"Muon": "", "several views": "", "flips": "", "shifts": "yes"}  # of two seeds, less is enough
    assert words(0.5)["flips"] == "yes"
    assert words(float("nan")) == dict.fromkeys(["Muon", "flips", "shifts"], "not known") | {"several views": ""}
    same = {"several views": [0.1, -0.1]}
    assert ablation.gain_table(same, 0.0, same)["may be chance"].tolist() == ["yes"]  # its own interval holds 0


def test_bars_of_gains_show_what_chance_may_make_and_intervals():
    ax = ablation.gain_bars(GAINS, 0.3, ["several views"])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["shifts", "flips", "several views", "Muon"]
    means, chances = ax.patches[:4], ax.patches[4:]
    assert [bar.get_width() for bar in means] == pytest.approx([0.5, 0.6, 0.85, 3.0])
    assert [bar.get_width() for bar in chances] == pytest.approx([1.2, 1.2 / np.sqrt(2), 1.2])
    assert [line.get_label() for line in ax.lines].count("_95 % interval") == 2
    assert [len(line.get_xdata()) for line in ax.lines if line.get_label() == "_a seed"] == [1, 2, 2, 1]


def test_the_largest_loss_says_how_little_it_was_measured_on():
    whole = [run | {"seconds_by_epoch": [1.0] * 11} for run in runs(s1=0.9, s2=0.904)]
    shorter = [run | {"seconds_by_epoch": [1.0] * 6} for run in runs(s1=0.9)]
    said = ablation.largest_loss({"Muon": [3.0], "flips": [0.5]}, shorter, whole)
    assert said == (
        "Of the techniques, switched off one at a time (one seed, over 6 of 11 epochs), Muon is missed most: "
        "3.00 points less without Muon."
    )
    said = ablation.largest_loss({"Muon": [0.3, 0.1]}, shorter, whole)
    assert said == (
        "Without Muon (2 seeds, over 6 of 11 epochs) it is 0.20 points less (-1.07 to +1.47), which may be chance."
    )
    said = ablation.largest_loss({"Muon": [-0.3], "flips": [-0.4]}, shorter, whole)
    assert "none is missed: 0.30 points more" in said


def test_with_nothing_recorded_there_is_no_gain_and_no_error():
    assert ablation.gain_table({"Muon": []}, 0.2).empty
    assert ablation.largest_loss({"Muon": []}, [], []) == "What each technique brings is not recorded."
    assert len(ablation.gain_bars({}, float("nan")).patches) == 0


def test_each_filter_is_drawn_with_grey_for_a_weight_of_0():
    kernel = np.zeros((2, 2, 3, 24), "float32")
    kernel[0, 0, 0] = np.linspace(-1, 1, 24)
    figure = recipe_plots.filter_row(kernel)
    shown = [ax.images[0].get_array() for ax in figure.axes]
    assert len(shown) == 12
    assert shown[0][0, 0].tolist() == [0.0, 0.5, 0.5]
    assert (shown[0][1, 1] == 0.5).all()
    assert len(recipe_plots.filter_row(kernel[:, :, :1, :5]).axes) == 5


def test_epochs_show_the_same_images_in_the_same_order():
    images = np.stack([np.full((8, 8, 3), 40 * k, "uint8") for k in range(4)])
    batches = AugmentedBatches(images, np.arange(4), batch_size=4, seed=0, border="reflect", flips="alternating")
    figure = recipe_plots.epochs_of_images(batches, epochs=3)
    means = [float(ax.images[0].get_array().mean()) for ax in figure.axes]
    assert means == 3 * [0, 40, 80, 120]


def test_the_work_of_training_is_that_of_all_images_in_all_epochs():
    def run(epochs, accuracy, **more):
        asked = {"train_images": 1000, "batch_size": 8} | more
        test = {"accuracy": accuracy}
        return {"dataset": "cifar10", "seconds_by_epoch": [1.0] * epochs, "hyperparameters": asked, "test": test}

    nets = {("03", "cnn"): {1: run(4, 0.6), 2: run(6, 0.8)}, ("07", "vgg16"): {1: run(4, 0.9, weights="imagenet")}}
    nets |= {("09", "arc"): {1: run(4, 0.9) | {"dataset": "fashion_mnist"}}, ("10", "uncounted"): {1: run(4, 0.9)}}
    counted = dict.fromkeys([("03", "cnn"), ("07", "vgg16"), ("09", "arc")], 200)
    table = recipe_plots.training_work(Results(Path(), nets, work=counted), "cifar10")
    assert table.to_numpy().tolist() == [["03", "cnn", 200 * 1000 * 5, pytest.approx(0.7)]]


def test_the_best_accuracy_within_each_work_is_a_line():
    rows = [("03", "cnn", 2e12, 0.71), ("03", "dense", 5e11, 0.5), ("14", "recipe", 9e12, 0.6)]
    frame = pd.DataFrame(rows, columns=["notebook", "variant", "work", "accuracy"])
    ax = recipe_plots.accuracy_against_work(frame, "14")
    *dots, best = ax.lines
    assert [line.get_marker() for line in dots] == ["o", "*"]
    assert best.get_xdata().tolist() == [0.5, 2.0]
    assert best.get_ydata().tolist() == pytest.approx([0.5, 0.71])
    assert len(recipe_plots.accuracy_against_work(frame[:0], "14").lines) == 0


def test_no_two_notebooks_look_alike_beside_the_work_however_many_they_are():
    rows = [(f"{k:02d}", "net", 1e12 * k, 0.5) for k in range(1, 25)]
    frame = pd.DataFrame(rows, columns=["notebook", "variant", "work", "accuracy"])
    *dots, _ = recipe_plots.accuracy_against_work(frame, "14").lines
    assert len({(to_hex(dot.get_color()), dot.get_marker()) for dot in dots}) == 24
