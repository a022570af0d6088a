"""What techniques bring is paired by seed, and the figures of a recipe show what they are given."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from helpers import ablation, recipe_plots
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
    assert ablation.chance(runs(s1=0.9, s2=0.92)) == "2.00 points"
    assert ablation.chance(runs(s1=0.9)) == "an unknown amount"


def test_techniques_stand_by_their_mean_gain_and_those_without_a_seed_are_left_out():
    by_technique = {"flips": [0.5, 0.7], "Muon": [3.0], "none": []}
    table = ablation.gain_table(by_technique)
    assert table.to_numpy().tolist() == [["Muon", "+3.00", 1], ["flips", "+0.60", 2]]
    assert ablation.largest_gain(by_technique) == "Muon, +3.00 points"
    ax = ablation.gain_bars(by_technique)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["flips", "Muon"]
    assert [bar.get_width() for bar in ax.patches] == pytest.approx([0.6, 3.0])
    assert [len(line.get_xdata()) for line in ax.lines] == [2, 1]


def test_with_nothing_recorded_there_is_no_gain_and_no_error():
    assert ablation.gain_table({"Muon": []}).empty
    assert ablation.largest_gain({"Muon": []}) == "not recorded"
    assert len(ablation.gain_bars({}).patches) == 0


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


def test_the_best_accuracy_within_each_time_is_a_line():
    rows = [("03", "cnn", 60, 0.7), ("03", "cnn", 120, 0.72), ("03", "dense", 30, 0.5), ("14", "recipe", 600, 0.6)]
    frame = pd.DataFrame(rows, columns=["notebook", "variant", "seconds", "accuracy"])
    ax = recipe_plots.accuracy_against_minutes(frame, "14")
    *dots, best = ax.lines
    assert [line.get_marker() for line in dots] == ["o", "*"]
    assert best.get_xdata().tolist() == [0.5, 1.5]
    assert best.get_ydata().tolist() == pytest.approx([0.5, 0.71])
    assert len(recipe_plots.accuracy_against_minutes(pd.DataFrame(), "14").lines) == 0
