"""Digests: equal for what is the same to the byte or in meaning, different for anything else."""

import linecache
import os
import subprocess
import sys
import types
from functools import partial

import keras
import numpy as np
import pandas as pd
import pytest

from helpers import fingerprints
from helpers.fingerprints import code_of, description, digest_of_arrays, digest_of_code, digest_of_values
from helpers.training import schedules

CODE = '''
"""A module."""
import math

RATE = 0.1

@staticmethod
def area(radius):
    """Of a circle."""
    return math.pi * radius**2 + RATE
'''


@pytest.fixture
def notebook(monkeypatch):
    """Run code as a notebook's cell does, in a `__main__` without a file: notebook(code) -> its names."""
    main = types.ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", main)

    def run(code: str) -> dict:
        name = f"/tmp/ipykernel_1/{len(linecache.cache)}.py"
        monkeypatch.setitem(linecache.cache, name, (len(code), None, code.splitlines(keepends=True), name))
        exec(compile(code, name, "exec"), main.__dict__)
        return main.__dict__

    return run


@pytest.mark.parametrize(
    "other",
    [
        np.arange(12, dtype="int64"),
        np.arange(12, dtype=">i4"),
        np.arange(12, dtype="int32").reshape(3, 4),
        np.arange(12, dtype="int32").reshape(4, 3),
        np.arange(12, dtype="int32")[::-1],
        np.arange(11, dtype="int32"),
        np.array([*range(11), 12], "int32"),
        np.arange(12, dtype="int32").reshape(12, 1),
    ],
)
def test_type_shape_order_and_each_value_of_an_array_count(other):
    assert digest_of_arrays(other) != digest_of_arrays(np.arange(12, dtype="int32"))


@pytest.mark.parametrize("count", [0, 1, 4095, 4096, 4097, 10_000])
def test_an_array_read_a_part_at_a_time_has_the_digest_of_the_whole(count):
    array = np.random.default_rng(0).integers(0, 256, (count, 2, 3), dtype="uint8")
    whole = fingerprints.hashlib.sha256(f"{array.shape} |u1 ".encode() + array.tobytes())
    assert digest_of_arrays(array) == whole.hexdigest()


def test_an_array_on_disk_has_the_digest_of_the_one_in_memory(tmp_path):
    array = np.random.default_rng(0).integers(0, 256, (5000, 4), dtype="uint8")
    np.save(tmp_path / "images.npy", array)
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    assert isinstance(mapped, np.memmap)
    assert digest_of_arrays(mapped) == digest_of_arrays(array)


def test_how_an_array_lies_in_memory_does_not_count():
    array = np.arange(60.0).reshape(3, 4, 5)
    digests = {digest_of_arrays(a) for a in (array, np.asfortranarray(array), np.repeat(array, 2, 0)[::2])}
    assert len(digests) == 1
    assert digest_of_arrays(array.T) not in digests


def test_single_numbers_and_empty_arrays_have_digests_of_their_own():
    things = [
        np.float32(1),
        np.float32(2),
        np.ones(1, "float32"),
        np.ones((0, 3), "float32"),
        np.ones((0, 4), "float32"),
    ]
    assert len({digest_of_arrays(thing) for thing in things} | {digest_of_arrays()}) == 6


def test_the_order_of_arrays_and_where_one_ends_count():
    images, labels = np.arange(6, dtype="uint8"), np.arange(3, dtype="uint8")
    assert digest_of_arrays(images, labels) != digest_of_arrays(labels, images)
    assert digest_of_arrays(images[:3], images[3:]) != digest_of_arrays(images[:2], images[2:])
    assert digest_of_arrays(images, labels) != digest_of_arrays(np.concatenate([images, labels]))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("import math", "import math  # for pi"),
        ("RATE = 0.1", "# The rate.\n\n\nRATE = (\n    0.10\n)"),
        ('    """Of a circle."""\n', ""),
        ('"""A module."""', "'''A module of\n    several lines.'''"),
        ("radius**2", "(radius  **  2)"),
    ],
)
def test_comments_docstrings_and_formatting_of_code_do_not_count(old, new):
    changed = CODE.replace(old, new)
    assert changed != CODE
    assert digest_of_code([changed]) == digest_of_code([CODE])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("*", "/"),
        ("RATE = 0.1", "RATE = 0.2"),
        ("RATE = 0.1", "RATE = 1"),
        ("+ RATE", "- RATE"),
        ("@staticmethod", ""),
        ("@staticmethod", "@classmethod"),
        ("def area", "async def area"),
        ("return ", ""),
        ("radius", "r"),
        ("import math\n", "import math as m\n"),
        ("    return", "    'not the first'\n    if RATE: return"),
    ],
)
def test_whatever_python_does_otherwise_counts(old, new):
    changed = CODE.replace(old, new, 1)
    assert digest_of_code([changed]) != digest_of_code([CODE])


