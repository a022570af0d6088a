"""What counts for the identity of a run: its net, its data, each setting of its training, and what computes it."""

import keras
import numpy as np
import pytest
from small_runs import LOSS, Note, build, changed, decaying, rising

from helpers.machine import uses_gpu
from helpers.training import identity
from helpers.training.batches import AugmentedBatches, ShuffledBatches
from helpers.training.schedules import ScheduledSGD


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 1},
        {"dropout_rate": 0.5},
        {"activation": "tanh"},
        {"frozen": True},
        {"loss": "poisson"},
        {"loss": keras.losses.SparseCategoricalCrossentropy(from_logits=True)},
        {"optimizer": lambda: keras.optimizers.SGD(0.01)},
        {"optimizer": lambda: keras.optimizers.SGD(0.05, momentum=0.9)},
        {"optimizer": lambda: keras.optimizers.SGD(0.05, weight_decay=0.01)},
        {"optimizer": lambda: keras.optimizers.Lion(0.05)},
        {"optimizer": lambda: decaying(0.9)},
    ],
    ids=lambda other: " ".join(other),
)
def test_weights_layers_loss_optimizer_and_what_is_frozen_count(identity_of, other):
    if callable(other.get("optimizer")):
        other = {"optimizer": other["optimizer"]()}
    assert identity_of(build(**other)) != identity_of()


def test_the_class_of_the_optimizer_and_its_schedule_count(identity_of):
    assert identity_of(build(optimizer=keras.optimizers.Adam(0.05))) != identity_of(
        build(optimizer=keras.optimizers.Nadam(0.05))
    )
    assert identity_of(build(optimizer=decaying(0.9))) != identity_of(build(optimizer=decaying(0.8)))
    assert identity_of(build(optimizer=decaying(0.9))) == identity_of(build(optimizer=decaying(0.9)))


@pytest.mark.parametrize("options", [{"epochs": 3}, {"batch_size": 32}, {"seed": 8}, {"patience": 1}, {"patience": 2}])
def test_each_setting_of_the_training_counts(identity_of, options):
    assert identity_of(**options) != identity_of()


def test_one_pixel_one_label_and_the_order_of_the_images_count(identity_of, tiny_data):
    usual = identity_of()
    assert identity_of(data=changed(tiny_data, 0, (63, 7, 7, 2))) != usual
    assert identity_of(data=changed(tiny_data, 1, 0)) != usual
    assert identity_of(data=tuple(part[::-1] for part in tiny_data)) != usual
    assert identity_of(data=tuple(part[:-1] for part in tiny_data)) != usual


def test_the_validation_images_and_labels_count(identity_of, tiny_data):
    usual = identity_of()
    assert identity_of(validation_data=changed(tiny_data, 0, (0, 0, 0, 0))) != usual
    assert identity_of(validation_data=changed(tiny_data, 1, 63)) != usual


def test_how_images_are_augmented_counts(identity_of, tiny_data):
    kinds = [ShuffledBatches(*tiny_data, 16, 7)]
    kinds += [AugmentedBatches(*tiny_data, 16, seed, padding) for seed, padding in ((7, 2), (7, 4), (8, 4))]
    assert len({identity_of(data=batches) for batches in kinds}) == 4
    assert identity_of(data=kinds[0]) == identity_of()  # what `fit` makes of images and labels


def test_the_optimizers_state_and_the_random_states_count(identity_of):
    trained, drawn = build(), build()
    trained.optimizer.build(trained.trainable_variables)
    trained.optimizer.iterations.assign(5)
    drawn(np.zeros((1, 8, 8, 3)), training=True)  # the dropout draws once
    assert len({identity_of(), identity_of(trained), identity_of(drawn)}) == 3


@pytest.mark.usefixtures("keep_precision")
def test_the_precision_counts(identity_of):
    usual = identity_of()
    keras.config.set_dtype_policy("mixed_bfloat16")
    assert identity_of() != usual


