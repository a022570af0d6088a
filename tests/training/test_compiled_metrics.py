"""build_metrics: a training step is traced once, and a net trains as it would without."""

import keras
import pytest

from helpers.training import fit, loop
from helpers.training.batches import ShuffledBatches
from helpers.training.compiled_metrics import build_metrics

OPTIONS = {"epochs": 1, "batch_size": 16, "seed": 0}


on_tensorflow = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="others make metrics first")


def counted(model) -> list:
    """Count how often a model's training step is called, to trace it on TensorFlow: one entry each time."""
    calls, step = [], model.train_step

    def count(*arguments):
        calls.append(1)
        return step(*arguments)

    model.train_step = count
    return calls


@on_tensorflow
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


@on_tensorflow
@pytest.mark.parametrize("loss", ["sparse_categorical_crossentropy", "categorical_crossentropy"])
def test_a_net_trains_and_is_measured_as_without(build_tiny, tiny_data, monkeypatch, loss):
    images, labels = tiny_data
    data = images, labels if "sparse" in loss else keras.utils.to_categorical(labels)

    def train() -> dict:
        model = build_tiny()
        model.compile(keras.optimizers.SGD(0.05), loss, metrics=["accuracy"])
        return fit(model, *data, validation_data=data, **OPTIONS).history

    history = train()
    monkeypatch.setattr(loop, "build_metrics", lambda *_: None)
    assert train() == history


def test_metrics_of_ones_own_are_left_alone(build_tiny, tiny_data):
    class Counting(keras.Sequential):
        def compute_metrics(self, x, y, y_pred, sample_weight=None):
            raise AssertionError("it was called before the training")

    model = Counting(build_tiny().layers)
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    build_metrics(model, ShuffledBatches(*tiny_data, 16, 0))


def test_a_step_of_ones_own_is_left_alone(build_tiny, tiny_data):
    class OneHot(keras.Sequential):
        def train_step(self, data):
            raise AssertionError("it was called before the training")

    model = OneHot(build_tiny().layers)
    model.compile("sgd", "categorical_crossentropy", metrics=["accuracy"])
    before = [metric.name for metric in model.metrics]
    build_metrics(model, ShuffledBatches(*tiny_data, 16, 0))  # it may take its classes for others than they are
    assert [metric.name for metric in model.metrics] == before


def test_a_model_whose_output_is_not_known_yet_is_left_alone(tiny_data):
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(3, "softmax")])  # not built
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    before = [metric.name for metric in model.metrics]
    build_metrics(model, ShuffledBatches(*tiny_data, 16, 0))
    assert [metric.name for metric in model.metrics] == before