def test_docstrings_of_classes_and_of_coroutines_do_not_count_but_other_strings_do():
    code = 'class Net:\n    "A net."\n    async def ask(self):\n        "Wait."\n        return "yes"'
    assert digest_of_code([code.replace("A net", "Nets").replace("Wait", "Ask")]) == digest_of_code([code])
    assert digest_of_code([code.replace("yes", "no")]) != digest_of_code([code])
    assert digest_of_code(["x = 1\n'a remark'"]) != digest_of_code(["x = 1"])


def test_pieces_of_code_are_told_apart_but_have_no_order():
    assert digest_of_code(["x = 1", "y = 2"]) != digest_of_code(["x = 1\ny = 2"])
    assert digest_of_code(["x = 1", "y = 2"]) == digest_of_code(["y = 2", "x = 1"])
    assert digest_of_code([]) != digest_of_code([""])


def test_code_that_is_no_python_counts_as_it_is_written():
    assert digest_of_code(["def net(:"]) == digest_of_code(["def net(:"])
    assert digest_of_code(["def net(:"]) != digest_of_code(["def net(:  # a comment"])


def test_plain_values_count_whatever_the_order_of_their_names():
    values = {"epochs": 2, "rate": 0.1, "nested": {"a": [1, 2], "b": None}}
    assert digest_of_values(dict(reversed(values.items()))) == digest_of_values(values)
    for other in ({"epochs": 3}, {"rate": 0.1 + 1e-16}, {"nested": {"a": [2, 1], "b": None}}, {"epochs": "2"}):
        assert digest_of_values(values | other) != digest_of_values(values)


def test_numpys_numbers_arrays_and_sets_count_by_what_they_hold():
    assert digest_of_values({"rate": np.float32(0.5)}) == digest_of_values({"rate": 0.5})
    assert digest_of_values([np.arange(3)]) == digest_of_values([np.arange(3)]) != digest_of_values([np.arange(4)])
    assert digest_of_values([{"a", "b"}]) == digest_of_values([{"b", "a"}]) != digest_of_values([{"a"}])
    for kind in (pd.Series, lambda texts: np.array(texts, object)):  # whose bytes are addresses in memory
        first, again, other = (digest_of_values([kind(["".join(["a", end]), "c"])]) for end in ("b", "b", "d"))
        assert first == again != other


def test_functions_count_by_what_they_do_and_what_they_remember():
    def scaled_by(factor, offset=0):
        return lambda value, more=offset: factor * value + more

    assert description(scaled_by(2)) == description(scaled_by(2))
    for other in (scaled_by(3), scaled_by(2, offset=1), lambda value, more=0: value):
        assert description(other) != description(scaled_by(2))


def test_things_that_can_be_configured_count_by_their_configuration():
    constant = keras.initializers.Constant
    assert description(constant(1)) == description(constant(1)) != description(constant(2))


def test_a_class_counts_by_the_module_that_defines_it_but_for_comments(tmp_path, monkeypatch):
    source, module = "RATE = 0.1\n\n\ndef call(x):\n    return RATE * x\n", types.ModuleType("own_nets")
    module.__file__ = str(tmp_path / "own_nets.py")
    monkeypatch.setitem(sys.modules, "own_nets", module)
    net = type("Net", (), {"__module__": "own_nets"})

    def code_with(text):
        (tmp_path / "own_nets.py").write_text(text)
        return code_of(net)

    assert code_with(source) == code_with('"""Nets."""\n' + source + "# The end.\n") != code_with("# Nothing.\n")
    assert code_with(source.replace("0.1", "0.2")) != code_with(source)


def test_a_class_of_a_package_counts_by_its_module():
    assert code_of(schedules.ScheduledSGD) == code_of(schedules.PiecewiseLinear) != code_of(keras.layers.Dropout)


def test_what_was_made_on_the_fly_counts_by_its_name():
    first, second = (type(name, (), {"__module__": "nowhere"}) for name in ("Net", "Other"))
    assert code_of(first) != code_of(second)


def test_a_function_of_a_notebook_counts_by_what_it_does(notebook):
    double, again, triple = (notebook(f"def f(x):\n    return {k} * x\n")["f"] for k in (2, 2, 3))
    assert description(double) == description(again) != description(triple)


def test_a_function_of_a_notebook_counts_with_the_values_and_functions_that_it_reads_there(notebook):
    def describe(*cells):
        for cell in cells:
            names = notebook(cell)
        return description(names["f"])

    cells = "RATE = 0.1", "def g(x):\n    return RATE * x", "def f(x):\n    return [g(y) for y in x]"
    usual = describe(*cells)
    assert describe(*cells) == usual
    assert describe("RATE = 0.2", *cells[1:]) != usual
    assert describe(cells[0], "def g(x):\n    return RATE + x", cells[2]) != usual
    assert describe("unused = 1", *cells) == usual


KINDS = """
import types
from functools import partial
import keras
import numpy as np

class Own:
    rate = RATE
    def __call__(self, x):
        return Own.rate * x
class Slots(Own):
    def __init__(self):
        self.rate = RATE
"""


