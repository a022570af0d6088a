"""A model whose run was taken from its record, or is not recorded, never passes for a trained one."""

import shutil

import keras
import numpy as np
import pytest

from helpers import metrics
from helpers.lab import UntrainedModelError
from helpers.lab.untrained import FORBIDDEN, allow_use, forbid_use


@pytest.fixture
def taken(recorded, in_suite, never_trains):
    """A run that was taken from its record, and its notebook."""
    recorded.start()
    return recorded.train_all(), recorded


@pytest.mark.parametrize(
    "use",
    [
        lambda model, x: model(x),
        lambda model, x: model.predict(x, verbose=0),
        lambda model, x: model.predict_on_batch(x),
        lambda model, x: model.evaluate(x, np.zeros(len(x)), verbose=0),
        lambda model, x: model.get_weights(),
        lambda model, x: model.save("never.keras"),
        lambda model, x: metrics.predict(model, x),
        lambda model, x: keras.Model(model.inputs, model.layers[-1].output).predict(x, verbose=0),
        lambda model, x: keras.Sequential([keras.Input((32, 32, 3), dtype="uint8"), model])(x),
    ],
    ids=["call", "predict", "batch", "evaluate", "get_weights", "save", "metrics.predict", "a part", "within another"],
)
def test_a_model_whose_run_was_taken_from_its_record_never_passes_for_a_trained_one(taken, use):
    run, notebook = taken
    with pytest.raises(UntrainedModelError, match=r"was taken from its record of .*run\.fit\(\.\.\., weights=True\)"):
        use(run.model, notebook.test[0][:4])


def test_nor_does_one_whose_frozen_layers_are_run_beforehand():
    base = keras.Input((8, 8, 3), dtype="uint8")
    x = keras.layers.Conv2D(4, 3, trainable=False)(keras.layers.Rescaling(1 / 255)(base))
    model = keras.Model(base, keras.layers.Dense(4, activation="softmax")(keras.layers.Flatten()(x)))
    images = np.zeros((3, 8, 8, 3), "uint8")
    untrained = metrics.predict(model, images)
    forbid_use(model, "no weights")
    with pytest.raises(UntrainedModelError, match="no weights"):
        metrics.predict(model, images)
    allow_use(model)
    np.testing.assert_array_equal(metrics.predict(model, images), untrained)
    assert not any(name in vars(thing) for thing in (model, *model.layers) for name in FORBIDDEN)


def test_its_record_still_knows_what_it_said_of_the_test_images(taken):
    run, notebook = taken
    table = metrics.metrics_report(run, *notebook.test)
    assert table.loc["accuracy", "f1-score"] == pytest.approx(run.record["test"]["accuracy"])
    with pytest.raises(UntrainedModelError, match="no trained weights"):
        run.predicted_classes(notebook.test[0][:10])


def test_what_it_said_of_them_is_what_was_tested_however_that_was(recorded):
    images, classes = recorded.test
    recorded.start(seeds=[11])
    for run in recorded.lab.runs({"net": recorded.net}):
        recorded.fit(run)
        run.test(images, classes, predict=lambda model, x: np.eye(10)[classes])
    assert run.trained
    assert run.predicted_classes(images).tolist() == classes.tolist()
    others = images[:10] // 2
    assert run.predicted_classes(others).tolist() == metrics.predict(run.model, others).argmax(axis=1).tolist()


def test_a_run_that_is_not_recorded_says_so(notebook, from_records):
    notebook.start()
    from_records()
    run = notebook.train_all()
    for ask in (run.predictions, lambda: run.predicted_classes(notebook.test[0])):
        with pytest.raises(UntrainedModelError, match="the run is not recorded"):
            ask()


def test_weights_are_had_where_a_notebook_asks_for_them(taken):
    run, notebook = taken
    notebook.fit(run, weights=True)
    assert run.trained
    assert metrics.predict(run.model, notebook.test[0]).argmax(axis=1).tolist() == run.predictions().y_pred.tolist()


def test_the_very_model_that_was_refused_can_be_trained_after_all(recorded, in_suite):
    shutil.rmtree(recorded.lab.runs_dir)
    recorded.start()
    run = recorded.train_all()
    model = run.model
    options = {"validation_data": recorded.validation, "epochs": 1, "batch_size": 64}
    run.fit(model, *recorded.train, weights=True, **options)
    assert metrics.predict(model, recorded.test[0]).argmax(axis=1).tolist() == run.predictions().y_pred.tolist()
