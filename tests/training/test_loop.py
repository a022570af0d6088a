"""fit: the same seed gives the same net, the best epoch is kept, and an interruption changes nothing."""

import json
import math
from dataclasses import replace
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from interrupted import QUANTITIES, Interrupt

from helpers.training import TrainingDivergedError, fit, join_results
from helpers.training.callbacks import Clock


class VoteFor(keras.callbacks.Callback):
    """Makes a net that answers one class to everything: a class an epoch."""

    def __init__(self, *classes: int):
        super().__init__()
        self._classes = classes

    def on_epoch_begin(self, epoch, logs=None):
        kernel, bias = self.model.get_weights()[-2:]
        self.model.layers[-1].set_weights([np.zeros_like(kernel), 9 * np.eye(len(bias))[self._classes[epoch]]])


@pytest.fixture
def uneven(tiny_data):
    """16 images with 4, 10 and 2 of classes 0, 1 and 2."""
    return tiny_data[0][:16], np.repeat([0, 1, 2], [4, 10, 2])


def test_the_history_has_a_figure_an_epoch_of_each_quantity(trained):
    _, result = trained
    assert set(result.history) == QUANTITIES
    assert {len(figures) for figures in result.history.values()} == {2}
    assert result.history["learning_rate"] == pytest.approx([0.05, 0.05])
    assert result.best_epoch == 2
    assert not result.stopped_early


def test_the_first_step_is_part_of_the_first_epoch_and_the_epochs_make_up_the_time(trained):
    _, result = trained
    assert 0 < result.seconds_first_step <= result.seconds_by_epoch[0]
    assert result.seconds == pytest.approx(sum(result.seconds_by_epoch))
    assert 64 / result.seconds_by_epoch[1] <= result.images_per_second < math.inf


def test_what_was_set_is_recorded_as_plain_values(trained):
    record = json.loads(json.dumps(trained[1].as_dict()))
    assert record["seed"] == 7
    assert record["started"].endswith("+00:00")
    settings = record["hyperparameters"]
    assert settings["optimizer"]["name"] == "SGD"
    assert settings["optimizer"]["learning_rate"] == pytest.approx(0.05)
    assert {key: settings[key] for key in ("batch_size", "epochs", "patience", "train_images")} == {
        "batch_size": 16, "epochs": 2, "patience": None, "train_images": 64,
    }  # fmt: skip


def test_the_same_seed_gives_the_same_net_to_the_bit(trained, train):
    model, result = trained
    again, repeated = train(build_seed=7, epochs=2, seed=7)
    assert repeated.history == result.history
    for weight, same in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, same)


def test_another_seed_gives_another_net(trained, train):
    _, other = train(build_seed=8, epochs=2, seed=8)
    assert other.history["loss"] != trained[1].history["loss"]


def test_another_seed_of_fit_alone_shuffles_otherwise(trained, train):
    _, other = train(build_seed=7, epochs=2, seed=8)
    assert other.history["loss"] != trained[1].history["loss"]


def test_early_stopping_restores_the_best_weights(train, uneven):
    votes = VoteFor(0, 1, 2, 2, 2, 2)  # validation accuracy 4/16, 10/16, 2/16, ...
    model, result = train(learning_rate=0.0, validation_data=uneven, epochs=6, patience=2, callbacks=(votes,))
    assert result.history["val_accuracy"] == pytest.approx([4 / 16, 10 / 16, 2 / 16, 2 / 16])
    assert result.best_epoch == 2
    assert result.stopped_early
    assert model.evaluate(*uneven, verbose=0, return_dict=True)["accuracy"] == pytest.approx(10 / 16)


def test_the_best_weights_are_restored_too_where_the_epochs_run_out_first(train, uneven):
    votes = VoteFor(1, 0)
    model, result = train(learning_rate=0.0, validation_data=uneven, epochs=2, patience=5, callbacks=(votes,))
    assert (result.best_epoch, result.stopped_early) == (1, False)
    assert model.evaluate(*uneven, verbose=0, return_dict=True)["accuracy"] == pytest.approx(10 / 16)


def test_without_patience_the_last_weights_are_kept(train, uneven):
    model, result = train(learning_rate=0.0, validation_data=uneven, epochs=2, callbacks=(VoteFor(1, 0),))
    assert (result.best_epoch, result.stopped_early) == (2, False)
    assert model.evaluate(*uneven, verbose=0, return_dict=True)["accuracy"] == pytest.approx(4 / 16)


