"""What does not count for the identity of a run: names, where code lies, and what a process did before."""

import keras
import pytest
from small_runs import LOSS, Note, build, rising

from helpers.training.optimizers import build_optimizer
from helpers.training.schedules import PiecewiseLinear, ScheduledSGD


def test_what_a_process_made_before_does_not_count(identity_of):
    usual = identity_of()
    for _ in range(3):
        build(1, optimizer=keras.optimizers.Adam())  # Keras numbers layers and optimizers on: "dense_7", "adam_3"
    assert identity_of() == usual
    keras.utils.clear_session()
    assert identity_of() == usual


def test_the_names_of_layers_do_not_count(identity_of):
    assert identity_of(build(names=("images", "hidden", "drop", "net"))) == identity_of()


def test_names_do_not_count_in_nets_within_nets_either(identity_of):
    def nested(*names) -> keras.Model:
        keras.utils.set_random_seed(0)
        base = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten(name=names[0])], name=names[1])
        image = keras.Input((8, 8, 3), name=names[2])
        left, right = (keras.layers.Dense(4, name=name)(base(image)) for name in names[3:])
        model = keras.Model(image, keras.layers.Add()([left, right]))
        model.compile("sgd", LOSS, metrics=["accuracy"])
        return model

    unnamed = identity_of(nested(None, None, None, None, None))
    assert identity_of(nested("flat", "base", "image", "left", "right")) == unnamed
    assert identity_of(nested("image", "left", "right", "flat", "base")) == unnamed


def test_the_names_that_losses_and_optimizers_have_in_a_process_do_not_count(identity_of):
    optimizers = [keras.optimizers.SGD(0.05), keras.optimizers.SGD(0.05, name="another")]
    assert len({identity_of(build(optimizer=optimizer)) for optimizer in optimizers}) == 1


def test_where_code_lies_does_not_count(identity_of, monkeypatch):
    def rated():
        return build(optimizer=ScheduledSGD(rising(0.1), rising(0.9)))

    usual = identity_of(rated())
    monkeypatch.setattr(PiecewiseLinear, "__module__", "helpers.moved")
    assert identity_of(rated()) == usual


def test_what_keras_gives_a_callback_in_its_first_training_does_not_count(identity_of):
    note = Note(1)
    before = identity_of(callbacks=(note,))
    note.set_params({"epochs": 2})
    note.set_model(build())
    assert identity_of(callbacks=(note,)) == before


@pytest.mark.usefixtures("keep_precision")
def test_a_float16_model_is_the_same_run_when_it_is_identified_again(identity_of):
    keras.config.set_dtype_policy("mixed_float16")
    model = build()
    assert identity_of(model) == identity_of(model)
    variables = len(model.optimizer.variables)
    build_optimizer(model)
    assert len(model.optimizer.variables) == variables
