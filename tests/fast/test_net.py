"""Notebook 14's net: whitened patches, kernels that hand channels on, averaged weights, and the mean over views."""

import json
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from keras import layers

from helpers import data
from helpers.fast import net as fast_net
from helpers.fast.layers import fast_layers
from helpers.models import count_parameters
from helpers.training import fit, identify_run
from helpers.training.batches import AugmentedBatches, ShuffledBatches

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "14_fast_recipe.ipynb"


@pytest.fixture(scope="module")
def images():
    """256 images 32x32 whose neighbouring pixels are alike, as in photographs."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (256, 8, 8, 3)).repeat(4, axis=1).repeat(4, axis=2)
    return np.clip(coarse + rng.normal(0, 20, coarse.shape), 0, 255).astype("uint8")


def test_whitened_patches_are_equally_strong_in_all_directions_and_uncorrelated(images):
    mean, std = (0.5, 0.45, 0.4), (0.25, 0.24, 0.26)
    kernel = fast_net.patch_whitening(images, mean, std, epsilon=0.0)
    assert kernel.shape == (2, 2, 3, 24)
    assert kernel.dtype == np.float32
    np.testing.assert_array_equal(kernel[..., 12:], -kernel[..., :12])
    x = keras.ops.convert_to_tensor((images / 255 - mean) / std, "float32")
    filtered = keras.ops.convert_to_numpy(keras.ops.conv(x, kernel[..., :12], padding="valid")).reshape(-1, 12)
    np.testing.assert_allclose(filtered.T @ filtered / len(filtered), np.eye(12), atol=0.01)


def test_the_net_has_1_973_920_parameters_of_which_the_whitening_does_not_train(images):
    kernel = fast_net.patch_whitening(images, (0.5,) * 3, (0.25,) * 3)
    model = fast_net.fast_net(whitening=kernel)
    counts = count_parameters(model)
    assert (counts["total"], counts["non_trainable"]) == (1_973_920, 2_592)
    assert model.get_layer("whiten").trainable_weights == []
    np.testing.assert_array_equal(model.get_layer("whiten").get_weights()[0], kernel)
    assert len(fast_net.fast_net().get_layer("whiten").trainable_weights) == 1


@pytest.mark.parametrize("options", [{}, {"whitened": False}, {"dirac": False}, {"activation": "relu"}])
def test_the_net_on_the_page_is_the_same_with_the_same_settings(images, options):
    cells = ["".join(cell["source"]) for cell in json.loads(NOTEBOOK.read_text())["cells"]]
    lab = SimpleNamespace(input_shape=(32, 32, 3), class_names=list("abcdefghij"))
    page = {"lab": lab, "keras": keras, "layers": layers, "data": data, "np": np, "x_train": images}
    page |= {"dirac_init": fast_net.dirac_init, "patch_whitening": fast_net.patch_whitening}
    cell = next(cell for cell in cells if "def make_net" in cell)
    exec(cell[: cell.index("\ndisplay(")], page)
    own = {key: value for key, value in options.items() if key != "whitened"}
    kernel = page["whitening"] if options.get("whitened", True) else None
    settings = []
    for net in (
        page["make_net"](**options),
        fast_net.fast_net(mean=page["mean"], std=page["std"], whitening=kernel, **own),
    ):
        net.compile("sgd", "sparse_categorical_crossentropy")
        batches = ShuffledBatches(images, np.zeros(len(images)), batch_size=256, seed=0)
        settings.append(identify_run(net, batches, validation_data=None, epochs=1, batch_size=256, seed=0).setting)
    assert settings[0] == settings[1]


def test_the_faster_layers_predict_what_the_plain_ones_do(images):
    net = fast_net.fast_net()
    plain = net.predict(images[:32], verbose=0)
    with fast_layers(net):
        fast = net.predict(images[:32], verbose=0)
    np.testing.assert_allclose(fast, plain, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(fast.sum(axis=1), 1, rtol=1e-5)


def test_on_small_images_the_same_layers_are_trained(images):
    net = fast_net.fast_net()
    small = fast_net.on_small_images(net, 24)
    assert [id(weight) for weight in small.weights] == [id(weight) for weight in net.weights]
    assert small.layers[1:] == net.layers
    assert small.layers[0].output.shape == (None, 24, 24, 3)


@pytest.mark.parametrize("side", [3, 2])
def test_a_convolution_hands_its_channels_on_at_first(side):
    kernel = keras.ops.convert_to_numpy(fast_net.dirac_init((side, side, 4, 6)))
    x = np.random.default_rng(0).standard_normal((2, 5, 5, 4)).astype("float32")
    y = keras.ops.convert_to_numpy(keras.ops.conv(x, kernel, padding="same"))
    np.testing.assert_allclose(y[..., :4], x, rtol=1e-5, atol=1e-6)
    assert 0.25 / side < np.abs(kernel[..., 4:]).max() <= 0.5 / side


def test_kernels_need_not_hand_their_channels_on_and_each_is_drawn_by_itself():
    plain = fast_net.fast_net(dirac=False)
    kernels = [net.get_layer("conv_2_2").get_weights()[0] for net in (fast_net.fast_net(), plain)]
    assert [float(np.abs(kernel).max()) for kernel in kernels] == [1.0, pytest.approx(1 / 48, rel=0.01)]  # 3 * 3 * 256
    assert np.abs(plain.get_layer("conv_3_2").get_weights()[0] - kernels[1]).max() > 0.01


class Remember(keras.callbacks.Callback):
    """Remembers a model's last weights as training begins and after each step."""

    def __init__(self):
        super().__init__()
        self._weights = []

    def on_train_begin(self, logs=None):
        self.on_train_batch_end(0)

    def on_train_batch_end(self, batch, logs=None):
        self._weights.append(np.array(self.model.layers[-1].get_weights()[0]))


