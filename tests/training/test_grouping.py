"""Several steps in one call: the same result, and nobody else notices."""

import keras
import numpy as np
import pytest

from helpers.training import fit, grouping
from helpers.training.grouping import STEPS_PER_EXECUTION

CHOSEN = STEPS_PER_EXECUTION if keras.backend.backend() == "tensorflow" else 1
NUM_STEPS = 7  # an epoch: the last call has fewer steps than the others, the last batch fewer images


class Batches(keras.callbacks.Callback):
    """Notes after which batches it is called."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append(batch)


@pytest.fixture
def build():
    """A net with all that changes from step to step: random states, statistics, moments, a rate that falls."""

    def build_net(**options):
        keras.utils.set_random_seed(0)
        net = [
            keras.Input((8, 8, 3), dtype="uint8"),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Conv2D(4, 3),
            keras.layers.BatchNormalization(),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(4, activation="softmax"),
        ]
        model = keras.Sequential(net)
        optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.01, 2 * NUM_STEPS))
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"], **options)
        return model

    return build_net


def train(model, data, **options):
    """Two epochs of seven steps."""
    batch_size = len(data[0]) // NUM_STEPS + 1
    return fit(model, *data, validation_data=data, epochs=2, batch_size=batch_size, seed=0, **options)


def seen_after(model, data, **options) -> list[int]:
    """After which batches of its last epoch a callback was called."""
    batches = Batches()
    train(model, data, callbacks=(batches,), **options)
    return batches.seen[len(batches.seen) // 2 :]


def seen_by_keras(model, data) -> list[int]:
    """After which of four batches a callback is called by Keras's own fit."""
    batches = Batches()
    model.fit(*data, batch_size=16, verbose=0, callbacks=[batches])
    return batches.seen


@pytest.mark.parametrize("steps", [2, 4, 100])  # more than there are in an epoch, too
def test_steps_in_one_call_train_the_same_net_to_the_bit(build, tiny_data, steps):
    one, several = build(), build()
    singly, together = (
        train(model, tiny_data, steps_per_execution=count) for model, count in ((one, 1), (several, steps))
    )
    assert together.history == singly.history
    states = [[*model.variables, *model.optimizer.variables] for model in (one, several)]
    for variable, same in zip(*states, strict=True):
        np.testing.assert_array_equal(*map(keras.ops.convert_to_numpy, (variable, same)))
    assert int(several.optimizer.iterations) == 2 * NUM_STEPS
    assert [r.hyperparameters["steps_per_execution"] for r in (singly, together)] == [1, steps]


def test_in_a_run_of_many_steps_they_are_computed_together_unless_a_callback_looks_at_batches(
    build, tiny_data, monkeypatch
):
    monkeypatch.setattr(grouping, "MANY_STEPS", 2 * NUM_STEPS)
    assert train(build(), tiny_data).hyperparameters["steps_per_execution"] == CHOSEN
    assert seen_after(build(), tiny_data) == [0, 1, 2, 3, 4, 5, 6]
    assert len(seen_after(build(), tiny_data, steps_per_execution=4)) == 2


def test_in_a_short_run_steps_are_computed_one_by_one(build, tiny_data, monkeypatch):
    monkeypatch.setattr(grouping, "MANY_STEPS", 2 * NUM_STEPS + 1)
    assert train(build(), tiny_data).hyperparameters["steps_per_execution"] == 1


def test_what_the_model_was_compiled_with_is_kept(build, tiny_data):
    model = build(steps_per_execution=3)
    assert train(model, tiny_data).hyperparameters["steps_per_execution"] == 3
    assert model.steps_per_execution == 3


def test_afterwards_the_model_is_as_it_was_compiled(build, tiny_data):
    model = build()
    train(model, tiny_data, steps_per_execution=4)
    assert seen_by_keras(model, tiny_data) == [0, 1, 2, 3]
    figures = model.evaluate(*tiny_data, batch_size=16, verbose=0, return_dict=True)
    right = model.predict(tiny_data[0], batch_size=16, verbose=0).argmax(axis=1) == tiny_data[1]
    assert figures["accuracy"] == pytest.approx(right.mean())


def test_a_model_whose_training_fails_is_as_it_was_compiled(build, tiny_data):
    model = build()
    stop = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: [][0])
    with pytest.raises(IndexError):
        train(model, tiny_data, callbacks=(stop,))
    assert seen_by_keras(model, tiny_data) == [0, 1, 2, 3]


def test_a_callback_made_of_functions_sees_its_batches_too(build, tiny_data, monkeypatch):
    monkeypatch.setattr(grouping, "MANY_STEPS", 1)
    seen = []
    functions = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(batch))
    train(build(), tiny_data, callbacks=(functions,))
    assert seen == [*range(NUM_STEPS), *range(NUM_STEPS)]
