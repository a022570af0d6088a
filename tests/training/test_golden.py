"""Our training code means what it meant: a few steps of small nets give the numbers that are stored.

Who changes the numbers raises `TRAINING_VERSION`, and runs and records of before are trained anew; who only moves code
changes none. Initial weights are NumPy's, so that the numbers are the same on both backends, but for rounding.
"""

import json
import os
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # before keras is imported

import keras
import numpy as np
import pytest
from keras import layers

from helpers.fast.layers import MATRIX_CHANNELS
from helpers.fast.muon import ConvolutionMuon
from helpers.files import write_json
from helpers.machine import uses_gpu
from helpers.training import fit
from helpers.training.batches import AugmentedBatches, ShuffledBatches
from helpers.training.identity import TRAINING_VERSION
from helpers.training.schedules import PiecewiseLinear, ScheduledSGD

FILE = Path(__file__).parents[1] / "golden" / "training.json"
TOLERANCE = 1e-4  # relative; another processor rounds otherwise, and some steps make more of it
WHAT_TO_DO = (
    "what our code computes has changed. If that is meant, raise TRAINING_VERSION in helpers/training/identity.py "
    "(records of before are then trained anew), and write the numbers anew: python tests/training/test_golden.py"
)
LOSS = "sparse_categorical_crossentropy"

pytestmark = pytest.mark.skipif(uses_gpu(), reason="GPUs round the products of float32 by more than the tolerance")


def data_of(count: int = 64, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Images 8x8 of four classes that differ in brightness and slope, uint8, and their classes."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 4
    slope = np.arange(8)[:, None, None] * (labels % 2)[:, None, None, None] * 8
    images = labels[:, None, None, None] * 30 + slope + rng.integers(0, 80, (count, 8, 8, 3))
    return images.astype("uint8"), labels


def net(*its_layers) -> keras.Model:
    """A functional model of 8x8 images with the given layers and a softmax of four classes; NumPy's weights."""
    images = keras.Input((8, 8, 3), dtype="uint8")
    x = layers.Rescaling(1 / 128, -1)(images)
    for layer in (*its_layers, layers.Flatten(), layers.Dense(4, activation="softmax")):
        x = layer(x)
    model, rng = keras.Model(images, x), np.random.default_rng(1)
    for weight in model.weights:
        if len(weight.shape) > 1:
            weight.assign(rng.standard_normal(weight.shape) / np.sqrt(np.prod(weight.shape[:-1])))
    return model


def convolution(filters: int, **options) -> layers.Layer:
    return layers.Conv2D(filters, 3, padding="same", **options)


def trained(model, optimizer, x, y=None, loss=LOSS, epochs=2, **options) -> dict:
    """Some epochs of `fit`; the numbers that are compared."""
    model.compile(optimizer, loss, metrics=["accuracy"])
    validation = data_of(32, seed=2)
    if loss != LOSS:
        validation = validation[0], np.eye(4, dtype="float32")[validation[1]]
    result = fit(model, x, y, validation_data=validation, epochs=epochs, batch_size=16, seed=3, **options)
    history = {key: result.history[key] for key in ("loss", "val_loss", "learning_rate")}
    weights = [float(np.abs(weight).mean()) for weight in map(keras.ops.convert_to_numpy, model.weights)]
    return history | {"weights": weights, "best_epoch": [result.best_epoch]}


def fast_layers() -> dict:
    """Convolutions with many channels and on small maps, batch normalisation of maps and of features, GELU."""
    model = net(
        convolution(MATRIX_CHANNELS, use_bias=False),
        layers.BatchNormalization(momentum=0.6, scale=False),
        layers.Activation("gelu"),
        convolution(8),
        layers.MaxPooling2D(4),  # 8x8 -> 2x2
        convolution(8, activation="relu"),
        layers.Flatten(),
        layers.BatchNormalization(),
    )
    return trained(model, keras.optimizers.SGD(0.02, momentum=0.9), *data_of())


def augmentation() -> dict:
    """Flips that alternate and crops, a rate that falls in steps, weight decay."""
    batches = AugmentedBatches(*data_of(), 16, seed=3, padding=1, border="reflect", flips="alternating")
    rate = keras.optimizers.schedules.PiecewiseConstantDecay([5], [0.01, 0.001])
    return trained(net(convolution(4, activation="relu")), keras.optimizers.AdamW(rate), batches, epochs=3)


def one_cycle() -> dict:
    """A rate and a momentum that follow straight lines."""
    rate = PiecewiseLinear([0, 4, 8, 9], [0.01, 0.1, 0.01, 0.0001])
    momentum = PiecewiseLinear([0, 4, 8], [0.95, 0.85, 0.95])
    model = net(layers.Flatten(), layers.Dense(8, activation="relu"))
    return trained(model, ScheduledSGD(rate, momentum, nesterov=True, weight_decay=0.001), *data_of())


def muon() -> dict:
    """Orthogonalised steps of the kernels, Nesterov's of the rest, smoothed labels."""
    images, labels = data_of()
    batches = ShuffledBatches(images, np.eye(4, dtype="float32")[labels], 16, seed=3)
    optimizer = ConvolutionMuon(PiecewiseLinear([0, 8], [1.0, 0.0]), 0.1, 0.02, 0.02)
    model = net(convolution(8, use_bias=False), layers.BatchNormalization(scale=False), layers.Activation("relu"))
    return trained(model, optimizer, batches, loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.2))


