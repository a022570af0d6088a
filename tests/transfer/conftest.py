"""What the tests of `helpers.transfer` share: an empty cache, and a small base to freeze, split and train."""

import keras
import pytest
from keras import layers

from helpers.training import fit
from helpers.transfer import freeze, trainable_part


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache; gives its folder of features."""
    monkeypatch.setenv("COURSEWORK_CACHE", str(tmp_path))
    return tmp_path / "features"


@pytest.fixture(scope="session")
def build_base():
    """A base with a residual block, BatchNormalization and stochastic depth, for 8x8 images of four classes."""

    def build(depth=0, strides=2, seed=0):
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

    return build


@pytest.fixture(scope="session")
def train_base(build_base):
    """One epoch of the trainable part: the whole model, its part, and what `fit` returned."""

    def train(data, depth, use_cache, strides=2):
        model = build_base(depth, strides)
        part = trainable_part(model, data, data, batch_size=16, seed=0, use_cache=use_cache)
        part.model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
        result = fit(part.model, part.train, validation_data=part.validation, epochs=1, batch_size=16, seed=0)
        return model, part, result

    return train
