"""The benchmarks: both ways are measured in one run, from an empty cache, and the ratio is held against its goal."""

import os

import keras
import pytest
from keras import layers

from helpers.bench import frozen
from helpers.transfer import freeze


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


def test_both_ways_are_measured_in_turns_and_compared(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("COURSEWORK_CACHE", str(tmp_path))
    monkeypatch.setattr(frozen, "pretrained_classifier", build_small)
    result = frozen.measure(num_images=36, rounds=2)
    assert list(result["results"]) == ["new head", "last block"]
    for measured in result["results"].values():
        assert {way: len(seconds) for way, seconds in measured["seconds"].items()} == {"plain": 2, "cached": 2}
        assert min(measured["ratios"]) <= measured["median_ratio"] <= max(measured["ratios"])
    printed = capsys.readouterr().out
    assert "new head: the cached way takes" in printed
    assert "goal 0.33" in printed
    assert os.environ["COURSEWORK_CACHE"] == str(tmp_path)
    assert not list(tmp_path.iterdir())  # each round has a cache of its own


@pytest.mark.parametrize(("cached", "verdict"), [(0.9, "reached"), (1.1, "not reached")])
def test_a_goal_is_reached_by_the_median(cached, verdict, capsys):
    frozen._summary("new head", {"plain": [10.0, 10.0, 10.0], "cached": [cached, 9.0, 0.1]})
    assert capsys.readouterr().out.strip().endswith(verdict)
