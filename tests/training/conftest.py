"""What the tests of `helpers.training` share: code as a notebook's cell runs it, and identities of runs."""

import linecache
import sys
import types

import keras
import pytest
from small_runs import build

from helpers.training import fit, identify_run, identity

OPTIONS = {"epochs": 2, "batch_size": 16, "seed": 7}


@pytest.fixture
def notebook(monkeypatch):
    """Run code as a notebook's cell does, in a `__main__` without a file: notebook(code, **names) -> its names."""
    main = types.ModuleType("__main__")
    main.keras = keras
    monkeypatch.setitem(sys.modules, "__main__", main)

    def run(code: str, **names) -> dict:
        name = f"/tmp/ipykernel_1/{len(linecache.cache)}.py"
        monkeypatch.setitem(linecache.cache, name, (len(code), None, code.splitlines(keepends=True), name))
        vars(main).update(names)
        exec(compile(code, name, "exec"), vars(main))
        return vars(main)

    return run


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


@pytest.fixture
def train(build_tiny, tiny_data):
    """Train a tiny net: train(build_seed, learning_rate, **options of fit) -> model, result."""

    def run(build_seed=0, learning_rate=0.05, **options):
        model = build_tiny(build_seed, learning_rate)
        defaults = {"validation_data": tiny_data, "epochs": 1, "batch_size": 16, "seed": 0}
        return model, fit(model, *tiny_data, **(defaults | options))

    return run
