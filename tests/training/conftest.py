"""What the tests of `helpers.training` share: code as a notebook's cell runs it."""

import linecache
import sys
import types

import keras
import pytest


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
