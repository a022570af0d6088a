"""The identity of a run: the same for whoever would compute the same, another for everyone else."""

import shutil
from pathlib import Path

import keras
import numpy as np
import pytest

from helpers.training.batches import AugmentedBatches, ShuffledBatches
from helpers.training import fit, identity, loop

LOSS = "sparse_categorical_crossentropy"
OPTIONS = {"epochs": 2, "batch_size": 16, "seed": 7}


class TrainingBeginsError(Exception):
    """Says that a run would be trained now."""


class Note(keras.callbacks.Callback):
    """A callback with a setting."""

    def __init__(self, every: int):
        super().__init__()
        self.every = every


def build(
    seed: int = 0,
    dropout_rate: float = 0.25,
    optimizer=None,
    loss=LOSS,
    activation: str = "relu",
    frozen: bool = False,
    dtype: str | None = None,
    names: tuple = (None, None, None, None),
) -> keras.Model:
    """Make a compiled net, Dense with dropout, for `tiny_data`."""
    keras.utils.set_random_seed(seed)
    net = [
        keras.Input((8, 8, 3), name=names[0]),
        keras.layers.Flatten(),
        keras.layers.Dense(3, activation=activation, name=names[1], trainable=not frozen),
        keras.layers.Dropout(dropout_rate, name=names[2]),
        keras.layers.Dense(4, activation="softmax", dtype=dtype),
    ]
    model = keras.Sequential(net, name=names[3])
    model.compile(optimizer or keras.optimizers.SGD(0.05), loss, metrics=["accuracy"])
    return model


def decaying(rate: float) -> keras.optimizers.Optimizer:
    """SGD whose learning rate falls by a factor every ten steps."""
    return keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.05, 10, rate))


def changed(data: tuple, which: int, place: tuple | int) -> tuple:
    """Images and labels with one value of the images (0) or labels (1) raised by one."""
    data = tuple(part.copy() for part in data)
    data[which][place] += 1
    return data


@pytest.fixture
def identity_of(monkeypatch, tiny_data, tmp_path):
    """The identity that `fit` gives a run, which isn't trained: identity_of(model, data, **options of fit)."""
    found = []

    def no_files(folder, its_identity, since):
        assert folder == tmp_path / its_identity
        found.append(its_identity)
        raise TrainingBeginsError

    monkeypatch.setattr(loop, "RunFiles", no_files)

    def run(model=None, data=tiny_data, **options) -> str:
        options = OPTIONS | {"validation_data": tiny_data, "runs_dir": tmp_path} | options
        with pytest.raises(TrainingBeginsError):
            fit(model or build(), *(data if isinstance(data, tuple) else (data,)), **options)
        return found[-1]

    return run


# What counts.


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


# What does not.


def test_what_a_process_made_before_does_not_count(identity_of):
    usual = identity_of()
    for _ in range(3):
        build(1, optimizer=keras.optimizers.Adam())  # Keras numbers layers and optimizers on: "dense_7", "adam_3"
    assert identity_of() == usual
    keras.utils.clear_session()
    assert identity_of() == usual


def test_the_names_of_layers_and_of_the_run_do_not_count(identity_of):
    named = build(names=("images", "hidden", "drop", "net"))
    assert identity_of(named, name="another") == identity_of()


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


@pytest.fixture
def loop_code(tmp_path, monkeypatch):
    """A copy of the training loop's module, to be changed: its path."""
    folder = tmp_path / "code"
    folder.mkdir()
    paths = [Path(shutil.copy(path, folder)) for path in identity._LOOP]
    assert {path.name for path in paths} == {"callbacks.py", "grouping.py", "identity.py", "loop.py", "result.py"}
    monkeypatch.setattr(identity, "_LOOP", paths)
    return folder / "loop.py"


def test_comments_in_the_code_that_trains_do_not_count_but_statements_do(identity_of, loop_code):
    usual, code = identity_of(), loop_code.read_text()
    loop_code.write_text(code.replace("Train from the newest checkpoint", "Go on") + "\n# The end.\n")
    assert loop_code.read_text() != code + "\n# The end.\n"
    assert identity_of() == usual
    loop_code.write_text(code.replace("shuffle=False", "shuffle=True"))
    assert identity_of() != usual


def test_the_code_of_ones_own_layers_and_batches_counts(identity_of, tiny_data, monkeypatch):
    class Own(ShuffledBatches):
        pass

    batches = Own(*tiny_data, 16, 7)
    sources = {Own: "x = 1"}
    monkeypatch.setattr(identity, "code_of", lambda thing: sources.get(thing, ""))
    usual, plain = identity_of(data=batches), identity_of()
    sources[Own] = "x = 1  # as before"
    assert identity_of(data=batches) == usual
    sources[Own] = "x = 2"
    assert identity_of(data=batches) != usual
    assert identity_of() == plain


# What must count, and did not when these tests were written.


def test_the_docstring_of_a_module_that_trains_does_not_count(identity_of, loop_code):
    usual, code = identity_of(), loop_code.read_text()
    loop_code.write_text('"""A docstring that stands earlier in the alphabet."""' + code.split('"""', 2)[2])
    assert identity_of() == usual


@pytest.mark.parametrize(
    "callback",
    [
        lambda value: keras.callbacks.LearningRateScheduler([lambda epoch: 0.1, lambda epoch: 0.001][value]),
        lambda value: Note(np.full(3, value)),
        lambda value: Note(np.float32(value)),
    ],
    ids=["schedule", "array", "numpy number"],
)
def test_all_that_a_callback_was_given_counts(identity_of, callback):
    assert identity_of(callbacks=(callback(0),)) != identity_of(callbacks=(callback(1),))


def test_a_layer_named_after_its_activation_still_has_one(identity_of):
    first, second = (build(activation=kind, names=(None, kind, None, None)) for kind in ("relu", "tanh"))
    assert identity_of(first) != identity_of(second)


def test_the_precision_of_a_single_layer_counts(identity_of):
    assert identity_of(build(dtype="mixed_bfloat16")) != identity_of(build(dtype="float32"))


def test_a_loss_written_in_a_notebook_counts_by_what_it_does_not_by_the_file_that_holds_its_cell(identity_of, tmp_path):
    cell = "def make(keras, smoothed):\n    return lambda y, p: smoothed(keras.ops.one_hot(y, 4), p)"

    def build_in(process, label_smoothing):
        file, names = tmp_path / f"ipykernel_{process}.py", {}
        file.write_text(cell)  # Keras reads the source
        exec(compile(cell, str(file), "exec"), names)
        return build(loss=names["make"](keras, keras.losses.CategoricalCrossentropy(label_smoothing=label_smoothing)))

    first, again, other = (build_in(*settings) for settings in ((1, 0.1), (2, 0.1), (2, 0.2)))
    assert identity_of(first) == identity_of(again) != identity_of(other)


def test_the_code_of_ones_own_loss_counts(identity_of):
    def loss_of(factor):
        def scaled(y_true, y_pred):
            return factor * keras.losses.sparse_categorical_crossentropy(y_true, y_pred)

        return scaled

    assert identity_of(build(loss=loss_of(1.0))) != identity_of(build(loss=loss_of(0.5)))


def test_what_is_excluded_from_weight_decay_counts(identity_of):
    def decayed(*excluded):
        optimizer = keras.optimizers.AdamW(0.01)
        optimizer.exclude_from_weight_decay(var_names=list(excluded))
        return build(optimizer=optimizer)

    assert identity_of(decayed("bias")) != identity_of(decayed("kernel"))
