"""What cannot be trained is refused at once, and says what to do."""

import keras
import pytest

from helpers.training import fit
from helpers.training.batches import ShuffledBatches


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"epochs": 0}, "epochs: expected a whole number of 1 or more, got 0"),
        ({"epochs": -1}, "epochs: .* got -1"),
        ({"epochs": 2.0}, "epochs: .* got 2.0"),
        ({"batch_size": 0}, "batch_size: .* got 0"),
        ({"patience": 0}, "patience: .* got 0"),
        ({"steps_per_execution": 0}, "steps_per_execution: .* got 0"),
    ],
)
def test_impossible_settings_are_refused_before_anything_is_trained(train, monkeypatch, options, problem):
    monkeypatch.setattr(keras.Model, "fit", lambda *_, **__: pytest.fail("it was trained"))
    with pytest.raises(ValueError, match=problem):
        train(**options)


def test_batches_of_another_size_than_the_one_that_is_said_are_refused(build_tiny, tiny_data):
    batches = ShuffledBatches(*tiny_data, batch_size=16, seed=0)
    with pytest.raises(ValueError, match="batch_size: expected that of the dataset of batches, 16, got 32"):
        fit(build_tiny(), batches, validation_data=None, epochs=1, batch_size=32, seed=0)


def test_a_model_that_is_not_compiled_is_refused(tiny_data):
    model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(4)])
    with pytest.raises(ValueError, match=r"call model\.compile"):
        fit(model, *tiny_data, validation_data=tiny_data, epochs=1, batch_size=16, seed=0)


def test_patience_beside_averaged_weights_is_refused(build_tiny, tiny_data):
    model = build_tiny()
    for optimizer in (
        keras.optimizers.SGD(use_ema=True),
        keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(use_ema=True)),
    ):
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
        with pytest.raises(ValueError, match=r"patience: .* use_ema=True would be lost: expected one of the two"):
            fit(model, *tiny_data, validation_data=tiny_data, epochs=1, batch_size=16, seed=0, patience=1)


@pytest.mark.parametrize(
    "metrics", [{"probabilities": ["sparse_categorical_accuracy"]}, [["sparse_categorical_accuracy"]]]
)
def test_metrics_of_the_only_output_are_known_in_whatever_form(tiny_data, metrics):
    model = keras.Sequential(
        [keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(4, name="probabilities")]
    )
    model.compile("sgd", "mse", metrics=metrics)
    with pytest.raises(ValueError, match=r"expected 'accuracy' .* got \['sparse_categorical_accuracy'\]"):
        fit(model, *tiny_data, validation_data=tiny_data, epochs=1, batch_size=16, seed=0, patience=1)


@pytest.mark.parametrize(("labels", "problem"), [(63, "got 64 and 63"), (0, "got 64 and 0"), (None, "y is missing")])
def test_images_without_as_many_classes_are_refused(build_tiny, tiny_data, labels, problem):
    images, y = tiny_data
    y = None if labels is None else y[:labels]
    with pytest.raises(ValueError, match=problem):
        fit(build_tiny(), images, y, validation_data=tiny_data, epochs=1, batch_size=16, seed=0)


def test_what_patience_watches_is_there_before_anything_is_trained(train, build_tiny, tiny_data):
    model, options = build_tiny(seed=0), {"epochs": 1, "batch_size": 16, "seed": 0}
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=[keras.metrics.SparseCategoricalAccuracy()])
    with pytest.raises(ValueError, match=r"expected 'accuracy' .* got \['sparse_categorical_accuracy'\]"):
        fit(model, *tiny_data, validation_data=tiny_data, patience=1, **options)
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(ValueError, match=r"expected 'accuracy' .* got \[\]"):
        fit(model, *tiny_data, validation_data=tiny_data, patience=1, **options)
    named = keras.metrics.SparseCategoricalAccuracy(name="accuracy")
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=[named])
    assert fit(model, *tiny_data, validation_data=tiny_data, patience=1, **options).best_epoch == 1
    uneven = tiny_data[0], tiny_data[1][:5]
    with pytest.raises(ValueError, match=r"validation_data: expected as many images as classes, got \d+ and 5"):
        train(epochs=1, validation_data=uneven)