@pytest.mark.parametrize(
    "made",
    [
        "types.SimpleNamespace(rate=RATE)",
        "partial(pow, RATE)",
        "np.float32(RATE)",
        "{RATE, 'x'}",
        "np.array([RATE])",
        "keras.optimizers.schedules.CosineDecay(RATE, 10)",
        "Own",
        "Own()",
        "Slots()",
        "Own().__call__",
        "[Own]",
        "[Own()]",
        "{'a': Own}",
        "partial(Own)",
        "types.SimpleNamespace(o=Own())",
        "(lambda x, own=Own: x)",
        "(lambda own: lambda x: own)(Own)",
    ],
)
def test_whatever_a_function_or_class_of_a_notebook_reads_counts(notebook, made):
    def describe(rate):
        names = notebook(f"RATE = {rate}\n{KINDS}\nthing = {made}\nRATE = None\ndef f(x):\n    return thing(x)\n")
        names |= notebook("class Holder:\n    held = thing\n    def call(self, x):\n        return thing(x)\n")
        return description(names["f"]), code_of(names["Holder"])

    first, again, other = describe(0.1), describe(0.1), describe(0.2)
    assert first == again
    assert first[0] != other[0]
    assert first[1] != other[1]


def test_an_attribute_is_no_name_and_what_trains_is_no_setting(notebook):
    code = "model = keras.Sequential([keras.layers.Dense(2)])\noptimizer = keras.optimizers.Adam()\n"
    code += "class Own:\n    def call(self):\n        return self.model, self.optimizer, model\n"
    first, again = (code_of(notebook(f"import keras\n{code}")["Own"]) for _ in range(2))
    assert first == again  # though Keras gives each model and optimizer another name


def test_many_classes_that_name_each_other_are_described_at_once(notebook):
    names = [f"K{k}" for k in range(12)]
    body = "".join(f"    def to_{name}(self):\n        return {name}\n" for name in names)
    code = "".join(f"class {name}:\n{body}" for name in names)
    first, other = (code_of(notebook(each)["K0"]) for each in (code, code + "K11.more = 1\n"))
    assert first != other


@pytest.mark.parametrize(
    ("part", "other"),
    [("x / 2", "x / 3"), ("half = 2", "half = 3"), ("more = 1", "more = 2"), ("return 22", ""), ("return 33", "")],
)
def test_a_class_of_a_notebook_counts_by_all_of_its_own_code_and_of_its_bases(notebook, part, other):
    code = """
class Base:
    def call(self, x):
        return x / 2
class Scale(Base):
    half = 2
    def __init__(self):
        super().__init__()
        self.more = 1
    @staticmethod
    def make():
        "Makes one."
        return 22
    @property
    def size(self):
        "Its size."
        return 33
"""
    first, again, changed = (code_of(notebook(each)["Scale"]) for each in (code, code, code.replace(part, other)))
    assert first == again != changed


def test_methods_classes_and_functions_with_some_arguments_given_count_by_what_they_hold():
    class Rate:
        def __init__(self, value):
            self.value = value

        def get_config(self):
            return {"value": self.value}

        def of(self, epoch):
            return self.value / epoch

    assert description(Rate(1).of) == description(Rate(1).of) != description(Rate(2).of)
    assert description(partial(Rate.of, epoch=1)) != description(partial(Rate.of, epoch=2))
    assert description(Rate) == description(Rate)  # the class itself, not a thing of it


def test_bytes_count_by_what_they_are():
    assert description(b"1") == description(bytearray(b"1")) != description(b"2")


def test_a_thing_of_a_notebooks_class_counts_by_its_attributes_even_where_it_holds_itself(notebook):
    own = notebook("class Rate:\n    def __init__(self, value):\n        self.value, self.me = value, [self]")["Rate"]
    assert description(own(1)) == description(own(1)) != description(own(2))


def test_functions_that_hold_each_other_are_described_to_an_end(notebook):
    code = "def f(x):\n    return g(x) + 1\ndef g(x):\n    return [k(x) for k in others]\nothers = [f]"
    assert description(notebook(code)["f"]) != description(notebook(code.replace("+ 1", "+ 2"))["f"])


def test_a_changed_docstring_does_not_count_but_another_string_does(notebook):
    code = 'def f(x):\n    "Doubles."\n    return "by 2", x\n'
    usual = description(notebook(code)["f"])
    assert description(notebook(code.replace("Doubles", "Twice"))["f"]) == usual
    assert description(notebook(code.replace("by 2", "by 3"))["f"]) != usual
    strings = (description(notebook(f"f = lambda: {text!r}")["f"]) for text in ("a", "b"))
    assert len({str(each) for each in strings}) == 2


def test_a_description_is_the_same_in_every_process():
    code = "from helpers.fingerprints import *; print(digest_of_values(lambda x: x in {'a', 'b', 'c', 'd', 1, 2}))"
    command, found = [sys.executable, "-c", code], set()
    for seed in ("1", "2", "3"):
        own = os.environ | {"PYTHONHASHSEED": seed}
        found.add(subprocess.run(command, env=own, capture_output=True, check=True).stdout)
    assert len(found) == 1
