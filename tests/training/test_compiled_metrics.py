"""build_metrics: a training step is traced once, and a net trains as it would without."""

import keras
import pytest

from helpers.training import fit, loop
from helpers.training.compiled_metrics import build_metrics

OPTIONS = {"epochs": 1, "batch_size": 16, "seed": 0}


def counted(model) -> list:
    """Count how often a model's training step is called, to trace it on TensorFlow: one entry each time."""
    calls, step = [], model.train_step

    def count(*arguments):
        calls.append(1)
        return step(*arguments)

    model.train_step = count
    return calls


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="others make the metrics before they trace")
def test_a_training_step_is_traced_once(build_tiny, tiny_data, monkeypatch):
    model = build_tiny()
    calls = counted(model)
    fit(model, *tiny_data, validation_data=tiny_data, **OPTIONS)
    assert len(calls) == 1
    monkeypatch.setattr(loop, "build_metrics", lambda *_: None)
    without = build_tiny()
    calls = counted(without)
    fit(without, *tiny_data, validation_data=tiny_data, **OPTIONS)
    assert len(calls) == 2  # were it one, there would be nothing to make beforehand


def test_a_net_trains_and_is_measured_as_without(build_tiny, tiny_data, monkeypatch):
    history = fit(build_tiny(), *tiny_data, validation_data=tiny_data, **OPTIONS).history
    monkeypatch.setattr(loop, "build_metrics", lambda *_: None)
    assert fit(build_tiny(), *tiny_data, validation_data=tiny_data, **OPTIONS).history == history


def test_metrics_of_ones_own_are_left_alone(build_tiny, tiny_data):
    class Counting(keras.Sequential):
        def compute_metrics(self, x, y, y_pred, sample_weight=None):
            raise AssertionError("it was called before the training")

    model = Counting(build_tiny().layers)
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    build_metrics(model, tiny_data[1])


def test_a_model_whose_output_is_not_known_yet_is_left_alone(tiny_data):
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(3, "softmax")])  # not built
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    build_metrics(model, tiny_data[1])
    assert not model.built
