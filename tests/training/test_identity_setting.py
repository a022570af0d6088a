"""The setting of a run: what is asked, whoever computes it on whatever."""

import keras
import pytest
from small_runs import LOSS, Note, build, changed, decaying

from helpers.training import identity


def test_a_setting_leaves_out_what_computes_and_the_random_state(setting_of, monkeypatch, keep_precision):
    usual = setting_of()
    assert setting_of(build(seed=1)) == usual  # the initial weights; the seed of the training is a setting
    for name, other in (("uses_gpu", lambda: True), ("versions", lambda: {"keras": "9.99"}), ("TRAINING_VERSION", 99)):
        monkeypatch.setattr(identity, name, other)
    keras.config.set_dtype_policy("mixed_bfloat16")
    assert setting_of() == usual
    assert setting_of(fast=False) == usual


def test_a_seed_that_a_layer_drew_itself_is_no_part_of_the_setting(identify):
    def identified(seed):
        keras.utils.set_random_seed(seed)
        layers = [keras.Input((8, 8, 3)), keras.layers.RandomCrop(6, 6), keras.layers.Flatten(), keras.layers.Dense(4)]
        net = keras.Sequential(layers)
        net.compile("sgd", LOSS, metrics=["accuracy"])
        return identify(net)

    first, again, other = map(identified, (0, 0, 1))
    assert first == again
    assert (other.setting == first.setting, other.run == first.run) == (True, False)


def test_a_resized_image_is_the_same_setting_in_each_precision(setting_of, keep_precision):
    def resized(precision, **options):
        keras.config.set_dtype_policy(precision)
        images = keras.Input((8, 8, 3), dtype="uint8")
        x = keras.layers.Resizing(4, 4, dtype="float32")(images, **options)
        x = keras.layers.Dropout(0.5)(keras.layers.Flatten()(x), training=options.get("training"))
        model = keras.Model(images, keras.layers.Dense(4, activation="softmax", dtype="float32")(x))
        model.compile("sgd", "sparse_categorical_crossentropy")
        return model

    usual = setting_of(resized("float32"))
    assert setting_of(resized("mixed_bfloat16")) == usual
    assert setting_of(resized("float32", training=True)) != usual  # the dropout's default is another


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "float32"])
def test_the_precision_of_a_layer_is_no_part_of_the_setting(setting_of, dtype):
    assert setting_of(build(dtype=dtype)) == setting_of()


def test_a_setting_holds_the_model_the_images_the_optimizer_and_what_else_is_said(setting_of, tiny_data):
    others = [
        setting_of(),
        setting_of(build(dropout_rate=0.5)),
        setting_of(build(frozen=True)),
        setting_of(build(optimizer=keras.optimizers.SGD(0.01))),
        setting_of(build(optimizer=decaying(0.9))),
        setting_of(build(loss="poisson")),
        setting_of(data=changed(tiny_data, 0, (63, 7, 7, 2))),
        setting_of(validation_data=None),
        setting_of(seed=8),
        setting_of(epochs=3),
        setting_of(callbacks=(Note(1),)),
        setting_of(precision="float32"),
    ]
    assert len(set(others)) == len(others)


def test_a_setting_is_the_same_for_the_same_layers_whatever_their_names(setting_of):
    assert setting_of(build(names=("images", "hidden", "drop", "net"))) == setting_of()


def test_options_that_a_newer_keras_adds_do_not_count_until_they_are_used(setting_of, monkeypatch):
    def setting_with(newer):
        keras.utils.set_random_seed(0)
        norm, config = keras.layers.BatchNormalization(), keras.layers.BatchNormalization().get_config()
        for name in ("renorm", "renorm_clipping", "renorm_momentum"):
            config.pop(name, None)
        monkeypatch.setattr(keras.layers.BatchNormalization, "get_config", lambda self: config | newer)
        net = [keras.Input((8, 8, 3)), norm, keras.layers.Flatten(), keras.layers.Dense(4)]
        net = keras.Sequential(net)
        net.compile("sgd", LOSS, metrics=["accuracy"])
        return setting_of(net)

    older = setting_with({})
    assert setting_with({"renorm": False, "renorm_clipping": None, "renorm_momentum": 0.99}) == older
    assert setting_with({"renorm": True, "renorm_clipping": None, "renorm_momentum": 0.99}) != older


def test_the_names_of_operations_that_are_no_layers_do_not_count(setting_of):
    def setting_with(scale):
        keras.utils.set_random_seed(0)
        images = keras.Input((8, 8, 3))
        x = keras.ops.mean(images / scale, axis=(1, 2))
        model = keras.Model(images, keras.layers.Dense(4)(x))
        model.compile("sgd", LOSS, metrics=["accuracy"])
        return setting_of(model)

    assert setting_with(255.0) == setting_with(255.0) != setting_with(128.0)
