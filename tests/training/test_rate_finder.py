"""The rate finder: finds a rate that trains, leaves the model as it was, and refuses what it cannot read."""

import json

import keras
import numpy as np
import pytest

from helpers.training import fit, rate_finder
from helpers.training.rate_finder import find_learning_rate


@pytest.fixture(scope="module")
def four_kinds():
    """64 images 8x8 of four classes, each a picture under noise, every fifth label wrong, so that no rate is too high
    to do harm: uint8 (64, 8, 8, 3), int64 (64,)."""
    rng = np.random.default_rng(0)
    labels = np.arange(64) % 4
    images = rng.integers(0, 200, (4, 8, 8, 3))[labels] + rng.integers(0, 56, (64, 8, 8, 3))
    return images.astype("uint8"), np.where(np.arange(64) % 5 == 0, (labels + 1) % 4, labels)


@pytest.fixture(scope="module")
def try_rates(build_tiny, four_kinds):
    """Test the rates of a tiny net: try_rates(**options) -> the net, the test."""

    def run(**options):
        model = build_tiny()
        return model, find_learning_rate(model, *four_kinds, **({"batch_size": 16, "seed": 0} | options))

    return run


@pytest.fixture(scope="module")
def tried(try_rates):
    """The tiny net and its test with seed 0: to be read only."""
    return try_rates()


def variables(model) -> list[np.ndarray]:
    """All that training changes: weights, the dropout's state, the optimizer's."""
    return [np.array(variable) for variable in (*model.variables, *model.optimizer.variables)]


def test_the_rate_rises_by_the_same_factor_until_the_loss_explodes(tried):
    _, test = tried
    assert test.rates[0] == pytest.approx(1e-5)
    np.testing.assert_allclose(test.rates[1:] / test.rates[:-1], 1e6 ** (1 / 199))
    assert len(test.rates) == len(test.losses) == len(test.smoothed) <= 200
    assert test.smoothed.max() < rate_finder.EXPLODED * test.smoothed.min()


def test_the_smoothed_loss_is_a_running_mean_that_starts_at_the_first_loss(tried):
    _, test = tried
    weights = 0.9 ** np.arange(10)[::-1]
    assert test.smoothed[0] == pytest.approx(test.losses[0])
    assert test.smoothed[9] == pytest.approx(np.average(test.losses[:10], weights=weights))


def test_the_suggested_rate_is_a_third_of_the_one_with_the_lowest_smoothed_loss_and_trains(
    tried, build_tiny, four_kinds
):
    _, test = tried
    assert test.suggested == pytest.approx(test.rates[test.smoothed.argmin()] / 3)
    assert 0.003 < test.suggested < 3
    model = build_tiny(learning_rate=test.suggested)
    result = fit(model, *four_kinds, validation_data=four_kinds, epochs=8, batch_size=16, seed=0)
    assert result.history["val_accuracy"][-1] > 0.7


def test_the_model_its_dropout_and_its_optimizer_are_afterwards_as_they_were(tried, build_tiny):
    tested, _ = tried
    fresh = build_tiny()
    fresh.optimizer.build(fresh.trainable_variables)
    for value, same in zip(variables(tested), variables(fresh), strict=True):
        np.testing.assert_array_equal(value, same)


def test_an_interrupted_test_leaves_the_model_as_it_was(build_tiny, tiny_data, monkeypatch):
    model, fresh = build_tiny(), build_tiny()
    fresh.optimizer.build(fresh.trainable_variables)
    train, calls = model.train_on_batch, []

    def interrupted(*arguments, **options):
        calls.append(train(*arguments, **options))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return calls[-1]

    monkeypatch.setattr(model, "train_on_batch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        rate_finder.find_learning_rate(model, *tiny_data, batch_size=16, seed=0, lowest=1e-3, highest=1.0, steps=10)
    for value, same in zip(variables(model), variables(fresh), strict=True):
        np.testing.assert_array_equal(value, same)


def test_the_same_seed_gives_the_same_test_to_the_bit_and_another_seed_another(tried, try_rates):
    (_, first), (_, again), (_, other) = tried, try_rates(), try_rates(seed=1)
    np.testing.assert_array_equal(first.losses, again.losses)
    assert first.suggested == again.suggested
    assert first.losses[0] != other.losses[0]


def test_as_plain_values_it_is_the_same_test(tried):
    _, test = tried
    values = json.loads(json.dumps(test.as_dict()))
    np.testing.assert_array_equal(values["smoothed"], test.smoothed)
    assert rate_finder.RateTest(**values).suggested == test.suggested


def test_more_steps_than_images_repeat_them(try_rates, monkeypatch):
    seen = []
    real = keras.Model.train_on_batch

    def record(model, x, y, **options):
        seen.append(len(x))
        return real(model, x, y, **options)

    monkeypatch.setattr(keras.Model, "train_on_batch", record)
    try_rates(batch_size=1000)
    assert set(seen) == {64}


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (
            {"lowest": 1e-4, "highest": 0.01, "batch_size": 64},
            "still fell at a rate of 0.01, the highest: raise `highest`",
        ),
        ({"lowest": 1e5, "highest": 1e6}, "never fell"),
    ],
)
def test_a_range_without_a_lowest_loss_in_it_is_no_answer(try_rates, options, problem):
    with pytest.raises(RuntimeError, match=problem):
        try_rates(**options)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"lowest": 0.0}, "expected 0 < lowest < highest, got lowest 0.0"),
        ({"lowest": 1.0, "highest": 0.1}, "got lowest 1.0 and highest 0.1"),
        ({"steps": 1}, "steps: expected a whole number of 2 or more, got 1"),
        ({"batch_size": 0}, "batch_size: .* got 0"),
    ],
)
def test_impossible_settings_are_refused_before_anything_is_trained(try_rates, monkeypatch, options, problem):
    monkeypatch.setattr(keras.Model, "train_on_batch", lambda *_, **__: pytest.fail("it was trained"))
    with pytest.raises(ValueError, match=problem):
        try_rates(**options)


def test_a_model_without_a_rate_to_raise_is_refused(build_tiny, tiny_data):
    model = build_tiny()
    model.compile(
        keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.1, 10)), "sparse_categorical_crossentropy"
    )
    with pytest.raises(ValueError, match="expected a number as its learning rate"):
        find_learning_rate(model, *tiny_data, batch_size=16, seed=0)
    bare = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(4)])
    with pytest.raises(ValueError, match="not compiled"):
        find_learning_rate(bare, *tiny_data, batch_size=16, seed=0)


def test_several_optimizers_or_a_function_for_a_rate_are_refused(build_tiny, tiny_data, monkeypatch):
    model = build_tiny()
    monkeypatch.setattr(type(model), "train_on_batch", lambda *_, **__: pytest.fail("it was trained"))
    monkeypatch.setattr(model.optimizer, "optimizers", [], raising=False)
    with pytest.raises(ValueError, match="the model has several optimizers: expected one"):
        find_learning_rate(model, *tiny_data, batch_size=16, seed=0)
    model.compile(keras.optimizers.SGD(lambda: 0.1), "sparse_categorical_crossentropy")
    with pytest.raises(ValueError, match="expected a number as its learning rate"):
        find_learning_rate(model, *tiny_data, batch_size=16, seed=0)


def test_images_without_as_many_classes_are_refused(build_tiny, tiny_data):
    with pytest.raises(ValueError, match="got 64 and 63"):
        find_learning_rate(build_tiny(), tiny_data[0], tiny_data[1][:63], batch_size=16, seed=0)
