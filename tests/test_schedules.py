"""The schedules: each starts, peaks and ends where it says, and the compiled step sees it."""

import json
from itertools import pairwise

import keras
import numpy as np
import pytest

from helpers.training import schedules
from helpers.training.schedules import PiecewiseLinear, ScheduledSGD
from helpers.training import fit

STEPS = 100
FALLING = {
    "exponential": schedules.exponential(0.5, STEPS, final_share=0.01),
    "cosine": schedules.cosine(0.5, STEPS),
}
EVERY = FALLING | {
    "constant": schedules.constant(0.5),
    "one_cycle": schedules.one_cycle(0.5, STEPS),
    "momentum": schedules.one_cycle_momentum(STEPS),
}


def values(schedule, steps=STEPS) -> np.ndarray:
    """What a schedule is at the steps of a run, and at the one after its last."""
    return keras.ops.convert_to_numpy(schedule(np.arange(steps + 1)))


def step_of(model, x, y) -> list[np.ndarray]:
    """A model's weights after one more training step."""
    model.train_on_batch(x, y)
    return [np.array(weight) for weight in model.get_weights()]


@pytest.fixture
def compile_tiny(build_tiny):
    """A tiny net of one seed with a given optimizer."""

    def build(optimizer):
        model = build_tiny()
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    return build


def test_a_constant_stays_where_it_is():
    np.testing.assert_array_equal(values(EVERY["constant"]), np.float32(0.5))


@pytest.mark.parametrize(("name", "final_share"), [("exponential", 0.01), ("cosine", 0)])
def test_decay_starts_at_its_rate_and_falls_to_its_share_of_it(name, final_share):
    rates = values(FALLING[name])
    assert rates[0] == 0.5
    assert (np.diff(rates) < 0).all()
    assert rates[-1] == pytest.approx(final_share * 0.5, abs=1e-7)


def test_exponential_decay_falls_by_the_same_factor_each_step():
    rates = values(FALLING["exponential"])
    np.testing.assert_allclose(rates[1:] / rates[:-1], 0.01 ** (1 / STEPS), rtol=1e-5)


def test_one_cycle_has_two_equal_straight_legs_and_then_sinks_far_below_its_start():
    rates = values(EVERY["one_cycle"])
    np.testing.assert_allclose(rates[[0, 45, 90, 100]], [0.05, 0.5, 0.05, 0.0005], rtol=1e-6)
    assert rates.argmax() == 45
    slopes = np.diff(rates)
    np.testing.assert_allclose(slopes[:45], 0.01, atol=1e-6)
    np.testing.assert_allclose(slopes[45:90], -0.01, atol=1e-6)
    assert (slopes[90:] < 0).all()


def test_the_momentum_goes_the_other_way_round_and_stays_high_at_the_end():
    rates, momenta = values(EVERY["one_cycle"])[:91], values(EVERY["momentum"])
    np.testing.assert_allclose((0.95 - momenta[:91]) / 0.1, (rates - 0.05) / 0.45, atol=1e-5)
    np.testing.assert_allclose(momenta[[0, 45, 90]], [0.95, 0.85, 0.95], rtol=1e-6)
    np.testing.assert_allclose(momenta[90:], 0.95, rtol=1e-6)


@pytest.mark.parametrize("total_steps", [1, 2, 3, 4, 5, 10, 79, 359])
def test_the_shortest_run_has_a_cycle_too(total_steps):
    cycle = schedules.one_cycle(0.5, total_steps)
    assert all(after > before for before, after in pairwise(cycle.steps))
    assert cycle.steps[1] == cycle.steps[2] - cycle.steps[1] >= 1
    assert values(cycle, total_steps)[0] == pytest.approx(0.05)
    assert total_steps < 3 or cycle.steps[-1] == total_steps
    assert schedules.one_cycle_momentum(total_steps).steps == cycle.steps