@pytest.fixture
def train_averaged(tiny_data):
    """Two trainings of one net, the second with averaged weights: the net, its last weights by step, its batches."""

    def train(runs_dir=None):
        keras.utils.set_random_seed(0)
        net = [
            keras.Input((8, 8, 3), dtype="uint8"),
            layers.Rescaling(1 / 255),
            layers.BatchNormalization(momentum=0.6),
        ]
        model = keras.Sequential([*net, layers.Flatten(), layers.Dense(4, activation="softmax")])
        optimizer = keras.optimizers.SGD(0.05, use_ema=True, ema_momentum=0.9)
        optimizer.build(model.trainable_variables)
        optimizer.use_ema = False
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
        batches = AugmentedBatches(*tiny_data, batch_size=16, seed=0, padding=1)
        options = {"validation_data": None, "batch_size": 16, "seed": 0, "runs_dir": runs_dir}
        fit(model, batches, epochs=1, **options)
        remember = Remember()
        fit(model, batches, epochs=5, callbacks=(fast_net.AverageWeights(batches), remember), **options)
        return model, remember._weights, batches

    return train


@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
def test_averaged_weights_are_the_running_mean_from_where_it_begins(train_averaged, keep_precision, policy):
    keras.config.set_dtype_policy(policy)
    model, (mean, *by_step), _ = train_averaged()
    for weights in by_step:
        mean = 0.9 * mean + 0.1 * weights
    np.testing.assert_allclose(model.layers[-1].get_weights()[0], mean, atol=1e-6)
    assert np.abs(mean - by_step[-1]).max() > 1e-3


def test_an_optimizer_without_variables_for_a_mean_is_refused(build_tiny, tiny_data):
    batches = ShuffledBatches(*tiny_data, batch_size=16, seed=0)
    options = {"validation_data": None, "epochs": 1, "batch_size": 16, "seed": 0}
    with pytest.raises(ValueError, match="expected an optimizer that was built with use_ema=True"):
        fit(build_tiny(), batches, callbacks=(fast_net.AverageWeights(batches),), **options)