@pytest.mark.parametrize("steps", [0, 3, 4, 9, 11])  # of four an epoch: the first, the last of an epoch, and others
def test_an_interrupted_run_ends_with_the_same_numbers_as_another(train, tmp_path, steps, capsys):
    options = {"epochs": 4, "patience": 2, "batch_size": 16}
    model, undisturbed = train(callbacks=(Interrupt(100),), runs_dir=tmp_path / "undisturbed", **options)
    with pytest.raises(KeyboardInterrupt):
        train(callbacks=(Interrupt(steps),), runs_dir=tmp_path / "interrupted", **options)
    capsys.readouterr()
    again, resumed = train(callbacks=(Interrupt(100),), runs_dir=tmp_path / "interrupted", **options)
    assert (f"going on after epoch {steps // 4}, " in capsys.readouterr().out) == (steps >= 4)
    assert resumed.history == undisturbed.history
    assert (resumed.best_epoch, resumed.stopped_early) == (undisturbed.best_epoch, undisturbed.stopped_early)
    assert len(resumed.seconds_by_epoch) == len(undisturbed.seconds_by_epoch)
    assert resumed.identity == undisturbed.identity
    for weight, same in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, same)


def test_float16_runs_are_resumed_with_their_loss_scale(train, tmp_path, keep_precision, capsys):
    keras.config.set_dtype_policy("mixed_float16")
    options = {"epochs": 2, "batch_size": 16}
    model, undisturbed = train(callbacks=(Interrupt(100),), **options)
    with pytest.raises(KeyboardInterrupt):
        train(callbacks=(Interrupt(5),), runs_dir=tmp_path, **options)
    again, resumed = train(callbacks=(Interrupt(100),), runs_dir=tmp_path, **options)
    assert "going on after epoch 1, " in capsys.readouterr().out
    assert type(again.optimizer).__name__ == "LossScaleOptimizer"
    assert resumed.history == undisturbed.history
    for variable, same in zip(model.optimizer.variables, again.optimizer.variables, strict=True):
        np.testing.assert_array_equal(variable, same)


def test_without_validation_images_every_epoch_is_trained_and_none_is_looked_at(train, tmp_path):
    options = {"epochs": 2, "validation_data": None, "runs_dir": tmp_path}
    model, result = train(**options)
    assert set(result.history) == {"loss", "accuracy", "learning_rate"}
    assert (result.best_epoch, len(result.seconds_by_epoch), result.stopped_early) == (2, 2, False)
    with_validation, _ = train(epochs=2)
    for weight, same in zip(model.get_weights(), with_validation.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, same)
    assert train(**options)[1].reused
    with pytest.raises(ValueError, match="patience: expected validation_data"):
        train(epochs=2, validation_data=None, patience=1)


def test_results_that_continue_each_other_are_one(train):
    first, second = train(epochs=2)[1], train(epochs=3)[1]
    joined = join_results([first, second])
    assert joined.history["loss"] == first.history["loss"] + second.history["loss"]
    assert joined.seconds == pytest.approx(first.seconds + second.seconds)
    assert (joined.best_epoch, joined.hyperparameters["epochs"]) == (5, 5)
    assert joined.started == first.started
    assert joined.seconds_first_step == first.seconds_first_step
    assert join_results([first]) == first


def test_the_speed_of_joined_results_is_that_of_all_their_epochs(train):
    result = train(epochs=2)[1]
    one = replace(result, images_per_second=10.0, seconds_by_epoch=[1.0], reused=True)
    other = replace(result, images_per_second=30.0, seconds_by_epoch=[1.0] * 3, others_by_epoch=[0.0] * 3)
    joined = join_results([one, other])
    assert joined.images_per_second == pytest.approx(4 / (1 / 10 + 3 / 30))  # epochs, each of as many images
    assert not joined.reused
    assert join_results([one, replace(other, reused=True)]).reused