@pytest.mark.parametrize("name", EVERY)
def test_one_step_gives_what_the_array_of_all_steps_gives(name):
    each = [float(EVERY[name](step)) for step in range(STEPS + 1)]
    np.testing.assert_allclose(each, values(EVERY[name]), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", EVERY)
def test_a_schedule_comes_back_from_its_configuration_as_json(name):
    kept = json.loads(json.dumps(keras.saving.serialize_keras_object(EVERY[name])))
    np.testing.assert_array_equal(values(keras.saving.deserialize_keras_object(kept)), values(EVERY[name]))


@pytest.mark.parametrize("nesterov", [False, True])
def test_with_a_constant_momentum_the_optimizer_is_keras_own_sgd(compile_tiny, tiny_data, nesterov):
    ours = compile_tiny(ScheduledSGD(0.05, 0.9, nesterov=nesterov))
    keras_own = compile_tiny(keras.optimizers.SGD(0.05, momentum=0.9, nesterov=nesterov))
    for _ in range(5):
        for weight, same in zip(step_of(ours, *tiny_data), step_of(keras_own, *tiny_data), strict=True):
            np.testing.assert_allclose(weight, same, rtol=1e-6, atol=1e-7)


def test_the_compiled_step_uses_the_rate_and_the_momentum_of_its_own_step():
    rates, momenta = [0.1, 0.2, 0.4, 0.1], [0.9, 0.5, 0.0, 0.7]
    optimizer = ScheduledSGD(PiecewiseLinear(range(4), rates), PiecewiseLinear(range(4), momenta))
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")])
    model.compile(optimizer, loss=lambda y_true, y_pred: y_pred)  # its gradient is the input: 1
    weight = velocity = 0.0
    for rate, momentum in zip(rates, momenta, strict=True):
        velocity = momentum * velocity - rate
        weight += velocity
        assert step_of(model, np.ones((1, 1)), np.ones((1, 1)))[0].item() == pytest.approx(weight, rel=1e-6)


def test_rate_and_momentum_depend_on_the_step_alone_so_a_copy_goes_on_as_the_original(compile_tiny, tiny_data):
    def build():
        return compile_tiny(ScheduledSGD(schedules.one_cycle(0.5, 8), schedules.one_cycle_momentum(8), nesterov=True))

    original, copy = build(), build()
    for _ in range(3):
        original.train_on_batch(*tiny_data)
    copy.optimizer.build(copy.trainable_variables)
    for variable, value in zip(copy.variables, original.variables, strict=True):  # the dropout's state among them
        variable.assign(np.array(value))
    for variable, value in zip(copy.optimizer.variables, original.optimizer.variables, strict=True):
        variable.assign(np.array(value))
    for _ in range(5):
        for weight, same in zip(step_of(original, *tiny_data), step_of(copy, *tiny_data), strict=True):
            np.testing.assert_array_equal(weight, same)


def test_the_optimizer_comes_back_from_its_configuration_as_json():
    optimizer = ScheduledSGD(
        schedules.one_cycle(0.5, STEPS), schedules.one_cycle_momentum(STEPS), nesterov=True, weight_decay=0.001
    )
    kept = json.loads(json.dumps(keras.saving.serialize_keras_object(optimizer)))
    again = keras.saving.deserialize_keras_object(kept)
    assert again.get_config() == optimizer.get_config()
    np.testing.assert_array_equal(values(again.momentum), values(optimizer.momentum))


def test_a_run_records_its_schedules_and_the_rate_after_each_epoch(compile_tiny, tiny_data):
    model = compile_tiny(ScheduledSGD(schedules.one_cycle(0.1, 8), schedules.one_cycle_momentum(8)))
    result = fit(model, *tiny_data, validation_data=tiny_data, epochs=2, batch_size=16, seed=0)
    assert result.history["learning_rate"] == pytest.approx([0.07, 0.0001])
    optimizer = json.loads(json.dumps(result.as_dict()))["hyperparameters"]["optimizer"]
    assert optimizer["name"] == "ScheduledSGD"
    assert optimizer["momentum"]["config"] == {"steps": [0, 3, 6, 8], "values": [0.95, 0.85, 0.95, 0.95]}


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: schedules.one_cycle(0.0, 10), "rate: expected a learning rate above 0, got 0.0"),
        (lambda: schedules.cosine(float("nan"), 10), "rate: .* got nan"),
        (lambda: schedules.exponential(0.1, 0, 0.1), "total_steps: expected a whole number of 1 or more, got 0"),
        (lambda: schedules.one_cycle_momentum(2.5), "total_steps: .* got 2.5"),
        (lambda: schedules.exponential(0.1, 10, 0.0), "final_share: .* got 0.0"),
        (lambda: schedules.one_cycle(0.1, 10, start_share=-0.1), "values: expected 0 or more"),
        (lambda: schedules.one_cycle_momentum(10, high=0.8, low=0.9), "got low 0.9 and high 0.8"),
        (lambda: PiecewiseLinear([0, 5, 5], [1, 2, 3]), r"each above the one before, got \[0, 5, 5\]"),
        (lambda: PiecewiseLinear([0, 5], [1]), "a value for each"),
        (lambda: PiecewiseLinear([], []), "expected one step or more"),
    ],
)
def test_what_is_no_schedule_is_refused(make, problem):
    with pytest.raises(ValueError, match=problem):
        make()