def test_averaged_weights_are_refused_where_they_would_be_lost_or_fail_at_the_end(build_tiny, tiny_data):
    images, classes = tiny_data
    options = {"epochs": 1, "batch_size": 16, "seed": 0, "fast": False}
    batches = ShuffledBatches(images, classes, batch_size=16, seed=0)
    average = (fast_net.AverageWeights(batches),)
    with pytest.raises(ValueError, match="AverageWeights replaces the weights at the end, and patience brings back"):
        fit(build_tiny(), batches, validation_data=tiny_data, patience=1, callbacks=average, **options)
    smaller = ShuffledBatches(images[:, :4, :4], classes, batch_size=16, seed=0)
    model = build_tiny()
    model.optimizer.use_ema = True
    model.optimizer.build(model.trainable_variables)
    with pytest.raises(ValueError, match=r"expected a model that takes the images of the batches, \(4, 4, 3\), got"):
        fit(model, batches, validation_data=None, callbacks=(fast_net.AverageWeights(smaller),), **options)


def test_too_few_batches_for_the_momentum_of_batch_normalisation_are_refused(tiny_data):
    net = [keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.BatchNormalization(), keras.layers.Dense(4)]
    model = keras.Sequential(net)  # Keras's momentum, 0.99
    model.compile(keras.optimizers.SGD(0.01, use_ema=True), "sparse_categorical_crossentropy")
    batches = ShuffledBatches(*tiny_data, batch_size=16, seed=0)
    options = {"validation_data": None, "epochs": 1, "batch_size": 16, "seed": 0}
    with pytest.raises(ValueError, match="10 batches leave 90% of what batch normalisation measured before"):
        fit(model, batches, callbacks=(fast_net.AverageWeights(batches),), **options)
    fit(model, batches, callbacks=(fast_net.AverageWeights(batches, 300),), **options)  # 4 batches, again and again
    before = model.layers[1].get_weights()[3]
    fast_net.AverageWeights.on_train_end(SimpleNamespace(model=model, _batches=batches, num_batches=300))
    np.testing.assert_allclose(model.layers[1].get_weights()[3], before, rtol=0.06)
    model.layers[1].trainable = False  # its statistics are measured by nobody
    model.compile(keras.optimizers.SGD(0.01, use_ema=True), "sparse_categorical_crossentropy")
    fit(model, batches, callbacks=(fast_net.AverageWeights(batches),), fast=False, **options)


def test_the_averaged_net_s_statistics_are_measured_anew(train_averaged):
    model, _, batches = train_averaged()
    measured = model.layers[1].get_weights()[2:]
    for _ in range(3):  # momentum 0.6, 4 batches: nothing is left of what was before
        fast_net.AverageWeights.on_train_end(SimpleNamespace(model=model, _batches=batches, num_batches=10))
    for statistic, same in zip(measured, model.layers[1].get_weights()[2:], strict=True):
        np.testing.assert_allclose(statistic, same, rtol=0.05)


def test_a_finished_run_has_its_averaged_weights_again(train_averaged, tmp_path):
    first, _, _ = train_averaged(tmp_path)
    again, by_step, _ = train_averaged(tmp_path)
    assert by_step == []
    for weight, same in zip(first.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, same)


class Brightness(keras.Model):
    """Sure of class 1 by the share of light in the leftmost column."""

    def call(self, images):
        light = keras.ops.mean(keras.ops.cast(images[:, :, 0], "float32"), axis=(1, 2)) / 255 * 0.8 + 0.1
        return keras.ops.stack([1 - light, light], axis=1)


def test_views_are_the_image_its_shifts_and_all_mirrors():
    images = np.zeros((1, 4, 4, 3), "uint8")
    images[:, :, 0] = 255  # the left column: the mirror image has it on the right
    (probabilities,) = fast_net.predict_with_tta(Brightness(), images, shift=0)
    odds = np.sqrt((0.9 / 0.1) * (0.1 / 0.9))  # the geometric mean of both views
    assert probabilities[1] / probabilities[0] == pytest.approx(odds)
    # Moved down-right, the image begins with its column 1, mirrored, and is dark there as its mirror image is; moved
    # up-left, it begins with column 1 itself: only the centre, half of the weight, has the light on the left.
    (probabilities,) = fast_net.predict_with_tta(Brightness(), images, shift=1)
    assert probabilities[1] / probabilities[0] == pytest.approx((0.9 / 0.1) ** (0.25 - 0.75))
    assert probabilities.sum() == pytest.approx(1)
