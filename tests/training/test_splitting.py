"""Where a model is cut in two: what is frozen, and random in no way, in front of what trains."""

import keras
from keras import layers

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
