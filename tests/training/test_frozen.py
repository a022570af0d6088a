"""`fit` trains behind frozen layers, on what they give; the result is that of training the whole net."""

import keras
import numpy as np
import pytest

from helpers.training import features as features_module
from helpers.training import fit
from helpers.training import frozen as frozen_module
from helpers.training.batches import AugmentedBatches, ShuffledBatches
from helpers.training.checkpoints import CheckpointError
from helpers.training.frozen import behind_frozen, plan_training, predict


@pytest.fixture
def train(build_base, tiny_data):
    """Train a base for an epoch: train(depth, strides, **options of fit) -> the whole model, the result."""

    def run(depth=0, strides=2, data=tiny_data, **options):
        model, validation = build_base(depth, strides), tuple(part[:20] for part in tiny_data)
        options = {"epochs": 1} | options
        return model, fit(model, *data, validation_data=validation, batch_size=16, seed=0, **options)

    return run


@pytest.fixture
def plan(build_base, tiny_data):
    """What `fit` would train at a depth."""

    def make(depth=0, batches=None, seed=0):
        batches = batches or ShuffledBatches(*tiny_data, batch_size=16, seed=seed)
        return plan_training(build_base(depth), batches, tiny_data)

    return make


@pytest.mark.parametrize(("depth", "strides"), [(0, 2), (1, 2), (1, 5)])  # 5: maps of 2x2, as matrix products
def test_training_on_kept_features_equals_training_the_whole(cache, tiny_data, depth, strides, train):
    (kept, result), (whole, expected) = train(depth, strides), train(depth, strides, fast=False)
    assert "features an image" in result.frozen_part["about"]
    assert expected.frozen_part is None
    for quantity in ("loss", "val_loss", "accuracy", "val_accuracy"):
        assert result.history[quantity] == pytest.approx(expected.history[quantity], abs=1e-5)
    for weight, same in zip(kept.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_allclose(weight, same, atol=1e-5)
    np.testing.assert_allclose(*(model.predict(tiny_data[0], verbose=0) for model in (kept, whole)), atol=1e-5)


def test_the_part_that_trains_is_compiled_as_the_whole_is(cache, tiny_data, build_base):
    weights = []
    for fast in (True, False):
        model = build_base(0)
        loss = "sparse_categorical_crossentropy"
        model.compile(keras.optimizers.SGD(0.1), loss, metrics=["accuracy"], loss_weights=[3.0])
        fit(model, *tiny_data, validation_data=None, epochs=1, batch_size=16, seed=0, fast=fast)
        weights.append(model.get_weights())
    for kept, whole in zip(*weights, strict=True):
        np.testing.assert_allclose(kept, whole, atol=1e-5)


def named(y_true, y_pred):
    """A metric of a notebook's own."""
    return keras.ops.mean(y_pred, axis=-1)


def test_its_metrics_may_be_objects_and_functions_too(cache, tiny_data, build_base):
    model = build_base(0)
    own = [keras.metrics.SparseCategoricalAccuracy("accuracy"), named, "sparse_top_k_categorical_accuracy"]
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=own)
    result = fit(model, *tiny_data, validation_data=tiny_data, epochs=1, batch_size=16, seed=0, patience=1)
    assert "features an image" in result.frozen_part["about"]
    assert {"accuracy", "val_accuracy", "named", "sparse_top_k_categorical_accuracy"} <= set(result.history)


def test_the_time_of_a_run_holds_that_of_its_frozen_part_and_says_whether_others_have_it_too(cache, train):
    (_, first), (_, second) = train(depth=1), train(depth=1)
    assert (first.frozen_part["shared"], second.frozen_part["shared"]) == (False, True)
    assert first.frozen_part["seconds"] == second.frozen_part["seconds"] > 0
    for result in (first, second):
        assert result.seconds == pytest.approx(sum(result.seconds_by_epoch) + result.frozen_part["seconds"])


