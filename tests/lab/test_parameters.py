"""A notebook's parameters: a wrong name or value is refused before anything is loaded, all at once."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from helpers.lab.parameters import (
    ParameterError,
    check_parameters,
    given_parameters,
    list_of,
    number,
    one_of,
    seed,
    share,
    text,
    whole_number,
    yes_or_no,
)

CHECKS = {"learning_rate": number(0, 1), "epochs": whole_number(1, 1000), "profile": one_of("full", "quick", "smoke")}
RIGHT = {"learning_rate": 1e-3, "epochs": 20, "profile": "quick"}


def test_right_parameters_pass():
    check_parameters(RIGHT, CHECKS)


@pytest.mark.parametrize(
    ("name", "said"),
    [("learning_rates", "perhaps learning_rate?"), ("epoch", "perhaps epochs?"), ("zzz", "known are learning_rate,")],
)
def test_an_unknown_name_is_refused_with_the_closest_known_one(name, said):
    with pytest.raises(ParameterError) as error:
        check_parameters(RIGHT | {name: 1}, CHECKS)
    assert f"{name}: unknown parameter" in str(error.value)
    assert said in str(error.value)


def test_a_missing_parameter_is_named():
    with pytest.raises(ParameterError, match=r"^epochs: missing$"):
        check_parameters({"learning_rate": 0.1, "profile": "full"}, CHECKS)


def test_all_problems_are_told_at_once():
    with pytest.raises(ParameterError) as error:
        check_parameters({"learning_rate": "1e-3", "epochs": 0, "profil": "full"}, CHECKS)
    problems = str(error.value).split("; ")
    assert problems == [
        "profil: unknown parameter, perhaps profile?",
        "learning_rate: expected a number above 0 and at most 1, got '1e-3' (str)",
        "epochs: expected a whole number from 1 to 1000, got 0 (int)",
        "profile: missing",
    ]


def test_imports_functions_and_private_names_are_no_parameters():
    imported = {"np": np, "json": json, "Path": Path, "number": number, "check": lambda value: None}
    check_parameters(RIGHT | imported | {"_private": 1, "__name__": "__main__"}, CHECKS)


@pytest.mark.parametrize(
    ("check", "right", "wrong"),
    [
        (whole_number(0), [0, 5, np.int64(5), 10**9], [-1, 5.0, True, "5", None, [5]]),
        (whole_number(1, 3), [1, 3], [0, 4, 2.0]),
        (number(0, 1), [1e-6, 1, np.float32(0.5)], [0, 1.5, "1e-3", True, None, math.nan, math.inf]),
        (share(), [0, 0.5, 0.999], [1, -0.1, "0.5", False, math.nan]),
        (yes_or_no(), [True, False], [1, 0, "True", None]),
        (one_of("full", "smoke"), ["full"], ["Full", "", None, ["full"], 1]),
        (text(), ["../reports"], ["", None, 3, ["a"]]),
        (list_of(whole_number(0)), [[1], [1, 2]], [[], 1, "1", (1, 2), [1, 1], [1, "2"], [1, -2], [True], None]),
        (list_of(one_of("sgd", "adam")), [["sgd"], ["adam", "sgd"]], [["sgdd"], "sgd", ["sgd", "sgd"]]),
    ],
)
def test_each_check_passes_what_is_right_and_says_what_it_expected_of_what_is_not(check, right, wrong):
    assert [check(value) for value in right] == [None] * len(right)
    assert all(isinstance(check(value), str) for value in wrong)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, "a list of 1 or more, each a whole number of 0 or more"),
        ([1, "2"], "each item to be a whole number of 0 or more"),
        ([1, 1], "each item once"),
    ],
)
def test_a_list_says_which_of_its_rules_was_broken(value, expected):
    assert list_of(whole_number(0))(value) == expected


@pytest.mark.parametrize("seeds", [[4294967296], [-1], [0, 0]])
def test_a_seed_is_what_numpy_takes_as_one_and_comes_once(seeds):
    with pytest.raises(ParameterError, match="seeds: expected"):
        check_parameters({"seeds": seeds}, {"seeds": list_of(seed())})


def test_rates_may_repeat_where_order_matters_but_one_is_no_schedule():
    rates = list_of(number(0, 1), at_least=2, distinct=False)
    check_parameters({"stage_rates": [0.1, 0.1]}, {"stage_rates": rates})
    with pytest.raises(ParameterError, match=r"stage_rates: expected a list of 2 or more, .* got \[0\.1\]"):
        check_parameters({"stage_rates": [0.1]}, {"stage_rates": rates})


# In a live kernel, whose namespace holds everything of the last execution.

SETUP = "import keras\nfolder = '/content'"  # no parameter: only the parameters' cell and papermill's set some
CELL = 'profile = "quick"  # or "full"\nlearning_rate = 0.001  # a step\nepochs = 20'
PAPERMILL = "# Parameters\nepochs = 3"


def kernel(*cells: str, **more) -> dict:
    """The namespace of a kernel that executed some cells, and holds more besides."""
    namespace = {"In": ["", *cells], "Out": {}, "folder": "/content"} | RIGHT | more
    for cell in cells:
        exec(compile(cell.replace("import keras\n", ""), "cell", "exec"), namespace)
    return namespace


def test_only_what_the_parameters_cell_sets_is_a_parameter():
    namespace = kernel(SETUP, CELL, "lab = Ellipsis", "split = 'report A'\nfor figure in []: pass", x_train=[1])
    assert given_parameters(namespace) == ["profile", "learning_rate", "epochs"]
    check_parameters(namespace, CHECKS)


def test_what_papermill_sets_is_one_too_and_its_unknown_names_are_refused():
    assert given_parameters(kernel(SETUP, CELL, PAPERMILL)) == ["profile", "learning_rate", "epochs"]
    with pytest.raises(ParameterError, match=r"^epoch: unknown parameter, perhaps epochs\?$"):
        check_parameters(kernel(SETUP, CELL, "# Parameters\nepoch = 3"), CHECKS)


def test_a_misspelt_name_in_the_cell_is_refused_and_its_correction_is_accepted():
    misspelt = CELL.replace("epochs", "epoch")
    with pytest.raises(ParameterError, match="epoch: unknown parameter"):
        check_parameters(kernel(SETUP, misspelt), CHECKS)
    check_parameters(kernel(SETUP, misspelt, CELL), CHECKS)  # though `epoch` is still in the kernel


def test_a_cell_that_is_executed_again_with_another_value_is_the_one_that_counts():
    again = CELL.replace("0.001", "5")
    with pytest.raises(ParameterError, match="learning_rate: expected a number above 0 and at most 1, got 5"):
        check_parameters(kernel(SETUP, CELL, "x_train = [1]", again), CHECKS)


@pytest.mark.parametrize("cell", ["!pip install keras", "%matplotlib inline", "def broken(:"])
def test_cells_that_are_no_plain_python_set_no_parameters(cell):
    namespace = kernel(SETUP, CELL)
    namespace["In"].append(cell)
    assert given_parameters(namespace) == ["profile", "learning_rate", "epochs"]


def test_what_functions_and_loops_set_is_no_parameter():
    inner = "def f():\n    profile_of = 1\nfor step in [1]:\n    rate = 2"
    assert given_parameters(kernel(SETUP, f"{CELL}\n{inner}")) == ["profile", "learning_rate", "epochs"]
