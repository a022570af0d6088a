"""Settings of a notebook's own losses, constraints and callbacks count for the identity of a run; numbers do not."""

from functools import partial

import keras
import numpy as np
import pytest
from small_runs import LOSS, build

from helpers.fast.net import AverageWeights
from helpers.training.batches import ShuffledBatches


class Focal(keras.losses.Loss):
    """A loss with settings, shown, hidden and of several kinds, that says nothing of them."""

    def __init__(self, gamma: float, hidden: int = 0, weights=None, **options):
        super().__init__(**options)
        self.gamma, self._hidden, self.weights = gamma, hidden, weights

    def call(self, y_true, y_pred):
        return self.gamma * keras.losses.sparse_categorical_crossentropy(y_true, y_pred)


class Mixed(keras.losses.Loss):
    """A loss that wraps what it is given."""

    def __init__(self, base):
        super().__init__()
        self.base = base

    def call(self, y_true, y_pred):
        return self.base(y_true, y_pred)


class Said(Focal):
    """One that says what it is made with."""

    def get_config(self):
        return super().get_config() | {"gamma": self.gamma}


class Clip(keras.constraints.Constraint):
    """A constraint with a setting that says nothing of it."""

    def __init__(self, limit: float):
        self.limit = limit

    def __call__(self, w):
        return keras.ops.clip(w, -self.limit, self.limit)


class Slow(keras.optimizers.SGD):
    """An optimizer with a setting that says nothing of it."""

    def __init__(self, slowness: float, **options):
        super().__init__(0.05, **options)
        self.slowness = slowness


def smoothed(share: float) -> keras.losses.Loss:
    return keras.losses.CategoricalCrossentropy(label_smoothing=share)


def clipped(limit: float) -> keras.Model:
    keras.utils.set_random_seed(0)
    dense = keras.layers.Dense(4, activation="softmax", kernel_constraint=Clip(limit))
    model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten(), dense])
    model.compile("sgd", LOSS, metrics=["accuracy"])
    return model


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (lambda: build(loss=Focal(2.0)), lambda: build(loss=Focal(5.0))),
        (lambda: build(loss=Focal(2.0, hidden=1)), lambda: build(loss=Focal(2.0, hidden=2))),
        (lambda: build(loss=Focal(2.0, weights=np.ones(4))), lambda: build(loss=Focal(2.0, weights=np.zeros(4)))),
        (lambda: build(loss=Said(2.0)), lambda: build(loss=Said(5.0))),
        (lambda: clipped(1.0), lambda: clipped(2.0)),
        (lambda: build(loss=Mixed(smoothed(0.0))), lambda: build(loss=Mixed(smoothed(0.2)))),
        (lambda: build(loss=Mixed(Focal(1.0))), lambda: build(loss=Mixed(Focal(2.0)))),
        (lambda: build(loss=Mixed(partial(scaled, 1.0))), lambda: build(loss=Mixed(partial(scaled, 2.0)))),
        (lambda: build(optimizer=Slow(1.0)), lambda: build(optimizer=Slow(2.0))),
    ],
    ids=["shown", "hidden", "array", "said", "constraint", "Keras's loss", "own loss", "partial", "optimizer"],
)
def test_what_they_are_made_with_counts(identify, first, second):
    one, same, other = identify(first()), identify(first()), identify(second())
    assert one == same
    assert one.setting != other.setting
    assert one.run != other.run


def test_the_number_that_keras_gives_an_own_loss_does_not_count(identify):
    first = identify(build(loss=Focal(2.0)))
    names = {Focal(2.0).name for _ in range(3)}
    assert len(names) == 3  # else there would be nothing to leave out
    assert identify(build(loss=Focal(2.0))) == first


def scaled(factor: float):
    def loss(y_true, y_pred):
        return factor * keras.losses.sparse_categorical_crossentropy(y_true, y_pred)

    return loss


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (scaled(1.0), scaled(0.5)),
        (lambda t, p: keras.losses.poisson(t, p), lambda t, p: 2 * keras.losses.poisson(t, p)),
        (["poisson"], [LOSS]),
    ],
    ids=["closure", "lambda", "list"],
)
@pytest.mark.filterwarnings("ignore:The object being serialized includes a `lambda`")
def test_losses_without_a_name_of_their_own_are_told_apart_by_what_they_do(setting_of, first, second):
    assert setting_of(build(loss=first)) != setting_of(build(loss=second))


def test_what_averaged_weights_are_measured_on_counts_if_it_is_not_what_is_trained_on(identify, tiny_data):
    def of(batches, measured) -> tuple:
        return identify(data=batches, callbacks=(AverageWeights(measured),))

    batches = ShuffledBatches(*tiny_data, 16, 7)
    same, other = ShuffledBatches(*tiny_data, 16, 7), ShuffledBatches(tiny_data[0][::-1], tiny_data[1], 16, 7)
    assert of(batches, batches) == of(batches, same)
    assert of(batches, batches).setting != of(batches, other).setting
    assert of(batches, batches).run != of(batches, other).run