@pytest.mark.parametrize("augmented", [False, True])  # behind the frozen layers, or the whole net
def test_a_finished_run_gives_the_whole_model_its_weights_without_its_features(
    cache, tmp_path, tiny_data, monkeypatch, train, augmented
):
    data = (AugmentedBatches(*tiny_data, batch_size=16, seed=0, padding=1), None) if augmented else tiny_data
    trained, _ = train(depth=1, data=data, runs_dir=tmp_path / "runs")
    monkeypatch.setattr(frozen_module, "frozen_features", None)  # computing would fail
    again, result = train(depth=1, data=data, runs_dir=tmp_path / "runs")
    assert result.reused
    for weight, same in zip(again.get_weights(), trained.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, same)


def test_with_augmentation_the_whole_net_runs_in_every_epoch_and_says_so(cache, tiny_data, build_base):
    model, batches = build_base(), AugmentedBatches(*tiny_data, batch_size=16, seed=0, padding=1)
    plan = plan_training(model, batches, tiny_data)
    assert (plan.model, plan.batches, plan.frozen_part["seconds"]) == (model, batches, 0.0)
    assert "augmentation changes the images" in plan.frozen_part["about"]


def test_without_a_frozen_part_or_without_room_the_whole_net_runs_in_every_epoch(cache, monkeypatch, plan):
    assert plan("everything").frozen_part is None
    monkeypatch.setattr(features_module, "LIMIT_BYTES", 10)
    frozen_part = plan().frozen_part
    assert frozen_part["seconds"] == 0
    assert "exceed the limit" in frozen_part["about"]


def test_the_room_that_is_asked_for_is_that_of_each_part_by_itself(cache, monkeypatch, tiny_data, build_base):
    asked, validation = [], (tiny_data[0][:24], tiny_data[1][:24])
    monkeypatch.setattr(frozen_module, "kept_bytes", lambda _, num_images: asked.append(num_images) or 1)
    plan_training(build_base(depth=1), ShuffledBatches(*tiny_data, batch_size=16, seed=0), validation)
    assert asked == [64, 24]


def test_what_gives_more_values_than_it_has_weights_is_computed_in_every_epoch_and_not_kept(cache, tiny_data):
    images = keras.Input((8, 8, 3), dtype="uint8")
    maps = keras.layers.Conv2D(24, 2, trainable=False)(keras.layers.Rescaling(1 / 255)(images))  # 312 weights
    model = keras.Model(images, keras.layers.Dense(4, activation="softmax")(keras.layers.Flatten()(maps)))
    plan = plan_training(model, ShuffledBatches(*tiny_data, batch_size=16, seed=0), tiny_data)
    assert (plan.model, plan.frozen_part) == (model, None)
    np.testing.assert_array_equal(predict(model, tiny_data[0]), model.predict(tiny_data[0], batch_size=64, verbose=0))
    assert not cache.exists() or not list(cache.iterdir())


def test_what_trains_shares_its_layers_with_the_whole_model(build_base):
    model = build_base(depth=1)
    part = behind_frozen(model)
    assert [id(weight) for weight in part.trainable_weights] == [id(weight) for weight in model.trainable_weights]
    whole = build_base("everything")
    assert behind_frozen(whole) is whole


def test_features_are_shuffled_as_the_images_would_be(cache, tiny_data, plan):
    batches = ShuffledBatches(*tiny_data, batch_size=16, seed=3)
    of_features = plan(batches=batches).batches
    for epoch in (0, 1):
        for each in (batches, of_features):
            each.draw_epoch(epoch)
        np.testing.assert_array_equal(batches[2][1], of_features[2][1])


def test_predictions_from_kept_features_are_those_of_the_whole_net(cache, tiny_data, train):
    for depth in (0, 1, "everything"):
        model, _ = train(depth)
        np.testing.assert_allclose(predict(model, tiny_data[0]), model.predict(tiny_data[0], verbose=0), atol=1e-5)


