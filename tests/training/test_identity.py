"""The identity of a run: the same for whoever would compute the same, another for everyone else."""

from functools import partial

import keras
import numpy as np
import pytest

from helpers.machine import uses_gpu
from helpers.training import identify_run, identity
from helpers.training.batches import AugmentedBatches, ShuffledBatches
from helpers.training.optimizers import build_optimizer
from helpers.training.schedules import PiecewiseLinear, ScheduledSGD

LOSS = "sparse_categorical_crossentropy"
OPTIONS = {"epochs": 2, "batch_size": 16, "seed": 7}


class Note(keras.callbacks.Callback):
    """A callback with a setting."""

    def __init__(self, every: int):
        super().__init__()
        self.every = every


class Hidden(keras.callbacks.Callback):
    """A callback that does not show its setting."""

    def __init__(self, value: int):
        super().__init__()
        self._value = value


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


def rising(highest: float, steps: int = 8) -> PiecewiseLinear:
    """A rate or momentum that rises to a highest value."""
    return PiecewiseLinear([0, steps], [highest / 2, highest])


def changed(data: tuple, which: int, place: tuple | int) -> tuple:
    """Images and labels with one value of the images (0) or labels (1) raised by one."""
    data = tuple(part.copy() for part in data)
    data[which][place] += 1
    return data


@pytest.fixture
def identify(tiny_data):
    """Both digests of a run, which isn't trained: identify(model, data, **options of fit) -> setting, run."""

    def ask(model=None, data=tiny_data, **options) -> identity.Identity:
        options = OPTIONS | {"validation_data": tiny_data} | options
        return identify_run(model or build(), *(data if isinstance(data, tuple) else (data,)), **options)

    return ask


@pytest.fixture
def identity_of(identify):
    """The digest of all that determines a run: identity_of(model, data, **options of fit)."""
    return lambda *arguments, **options: identify(*arguments, **options).run


@pytest.fixture
def setting_of(identify):
    """The digest of an experiment: setting_of(model, data, **options of fit)."""
    return lambda *arguments, **options: identify(*arguments, **options).setting


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


# The setting: what is asked, whoever computes it on whatever.


def test_a_setting_leaves_out_what_computes_and_the_random_state(setting_of, monkeypatch, keep_precision):
    usual = setting_of()
    assert setting_of(build(seed=1)) == usual  # the initial weights; the seed of the training is a setting
    for name, other in (("uses_gpu", lambda: True), ("versions", lambda: {"keras": "9.99"}), ("TRAINING_VERSION", 99)):
        monkeypatch.setattr(identity, name, other)
    keras.config.set_dtype_policy("mixed_bfloat16")
    assert setting_of() == usual
    assert setting_of(fast=False) == usual


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "float32"])
def test_the_precision_of_a_layer_is_no_part_of_the_setting(setting_of, dtype):
    assert setting_of(build(dtype=dtype)) == setting_of()


def test_a_setting_holds_the_model_the_images_the_optimizer_and_what_else_is_said(setting_of, tiny_data):
    others = [
        setting_of(),
        setting_of(build(dropout_rate=0.5)),
        setting_of(build(frozen=True)),
        setting_of(build(optimizer=keras.optimizers.SGD(0.01))),
        setting_of(build(optimizer=decaying(0.9))),
        setting_of(build(loss="poisson")),
        setting_of(data=changed(tiny_data, 0, (63, 7, 7, 2))),
        setting_of(validation_data=None),
        setting_of(seed=8),
        setting_of(epochs=3),
        setting_of(callbacks=(Note(1),)),
        setting_of(precision="float32"),
    ]
    assert len(set(others)) == len(others)


def test_a_setting_is_the_same_for_the_same_layers_whatever_their_names(setting_of):
    assert setting_of(build(names=("images", "hidden", "drop", "net"))) == setting_of()


# What computes counts for the run.


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


# Code of a notebook's own counts as it is.

SCHEDULE = """
FACTOR = 0.5
def fall(step):
    return FACTOR / (1 + step)

class Own(keras.optimizers.schedules.LearningRateSchedule):
    floor = 0.001
    def __call__(self, step):
        return fall(step) + self.floor
    def get_config(self):
        return {}
"""
LAYER = """
class Scale(keras.layers.Layer):
    def __init__(self):
        super().__init__()
    def call(self, x):
        return x * 2

class Own(Scale):
    pass
"""
CALLBACK = """
def rate(epoch):
    return 0.1 / (epoch + 1)

class Own(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.model.optimizer.learning_rate = rate(epoch)
"""
LOSS_FUNCTION = """
def Own():
    def loss(y_true, y_pred):
        return 1.0 * keras.losses.sparse_categorical_crossentropy(y_true, y_pred)
    return loss
"""
BATCHES = """
class Own(ShuffledBatches):
    def __getitem__(self, index):
        images, labels = super().__getitem__(index)
        return images // 2, labels
"""
ACTIVATION = """
def Own():
    def activate(x):
        return keras.ops.relu(x - 1)
    return activate
"""


