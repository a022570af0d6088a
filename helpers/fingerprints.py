"""Digests of arrays and of code: what two runs must share to be the same run."""

import ast
import dis
import hashlib
import inspect
import json
import sys
import types
from collections.abc import Callable, Iterable
from functools import cache, partial
from pathlib import Path

import numpy as np

PLAIN = (str, int, float)  # and bool
_VALUES = (*PLAIN, list, tuple, dict, set, frozenset, bytes, np.ndarray, np.generic, partial, types.FunctionType)
_VALUES = (*_VALUES, types.MethodType, types.SimpleNamespace)


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


def description(value, seen: tuple = (), known: set[int] | None = None):
    """A value as plain values that are the same in every process: arrays and functions by their content.

    A notebook's own class counts by what it does, and a thing of one by its attributes besides, or by its `get_config`;
    a thing of another class without that by the class alone.

    Args:
        value: Anything.
        seen: What it is within, so that what holds itself is not described without end.
        known: The notebook's functions and classes that are described already, by identity: named from then on.
    """
    known = set() if known is None else known
    if any(value is each for each in seen):
        return getattr(value, "__name__", type(value).__qualname__)
    if isinstance(value, types.FunctionType | type) and _is_of_notebook(value):
        if id(value) in known:
            return value.__qualname__
        known.add(id(value))
    within = (*seen, value)
    describe = partial(description, seen=within, known=known)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray) or _is_array(value):
        array = np.asarray(value)
        return describe(array.tolist()) if array.dtype.hasobject else digest_of_arrays(array)
    if isinstance(value, types.FunctionType):
        return _description_of_function(value, describe)
    if isinstance(value, types.MethodType):
        return [describe(value.__func__), describe(value.__self__)]
    if isinstance(value, partial):
        return [describe(part) for part in (value.func, value.args, value.keywords)]
    if isinstance(value, type):
        members = _members_of(value) if _is_of_notebook(value) else {}
        return [value.__qualname__, describe(members)] if members else value.__qualname__
    if isinstance(value, dict):
        return {str(key): describe(content) for key, content in value.items()}
    if isinstance(value, list | tuple):
        return [describe(content) for content in value]
    if isinstance(value, set | frozenset):  # in an order of its own in each process
        return sorted(digest_of_values(description(content, within, set(known))) for content in value)
    if value is None or isinstance(value, PLAIN):
        return value
    if isinstance(value, bytes | bytearray):
        return value.hex()
    of_notebook = _is_of_notebook(type(value))
    if hasattr(value, "get_config"):
        settings = describe(value.get_config())
    elif (of_notebook or isinstance(value, types.SimpleNamespace)) and hasattr(value, "__dict__"):
        settings = describe(vars(value))
    else:
        settings = None
    return [describe(type(value)) if of_notebook else type(value).__qualname__, settings]


def code_of(thing: type | types.FunctionType) -> str:
    """What a class or a function does: the source of its module; of a notebook's, its instructions.

    A notebook's class counts with the notebook's classes that it derives from.
    """
    module = sys.modules.get(thing.__module__)
    if (path := getattr(module, "__file__", None)) and path.endswith(".py"):
        return digest_of_code([Path(path).read_text()])
    if isinstance(thing, types.FunctionType):
        return digest_of_values(thing)
    return repr(digest_of_values([thing.__qualname__, _members_of(thing)]))


def _members_of(thing: type) -> dict:
    """The members of a class, and of those of its module that it derives from."""
    bases = [base for base in reversed(thing.__mro__) if base.__module__ == thing.__module__ and base is not object]
    return {name: member for base in bases for name, member in _members(base).items()}


def _members(thing: type) -> dict:
    """A class's own functions, those within properties and the like, and values that count, by their names."""
    found = {}
    for name, member in vars(thing).items():
        inner = getattr(member, "__func__", getattr(member, "fget", member))
        if isinstance(inner, types.FunctionType) or (counts(inner) and not name.startswith("__")):
            found[name] = inner
    return found


def _description_of_function(function: types.FunctionType, describe: Callable) -> list:
    """What a function does and remembers; of a notebook's, also what it reads there."""
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    remembered = [*cells, *(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).items()]
    of_notebook = _is_of_notebook(function)
    names = _names(function.__code__) if of_notebook else ()
    read = {name: function.__globals__.get(name) for name in sorted(names)}
    read = {name: describe(value) for name, value in read.items() if counts(value)}
    found = [instructions(function.__code__, not of_notebook), *map(describe, remembered)]
    return [*found, read] if read else found


def counts(value) -> bool:
    """Whether a value that code reads is a part of what it does: no module, no class of a package, and of a package's
    things only those that say what they were made with and have no state, such as Keras's schedules.
    """
    if isinstance(value, type):
        return _is_of_notebook(value)
    has_settings = hasattr(value, "get_config") and not hasattr(value, "variables")
    return isinstance(value, _VALUES) or _is_array(value) or _is_of_notebook(type(value)) or has_settings


def _is_array(value) -> bool:
    """Whether a value holds numbers: a tensor or variable of a backend's or Keras's, a column of pandas'."""
    return hasattr(value, "__array__") and not isinstance(value, type) and type(value).__name__ != "KerasTensor"


def _is_of_notebook(thing: type | types.FunctionType) -> bool:
    """Whether a class or a function was defined in a notebook."""
    return thing.__module__ == "__main__"


def _names(code: types.CodeType) -> set[str]:
    """The global names that a function's code reads, functions within it included."""
    inner = [_names(constant) for constant in code.co_consts if isinstance(constant, types.CodeType)]
    read = {each.argval for each in dis.get_instructions(code) if each.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
    return read.union(*inner)


def instructions(code: types.CodeType, docstrings: bool = True) -> list:
    """A function's compiled code: what it does, not where it stands.

    Args:
        code: Of the function.
        docstrings: Whether they count; those of packages do, since records were made so.
    """
    constants = [instructions(c, docstrings) if isinstance(c, types.CodeType) else _constant(c) for c in code.co_consts]
    of_function = code.co_flags & inspect.CO_OPTIMIZED and not code.co_name.startswith("<")  # no class, no lambda
    if not docstrings and of_function and isinstance(next(iter(code.co_consts), None), str):
        constants[0] = repr(None)  # what stands there without a docstring
    return [code.co_code.hex(), constants, code.co_names, code.co_varnames]


def _constant(value) -> str:
    """A constant of compiled code as Python writes it; a set's members in an order of their own in each process."""
    if isinstance(value, frozenset):
        return f"frozenset({{{', '.join(sorted(map(_constant, value)))}}})"
    return repr(value)


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
