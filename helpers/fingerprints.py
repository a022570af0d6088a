"""Digests of arrays and of code: what two runs must share to be the same run."""

import ast
import hashlib
import inspect
import json
import textwrap
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
    """SHA-256 of plain values as sorted JSON, as hexadecimal digits; what JSON does not know counts by its words."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()


def digest_of_code(sources: Iterable[str]) -> str:
    """SHA-256 of Python code, as hexadecimal digits: comments, docstrings and formatting do not count."""
    return digest_of_values([_meaning(source) for source in sources])


def code_of(thing) -> str:
    """The source of the module that a class or function is defined in; of itself where that is a notebook."""
    module = inspect.getmodule(thing)
    try:
        if module is None or not getattr(module, "__file__", None):
            return inspect.getsource(thing)
        return Path(module.__file__).read_text()
    except (OSError, TypeError):
        return ""  # made on the fly: only its name and its settings are known


@cache
def _meaning(source: str) -> str:
    """Code as its syntax tree, without docstrings."""
    tree = ast.parse(textwrap.dedent(source))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and _docstring(node):
            node.body = node.body[1:]
    return ast.dump(tree)


def _docstring(node) -> bool:
    """Whether a body begins with a string that does nothing."""
    first = node.body[0] if node.body else None
    return isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