@pytest.mark.parametrize(
    ("use", "code", "old", "new"),
    [
        ("schedule", SCHEDULE, "(1 + step)", "(2 + step)"),
        ("schedule", SCHEDULE, "FACTOR = 0.5", "FACTOR = 0.4"),
        ("schedule", SCHEDULE, "floor = 0.001", "floor = 0.002"),
        ("schedule", SCHEDULE, "fall(step) +", "fall(step) -"),
        ("momentum", SCHEDULE, "(1 + step)", "(2 + step)"),
        ("layer", LAYER, "x * 2", "x * 3"),
        ("callback", CALLBACK, "(epoch + 1)", "(epoch + 2)"),
        ("loss", LOSS_FUNCTION, "1.0", "2.0"),
        ("activation", ACTIVATION, "x - 1", "x - 2"),
    ],
)
def test_a_changed_function_of_a_notebooks_own_code_is_another_run(identity_of, notebook, use, code, old, new):
    def model_of(own):
        if use in ("schedule", "momentum"):
            rates = (own, 0.9) if use == "schedule" else (0.1, own)
            return build(optimizer=ScheduledSGD(*rates))
        if use == "layer":
            keras.utils.set_random_seed(0)
            net = keras.Sequential([keras.Input((8, 8, 3)), own, keras.layers.Flatten(), keras.layers.Dense(4)])
            net.compile("sgd", LOSS, metrics=["accuracy"])
            return net
        return build(**({"loss": own} if use == "loss" else {"activation": own} if use == "activation" else {}))

    def identity_with(code):
        own = notebook(code)["Own"]()
        return identity_of(model_of(own), callbacks=(own,) if use == "callback" else ())

    assert old in code
    first, again, other = (identity_with(each) for each in (code, code, code.replace(old, new)))
    assert first == again != other


def test_a_notebooks_own_batches_count_by_what_they_do(identity_of, notebook, tiny_data):
    first, again, other = (
        identity_of(data=notebook(code, ShuffledBatches=ShuffledBatches)["Own"](*tiny_data, 16, 7))
        for code in (BATCHES, BATCHES, BATCHES.replace("// 2", "// 3"))
    )
    assert first == again != other


@pytest.mark.parametrize("name", ["strength", "_strength"])
def test_what_a_notebooks_own_batches_were_made_with_counts_though_they_do_not_describe_it(
    identity_of, notebook, tiny_data, name
):
    code = BATCHES.replace(
        "class Own(ShuffledBatches):",
        f"""class Own(ShuffledBatches):
    def __init__(self, strength, *arguments):
        super().__init__(*arguments)
        self.{name} = strength""",
    )
    own = notebook(code, ShuffledBatches=ShuffledBatches)["Own"]
    first, again, other = (identity_of(data=own(strength, *tiny_data, 16, 7)) for strength in (2, 2, 3))
    assert first == again != other


def test_the_code_of_a_layer_within_a_notebooks_own_counts_too(identity_of, notebook):
    code = """
class Inner(keras.layers.Layer):
    def call(self, x):
        return x * 2
class Outer(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.parts = [Inner(), Inner()]
    def call(self, x):
        for part in self.parts:
            x = part(x)
        return x
"""

    def identity_with(cell):
        keras.utils.set_random_seed(0)
        own = notebook(cell)["Outer"]()
        net = keras.Sequential([keras.Input((8, 8, 3)), own, keras.layers.Flatten(), keras.layers.Dense(4)])
        net.compile("sgd", LOSS, metrics=["accuracy"])
        return identity_of(net)

    first, again, other = (identity_with(cell) for cell in (code, code, code.replace("* 2", "* 3")))
    assert first == again != other


