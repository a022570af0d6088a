"""Two optimizers in one net: each updates its own variables, with its own rate; their runs are known and resumed."""

import json

import keras
import numpy as np
import pytest
from keras.optimizers import SGD

from helpers.training import fit, identify_run
from helpers.training.optimizers import learning_rate_of, rates_table, settings_of

pytestmark = pytest.mark.skipif(not hasattr(keras.optimizers, "MultiOptimizer"), reason="this Keras has no such")
OPTIONS = {"epochs": 3, "batch_size": 16, "seed": 7}


class Interrupt(keras.callbacks.Callback):
    """Ends the training as Ctrl-C does, in the second epoch, or not at all."""

    def __init__(self, now: bool):
        super().__init__()
        self._now = iter([now])  # no plain value: the runs are the same run, interrupted or not

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 1 and next(self._now):
            raise KeyboardInterrupt


def build(slow: float, fast: float, name: str = "base", momentum: float = 0.0, by_function: bool = False, **options):
    """Make a net of two layers, the first with the rate `slow`."""
    keras.utils.set_random_seed(0)
    images = keras.Input((8, 8, 3), dtype="uint8")
    x = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(images))
    x = keras.layers.Dense(6, activation="relu", name=name)(x)
    model = keras.Model(images, keras.layers.Dense(4, activation="softmax", name="head")(x))
    first, rest = SGD(slow, momentum=momentum, **options), SGD(fast, momentum=momentum)

    def choose(variable):
        return rest if variable.path.startswith("head") else first

    which = choose if by_function else keras.optimizers.OptimizerMap(rest, {f"{name}/.*": first})
    model.compile(keras.optimizers.MultiOptimizer(which), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def changes(data, slow: float, fast: float) -> list[np.ndarray]:
    """What one step of plain SGD on all images changes of each variable."""
    model = build(slow, fast)
    before = model.get_weights()
    fit(model, *data, validation_data=None, epochs=1, batch_size=64, seed=0)
    return [after - earlier for after, earlier in zip(model.get_weights(), before, strict=True)]


def setting(data, model) -> str:
    """The setting of a run of a model."""
    return identify_run(model, *data, validation_data=None, **OPTIONS).setting


def test_the_two_rates_really_differ(tiny_data):
    alike, different = changes(tiny_data, 0.1, 0.1), changes(tiny_data, 0.01, 0.1)
    assert all(np.abs(change).max() > 1e-4 for change in alike)
    for place, factor in enumerate((0.1, 0.1, 1, 1)):  # the base's kernel and bias, then the head's
        np.testing.assert_allclose(different[place], factor * alike[place], rtol=1e-3, atol=1e-6)


def test_a_rate_of_0_leaves_the_base_as_it_was_and_the_head_learns(tiny_data):
    kernel, bias, *head = changes(tiny_data, 0.0, 0.1)
    assert not kernel.any()
    assert not bias.any()
    assert all(change.any() for change in head)


def test_the_table_says_which_rate_each_part_has():
    table = rates_table(build(0.25, 0.5)).to_dict("list")
    assert table["learning rate"] == [0.25, 0.5]
    assert table["layers"] == ["base", "head"]
    assert table["parameters"] == [192 * 6 + 6, 6 * 4 + 4]


def test_the_history_has_the_higher_rate_and_the_record_both(tiny_data):
    model = build(0.25, 0.5)
    result = fit(model, *tiny_data, validation_data=None, **OPTIONS)
    assert result.history["learning_rate"] == [0.5] * 3
    assert learning_rate_of(model) == 0.5
    recorded = json.loads(json.dumps(result.as_dict()))["hyperparameters"]["optimizer"]
    assert recorded == json.loads(json.dumps(settings_of(model)))
    assert recorded["name"] == "MultiOptimizer"
    assert [(one["name"], one["learning_rate"], one["layers"]) for one in recorded["optimizers"]] == [
        ("SGD", 0.25, ["base"]),
        ("SGD", 0.5, ["head"]),
    ]


@pytest.mark.parametrize(
    "other",
    [(0.01, 0.5), (0.25, 0.1), (0.5, 0.25), (0.25, 0.5, "base", 0.9)],
    ids=["the base's rate", "the head's", "which has which", "momentum"],
)
def test_each_rate_and_what_it_is_for_count(tiny_data, other):
    assert setting(tiny_data, build(*other)) != setting(tiny_data, build(0.25, 0.5))


def test_what_weights_decay_counts(tiny_data):
    decaying, sparing = (build(0.25, 0.5, weight_decay=0.01) for _ in range(2))
    sparing.optimizer.optimizers[0].exclude_from_weight_decay(var_names=["bias"])
    assert len({setting(tiny_data, model) for model in (build(0.25, 0.5), decaying, sparing)}) == 3


def test_names_of_layers_do_not_count_nor_how_the_optimizers_are_assigned(tiny_data):
    plain = setting(tiny_data, build(0.25, 0.5))
    assert setting(tiny_data, build(0.25, 0.5, name="block")) == plain
    assert setting(tiny_data, build(0.25, 0.5, by_function=True)) == plain


def test_an_interrupted_run_is_resumed_with_both_momenta(tiny_data, tmp_path, capsys):
    options = OPTIONS | {"validation_data": tiny_data}
    whole, cut, resumed = (build(0.1, 0.2, momentum=0.9) for _ in range(3))
    expected = fit(whole, *tiny_data, callbacks=(Interrupt(False),), **options)
    with pytest.raises(KeyboardInterrupt):
        fit(cut, *tiny_data, runs_dir=tmp_path, callbacks=(Interrupt(True),), **options)
    assert [path.name for path in tmp_path.glob("*/current")] == ["current"]
    got = fit(resumed, *tiny_data, runs_dir=tmp_path, callbacks=(Interrupt(False),), **options)
    assert "going on after epoch 1, " in capsys.readouterr().out
    assert got.history == expected.history
    for weight, same in zip(resumed.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, same)
