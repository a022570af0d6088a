"""Digests of arrays and of code: what two runs must share to be the same run."""

import ast
import hashlib
import json
import sys
import types
from collections.abc import Iterable
from functools import cache, partial
from pathlib import Path

import numpy as np

PLAIN = (str, int, float)  # and bool


def digest_of_arrays(*arrays: np.ndarray) -> str:
    """SHA-256 of arrays with their shapes and dtypes, as hexadecimal digits; read a part at a time."""
    digest = hashlib.sha256()
    for array in arrays:
        array = np.asanyarray(array)
        digest.update(f"{array.shape} {array.dtype.str} ".encode())
        for start in range(0, max(1, len(array)) if array.ndim else 1, 4096):
            part = array[start : start + 4096] if array.ndim else array
            digest.update(part.tobytes())
    return digest.hexdigest()


def digest_of_values(values) -> str:
    """SHA-256 of values as sorted JSON, as hexadecimal digits; what JSON does not know counts by its `description`."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=description).encode()).hexdigest()


def digest_of_code(sources: Iterable[str]) -> str:
    """SHA-256 of Python code in any order, as hexadecimal digits: comments, docstrings and formatting do not count."""
    return digest_of_values(sorted(map(_meaning, sources)))


def description(value):
    """A value as plain values that are the same in every process: arrays and functions by their content."""
    if isinstance(value, np.ndarray):
        return digest_of_arrays(value)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, types.FunctionType):
        return _description_of_function(value, (value,))
    if isinstance(value, types.MethodType):
        return [description(value.__func__), description(value.__self__)]
    if isinstance(value, partial):
        return [description(part) for part in (value.func, value.args, value.keywords)]
    if isinstance(value, type):
        return value.__qualname__
    if isinstance(value, dict):
        return {str(key): description(content) for key, content in value.items()}
    if isinstance(value, list | tuple):
        return [description(content) for content in value]
    if isinstance(value, set | frozenset):
        return sorted(digest_of_values(content) for content in value)
    if value is None or isinstance(value, PLAIN):
        return value
    settings = description(value.get_config()) if hasattr(value, "get_config") else None
    return [type(value).__qualname__, settings]


def code_of(thing: type | types.FunctionType) -> str:
    """What a class or a function does: the source of its module; of a notebook's, its instructions.

    A notebook's class counts with the notebook's classes that it derives from.
    """
    module = sys.modules.get(thing.__module__)
    if (path := getattr(module, "__file__", None)) and path.endswith(".py"):
        return digest_of_code([Path(path).read_text()])
    if isinstance(thing, types.FunctionType):
        return digest_of_values(thing)
    bases = [base for base in reversed(thing.__mro__) if base.__module__ == thing.__module__ and base is not object]
    members = {name: member for base in bases for name, member in _members(base).items()}
    return repr(digest_of_values([thing.__qualname__, members]))


def _members(thing: type) -> dict:
    """A class's own functions, those within properties and the like, and plain values, by their names."""
    found = {}
    for name, member in vars(thing).items():
        inner = getattr(member, "__func__", getattr(member, "fget", member))
        plain = isinstance(inner, (*PLAIN, list, tuple, dict)) and not name.startswith("__")
        if plain or isinstance(inner, types.FunctionType):
            found[name] = inner
    return found


def _description_of_function(function: types.FunctionType, seen: tuple) -> list:
    """What a function does and remembers; of a notebook's, also the plain values and functions that it reads there."""
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    remembered = [*cells, *(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).items()]
    names = _names(function.__code__) if function.__module__ == "__main__" else ()
    read = {name: function.__globals__.get(name) for name in sorted(names)}
    counts = (*PLAIN, list, tuple, dict, np.ndarray, types.FunctionType)
    read = {name: _content(value, seen) for name, value in read.items() if isinstance(value, counts)}
    found = [_instructions(function.__code__), *(_content(value, seen) for value in remembered)]
    return [*found, read] if read else found


def _content(value, seen: tuple):
    """A value's description; a function that calls itself is not described within itself."""
    if not isinstance(value, types.FunctionType):
        return description(value)
    return _description_of_function(value, (*seen, value)) if value not in seen else value.__name__


def _names(code: types.CodeType) -> set[str]:
    """The names that a function's code refers to, functions within it included."""
    inner = [_names(constant) for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return set(code.co_names).union(*inner)


def _instructions(code: types.CodeType) -> list:
    """A function's compiled code: what it does, not where it stands."""
    constants = [_instructions(c) if isinstance(c, types.CodeType) else repr(c) for c in code.co_consts]
    return [code.co_code.hex(), constants, code.co_names, code.co_varnames]


@cache
def _meaning(source: str) -> str:
    """Code as its syntax tree, without docstrings; as it is where it is no Python."""
    try:
        tree = ast.parse(source)
    except SyntaxError:  # whoever runs it will hear of it
        return source
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and _docstring(node):
            node.body = node.body[1:]
    return ast.dump(tree)


def _docstring(node) -> bool:
    """Whether a body begins with a string that does nothing."""
    first = node.body[0] if node.body else None
    return isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
