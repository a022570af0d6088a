"""The frozen part runs once, training on its kept output equals training the whole, and that output is never wrong."""

import os

import keras
import numpy as np
import pytest

from helpers.training.batches import AugmentedBatches
from helpers.transfer import features as features_module
from helpers.transfer import (
    frozen_features,
    split_frozen,
    trainable_part,
)
from helpers.transfer.bases import ScaleForImageNet


def key_of(frozen, images):
    """The name of a frozen part's features."""
    return list(features_module.features_keys(frozen, images).values())[-1]


@pytest.mark.parametrize(("depth", "strides"), [(0, 2), (1, 2), (1, 5)])  # 5: maps of 2x2, as matrix products
def test_training_on_kept_features_equals_training_the_whole(cache, tiny_data, depth, strides, train_base):
    kept, part, result = train_base(tiny_data, depth, True, strides)
    whole, _, expected = train_base(tiny_data, depth, False, strides)
    assert part.cached
    for quantity in ("loss", "val_loss", "accuracy", "val_accuracy"):
        assert result.history[quantity] == pytest.approx(expected.history[quantity], abs=1e-5)
    for weight, same in zip(kept.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_allclose(weight, same, atol=1e-5)
    np.testing.assert_allclose(*(model.predict(tiny_data[0], verbose=0) for model in (kept, whole)), atol=1e-5)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_kept_features_hold_every_value_of_half_precision_exactly(cache, tiny_data, keep_precision, policy, build_base):
    keras.config.set_dtype_policy(policy)
    frozen, _ = split_frozen(build_base(depth=1))
    features, _, _ = frozen_features(frozen, tiny_data[0])
    assert features.dtype == {"mixed_bfloat16": "float32", "mixed_float16": "float16"}[policy]
    expected = frozen.predict(tiny_data[0], batch_size=features_module.EXTRACTION_BATCH, verbose=0)
    np.testing.assert_array_equal(features.astype("float32"), np.asarray(expected, "float32"))


def test_with_augmentation_the_cache_is_off_and_says_so(cache, tiny_data, build_base):
    model = build_base()
    batches = AugmentedBatches(*tiny_data, batch_size=16, seed=0, padding=1)
    part = trainable_part(model, batches, tiny_data, batch_size=16, seed=0)
    assert (part.cached, part.train, part.seconds) == (False, batches, 0.0)
    assert [id(weight) for weight in part.model.weights] == [id(weight) for weight in model.weights]
    assert "augmentation changes the images" in part.about


def test_without_a_frozen_part_or_without_room_the_cache_is_off_and_says_so(cache, tiny_data, monkeypatch, build_base):
    part = trainable_part(build_base("everything"), tiny_data, tiny_data, batch_size=16, seed=0)
    assert "no frozen layer lies in front" in part.about
    monkeypatch.setattr(features_module, "LIMIT_BYTES", 10)
    part = trainable_part(build_base(), tiny_data, tiny_data, batch_size=16, seed=0)
    assert not part.cached
    assert "exceed the limit" in part.about


def test_features_are_computed_once_and_read_again_in_another_process_s_model(
    cache, tiny_data, monkeypatch, build_base
):
    first, seconds, before = frozen_features(split_frozen(build_base())[0], tiny_data[0])
    monkeypatch.setattr(features_module, "_write", None)  # computing would fail
    again, same_seconds, known = frozen_features(split_frozen(build_base())[0], tiny_data[0].copy())
    assert (before, known) == (False, True)
    assert same_seconds == seconds
    assert isinstance(again, np.memmap)
    assert not again.flags.writeable
    np.testing.assert_array_equal(first, again)


# Tolerances of a few roundings: JAX computes layers together, and rounds in between where it is cut.
@pytest.mark.parametrize(
    ("policy", "tolerance"), [("float32", 1e-5), ("mixed_bfloat16", 2**-6), ("mixed_float16", 2**-9)]
)
def test_features_begin_from_what_is_kept_of_the_first_layers(
    cache, tiny_data, monkeypatch, keep_precision, policy, tolerance, build_base
):
    keras.config.set_dtype_policy(policy)
    short, long = (split_frozen(build_base(depth))[0] for depth in (1, 0))
    assert len(short.layers) < len(long.layers)
    expected = np.asarray(long.predict(tiny_data[0], verbose=0), "float32")
    _, seconds, _ = frozen_features(short, tiny_data[0])
    given = []
    batches = features_module.OrderedBatches
    monkeypatch.setattr(
        features_module, "OrderedBatches", lambda x, **options: given.append(x) or batches(x, **options)
    )
    features, seconds_in_all, known = frozen_features(long, tiny_data[0])
    np.testing.assert_allclose(features, expected, rtol=tolerance, atol=1e-5)
    assert not known
    assert seconds_in_all > seconds
    assert [x.shape[1:] for x in given] == [short.output_shape[1:]]


def test_a_part_predicts_what_the_whole_does(cache, tiny_data, train_base):
    for depth in (0, 1, "everything"):
        model, part, _ = train_base(tiny_data, depth, use_cache=True)
        assert part.cached == (depth != "everything")
        np.testing.assert_allclose(part.predict(tiny_data[0]), model.predict(tiny_data[0], verbose=0), atol=1e-5)


def test_without_room_for_their_features_images_are_predicted_all_the_same(cache, tiny_data, monkeypatch, train_base):
    model, part, _ = train_base(tiny_data, 1, use_cache=True)
    kept = set(cache.iterdir())
    monkeypatch.setattr(features_module, "LIMIT_BYTES", 10)
    others = tiny_data[0][::-1]
    np.testing.assert_allclose(part.predict(others), model.predict(others, verbose=0), atol=1e-5)
    assert set(cache.iterdir()) == kept


def test_other_images_weights_layers_or_precision_have_other_features(cache, tiny_data, keep_precision, build_base):
    def key(images=tiny_data[0], seed=0, depth=0):
        return key_of(split_frozen(build_base(depth, seed=seed))[0], images)

    brighter = tiny_data[0].copy()
    brighter[-1, -1, -1, -1] ^= 1
    keys = [key(), key(images=brighter), key(images=tiny_data[0][:-1]), key(seed=1), key(depth=1)]
    keras.config.set_dtype_policy("mixed_bfloat16")
    keys.append(key())
    assert len(set(keys)) == len(keys)


def test_the_scaling_of_the_pixels_is_part_of_the_key(tiny_data):
    def key(mode):
        images = keras.Input((8, 8, 3), dtype="uint8")
        scaled = ScaleForImageNet(mode)(images)
        return key_of(keras.Model(images, scaled), tiny_data[0])

    assert key("tf") != key("caffe")


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-4]),
        lambda path: path.write_bytes(path.read_bytes()[:-1] + b"\x55"),
        lambda path: path.write_bytes(b""),
        lambda path: path.unlink(),
        lambda path: path.with_suffix(".json").write_text("{"),
    ],
    ids=["cut short", "altered", "empty", "deleted", "torn stamp"],
)
def test_a_damaged_cache_file_is_noticed_and_rebuilt(cache, tiny_data, damage, build_base):
    frozen, _ = split_frozen(build_base())
    expected = np.array(frozen_features(frozen, tiny_data[0])[0])
    (path,) = cache.glob("*.npy")
    damage(path)
    features, _, known = frozen_features(frozen, tiny_data[0])
    assert not known
    np.testing.assert_array_equal(features, expected)
    assert frozen_features(frozen, tiny_data[0])[2]


