"""The benchmarks: all methods are measured in turns in one run, and their ratios are held against the goals."""

import os
from types import SimpleNamespace

import keras
import pytest
from instant_trainer import InstantTrainer
from keras import layers

from benchmarks import frozen, inputs, throughput, trainers
from benchmarks.comparison import Comparison, Goal, describe, in_turns
from helpers.transfer import freeze


def test_every_method_is_measured_once_a_round_and_every_second_round_in_reverse():
    called = []
    functions = {name: lambda name=name: called.append(name) or len(called) for name in "abc"}
    assert in_turns(functions, 3) == {"a": [1, 6, 7], "b": [2, 5, 8], "c": [3, 4, 9]}
    assert "".join(called) == "abccbaabc"


@pytest.mark.parametrize(
    ("goal", "measured", "met"),
    [
        (Goal("fast", 1.7, against="slow"), 2.0, True),
        (Goal("fast", 2.5, against="slow"), 2.0, False),
        (Goal("slow", 0.6, at_least=False, against="fast"), 0.5, True),
        (Goal("fast", 25, at_least=False), 20.0, True),
        (Goal("fast", 1.0, against="absent"), None, None),
        (Goal("fast", 0.3, against="slow", fastest=True), 0.2, False),  # 20 by 100
    ],
)
def test_a_goal_is_judged_by_the_median_of_the_ratios_of_each_round(goal, measured, met):
    values = {"slow": [10.0, 1.0, 100.0], "fast": [20.0, 5.0, 150.0]}  # ratios 2, 5 and 1.5
    judged = Comparison("speed", "", "images a second", values, "slow", (goal,)).as_dict()["goals"][0]
    assert (judged["measured"], judged["met"]) == (measured, met)


def test_a_comparison_is_printed_with_its_ratios_and_what_is_missing():
    comparison = Comparison("speed", "", "s", {"a": [1.0, 2.0], "b": [2.0, 5.0]}, "a", (), {"c": "no PyTorch"})
    lines = describe(comparison.as_dict())
    assert lines[0] == "speed, s"
    assert lines[2] == "  b: 3.50 (2.00 to 5.00), 2.25 times a (2.00 to 2.50)"
    assert lines[3] == "  c: not measured: no PyTorch"


def build_small(_base, _weights, depth):
    """A base of two layers with VGG16's name for the last one, for 32x32 images."""
    images = keras.Input((32, 32, 3), dtype="uint8")
    x = layers.Rescaling(1 / 255)(images)
    x = layers.Conv2D(4, 3, strides=4, name="block1_conv1")(x)
    x = layers.Conv2D(4, 3, name="block5_conv1")(x)
    x = layers.GlobalAveragePooling2D(name="head_pool")(x)
    model = keras.Model(images, layers.Dense(10, activation="softmax")(x))
    freeze(model, depth)
    return model


def test_frozen_layers_are_measured_from_an_empty_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSEWORK_CACHE", str(tmp_path))
    monkeypatch.setattr(frozen, "pretrained_classifier", build_small)
    comparisons = frozen.measure(num_images=36, rounds=2)
    titles = ["Five epochs of VGG16's new head", "Five epochs of VGG16's last block", "An epoch of all of VGG16"]
    assert [comparison.title for comparison in comparisons] == titles
    for comparison in comparisons:
        assert [len(seconds) for seconds in comparison.values.values()] == [2, 2]
        assert min(min(seconds) for seconds in comparison.values.values()) > 0
    assert [len(comparison.as_dict()["goals"]) for comparison in comparisons] == [1, 1, 0]
    assert os.environ["COURSEWORK_CACHE"] == str(tmp_path)
    assert not list(tmp_path.iterdir())  # each round has a cache of its own


def test_who_computes_frozen_layers_is_as_the_comparisons_say(monkeypatch, tmp_path):
    asked = []

    def fit(*_, fast, **__):
        asked.append(fast)
        return SimpleNamespace(seconds_by_epoch=[2.0, 1.0])

    def take_turns(methods, rounds):
        found = {}
        for name, method in methods.items():
            asked.clear()
            method()
            found[name] = [float(fast) for fast in asked]
        return found

    monkeypatch.setattr(frozen, "pretrained_classifier", build_small)
    monkeypatch.setattr(frozen, "fit", fit)
    monkeypatch.setattr(frozen, "in_turns", take_turns)
    *partly, whole = frozen.measure(num_images=36, rounds=1)
    assert [comparison.values for comparison in partly] == [{frozen.PLAIN: [0.0], frozen.OURS: [1.0]}] * 2
    assert whole.values == {frozen.KERAS: [0.0], frozen.FASTER: [1.0]}


def test_feeding_the_net_is_compared_with_training_it(monkeypatch):
    monkeypatch.setattr(inputs, "load_cifar10", lambda: pytest.fail("no data are needed for this"))
    monkeypatch.setattr(inputs, "_loading", lambda rounds: None)
    feeding, _ = inputs.measure(num_images=256, rounds=1)
    assert list(feeding.values) == [inputs.EPOCH, inputs.BATCHES, inputs.AUGMENTED]
    assert [goal["met"] is not None for goal in feeding.as_dict()["goals"]] == [True, True]


def test_where_there_are_no_data_loading_is_said_to_be_missing(monkeypatch):
    def absent():
        raise inputs.DataNotFoundError("no CIFAR-10 here")

    monkeypatch.setattr(inputs, "load_cifar10", absent)
    assert inputs._loading(1).missing == {inputs.LATER: "no CIFAR-10 here"}


def test_nets_are_measured_by_every_method_that_is_there_and_against_the_peak(monkeypatch):
    monkeypatch.setattr(trainers, "Trainer", InstantTrainer)
    monkeypatch.setattr(throughput, "peak", lambda: 1e12)
    comparisons = {c.title: c for c in throughput.measure(num_images=1, rounds=2)}
    cnn = comparisons["Training report A's CNN"]
    assert cnn.values == dict.fromkeys(["ours", "plain Keras", "plain Keras bfloat16"], [100.0] * 2)
    assert set(cnn.missing) == {"PyTorch float32", "PyTorch bfloat16"}
    judged = cnn.as_dict()["goals"]
    assert [goal["met"] for goal in judged] == [False, None, None]
    share = comparisons["Share of the matrix-product peak"].values["report A's CNN"][0]
    of_reports = throughput.measure_reports(num_images=1, rounds=1)
    assert {f"Training {net}" for net in throughput.OF_REPORTS} < {comparison.title for comparison in of_reports}
    # 27,190,000 multiply-adds forward and for the weights, 23,350,000 for the inputs of all but the first layer
    assert share == pytest.approx(100 * 2 * (2 * 27_191_000 + 23_351_000) / 1e12, rel=1e-3)


def test_a_net_that_ours_could_not_train_is_named_and_the_others_are_measured(monkeypatch):
    class Killed(InstantTrainer):
        def wait(self):
            super().wait()
            self.missing = "killed" if self.method == "ours" else self.missing

    monkeypatch.setattr(trainers, "Trainer", Killed)
    monkeypatch.setattr(throughput, "peak", lambda: 1e12)
    comparisons = {c.title: c for c in throughput.measure(num_images=1, rounds=2)}
    assert comparisons["Training report A's CNN"].missing["ours"] == "killed"
    assert comparisons["Share of the matrix-product peak"].values == {}
