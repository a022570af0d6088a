"""Several seeds at once: each net is trained as it would be alone."""

import keras
import numpy as np
import pytest

from benchmarks.seeds import SeedsAtOnce
from helpers.training import fit

SEEDS = [3, 4, 7]
on_jax = pytest.mark.skipif(keras.backend.backend() != "jax", reason="it is JAX that computes seeds side by side")


def dense() -> keras.Model:
    """A dense net that drops units."""
    layers = [keras.layers.Flatten(), keras.layers.Dense(16, "relu"), keras.layers.Dropout(0.5)]
    return compiled(keras.Sequential([keras.Input((8, 8, 1)), *layers, keras.layers.Dense(3, "softmax")]))


def convolutional() -> keras.Model:
    """A small convolutional net that normalises batches."""
    normalised = [keras.layers.Conv2D(4, 3, use_bias=False), keras.layers.BatchNormalization()]
    layers = [*normalised, keras.layers.ReLU(), keras.layers.Flatten()]
    return compiled(keras.Sequential([keras.Input((8, 8, 1)), *layers, keras.layers.Dense(3, "softmax")]))


def compiled(model: keras.Model) -> keras.Model:
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.fixture
def data():
    """Images of three classes, and some more than whole batches of 16."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 64)
    return (rng.normal(size=(64, 8, 8, 1)) + labels[:, None, None, None]).astype("float32"), labels


@on_jax
@pytest.mark.parametrize("build", [dense, convolutional])
def test_each_seed_ends_with_the_weights_and_the_loss_that_it_has_alone(build, data):
    together = SeedsAtOnce(build, *data, SEEDS, batch_size=16)
    losses = [together.epoch(number) for number in range(2)]
    for position, seed in enumerate(SEEDS):
        keras.utils.set_random_seed(seed)
        alone = build()
        history = fit(alone, *data, validation_data=None, epochs=2, batch_size=16, seed=seed).history
        np.testing.assert_allclose([loss[position] for loss in losses], history["loss"], rtol=1e-4)
        for ours, theirs in zip(together.weights(position), alone.trainable_variables, strict=True):
            np.testing.assert_allclose(ours, keras.ops.convert_to_numpy(theirs), rtol=1e-3, atol=1e-5)
    assert np.ptp(losses[0]) > 0  # the seeds are different nets


@pytest.mark.skipif(keras.backend.backend() == "jax", reason="there it can")
def test_another_backend_is_refused_with_the_remedy(data):
    with pytest.raises(RuntimeError, match="expected the backend jax, got tensorflow: set KERAS_BACKEND=jax"):
        SeedsAtOnce(dense, *data, SEEDS, batch_size=16)