def test_the_features_unused_for_longest_make_room_and_what_a_killed_run_left_is_removed(
    cache, tiny_data, monkeypatch, build_base
):
    frozen, _ = split_frozen(build_base())
    parts = [tiny_data[0][k : k + 20] for k in range(3)]
    frozen_features(frozen, parts[0])
    frozen_features(frozen, parts[1])
    for k, part in enumerate(parts[:2]):
        os.utime(cache / f"{key_of(frozen, part)}.npy", (100 - k, 100 - k))  # the second is older
    (cache / ".left.npy-x1y2").touch()
    os.utime(cache / ".left.npy-x1y2", (0, 0))
    size = sum(path.stat().st_size for path in cache.glob("*.npy"))
    monkeypatch.setattr(features_module, "LIMIT_BYTES", size)
    frozen_features(frozen, parts[2])
    assert sum(path.stat().st_size for path in cache.glob("*.npy")) <= size
    left = {key_of(frozen, part) for part in (parts[0], parts[2])}
    assert {path.stem for path in cache.iterdir()} == left


def test_a_cache_deleted_while_it_is_used_does_no_harm(cache, tiny_data, train_base):
    _, part, _ = train_base(tiny_data, 0, use_cache=True)
    for path in cache.iterdir():
        path.unlink()
    assert np.isfinite(part.train[0][0]).all()


def test_images_without_their_classes_are_refused_before_anything_is_computed(cache, tiny_data, build_base):
    x, y = tiny_data
    for train, validation in (((x[1:], y), (x, y)), ((x, y), (x[1:], y))):
        with pytest.raises(ValueError, match=f"as many images as classes, got {len(x) - 1} and {len(y)}"):
            trainable_part(build_base(), train, validation, batch_size=16, seed=0)
    assert not cache.exists()
