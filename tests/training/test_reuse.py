"""A finished run is taken, not trained again; a changed, damaged or older one is not."""

import dataclasses
import shutil

import keras
import numpy as np
import pytest

from helpers.training import fit
from helpers.variables import FRESH

LOSS = "sparse_categorical_crossentropy"
OPTIONS = {"epochs": 2, "batch_size": 16, "seed": 7}


class TrainingBeginsError(Exception):
    """Says that a run would be trained now."""


@pytest.fixture(scope="module")
def kept(build_tiny, tiny_data, tmp_path_factory):
    """A run that was kept when it was trained: its folder, its variables and its result."""
    folder = tmp_path_factory.mktemp("runs")
    model = build_tiny(seed=7)
    result = fit(model, *tiny_data, validation_data=tiny_data, runs_dir=folder, **OPTIONS)
    return folder, variables_of(model), result


@pytest.fixture
def take(kept, build_tiny, tiny_data, tmp_path, monkeypatch):
    """Ask for the kept run again, where training is an error: take(**options of fit) -> model, result."""
    shutil.copytree(kept[0], tmp_path / "runs")

    def begin(*_, **__):
        raise TrainingBeginsError

    monkeypatch.setattr(keras.Model, "fit", begin)

    def run(**options):
        model = build_tiny(seed=7)
        options = OPTIONS | {"validation_data": tiny_data, "runs_dir": tmp_path / "runs"} | options
        return model, fit(model, *tiny_data, **options)

    return run


def variables_of(model) -> list[np.ndarray]:
    """Copies of weights, random states and the optimizer's state."""
    return [np.array(keras.ops.convert_to_numpy(v)) for v in [*model.variables, *model.optimizer.variables]]


def assert_same_to_the_bit(some: list[np.ndarray], others: list[np.ndarray]) -> None:
    """Arrays of the same types, shapes and bytes."""
    assert [(a.dtype, a.shape, a.tobytes()) for a in some] == [(a.dtype, a.shape, a.tobytes()) for a in others]


def test_a_finished_run_is_taken_with_the_same_weights_bit_for_bit(kept, take):
    model, result = take()
    assert_same_to_the_bit(variables_of(model), kept[1])
    assert result.reused
    assert not kept[2].reused
    assert dataclasses.replace(result, reused=False) == kept[2]  # history, times, hyperparameters, environment


def test_it_keeps_nothing_but_the_finished_run(kept):
    folder, _, result = kept
    assert [path.name for path in folder.iterdir()] == [result.identity]
    assert sorted(path.name for path in (folder / result.identity).iterdir()) == ["finished", "lock"]


def test_without_a_folder_nothing_is_kept_and_the_net_is_the_same(kept, trained):
    model, result = trained
    assert (result.identity, result.reused) == (kept[2].identity, False)
    assert result.history == kept[2].history
    assert_same_to_the_bit(variables_of(model), kept[1])


def test_a_run_with_another_setting_is_trained(take):
    with pytest.raises(TrainingBeginsError):
        take(epochs=3)


def test_training_on_after_reuse_is_training_on_after_training(build_tiny, tiny_data, tmp_path):
    def train_twice():
        model = build_tiny()
        model.compile(keras.optimizers.Adam(0.01), model.loss, metrics=["accuracy"])
        first = fit(model, *tiny_data, validation_data=tiny_data, runs_dir=tmp_path, **OPTIONS)
        second = fit(model, *tiny_data, validation_data=tiny_data, **OPTIONS | {"epochs": 1, "seed": 8})
        return first, second, variables_of(model)

    first, second, variables = train_twice()
    taken, again, same = train_twice()
    assert (first.reused, taken.reused) == (False, True)
    assert again.history == second.history
    assert_same_to_the_bit(same, variables)


def test_a_time_later_than_the_run_has_it_trained_anew_an_earlier_one_does_not(take, monkeypatch):
    monkeypatch.setenv(FRESH, "2000-01-01T00:00:00+00:00")
    assert take()[1].reused
    monkeypatch.setenv(FRESH, "2999-01-01T00:00:00+00:00")
    with pytest.raises(TrainingBeginsError):
        take()


def test_a_damaged_finished_run_is_trained_again(kept, take, tmp_path):
    path = tmp_path / "runs" / kept[2].identity / "finished"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.warns(UserWarning, match="finished is damaged"), pytest.raises(TrainingBeginsError):
        take()


@pytest.mark.parametrize(
    "callback",
    [
        keras.callbacks.EarlyStopping("val_loss"),
        keras.callbacks.ReduceLROnPlateau(),
        keras.callbacks.BackupAndRestore("backup"),
        keras.callbacks.SwapEMAWeights(),
    ],
    ids=lambda callback: type(callback).__name__,
)
def test_callbacks_that_would_forget_what_they_know_are_refused(take, tmp_path, callback):
    shutil.rmtree(tmp_path / "runs")
    with pytest.raises(ValueError, match=rf"{type(callback).__name__} would forget .*: expected callbacks that"):
        take(callbacks=(callback,))
    assert not (tmp_path / "runs").exists()
