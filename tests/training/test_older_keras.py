"""Older releases of Keras get several optimizers in one net from us: they do what Keras's own do."""

import keras
import numpy as np
import pytest
from keras.optimizers import SGD, Adam

from helpers.training import fit, older_keras
from helpers.training.optimizers import rates_table, settings_of

has_own = pytest.mark.skipif(not hasattr(keras.optimizers, "MultiOptimizer"), reason="this Keras has none to compare")


def build(optimizers, rest=SGD, scaled: bool = False) -> keras.Model:
    """A net of two layers; the first is trained by SGD at a low rate, the head by another optimizer."""
    keras.utils.set_random_seed(0)
    images = keras.Input((8, 8, 3), dtype="uint8")
    x = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(images))
    x = keras.layers.Dense(6, activation="relu", name="base")(x)
    model = keras.Model(images, keras.layers.Dense(4, activation="softmax", name="head")(x))
    optimizer = optimizers.MultiOptimizer(optimizers.OptimizerMap(rest(0.1), {"base/.*": SGD(0.01, momentum=0.9)}))
    optimizer = keras.optimizers.LossScaleOptimizer(optimizer) if scaled else optimizer
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@has_own
@pytest.mark.parametrize("scaled", [False, True], ids=["", "with float16's loss scaling"])
@pytest.mark.parametrize("rest", [SGD, Adam])
def test_the_same_numbers_as_keras_gets(tiny_data, rest, scaled):
    ours, theirs = (build(optimizers, rest, scaled) for optimizers in (older_keras, keras.optimizers))
    histories = [
        fit(model, *tiny_data, validation_data=None, epochs=3, batch_size=16, seed=7).history
        for model in (ours, theirs)
    ]
    assert histories[0] == histories[1]
    for own, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(own, other)


def test_the_table_and_the_record_name_both():
    model = build(older_keras)
    assert rates_table(model)["layers"].tolist() == ["base", "head"]
    assert [each["layers"] for each in settings_of(model)["optimizers"]] == [["base"], ["head"]]
    assert settings_of(model)["name"] == "MultiOptimizer"


def test_two_patterns_for_one_variable_are_an_error():
    both = older_keras.OptimizerMap(SGD(), {"base.*": SGD(), ".*kernel": SGD()})
    kernel, bias = build(older_keras).get_layer("base").variables
    assert both(bias) is both.optimizer_map["base.*"]
    with pytest.raises(ValueError, match="expected one optimizer for base/kernel, got 2"):
        both(kernel)


def test_what_keras_has_stays_as_it_is(monkeypatch):
    monkeypatch.setattr(keras.optimizers, "MultiOptimizer", "Keras's own", raising=False)
    monkeypatch.delattr(keras.optimizers, "OptimizerMap", raising=False)
    older_keras.provide_optimizers()
    assert (keras.optimizers.MultiOptimizer, keras.optimizers.OptimizerMap) == ("Keras's own", older_keras.OptimizerMap)
