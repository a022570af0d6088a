"""What a frozen part gives is computed once, is the same whatever was kept before, and is never wrong."""

import os
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from keras import layers

from helpers.training import features as features_module
from helpers.training.features import features_key, frozen_features, has_room, make_room
from helpers.training.splitting import split_frozen
from helpers.transfer.bases import ScaleForImageNet

# Tolerances of a few roundings: JAX computes layers together, and rounds in between where it is cut.
POLICIES = [("float32", 1e-5), ("mixed_bfloat16", 2**-6), ("mixed_float16", 2**-9)]


def pooled(last: str) -> keras.Model:
    """The part up to a layer of a frozen net with two pools: 8x8 -> 4x4 -> 2x2 -> 1."""
    keras.utils.set_random_seed(0)
    images = keras.Input((8, 8, 3), dtype="uint8")
    x = layers.Rescaling(1 / 255)(images)
    for k in (1, 2, 3):
        x = layers.Conv2D(6, 3, padding="same", activation="relu", name=f"conv_{k}")(x)
        x = layers.MaxPooling2D(name=f"pool_{k}")(x)
    model = keras.Model(images, layers.GlobalAveragePooling2D(name="mean")(x), trainable=False)
    return keras.Model(images, model.get_layer(last).output)


@pytest.fixture
def given(monkeypatch):
    """The shapes, without the batch, of what frozen parts were given to compute from."""
    shapes, batches = [], features_module.OrderedBatches

    def remember(x, **options):
        shapes.append(x.shape[1:])
        return batches(x, **options)

    monkeypatch.setattr(features_module, "OrderedBatches", remember)
    return shapes


def test_depths_of_one_net_share_what_the_last_pool_gives(cache, tiny_data, given):
    conv_3 = frozen_features(pooled("conv_3"), tiny_data[0])
    assert given == [(8, 8, 3), (2, 2, 6)]
    mean = frozen_features(pooled("mean"), tiny_data[0])  # begins from pool_2 as well: no weights are behind pool_3
    assert given == [(8, 8, 3), (2, 2, 6), (2, 2, 6)]
    assert (conv_3.earlier, mean.earlier) == (False, True)
    assert frozen_features(pooled("pool_2"), tiny_data[0]).earlier
    assert mean.seconds > frozen_features(pooled("pool_2"), tiny_data[0]).seconds


def test_the_disk_is_a_limit_too_but_what_is_kept_can_make_room(cache, tiny_data, monkeypatch):
    frozen_features(pooled("mean"), tiny_data[0])
    kept = sum(status.st_size for status in features_module._kept().values())
    assert kept > 0
    monkeypatch.setattr(features_module.shutil, "disk_usage", lambda _: SimpleNamespace(free=10))
    assert has_room(kept + 10)
    assert not has_room(kept + 11)
    make_room(10)
    assert features_module._kept()  # there is room for that
    make_room(kept)
    assert not features_module._kept()


@pytest.mark.parametrize(("policy", "tolerance"), POLICIES)
def test_features_do_not_depend_on_what_was_kept_before(
    tmp_path, monkeypatch, tiny_data, keep_precision, policy, tolerance
):
    keras.config.set_dtype_policy(policy)
    found = []
    for number, before in enumerate(((), ("pool_1",), ("pool_2", "conv_3"), ("conv_3", "mean"))):
        monkeypatch.setenv("COURSEWORK_CACHE", str(tmp_path / str(number)))
        (tmp_path / str(number)).mkdir()
        for last in before:
            frozen_features(pooled(last), tiny_data[0])
        found.append(np.array(frozen_features(pooled("mean"), tiny_data[0]).values))
    for features in found[1:]:
        np.testing.assert_array_equal(features, found[0])
    expected = np.asarray(pooled("mean").predict(tiny_data[0], verbose=0), "float32")
    np.testing.assert_allclose(found[0].astype("float32"), expected, rtol=tolerance, atol=1e-5)


def test_what_is_kept_on_the_way_takes_room_too(cache, tiny_data):
    frozen_features(pooled("mean"), tiny_data[0])
    kept = sum(np.load(path).nbytes for path in features_module.features_folder().glob("*.npy"))
    assert features_module.kept_bytes(pooled("mean"), len(tiny_data[0])) == kept
    assert features_module.kept_bytes(pooled("pool_2"), 64) == features_module.features_bytes(pooled("pool_2"), 64)


