"""Where a model is cut in two: what is frozen, and random in no way, in front of what trains."""

import keras
import numpy as np
import pytest
from keras import layers

from helpers.training import fit
from helpers.training.features import features_key
from helpers.training.splitting import split_frozen


def test_a_cut_lies_where_one_tensor_alone_joins_the_parts(build_base):
    frozen, rest = split_frozen(build_base(depth=1))
    assert frozen.layers[-1].name == "add"
    assert rest.layers[1].name == "last"
    frozen, _ = split_frozen(build_base(depth=2))
    assert frozen.layers[-1].name == "stem"  # the sum also takes what trains
    frozen, _ = split_frozen(build_base(depth=0))
    assert frozen.layers[-1].name == "head_pool"
    assert split_frozen(build_base(depth="everything")) is None


def test_what_normalises_by_the_batch_is_not_frozen_though_it_has_no_weights_that_train():
    images = keras.Input((8, 8, 3))
    x = layers.Conv2D(2, 3, trainable=False, name="frozen")(images)
    norm = layers.BatchNormalization(center=False, scale=False)
    model = keras.Model(images, layers.Dense(2)(layers.Flatten()(norm(x))))
    assert split_frozen(model)[0].layers[-1].name == "frozen"
    norm.trainable = False
    assert split_frozen(model)[0].layers[-1].name != "frozen"


def test_nothing_random_is_in_a_frozen_part(build_base):
    model = build_base(depth=1)
    model.get_layer("stochastic_depth").rate = 0.5
    frozen, _ = split_frozen(model)
    assert frozen.layers[-1].name == "stem"
    images = keras.Input((8, 8, 3))
    x = layers.Conv2D(2, 3, trainable=False)(layers.RandomFlip(seed=0)(images))
    assert split_frozen(keras.Model(images, x)) is None


def on_a_base(base, scale=255.0, **options) -> keras.Model:
    """The usual recipe: pixels scaled by an operation, a base that is one layer of the model, a head."""
    images = keras.Input((8, 8, 3))
    x = layers.Flatten()(base(images / scale, training=False))
    model = keras.Model(images, layers.Dense(4, activation="softmax", name="head")(x))
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"], **options)
    return model


@pytest.fixture
def base():
    """A frozen base of two layers, a model itself."""
    keras.utils.set_random_seed(0)
    images = keras.Input((8, 8, 3))
    x = layers.BatchNormalization()(layers.Conv2D(2, 5, strides=3)(images))
    model = keras.Model(images, x, name="base")
    model.trainable = False
    return model


def test_a_base_within_the_model_is_cut_off_whatever_else_it_is_used_in(base, cache, tiny_data):
    for _ in range(2):  # one base for two models
        keras.utils.set_random_seed(1)
        model, whole = on_a_base(base), on_a_base(base)
        whole.get_layer("head").set_weights(model.get_layer("head").get_weights())
        rest = split_frozen(model)[1]
        assert [layer.name for layer in rest.layers if layer.weights] == ["head"]
        options = {"validation_data": None, "epochs": 1, "batch_size": 16, "seed": 0}
        result = fit(model, *tiny_data, **options)
        fit(whole, *tiny_data, fast=False, **options)
        assert "features an image" in result.frozen_part["about"]
        for weight, same in zip(model.get_weights(), whole.get_weights(), strict=True):
            np.testing.assert_allclose(weight, same, atol=1e-5)


def test_what_a_base_is_called_in_a_process_is_no_part_of_the_key_of_features(tiny_data):
    def key(units, policy="float32"):
        keras.utils.set_random_seed(0)
        images = keras.Input((8, 8, 3))
        x = layers.Activation("relu")(layers.Conv2D(units, 5, dtype=policy, trainable=False)(images))
        return features_key(split_frozen(on_a_base(keras.Model(images, x)))[0], tiny_data[0])

    keys = key(2), key(2), key(3), key(2, "mixed_bfloat16")
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


def test_what_an_operation_is_called_with_is_part_of_the_key_of_features(base, tiny_data):
    keys = [features_key(split_frozen(on_a_base(base, scale))[0], tiny_data[0]) for scale in (255.0, 255.0, 128.0)]
    assert keys[0] == keys[1] != keys[2]


def test_a_base_that_normalises_by_the_batch_is_not_cut_off(base):
    assert split_frozen(on_a_base(base))
    base.layers[-1].trainable = True
    assert split_frozen(on_a_base(base)) is None


class Own(layers.Layer):
    """A layer of a notebook's own: it might draw from Keras's own generator, of which no model knows."""

    def call(self, x):
        return x * 2


@pytest.mark.filterwarnings("ignore:The object being serialized includes a `lambda`")
@pytest.mark.parametrize("place", ["layer", "function", "within"])
def test_code_that_is_neither_keras_s_nor_ours_may_be_random_and_is_in_no_frozen_part(place):
    images = keras.Input((8, 8, 3))
    own = {"layer": Own, "function": lambda: layers.Activation(lambda x: x * 2)}
    own["within"] = lambda: keras.Sequential([Own()])
    front = layers.Conv2D(2, 3, trainable=False, name="front")(images)
    x = layers.Conv2D(2, 3, trainable=False)(own[place]()(front))
    frozen, _ = split_frozen(keras.Model(images, layers.Dense(4)(layers.Flatten()(x))))
    assert frozen.layers[-1].name == "front"