@pytest.mark.parametrize(
    ("others", "seconds", "disturbed"),
    [
        ([0.05, 0.05], [1.0, 1.0], False),
        ([0.0, 0.2], [9.0, 1.0], False),  # each epoch counts by its length
        ([0.0, 0.2], [1.0, 9.0], True),
        ([0.1], [1.0], False),
        ([None, 0.5], [1.0, 1.0], None),
        ([0.5], [1.0, 1.0], None),
        ([], [], None),
    ],
)
def test_a_run_is_disturbed_where_others_took_more_than_a_tenth_of_the_processor(trained, others, seconds, disturbed):
    assert replace(trained[1], others_by_epoch=others, seconds_by_epoch=seconds).disturbed is disturbed


def test_the_clock_tells_training_from_validation_and_asks_what_others_took(build_tiny, monkeypatch):
    clock, now = Clock(), iter([0.0, 2.0, 3.0, 10.0, 20.0, 25.0])
    monkeypatch.setattr("time.perf_counter", lambda: next(now))
    monkeypatch.setattr("helpers.training.callbacks.Load", lambda: SimpleNamespace(others=lambda: 0.25))
    clock.set_model(build_tiny())
    clock.on_epoch_begin(0)
    clock.on_train_batch_end(0)
    clock.on_test_begin()
    clock.on_epoch_end(0, {"loss": 1})
    clock.on_epoch_begin(1)  # one without validation
    clock.on_epoch_end(1, {"loss": 0.5})
    assert clock.values["first_step"] == 2.0
    assert (clock.values["training"], clock.values["epochs"]) == ([3.0, 5.0], [10.0, 5.0])
    assert clock.values["others"] == [0.25, 0.25]
    assert clock.values["history"]["loss"] == [1.0, 0.5]


def test_a_loss_that_is_no_number_ends_the_training_and_says_what_to_do(train):
    with pytest.raises(
        TrainingDivergedError, match=r"^steep: the loss is nan after epoch 1 .* lower the learning rate"
    ):
        train(learning_rate=math.inf, epochs=3, name="steep")


def undefined(y_true, y_pred):
    """A metric that is no number."""
    return keras.ops.mean(y_pred, axis=-1) * math.nan


def test_so_does_a_metric_that_is_none_and_it_is_named(build_tiny, tiny_data, tmp_path):
    model = build_tiny()
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy", undefined])
    options = {"epochs": 1, "batch_size": 16, "seed": 0, "runs_dir": tmp_path}
    with pytest.raises(
        TrainingDivergedError, match=r"the undefined is nan after epoch 1 .*, and the val_undefined is nan\. .* mend"
    ):
        fit(model, *tiny_data, validation_data=tiny_data, **options)


def test_a_loss_of_the_validation_images_alone_is_named_with_its_value(tiny_data):
    images = tiny_data[0] / 255
    model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(4)])
    model.compile(keras.optimizers.SGD(0.05), "mean_squared_error")
    options = {"epochs": 1, "batch_size": 16, "seed": 0}
    with pytest.raises(TrainingDivergedError, match=r"the val_loss is nan after epoch 1 at a learning rate of 0.05\. "):
        fit(
            model,
            images,
            np.eye(4)[tiny_data[1]],
            validation_data=(images * np.nan, np.eye(4)[tiny_data[1]]),
            **options,
        )


def test_a_run_with_variables_in_bfloat16_goes_on_and_is_used_again(tiny_data, tmp_path):
    def run(**options):
        keras.utils.set_random_seed(0)
        dense = keras.layers.Dense(4, activation="softmax", dtype="bfloat16")
        model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten(), dense])
        model.compile(keras.optimizers.SGD(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
        options = {"epochs": 2, "batch_size": 16, "seed": 0} | options
        result = fit(model, *tiny_data, validation_data=tiny_data, **options)
        return result, [keras.ops.convert_to_numpy(keras.ops.cast(v, "float32")) for v in model.weights]

    whole, weights = run()
    with pytest.raises(KeyboardInterrupt):
        run(runs_dir=tmp_path, callbacks=(Interrupt(6),))
    resumed, same = run(runs_dir=tmp_path, callbacks=(Interrupt(100),))
    assert resumed.history["loss"] == whole.history["loss"]
    again, taken = run(runs_dir=tmp_path, callbacks=(Interrupt(100),))
    assert again.reused
    for one, two, three in zip(weights, same, taken, strict=True):
        np.testing.assert_array_equal(one, two)
        np.testing.assert_array_equal(one, three)