@pytest.mark.filterwarnings("ignore:The object being serialized includes a `lambda`")
@pytest.mark.parametrize("use", ["keras.layers.Lambda(FUNCTION)", "keras.layers.Activation(FUNCTION)"])
def test_a_lambda_in_a_model_counts_by_what_it_does_not_by_where_it_stands(setting_of, notebook, use):
    def setting_with(cell):
        keras.utils.set_random_seed(0)
        own = notebook(cell)["own"]
        net = keras.Sequential([keras.Input((8, 8, 3)), own, keras.layers.Flatten(), keras.layers.Dense(4)])
        net.compile("sgd", LOSS, metrics=["accuracy"])
        return setting_of(net)

    cell = "own = " + use.replace("FUNCTION", "lambda x, by=2: x * by - 1")
    cells = cell, "\n\n" + cell, cell.replace("by=2", "by=3"), cell.replace("- 1", "- 2")
    first, moved, other_default, other_code = map(setting_with, cells)
    assert first == moved
    assert len({first, other_default, other_code}) == 3


def test_options_that_a_newer_keras_adds_do_not_count_until_they_are_used(setting_of, monkeypatch):
    def setting_with(newer):
        keras.utils.set_random_seed(0)
        norm, config = keras.layers.BatchNormalization(), keras.layers.BatchNormalization().get_config()
        for name in ("renorm", "renorm_clipping", "renorm_momentum"):
            config.pop(name, None)
        monkeypatch.setattr(keras.layers.BatchNormalization, "get_config", lambda self: config | newer)
        net = [keras.Input((8, 8, 3)), norm, keras.layers.Flatten(), keras.layers.Dense(4)]
        net = keras.Sequential(net)
        net.compile("sgd", LOSS, metrics=["accuracy"])
        return setting_of(net)

    older = setting_with({})
    assert setting_with({"renorm": False, "renorm_clipping": None, "renorm_momentum": 0.99}) == older
    assert setting_with({"renorm": True, "renorm_clipping": None, "renorm_momentum": 0.99}) != older


@pytest.mark.usefixtures("keep_precision")
def test_a_float16_model_is_the_same_run_when_it_is_identified_again(identity_of):
    keras.config.set_dtype_policy("mixed_float16")
    model = build()
    assert identity_of(model) == identity_of(model)
    variables = len(model.optimizer.variables)
    build_optimizer(model)
    assert len(model.optimizer.variables) == variables


def test_the_names_of_operations_that_are_no_layers_do_not_count(setting_of):
    def setting_with(scale):
        keras.utils.set_random_seed(0)
        images = keras.Input((8, 8, 3))
        x = keras.ops.mean(images / scale, axis=(1, 2))
        model = keras.Model(images, keras.layers.Dense(4)(x))
        model.compile("sgd", LOSS, metrics=["accuracy"])
        return setting_of(model)

    assert setting_with(255.0) == setting_with(255.0) != setting_with(128.0)


@pytest.mark.parametrize("itself", [False, True], ids=["a thing", "a thing that knows its callback"])
def test_a_thing_of_a_notebooks_own_class_counts_by_what_it_holds(identity_of, notebook, itself):
    own = notebook("""
class Schedule:
    def __init__(self, rate):
        self._rate = rate
""")["Schedule"]

    def callback(rate):
        note = Note(own(rate))
        if itself:
            note.every.owner = note
        return note

    first, again, other = (identity_of(callbacks=(callback(rate),)) for rate in (0.1, 0.1, 0.001))
    assert first == again != other


def test_a_function_that_calls_itself_counts_too(identity_of, notebook):
    code = "def rate(epoch):\n    return 0.1 if epoch == 0 else rate(epoch - 1) / 2"
    first, again, other = (
        identity_of(callbacks=(keras.callbacks.LearningRateScheduler(notebook(each)["rate"]),))
        for each in (code, code, code.replace("/ 2", "/ 3"))
    )
    assert first == again != other


@pytest.mark.parametrize(
    "callback",
    [
        lambda value: keras.callbacks.LearningRateScheduler([lambda epoch: 0.1, lambda epoch: 0.001][value]),
        lambda value: Note(np.full(3, value)),
        lambda value: Note(np.float32(value)),
        lambda value: keras.callbacks.LearningRateScheduler(partial(lambda rate, epoch: rate, value)),
        Hidden,
    ],
    ids=["schedule", "array", "numpy number", "partial", "hidden value"],
)
def test_all_that_a_callback_was_given_counts(identity_of, callback):
    assert identity_of(callbacks=(callback(0),)) != identity_of(callbacks=(callback(1),))


def test_a_layer_named_after_its_activation_still_has_one(identity_of):
    first, second = (build(activation=kind, names=(None, kind, None, None)) for kind in ("relu", "tanh"))
    assert identity_of(first) != identity_of(second)


def test_the_precision_of_a_single_layer_counts(identity_of):
    assert identity_of(build(dtype="mixed_bfloat16")) != identity_of(build(dtype="float32"))


@pytest.mark.filterwarnings("ignore:The object being serialized includes a `lambda`")
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
