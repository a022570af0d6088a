"""Digests of arrays and of code: what two runs must share to be the same run."""

import ast
import hashlib
import json
import sys
import types
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np


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
        cells = [cell.cell_contents for cell in value.__closure__ or ()]
        return [_instructions(value.__code__), *map(description, [*cells, *(value.__defaults__ or ())])]
    if isinstance(value, dict):
        return {str(key): description(content) for key, content in value.items()}
    if isinstance(value, list | tuple):
        return [description(content) for content in value]
    if isinstance(value, set | frozenset):
        return sorted(digest_of_values(content) for content in value)
    if value is None or isinstance(value, str | int | float):
        return value
    settings = description(value.get_config()) if hasattr(value, "get_config") else None
    return [type(value).__qualname__, settings]


def code_of(thing: type) -> str:
    """What a class does: the source of its module and of the helpers' modules that this one calls by their names.

    Of a class that is defined in a notebook, its methods' instructions.
    """
    module = sys.modules.get(thing.__module__)
    if (path := getattr(module, "__file__", None)) and path.endswith(".py"):
        modules = [value for value in vars(module).values() if isinstance(value, types.ModuleType)]
        called = [m for m in modules if m.__name__.startswith(f"{__package__}.")]
        return "\n".join(Path(path).read_text() for path in [path, *(m.__file__ for m in called)])
    methods = {name: method for name, method in vars(thing).items() if isinstance(method, types.FunctionType)}
    return repr(digest_of_values([thing.__qualname__, methods]))


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
