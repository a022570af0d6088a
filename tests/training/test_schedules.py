"""The schedules: each goes through its points, and the compiled step sees the rate and the momentum of its step."""

import json

import keras
import numpy as np
import pytest

from helpers.training import fit
from helpers.training.schedules import PiecewiseLinear, ScheduledSGD, values_by_step

STEPS = 100
CYCLE = PiecewiseLinear([0, 45, 90, STEPS], [0.05, 0.5, 0.05, 0.0005])
CYCLED_MOMENTUM = PiecewiseLinear([0, 45, 90, STEPS], [0.95, 0.85, 0.95, 0.95])
EVERY = {"cycle": CYCLE, "momentum": CYCLED_MOMENTUM, "constant": PiecewiseLinear([0], [0.5])}


def values(schedule) -> np.ndarray:
    """What a schedule is at the steps of a run, and at the one after its last."""
    return values_by_step(schedule, STEPS + 1)


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


def test_one_point_is_a_constant_and_so_is_a_number():
    np.testing.assert_array_equal(values(EVERY["constant"]), np.float32(0.5))
    np.testing.assert_array_equal(values(0.5), values(EVERY["constant"]))


def test_lines_are_straight_from_point_to_point_and_constant_before_and_after():
    rates = values(PiecewiseLinear([10, 55, STEPS - 10], [0.05, 0.5, 0.0]))
    np.testing.assert_allclose(rates[[0, 10, 55, 90, 100]], [0.05, 0.05, 0.5, 0, 0], rtol=1e-6)
    np.testing.assert_allclose(np.diff(rates)[10:55], 0.01, atol=1e-6)
    assert (np.diff(rates)[55:90] < 0).all()


def test_1cycle_has_two_equal_straight_legs_and_then_sinks_far_below_its_start():
    slopes = np.diff(values(CYCLE))
    assert values(CYCLE).argmax() == 45
    np.testing.assert_allclose(slopes[:45], 0.01, atol=1e-6)
    np.testing.assert_allclose(slopes[45:90], -0.01, atol=1e-6)
    assert (slopes[90:] < 0).all()
    assert values(CYCLE)[-1] == pytest.approx(0.0005)


def test_its_momentum_goes_the_other_way_round_and_stays_high_at_the_end():
    rates, momenta = values(CYCLE)[:91], values(CYCLED_MOMENTUM)
    np.testing.assert_allclose((0.95 - momenta[:91]) / 0.1, (rates - 0.05) / 0.45, atol=1e-5)
    np.testing.assert_allclose(momenta[90:], 0.95, rtol=1e-6)


@pytest.mark.parametrize(
    ("schedule", "final"),
    [
        (keras.optimizers.schedules.ExponentialDecay(0.5, STEPS, 0.01), 0.005),
        (keras.optimizers.schedules.CosineDecay(0.5, STEPS), 0),
    ],
)
def test_kerass_own_are_read_by_step_as_ours(schedule, final):
    rates = values(schedule)
    assert rates.shape == (STEPS + 1,)
    assert (np.diff(rates) < 0).all()
    np.testing.assert_allclose(rates[[0, -1]], [0.5, final], atol=1e-7)


def test_a_schedule_that_branches_is_read_a_step_at_a_time():
    warm = keras.optimizers.schedules.CosineDecay(0.1, 8, warmup_target=0.2, warmup_steps=4)
    found = values_by_step(warm, 12)
    assert (found.dtype, found.shape) == (np.float32, (12,))
    assert found == pytest.approx([float(warm(step)) for step in range(12)])
    assert found.argmax() == 4


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
        return compile_tiny(ScheduledSGD(CYCLE, CYCLED_MOMENTUM, nesterov=True))

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


@pytest.mark.parametrize("momentum", [-0.1, 1.5])
def test_a_momentum_that_is_no_share_is_refused(momentum):
    with pytest.raises(ValueError, match=f"momentum: expected a schedule or a number from 0 to 1, got {momentum}"):
        ScheduledSGD(0.1, momentum)


def test_the_optimizer_comes_back_from_its_configuration_as_json():
    optimizer = ScheduledSGD(CYCLE, CYCLED_MOMENTUM, nesterov=True, weight_decay=0.001)
    kept = json.loads(json.dumps(keras.saving.serialize_keras_object(optimizer)))
    again = keras.saving.deserialize_keras_object(kept)
    assert again.get_config() == optimizer.get_config()
    np.testing.assert_array_equal(values(again.momentum), values(optimizer.momentum))


def test_a_run_records_its_schedules_and_the_rate_after_each_epoch(compile_tiny, tiny_data):
    points = [0, 3, 6, 8]
    rate, momentum = [0.01, 0.1, 0.01, 0.0001], [0.95, 0.85, 0.95, 0.95]
    model = compile_tiny(ScheduledSGD(PiecewiseLinear(points, rate), PiecewiseLinear(points, momentum)))
    result = fit(model, *tiny_data, validation_data=tiny_data, epochs=2, batch_size=16, seed=0)
    assert result.history["learning_rate"] == pytest.approx([0.07, 0.0001])
    optimizer = json.loads(json.dumps(result.as_dict()))["hyperparameters"]["optimizer"]
    assert optimizer["name"] == "ScheduledSGD"
    assert optimizer["momentum"]["config"] == {"steps": [0, 3, 6, 8], "values": [0.95, 0.85, 0.95, 0.95]}


@pytest.mark.parametrize(
    ("steps", "values", "problem"),
    [
        ([0, 5, 5], [1, 2, 3], r"each above the one before, got \[0, 5, 5\]"),
        ([-1, 5], [1, 2], "steps: expected 0 or more"),
        ([0, 5], [1], "a value for each"),
        ([], [], "expected one step or more"),
        ([0, 5], [0.1, -0.1], "values: expected 0 or more"),
        ([0], [float("nan")], "values: expected 0 or more, got .nan"),
    ],
)
def test_what_is_no_schedule_is_refused(steps, values, problem):
    with pytest.raises(ValueError, match=problem):
        PiecewiseLinear(steps, values)
