"""What the tests of `helpers.lab` share: a notebook's kernel at smoke scale, on scikit-learn's digits."""

import shutil

import keras
import pytest

from helpers import data
from helpers.lab import Lab, share

PARAMETERS = """
profile = "smoke"
dataset = "digits"
seeds = [10]
learning_rate = 0.05
dropout_rate_own = 0.0
batch_size = 64
precision = "float32"
reports_dir = "{folder}"
"""


VARIABLES = [f"COURSEWORK_{name}" for name in ("FROM_RECORDS", "SUITE", "SUMMARY", "FRESH", "ONLY")]


class Notebook:
    """A notebook in a live kernel: its parameters, and what it does with them."""

    def __init__(self, folder, name: str = "99_test"):
        self.name, self._folder = name, folder
        self._globals = {"In": [""], "Out": {}}

    def start(self, more: str = "", **changed) -> Lab:
        """Execute the parameters' cell with some of them changed, papermill's too if there is one, and begin."""
        cell = PARAMETERS.format(folder=self._folder)
        cell += "\n".join(f"{name} = {value!r}" for name, value in changed.items())
        for source in (cell, *([more] if more else [])):
            self._globals["In"].append(source)
            exec(source, self._globals)
        self.lab = Lab(self.name, self._globals, dropout_rate_own=share())
        self.train, self.validation, self.test = self.lab.load(data.split_report_a)
        return self.lab

    def net(self, units: int = 8) -> keras.Model:
        """A small net that is written in a cell."""
        net = [keras.Input((32, 32, 3), dtype="uint8"), keras.layers.Rescaling(1 / 255), keras.layers.MaxPooling2D(4)]
        net += [keras.layers.Flatten(), keras.layers.Dense(units, activation="relu")]
        return keras.Sequential([*net, keras.layers.Dense(10, activation="softmax", dtype="float32")])

    def compiled(self, run) -> keras.Model:
        """The run's model, compiled with the parameters' learning rate."""
        model = run.build()
        optimizer = keras.optimizers.SGD(self._globals["learning_rate"])
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    def fit(self, run, **options) -> None:
        """Train it for an epoch."""
        defaults = {"validation_data": self.validation, "epochs": 1, "batch_size": self._globals["batch_size"]}
        run.fit(self.compiled(run), *self.train, **(defaults | options))

    def train_all(self, variants: dict | None = None, **options):
        """The training cell; gives the last run."""
        for run in self.lab.runs(variants or {"net": self.net}):
            self.fit(run, **options)
            run.test(*self.test)
        return run


@pytest.fixture
def make_notebook(tmp_path):
    """Notebooks whose reports go to the same folder: make_notebook(name)."""
    return lambda name="99_test": Notebook(tmp_path / "reports", name)


@pytest.fixture
def notebook(make_notebook):
    """A notebook that was not executed yet."""
    return make_notebook()


@pytest.fixture(scope="session")
def trained_reports(tmp_path_factory):
    """The reports of a notebook that was executed once, trained once for all tests: each takes a copy."""
    folder = tmp_path_factory.mktemp("trained") / "reports"
    with pytest.MonkeyPatch.context() as patch:
        for name in VARIABLES:
            patch.delenv(name, raising=False)
        precision = keras.config.dtype_policy()
        notebook = Notebook(folder)
        notebook.start()
        assert notebook.train_all().trained_now
        keras.config.set_dtype_policy(precision)
    return folder


@pytest.fixture
def recorded(notebook, trained_reports, tmp_path):
    """A notebook that was executed once, and whose kernel is there again."""
    shutil.copytree(trained_reports, tmp_path / "reports")
    notebook.start()
    assert not notebook.train_all().trained_now
    return notebook


@pytest.fixture
def never_trains(monkeypatch):
    """Have whatever trains fail the test."""
    return lambda: monkeypatch.setattr(keras.Model, "fit", lambda *_, **__: pytest.fail("it was trained"))


@pytest.fixture
def in_suite(monkeypatch):
    """Say that the suite executes the notebook: nobody will go on in its kernel."""
    monkeypatch.setenv("COURSEWORK_SUITE", "1")


@pytest.fixture
def from_records(monkeypatch, never_trains):
    """Say that the page is made from records alone: from_records()."""

    def say():
        monkeypatch.setenv("COURSEWORK_FROM_RECORDS", "1")
        never_trains()

    return say


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch, keep_precision):
    """No variable of whoever runs the tests; the precision is put back."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