def test_which_callbacks_there_are_and_their_settings_count(identity_of):
    found = [identity_of(callbacks=notes) for notes in ((), (Note(1),), (Note(2),), (Note(1), Note(1)))]
    assert len(set(found)) == 4
    assert identity_of(callbacks=(Note(1),)) == found[1]


def test_the_versions_of_the_software_count_but_not_pythons(identity_of, monkeypatch):
    usual, found = identity_of(), identity.versions()
    monkeypatch.setattr(identity, "versions", lambda: found | {"python": "3.99"})
    assert identity_of() == usual
    monkeypatch.setattr(identity, "versions", lambda: found | {"keras": "3.99"})
    assert identity_of() != usual


def test_the_kind_of_device_and_the_version_of_the_training_count(identity_of, monkeypatch):
    usual = identity_of()
    monkeypatch.setattr(identity, "uses_gpu", lambda: not uses_gpu())
    other_device = identity_of()
    monkeypatch.undo()
    monkeypatch.setattr(identity, "TRAINING_VERSION", identity.TRAINING_VERSION + 1)
    assert len({usual, other_device, identity_of()}) == 3


def test_whether_layers_are_computed_by_faster_implementations_counts_where_there_are_some(identity_of, monkeypatch):
    for here in (True, False):
        monkeypatch.setattr(identity, "is_fast", lambda here=here: here)
        assert (identity_of(fast=True) != identity_of(fast=False)) == here


def test_which_layers_train_counts_also_where_the_configuration_does_not_say_so(identity_of):
    frozen = build()
    frozen.layers[1].trainable = False
    partly = build()
    partly.layers[1].bias.trainable = False
    assert len({identity_of(), identity_of(frozen), identity_of(partly)}) == 3


def test_the_values_of_schedules_count(identity_of):
    optimizers = [
        ScheduledSGD(rising(0.1), rising(0.9)),
        ScheduledSGD(rising(0.2), rising(0.9)),
        ScheduledSGD(rising(0.1, steps=9), rising(0.9)),
        ScheduledSGD(rising(0.1), rising(0.8)),
        ScheduledSGD(rising(0.1), 0.9),
        ScheduledSGD(0.1, rising(0.9)),
    ]
    assert len({identity_of(build(optimizer=optimizer)) for optimizer in optimizers}) == len(optimizers)


def test_the_weight_of_the_loss_counts(identity_of):
    weighted = build()
    weighted.compile(keras.optimizers.SGD(0.05), LOSS, loss_weights=[2.0], metrics=["accuracy"])
    assert identity_of(weighted) != identity_of()


def test_a_layer_named_after_its_activation_still_has_one(identity_of):
    first, second = (build(activation=kind, names=(None, kind, None, None)) for kind in ("relu", "tanh"))
    assert identity_of(first) != identity_of(second)


def test_the_precision_of_a_single_layer_counts(identity_of):
    assert identity_of(build(dtype="mixed_bfloat16")) != identity_of(build(dtype="float32"))


def test_the_precision_of_what_a_layer_wraps_counts(identity_of):
    def wrapped(dtype):
        net = [
            keras.Input((8, 8, 3)),
            keras.layers.TimeDistributed(keras.layers.Dense(2, dtype=dtype), dtype="float32"),
        ]
        model = keras.Sequential([*net, keras.layers.Flatten(), keras.layers.Dense(4, "softmax")])
        model.compile("sgd", LOSS)
        return model

    assert len({identity_of(wrapped(dtype)) for dtype in ("float32", "mixed_bfloat16")}) == 2


def test_what_is_excluded_from_weight_decay_counts(identity_of):
    def decayed(*excluded):
        optimizer = keras.optimizers.AdamW(0.01)
        optimizer.exclude_from_weight_decay(var_names=list(excluded))
        return build(optimizer=optimizer)

    assert identity_of(decayed("bias")) != identity_of(decayed("kernel"))
