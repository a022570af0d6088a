"""While the faster implementations are put in, a model computes what Keras's own layers do, to rounding."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from helpers.fast import layers as fast
from helpers.fast.layers import MATRIX_CHANNELS, all_layers, fast_layers, is_fast
from helpers.training import fit

on_tensorflow = pytest.mark.skipif(not is_fast(), reason="the faster layers are TensorFlow's, on a processor")


def model_of(*its_layers, shape=(6, 7, 3)) -> keras.Model:
    """A model of some layers, its weights away from where they begin."""
    model = keras.Sequential([keras.Input(shape), *its_layers])
    for weight in model.trainable_weights:
        weight.assign(weight + 0.1 * np.random.default_rng(1).standard_normal(weight.shape))
    return model


def images(shape, count=8):
    """Normal values, of a mean that is not 0: (count, *shape)."""
    return np.random.default_rng(0).standard_normal((count, *shape)).astype("float32") * 2 + 1


def differentiate(model, x, training=True) -> list[np.ndarray]:
    """A model's outputs, and the gradients of a weighted sum of them by its inputs and weights, as float32."""
    import tensorflow as tf

    x = ops.cast(ops.convert_to_tensor(x), model.layers[0].compute_dtype)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = model(x, training=training)
        weights = np.random.default_rng(2).standard_normal(y.shape).astype("float32")
        loss = ops.sum(ops.cast(y, "float32") * weights)
    gradients = tape.gradient(loss, [x, *(weight.value for weight in model.trainable_weights)])
    return [np.asarray(ops.cast(value, "float32")) for value in (y, *gradients)]


def assert_close(fast_values, plain_values, tolerance: float) -> None:
    """Equal to within a share of the largest value."""
    for ours, theirs in zip(fast_values, plain_values, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance * np.abs(theirs).max())


def convolution(filters=4, size=3, **options):
    return layers.Conv2D(filters, size, padding="same", **options)


REPLACED = {
    "gelu": lambda: (layers.Activation("gelu"), (6, 7, 3)),
    "batch normalisation of maps": lambda: (layers.BatchNormalization(momentum=0.6, epsilon=1e-5), (6, 7, 3)),
    "of flat features": lambda: (layers.BatchNormalization(scale=False), (20,)),
    "without a shift": lambda: (layers.BatchNormalization(center=False), (6, 7, 3)),
    "frozen": lambda: (layers.BatchNormalization(trainable=False), (6, 7, 3)),
    "many channels": lambda: (convolution(activation="relu"), (6, 7, MATRIX_CHANNELS)),
    "many channels, no bias": lambda: (convolution(use_bias=False), (6, 7, MATRIX_CHANNELS)),
    "many channels, even kernel": lambda: (convolution(size=(2, 5)), (6, 7, MATRIX_CHANNELS)),
    "small maps": lambda: (convolution(activation="gelu"), (2, 2, 5)),
    "one pixel": lambda: (convolution(), (1, 1, 5)),
    "small maps, long kernel": lambda: (convolution(size=(3, 5), use_bias=False), (2, 3, 5)),
}


@on_tensorflow
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("kind", REPLACED)
def test_outputs_gradients_and_statistics_in_float32_are_keras_own(kind, training):
    layer, shape = REPLACED[kind]()
    model, x = model_of(layer, shape=shape), images(shape)
    begin = model.get_weights()
    plain, statistics = differentiate(model, x, training), model.get_weights()
    model.set_weights(begin)
    with fast_layers(model):
        ours = differentiate(model, x, training)
    assert_close(ours, plain, 1e-4)
    assert_close(model.get_weights(), statistics, 1e-5)


@on_tensorflow
@pytest.mark.usefixtures("keep_precision")
@pytest.mark.parametrize("kind", REPLACED)
def test_in_bfloat16_they_are_no_further_from_the_exact_ones_than_keras_own(kind):
    keras.config.set_dtype_policy("mixed_bfloat16")
    layer, shape = REPLACED[kind]()
    half, x = model_of(layer, shape=shape), images(shape)
    keras.config.set_dtype_policy("float32")
    whole = model_of(REPLACED[kind]()[0], shape=shape)
    whole.set_weights(half.get_weights())
    x = np.array(ops.cast(ops.cast(x, "bfloat16"), "float32"))
    exact, theirs = differentiate(whole, x), differentiate(half, x)
    with fast_layers(half):
        ours = differentiate(half, x)
    for exactly, fast_value, plain_value in zip(exact, ours, theirs, strict=True):
        error, usual = (np.abs(value - exactly).mean() for value in (fast_value, plain_value))
        assert error <= 1.5 * usual + 1e-3 * np.abs(exactly).mean()


@on_tensorflow
def test_where_a_mask_says_which_inputs_count_batch_normalisation_is_keras_own():
    def model() -> keras.Model:
        keras.utils.set_random_seed(0)
        return keras.Sequential([keras.Input((2,)), layers.Masking(0.0), layers.BatchNormalization(), layers.Dense(3)])

    x = np.array([[0, 0], [2, 4], [1, 3]], "float32")
    plain, ours = model(), model()
    expected = plain(x, training=True)
    with fast_layers(ours):
        assert_close([ours(x, training=True)], [expected], 1e-6)
    assert_close(ours.get_weights(), plain.get_weights(), 1e-6)