def frozen_front() -> dict:
    """Frozen convolutions and batch normalisation in front, run once for each image."""
    model = net(
        convolution(8, activation="relu", trainable=False),
        layers.MaxPooling2D(2),
        convolution(8, trainable=False),
        layers.BatchNormalization(trainable=False),
        layers.GlobalAveragePooling2D(),
        layers.Dense(8, activation="relu"),
    )
    return trained(model, keras.optimizers.Adam(0.1), *data_of(), epochs=3)


def patience() -> dict:
    """A rate that becomes far too high, so that the best epoch is not the last."""
    rate = keras.optimizers.schedules.PiecewiseConstantDecay([8], [0.5, -0.5])
    return trained(net(layers.AveragePooling2D(4)), keras.optimizers.SGD(rate), *data_of(), epochs=6, patience=2)


CASES = (fast_layers, augmentation, one_cycle, muon, frozen_front, patience)


@pytest.fixture(autouse=True)
def _float32(keep_precision, cache):
    """In float32, and with no features of an earlier test."""
    keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_a_few_steps_give_the_numbers_that_are_stored(case):
    stored, numbers = json.loads(FILE.read_text()), case()
    assert stored["training_version"] == TRAINING_VERSION, f"TRAINING_VERSION was raised: {WHAT_TO_DO}"
    assert list(numbers) == list(stored[case.__name__])
    for name, values in stored[case.__name__].items():
        assert numbers[name] == pytest.approx(values, rel=TOLERANCE, abs=1e-6), f"{case.__name__}: {WHAT_TO_DO}"


def test_the_frozen_front_is_run_once_and_the_best_epoch_is_not_the_last(cache):
    frozen_front()
    assert len(list(cache.glob("*.npy"))) > 0
    assert patience()["best_epoch"] == [2]


def differs(case) -> bool:
    """Whether a case gives other numbers than those stored."""
    stored, numbers = json.loads(FILE.read_text())[case.__name__], case()
    return any(numbers[name] != pytest.approx(values, rel=TOLERANCE, abs=1e-6) for name, values in stored.items())


@pytest.mark.parametrize(
    ("case", "thing", "name", "changed"),
    [
        (one_cycle, PiecewiseLinear, "__call__", lambda self, step: keras.ops.full_like(step * 1.0, 0.05)),
        (augmentation, AugmentedBatches, "draw_epoch", ShuffledBatches.draw_epoch),
        (fast_layers, ShuffledBatches, "_draw", lambda self, rng: setattr(self, "_order", np.arange(64))),
    ],
    ids=["a schedule", "which images are flipped", "the order of images"],
)
def test_a_change_of_meaning_is_noticed(monkeypatch, case, thing, name, changed):
    monkeypatch.setattr(thing, name, changed)
    assert differs(case)


def write() -> None:
    """Write the numbers of today's code."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["COURSEWORK_CACHE"] = folder
        numbers = {case.__name__: case() for case in CASES}
    rounded = {
        case: {name: [float(f"{value:.7g}") for value in values] for name, values in found.items()}
        for case, found in numbers.items()
    }
    write_json(FILE, {"training_version": TRAINING_VERSION} | rounded)
    print(f"{FILE} holds the numbers of training version {TRAINING_VERSION}")


if __name__ == "__main__":
    write()