def test_a_part_that_ends_in_a_pool_is_computed_in_one_piece(cache, tiny_data, given):
    frozen_features(pooled("pool_2"), tiny_data[0])
    assert given == [(8, 8, 3)]


def test_so_is_one_whose_last_pool_gives_too_much_to_keep(cache, tiny_data, given, monkeypatch):
    monkeypatch.setattr(features_module, "LIMIT_BYTES", 4 * features_module.features_bytes(pooled("pool_2"), 64) - 1)
    frozen_features(pooled("mean"), tiny_data[0])
    assert given == [(8, 8, 3)]


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_kept_features_hold_every_value_of_half_precision_exactly(cache, tiny_data, keep_precision, policy, build_base):
    keras.config.set_dtype_policy(policy)
    frozen, _ = split_frozen(build_base(depth=1))
    features = frozen_features(frozen, tiny_data[0], fast=False).values
    assert features.dtype == {"mixed_bfloat16": "float32", "mixed_float16": "float16"}[policy]
    expected = frozen.predict(tiny_data[0], batch_size=features_module.EXTRACTION_BATCH, verbose=0)
    np.testing.assert_array_equal(features.astype("float32"), np.asarray(expected, "float32"))


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


def test_other_images_weights_layers_or_precision_have_other_features(cache, tiny_data, keep_precision, build_base):
    def key(images=tiny_data[0], seed=0, depth=0):
        return features_key(split_frozen(build_base(depth, seed=seed))[0], images)

    brighter = tiny_data[0].copy()
    brighter[-1, -1, -1, -1] ^= 1
    keys = [key(), key(images=brighter), key(images=tiny_data[0][:-1]), key(seed=1), key(depth=1)]
    keras.config.set_dtype_policy("mixed_bfloat16")
    keys.append(key())
    assert len(set(keys)) == len(keys)


def test_the_scaling_of_the_pixels_is_part_of_the_key(tiny_data):
    def key(mode):
        images = keras.Input((8, 8, 3), dtype="uint8")
        return features_key(keras.Model(images, ScaleForImageNet(mode)(images)), tiny_data[0])

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
        os.utime(cache / f"{features_key(frozen, part)}.npy", (100 - k, 100 - k))  # the second is older
    (cache / ".left.npy-elsewhere-1-x1y2z3_4").touch()
    os.utime(cache / ".left.npy-elsewhere-1-x1y2z3_4", (0, 0))
    size = sum(path.stat().st_size for path in cache.glob("*.npy"))
    monkeypatch.setattr(features_module, "LIMIT_BYTES", size)
    frozen_features(frozen, parts[2])
    assert sum(path.stat().st_size for path in cache.glob("*.npy")) <= size
    left = {features_key(frozen, part) for part in (parts[0], parts[2])}
    assert {path.stem for path in cache.iterdir()} == left


def test_a_file_that_another_process_removes_meanwhile_is_no_error(cache, tiny_data, monkeypatch, build_base):
    frozen, _ = split_frozen(build_base())
    frozen_features(frozen, tiny_data[0][:20])
    stat = Path.stat

    def vanishes(path, **options):
        if path.suffix == ".npy":
            path.unlink(missing_ok=True)  # between the listing of the folder and the look at the file
        return stat(path, **options)

    monkeypatch.setattr(Path, "stat", vanishes)
    assert has_room(1)
    make_room(1)


SCALE = """
class Scale(keras.layers.Layer):
    def call(self, x):
        return x * 2
"""


@pytest.mark.parametrize("within", [False, True])
def test_the_code_of_a_notebooks_own_layer_is_part_of_the_key(tiny_data, notebook, within):
    def key(code):
        keras.utils.set_random_seed(0)
        images, own = keras.Input((8, 8, 3)), notebook(code)["Scale"]()
        x = (keras.Sequential([own], name="within") if within else own)(images)
        return features_key(keras.Model(images, layers.Conv2D(2, 3, name="conv")(x)), tiny_data[0])

    first, again, other = (key(code) for code in (SCALE, SCALE, SCALE.replace("* 2", "* 3")))
    assert first == again != other
