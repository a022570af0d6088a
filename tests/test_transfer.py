"""Pretrained bases: what is frozen stays so, the frozen part runs once, and its kept output is never wrong."""

import os
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from helpers.batches import AugmentedBatches
from helpers.runs import count_parameters
from helpers.training import fit
from helpers.transfer import (
    BASES,
    FreezeCheck,
    FreezeError,
    find_base,
    freeze,
    frozen_features,
    pretrained_classifier,
    split_frozen,
    trainable_layers,
    trainable_part,
)
from helpers.transfer import features as features_module
from helpers.transfer.small_maps import SmallMapConvolution, with_small_maps

VGG16 = BASES["VGG16"]
once = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="slow, and the same on every backend")
HEAD = 135_946 - 1_024  # parameters of the head that train


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache; gives its folder of features."""
    monkeypatch.setenv("COURSEWORK_CACHE", str(tmp_path))
    return tmp_path / "features"


@pytest.fixture(scope="module")
def vgg16():
    """VGG16 with random weights and a new head."""
    return pretrained_classifier(VGG16, None, depth=0)


def build_tiny(depth=0, strides=2, seed=0):
    """A base with a residual block, BatchNormalization and stochastic depth, for 8x8 images of four classes."""
    keras.utils.set_random_seed(seed)
    images = keras.Input((8, 8, 3), dtype="uint8", name="images")
    x = layers.Rescaling(1 / 255, name="scale_pixels")(images)
    x = stem = layers.Conv2D(6, 3, strides=strides, activation="relu", name="stem")(x)  # 8x8 -> 3x3
    x = layers.Conv2D(6, 3, padding="same", name="inner")(x)
    x = layers.BatchNormalization(name="inner_norm")(x)
    x = layers.Dropout(0.5, name="stochastic_depth")(x)
    x = layers.Add(name="add")([stem, x])
    x = layers.Conv2D(8, 3, padding="same", activation="relu", name="last")(x)
    x = layers.BatchNormalization(name="last_norm")(x)
    x = layers.GlobalAveragePooling2D(name="head_pool")(x)
    x = layers.Dropout(0.25, name="head_dropout")(x)
    x = layers.Dense(4, activation="softmax", dtype="float32", name="probabilities")(x)
    model = keras.Model(images, x)
    freeze(model, depth)
    return model


def train_tiny(data, depth, use_cache, strides=2):
    """One epoch of the trainable part: the whole model, its part, and what `fit` returned."""
    model = build_tiny(depth, strides)
    part = trainable_part(model, data, data, batch_size=16, seed=0, use_cache=use_cache)
    part.model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, part, fit(part.model, part.train, validation_data=part.validation, epochs=1, batch_size=16, seed=0)


@pytest.mark.parametrize(
    ("depth", "trained"),
    [
        (0, 0),
        (1, 2_359_808),
        (2, 2 * 2_359_808),
        (VGG16.last_block, 3 * 2_359_808),
        ("block4_conv1", 3 * 2_359_808 + 1_180_160 + 2 * 2_359_808),
        ("everything", 14_714_688),
    ],
)
def test_each_depth_of_vgg16_trains_exactly_its_parameters_and_the_head(vgg16, depth, trained):
    freeze(vgg16, depth)
    counts = count_parameters(vgg16)
    assert counts["total"] == 14_714_688 + 135_946
    assert counts["trainable"] == trained + HEAD
    table = FreezeCheck(vgg16, depth).table()
    assert table.loc[table["part"] == "base", "trained"].sum() == trained
    assert table["parameters"].sum() == counts["total"]


@once
@pytest.mark.parametrize("name", BASES)
def test_the_frozen_part_of_each_base_ends_where_its_last_block_begins(name):
    base = BASES[name]
    model = pretrained_classifier(base, None, base.last_block)
    FreezeCheck(model, base.last_block)
    frozen, rest = split_frozen(model)
    assert not frozen.trainable_weights
    assert len(rest.trainable_weights) == len(model.trainable_weights)
    assert len(frozen.weights) + len(rest.weights) == len(model.weights)
    assert base.last_block in {layer.name for layer in rest.layers}


def test_grey_images_of_28_pixels_are_made_to_fit(vgg16):
    model = pretrained_classifier(VGG16, None, 0, (28, 28, 1), num_classes=7)
    assert model.output_shape == (None, 7)
    assert model.get_layer("block1_conv1").input.shape == (None, 32, 32, 3)


def test_vgg16_takes_blue_first_and_less_the_mean_colour_of_imagenet(vgg16):
    pixels = np.array([[[[255, 100, 0]]]], "uint8")  # red, green, blue
    scaled = keras.ops.convert_to_numpy(vgg16.get_layer("scale_pixels")(pixels))
    np.testing.assert_allclose(scaled.ravel(), [0 - 103.939, 100 - 116.779, 255 - 123.68], rtol=1e-6)


@pytest.mark.parametrize(
    ("ask", "problem"),
    [
        (lambda: find_base("VGG15", 32), "base: expected one of VGG16, .*, came 'VGG15'"),
        (lambda: find_base("VGG16", 31), "image_size: VGG16 takes 32 pixels or more, came 31"),
        (lambda: trainable_layers(build_tiny(), "block9"), r"its last: stem, inner, last\), came 'block9'"),
        (lambda: trainable_layers(build_tiny(), "inner_norm"), "a layer of the base with a kernel"),
        (lambda: trainable_layers(build_tiny(), 4), "depth: expected 0 to 3 layers of the base, came 4"),
        (lambda: trainable_layers(build_tiny(), -1), "depth: expected 0 to 3 .*, came -1"),
        (lambda: trainable_layers(keras.Sequential([keras.Input((3,))]), 0), "head begins with a layer 'head_pool'"),
    ],
)
def test_unknown_bases_layers_and_sizes_are_refused(ask, problem):
    with pytest.raises(ValueError, match=problem):
        ask()


def test_the_freeze_check_notices_a_batch_norm_in_training_mode():
    model = build_tiny(depth=1)
    model.get_layer("inner_norm").trainable = True
    with pytest.raises(FreezeError, match="inner_norm is in training mode: its statistics would follow"):
        FreezeCheck(model, 1)


def test_the_freeze_check_names_what_trains_and_what_does_not_against_expectation():
    model = build_tiny(depth=1)
    with pytest.raises(FreezeError, match=r"expected inner, last of the base to train .* inner is frozen$"):
        FreezeCheck(model, 2)
    with pytest.raises(FreezeError, match=r"expected no layer of the base to train .* last trains$"):
        FreezeCheck(model, 0)


@pytest.mark.parametrize("layer", ["stem", "last_norm"])
def test_the_freeze_check_notices_a_frozen_weight_that_changed_by_one_bit(layer):
    model = build_tiny(depth=1)
    check = FreezeCheck(model, 1)
    check.after_training()
    weights = model.get_layer(layer).get_weights()
    weights[-1] = np.nextafter(weights[-1], np.float32(9))
    model.get_layer(layer).set_weights(weights)
    with pytest.raises(FreezeError, match=f"same to the bit after training; changed are those of {layer}"):
        check.after_training()


@pytest.mark.parametrize("use_cache", [True, False])
def test_training_leaves_the_frozen_weights_and_statistics_alone_and_changes_the_others(cache, tiny_data, use_cache):
    model = build_tiny(depth=1)
    check = FreezeCheck(model, 1)
    part = trainable_part(model, tiny_data, tiny_data, batch_size=16, seed=0, use_cache=use_cache)
    part.model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    fit(part.model, part.train, validation_data=part.validation, epochs=1, batch_size=16, seed=0)
    table = check.after_training()
    assert table["state"].tolist() == ["frozen", "trains", "trains"]
    assert table["changed in training"].tolist() == [0, 1, 1]
    assert table["batch norms in inference mode"].tolist() == [1, 1, 0]


@pytest.mark.parametrize(("depth", "strides"), [(0, 2), (1, 2), (1, 5)])  # 5: maps of 2x2, as matrix products
def test_training_on_kept_features_equals_training_the_whole(cache, tiny_data, depth, strides):
    kept, part, result = train_tiny(tiny_data, depth, True, strides)
    whole, _, expected = train_tiny(tiny_data, depth, False, strides)
    assert part.cached
    for quantity in ("loss", "val_loss", "accuracy", "val_accuracy"):
        assert result.history[quantity] == pytest.approx(expected.history[quantity], abs=1e-5)
    for weight, same in zip(kept.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_allclose(weight, same, atol=1e-5)
    np.testing.assert_allclose(*(model.predict(tiny_data[0], verbose=0) for model in (kept, whole)), atol=1e-5)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_kept_features_hold_every_value_of_half_precision_exactly(cache, tiny_data, keep_precision, policy):
    keras.config.set_dtype_policy(policy)
    frozen, _ = split_frozen(build_tiny(depth=1))
    features, _, _ = frozen_features(frozen, tiny_data[0])
    assert features.dtype == {"mixed_bfloat16": "float32", "mixed_float16": "float16"}[policy]
    expected = frozen.predict(tiny_data[0], batch_size=features_module.EXTRACTION_BATCH, verbose=0)
    np.testing.assert_array_equal(features.astype("float32"), np.asarray(expected, "float32"))


def test_a_cut_lies_where_one_tensor_alone_joins_the_parts():
    frozen, rest = split_frozen(build_tiny(depth=1))
    assert frozen.layers[-1].name == "add"
    assert rest.layers[1].name == "last"
    frozen, _ = split_frozen(build_tiny(depth=2))
    assert frozen.layers[-1].name == "stem"  # the sum also takes what trains
    frozen, _ = split_frozen(build_tiny(depth=0))
    assert frozen.layers[-1].name == "head_pool"
    assert split_frozen(build_tiny(depth="everything")) is None


@pytest.mark.parametrize(("height", "width", "kernel_size"), [(2, 2, 3), (1, 1, 3), (1, 2, 3), (3, 2, 5), (2, 2, 4)])
def test_a_convolution_on_a_small_map_is_a_matrix_product_with_its_weights(height, width, kernel_size):
    keras.utils.set_random_seed(0)
    pixels = keras.Input((height, width, 3))
    x = layers.Conv2D(4, kernel_size, padding="same", activation="tanh", bias_initializer="normal")(pixels)
    model = keras.Model(pixels, x)
    product = with_small_maps(model)
    assert type(product.layers[-1]) is SmallMapConvolution
    assert [id(weight) for weight in product.trainable_weights] == [id(weight) for weight in model.trainable_weights]
    batch = np.random.default_rng(0).normal(size=(5, height, width, 3)).astype("float32")
    np.testing.assert_allclose(product.predict(batch, verbose=0), model.predict(batch, verbose=0), atol=1e-5)


def test_other_convolutions_stay_as_they_are():
    pixels = keras.Input((2, 2, 3))
    others = [{"strides": 2}, {"padding": "valid", "kernel_size": 1}, {"kernel_size": 1}, {"groups": 3, "filters": 3}]
    for options in others:
        layer = layers.Conv2D(**{"filters": 4, "kernel_size": 3, "padding": "same"} | options)
        model = keras.Model(pixels, layer(pixels))
        assert with_small_maps(model).layers[-1] is layer


def test_nothing_random_is_in_a_frozen_part():
    model = build_tiny(depth=1)
    model.get_layer("stochastic_depth").rate = 0.5
    frozen, _ = split_frozen(model)
    assert frozen.layers[-1].name == "stem"
    images = keras.Input((8, 8, 3))
    x = layers.Conv2D(2, 3, trainable=False)(layers.RandomFlip(seed=0)(images))
    assert split_frozen(keras.Model(images, x)) is None


def test_with_augmentation_the_cache_is_off_and_says_so(cache, tiny_data):
    model = build_tiny()
    batches = AugmentedBatches(*tiny_data, batch_size=16, seed=0, padding=1)
    part = trainable_part(model, batches, tiny_data, batch_size=16, seed=0)
    assert (part.cached, part.model, part.train, part.seconds) == (False, model, batches, 0.0)
    assert "augmentation changes the images" in part.about


def test_without_a_frozen_part_or_without_room_the_cache_is_off_and_says_so(cache, tiny_data, monkeypatch):
    part = trainable_part(build_tiny("everything"), tiny_data, tiny_data, batch_size=16, seed=0)
    assert "no frozen layer lies in front" in part.about
    monkeypatch.setattr(features_module, "LIMIT_BYTES", 10)
    part = trainable_part(build_tiny(), tiny_data, tiny_data, batch_size=16, seed=0)
    assert not part.cached
    assert "exceed the limit" in part.about


def test_features_are_computed_once_and_read_again_in_another_process_s_model(cache, tiny_data, monkeypatch):
    first, seconds, before = frozen_features(split_frozen(build_tiny())[0], tiny_data[0])
    monkeypatch.setattr(features_module, "_write", None)  # computing would fail
    again, same_seconds, known = frozen_features(split_frozen(build_tiny())[0], tiny_data[0].copy())
    assert (before, known) == (False, True)
    assert same_seconds == seconds
    assert isinstance(again, np.memmap)
    assert not again.flags.writeable
    np.testing.assert_array_equal(first, again)


def test_other_images_weights_layers_or_precision_have_other_features(cache, tiny_data, keep_precision):
    def key(images=tiny_data[0], seed=0, depth=0):
        return features_module.features_key(split_frozen(build_tiny(depth, seed=seed))[0], images)

    brighter = tiny_data[0].copy()
    brighter[-1, -1, -1, -1] ^= 1
    keys = [key(), key(images=brighter), key(images=tiny_data[0][:-1]), key(seed=1), key(depth=1)]
    keras.config.set_dtype_policy("mixed_bfloat16")
    keys.append(key())
    assert len(set(keys)) == len(keys)


def test_the_scaling_of_the_pixels_is_part_of_the_key(tiny_data):
    def key(mode):
        images = keras.Input((8, 8, 3), dtype="uint8")
        scaled = pretrained_scaling(mode)(images)
        return features_module.features_key(keras.Model(images, scaled), tiny_data[0])

    from helpers.transfer.bases import ScaleForImageNet as pretrained_scaling

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
def test_a_damaged_cache_file_is_noticed_and_rebuilt(cache, tiny_data, damage):
    frozen, _ = split_frozen(build_tiny())
    expected = np.array(frozen_features(frozen, tiny_data[0])[0])
    (path,) = cache.glob("*.npy")
    damage(path)
    features, _, known = frozen_features(frozen, tiny_data[0])
    assert not known
    np.testing.assert_array_equal(features, expected)
    assert frozen_features(frozen, tiny_data[0])[2]


def test_the_features_unused_for_longest_make_room_and_what_a_killed_run_left_is_removed(cache, tiny_data, monkeypatch):
    frozen, _ = split_frozen(build_tiny())
    parts = [tiny_data[0][k : k + 20] for k in range(3)]
    frozen_features(frozen, parts[0])
    frozen_features(frozen, parts[1])
    for k, part in enumerate(parts[:2]):
        os.utime(cache / f"{features_module.features_key(frozen, part)}.npy", (100 - k, 100 - k))  # the second is older
    (cache / ".left.npy-x1y2").touch()
    os.utime(cache / ".left.npy-x1y2", (0, 0))
    size = sum(path.stat().st_size for path in cache.glob("*.npy"))
    monkeypatch.setattr(features_module, "LIMIT_BYTES", size)
    frozen_features(frozen, parts[2])
    assert sum(path.stat().st_size for path in cache.glob("*.npy")) <= size
    left = {features_module.features_key(frozen, part) for part in (parts[0], parts[2])}
    assert {path.stem for path in cache.iterdir()} == left


def test_a_cache_deleted_while_it_is_used_does_no_harm(cache, tiny_data):
    _, part, _ = train_tiny(tiny_data, 0, use_cache=True)
    for path in cache.iterdir():
        path.unlink()
    assert np.isfinite(part.train[0][0]).all()


def test_images_without_their_classes_are_refused_before_anything_is_computed(cache, tiny_data):
    x, y = tiny_data
    for train, validation in (((x[1:], y), (x, y)), ((x, y), (x[1:], y))):
        with pytest.raises(ValueError, match=f"as many images as classes, came {len(x) - 1} and {len(y)}"):
            trainable_part(build_tiny(), train, validation, batch_size=16, seed=0)
    assert not cache.exists()


@once
def test_imagenet_weights_tell_ten_classes_apart_where_random_ones_hardly_do(cifar10, cache):
    """The published weights with their scaling: the nearest class mean of 200 images names 100 others."""
    if not (Path(os.environ["COURSEWORK_DATA"]) / "weights" / "vgg16_imagenet_notop.weights.h5").is_file():
        pytest.skip("VGG16's weights are not in $COURSEWORK_DATA")
    from helpers.transfer import load_weights

    weights, source = load_weights(VGG16)
    assert "SHA-256" in source
    images, labels = cifar10.images[:300], cifar10.labels[:300]
    model = pretrained_classifier(VGG16, weights, 0)
    features, _, _ = frozen_features(split_frozen(model)[0], images)
    features = features / np.linalg.norm(features, axis=1, keepdims=True)
    means = np.stack([features[:200][labels[:200] == k].mean(axis=0) for k in range(10)])
    assert np.mean((features[200:] @ means.T).argmax(axis=1) == labels[200:]) > 0.25
