"""Code of a notebook's own counts for the identity of a run by what it does and by what it was given."""

from functools import partial

import keras
import numpy as np
import pytest
from small_runs import LOSS, Note, build

from helpers.training.batches import ShuffledBatches
from helpers.training.schedules import ScheduledSGD


class Hidden(keras.callbacks.Callback):
    """A callback that does not show its setting."""

    def __init__(self, value: int):
        super().__init__()
        self._value = value


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
BUILT_LAYER = """
class Own(keras.layers.Layer):
    def __init__(self, **options):
        super().__init__(**options)
    def build(self, shape):
        self.scale = self.add_weight(shape=(shape[-1],), initializer="ones")
    def call(self, x):
        return x * 2 * self.scale
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
WEIGHTED_LOSS = """
import pandas as pd
weights = keras.ops.convert_to_tensor([1.0, 5.0, 1.0, 1.0])
def Own():
    def loss(y_true, y_pred):
        losses = keras.losses.sparse_categorical_crossentropy(y_true, y_pred)
        return losses * keras.ops.take(keras.ops.convert_to_tensor(weights), keras.ops.cast(y_true, "int32"))
    return loss
"""
BATCHES = """
class Own(ShuffledBatches):
    def __getitem__(self, index):
        images, labels = super().__getitem__(index)
        return images // 2, labels
"""
OPERATION = """
class Own(keras.Operation):
    def call(self, x):
        return x * 2
    def compute_output_spec(self, x):
        return keras.KerasTensor(x.shape, x.dtype)
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
        ("layer", BUILT_LAYER, "x * 2", "x * 3"),
        ("layer", BUILT_LAYER, "shape=(shape[-1],)", "shape=(1,)"),
        ("operation", OPERATION, "x * 2", "x * 3"),
        ("callback", CALLBACK, "(epoch + 1)", "(epoch + 2)"),
        ("loss", LOSS_FUNCTION, "1.0", "2.0"),
        ("loss", WEIGHTED_LOSS, "1.0, 5.0", "1.0, 6.0"),
        ("loss", WEIGHTED_LOSS.replace("keras.ops.convert_to_tensor", "pd.Series", 1), "1.0, 5.0", "1.0, 6.0"),
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
        if use == "operation":
            keras.utils.set_random_seed(0)
            images = keras.Input((8, 8, 3))
            net = keras.Model(images, keras.layers.Dense(4)(keras.layers.Flatten()(own(images))))
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