NOT_REPLACED = {
    "relu": lambda: (layers.Activation("relu"), (6, 7, 3)),
    "normalisation over rows": lambda: (layers.BatchNormalization(axis=1), (6, 7, 3)),
    "normalisation of sequences": lambda: (layers.BatchNormalization(), (7, 3)),
    "normalisation by running statistics": lambda: (layers.BatchNormalization(renorm=True), (6, 7, 3)),
    "a stride": lambda: (convolution(strides=2), (6, 7, 3)),
    "valid padding": lambda: (layers.Conv2D(4, 3), (6, 7, 3)),
    "groups": lambda: (convolution(groups=3, filters=6), (6, 7, 3)),
    "dilation": lambda: (convolution(dilation_rate=2), (6, 7, 3)),
    "a class derived from Conv2D": lambda: (type("Own", (layers.Conv2D,), {})(4, 3, padding="same"), (6, 7, 3)),
    "dense": lambda: (layers.Dense(4), (20,)),
    "gelu in 64 bits": lambda: (layers.Activation("gelu", dtype="float64"), (6, 7, 3)),
    "normalisation in 64 bits": lambda: (layers.BatchNormalization(dtype="float64"), (6, 7, 3)),
    "normalisation whose variables are bfloat16": lambda: (layers.BatchNormalization(dtype="bfloat16"), (6, 7, 3)),
}


@on_tensorflow
@pytest.mark.parametrize("kind", NOT_REPLACED)
def test_what_a_faster_implementation_would_compute_otherwise_stays_keras_own(kind):
    layer, shape = NOT_REPLACED[kind]()
    model = model_of(layer, shape=shape)
    with fast_layers(model):
        assert "call" not in vars(layer)


@on_tensorflow
@pytest.mark.parametrize("kind", REPLACED)
def test_within_a_layer_is_replaced_and_afterwards_it_is_keras_own_again(kind):
    layer, shape = REPLACED[kind]()
    model = model_of(layer, shape=shape)
    with fast_layers(model):
        assert "call" in vars(layer)
    assert "call" not in vars(layer)
    with pytest.raises(KeyError), fast_layers(model):
        raise KeyError
    assert "call" not in vars(layer)


@on_tensorflow
def test_a_context_within_another_leaves_what_the_outer_one_put_in():
    inner, outer = layers.Activation("gelu"), layers.BatchNormalization()
    part = model_of(inner)
    whole = keras.Sequential([keras.Input((6, 7, 3)), part, outer])
    with fast_layers(part):
        with fast_layers(whole):
            assert "call" in vars(inner)
            assert "call" in vars(outer)
        assert "call" in vars(inner)
        assert "call" not in vars(outer)
    assert "call" not in vars(inner)


@on_tensorflow
def test_a_layer_that_a_model_uses_twice_is_replaced_once():
    shared, image = layers.Activation("gelu"), keras.Input((6, 7, 3))
    model = keras.Model(image, shared(shared(image)))
    plain = model(images((6, 7, 3)))
    with fast_layers(model, model):
        np.testing.assert_allclose(model(images((6, 7, 3))), plain, rtol=1e-5, atol=1e-5)
    assert "call" not in vars(shared)


@on_tensorflow
def test_compiled_functions_are_compiled_anew_within_and_afterwards():
    model = model_of(layers.BatchNormalization(), layers.Flatten(), layers.Dense(4, activation="softmax"))
    model.compile("sgd", "sparse_categorical_crossentropy")
    x = images((6, 7, 3))
    plain = model.predict(x, verbose=0)
    with fast_layers(model):
        assert model.predict_function is None
        np.testing.assert_allclose(model.predict(x, verbose=0), plain, rtol=1e-4, atol=1e-6)
    assert (model.train_function, model.test_function, model.predict_function) == (None, None, None)
    np.testing.assert_array_equal(model.predict(x, verbose=0), plain)


def test_on_demand_nothing_is_changed():
    model = model_of(layers.Activation("gelu"), layers.BatchNormalization())
    with fast_layers(model, enabled=False):
        assert not any("call" in vars(layer) for layer in model.layers)


def test_where_there_are_no_faster_implementations_nothing_is_changed(monkeypatch):
    monkeypatch.setattr(fast, "is_fast", lambda: False)
    model = model_of(layers.Activation("gelu"), layers.BatchNormalization())
    with fast_layers(model):
        assert not any("call" in vars(layer) for layer in model.layers)


def test_the_layers_of_models_within_a_model_are_found():
    inner = keras.Sequential([keras.Input((8,)), layers.Dense(4, name="inner_dense"), layers.Activation("gelu")])
    model = keras.Sequential([keras.Input((8,)), inner, layers.Dense(2, name="outer_dense")])
    assert [type(layer).__name__ for layer in all_layers(model)] == ["Sequential", "Dense", "Activation", "Dense"]


@on_tensorflow
def test_training_with_and_without_them_gives_the_same_net_to_rounding(tiny_data):
    def trained(**options):
        keras.utils.set_random_seed(0)
        net = [layers.Rescaling(1 / 255), convolution(MATRIX_CHANNELS), convolution(8, use_bias=False)]
        net += [layers.MaxPooling2D(4), layers.BatchNormalization(), layers.Activation("gelu"), convolution(8)]
        model = model_of(*net, layers.Flatten(), layers.Dense(4, activation="softmax"), shape=(8, 8, 3))
        model.compile(keras.optimizers.SGD(0.05), "sparse_categorical_crossentropy", metrics=["accuracy"])
        result = fit(model, *tiny_data, validation_data=tiny_data, epochs=2, batch_size=16, seed=0, **options)
        return result.history["val_loss"], model.get_weights()

    (losses, weights), (plain_losses, plain_weights) = trained(), trained(fast=False)
    np.testing.assert_allclose(losses, plain_losses, rtol=1e-4)
    assert_close(weights, plain_weights, 1e-3)