def test_without_room_for_their_features_images_are_predicted_all_the_same(cache, tiny_data, monkeypatch, train):
    model, _ = train(depth=1)
    kept = set(cache.iterdir())
    monkeypatch.setattr(features_module, "LIMIT_BYTES", 10)
    others = tiny_data[0][::-1]
    np.testing.assert_allclose(predict(model, others), model.predict(others, verbose=0), atol=1e-5)
    assert set(cache.iterdir()) == kept


class Interrupt(keras.callbacks.Callback):
    """Ends the training as Ctrl-C does, in its second epoch."""

    def __init__(self, when: bool):
        super().__init__()
        self._when = iter([1] * when)  # no plain value: the runs are the same run, interrupted or not

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 1 and next(self._when, None):
            raise KeyboardInterrupt


@pytest.mark.parametrize("room_at_first", [True, False])
def test_a_run_goes_on_with_what_it_was_begun_with_whatever_room_there_is_now(
    cache, tmp_path, monkeypatch, train, room_at_first
):
    limits = {True: features_module.LIMIT_BYTES, False: 10}
    room = lambda there: monkeypatch.setattr(features_module, "LIMIT_BYTES", limits[there])  # noqa: E731
    options = {"epochs": 3, "patience": 3, "depth": 1}
    room(room_at_first)
    undisturbed, expected = train(callbacks=(Interrupt(False),), **options)
    with pytest.raises(KeyboardInterrupt):
        train(callbacks=(Interrupt(True),), runs_dir=tmp_path / "runs", **options)
    resume = lambda: train(callbacks=(Interrupt(False),), runs_dir=tmp_path / "runs", **options)  # noqa: E731
    room(not room_at_first)
    if room_at_first:
        with pytest.raises(CheckpointError, match=r"make room where .*features lies, then run again"):
            resume()
        room(True)
    again, resumed = resume()
    assert resumed.history == expected.history
    assert ("features an image" in resumed.frozen_part["about"]) == room_at_first
    for weight, same in zip(again.get_weights(), undisturbed.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, same)


def test_a_resumed_run_says_of_its_frozen_part_what_it_said_when_it_began(cache, tmp_path, train):
    with pytest.raises(KeyboardInterrupt):
        train(callbacks=(Interrupt(True),), runs_dir=tmp_path / "runs", epochs=3)
    _, resumed = train(callbacks=(Interrupt(False),), runs_dir=tmp_path / "runs", epochs=3)
    assert not resumed.frozen_part["shared"]  # the features that it finds are its own
    assert resumed.seconds == pytest.approx(sum(resumed.seconds_by_epoch) + resumed.frozen_part["seconds"])


def test_a_run_begun_behind_frozen_layers_goes_on_without_faster_layers_where_both_are_one_run(
    cache, tmp_path, monkeypatch, train
):
    monkeypatch.setattr("helpers.training.identity.is_fast", lambda: False)  # as on JAX and on GPUs
    _, expected = train(callbacks=(Interrupt(False),), epochs=3)
    with pytest.raises(KeyboardInterrupt):
        train(callbacks=(Interrupt(True),), runs_dir=tmp_path / "runs", epochs=3)
    _, resumed = train(callbacks=(Interrupt(False),), runs_dir=tmp_path / "runs", epochs=3, fast=False)
    assert resumed.history["loss"] == pytest.approx(expected.history["loss"], abs=1e-5)


def test_a_cache_deleted_while_it_is_used_does_no_harm(cache, plan):
    batches = plan().batches
    for path in cache.iterdir():
        path.unlink()
    assert np.isfinite(batches[0][0]).all()


def test_images_without_their_classes_are_refused_before_anything_is_computed(cache, tiny_data, build_base):
    x, y = tiny_data
    with pytest.raises(ValueError, match=f"as many images as classes, got {len(x) - 1} and {len(y)}"):
        fit(build_base(), x[1:], y, validation_data=tiny_data, epochs=1, batch_size=16, seed=0)
    assert not cache.exists()
