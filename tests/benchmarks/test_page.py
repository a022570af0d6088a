"""The page of benchmarks: every run, goals by its own figures, machines apart."""

import json
import re
from pathlib import Path

import pytest

from benchmarks.comparison import Comparison, Goal, number
from benchmarks.page import build_bench_page


def keep_run(path: Path, comparisons: list[Comparison], day: int = 1, device: str = "this one") -> None:
    """A run of a benchmark as `python -m benchmarks` keeps it."""
    run = {"started": f"2026-01-0{day}T00:00:00+00:00", "seconds": 60.0, "device": device, "versions": {}}
    run |= {"precision": "float32", "reason": "asked for", "commit": "abc"}
    path.write_text(json.dumps(run | {"comparisons": [comparison.as_dict() for comparison in comparisons]}))


def text_of(page: Path) -> str:
    """What is to be read on a page."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.read_text().split("</style>")[1]))


def test_the_page_shows_every_run_and_how_often_a_goal_was_reached(tmp_path):
    for k, fast in enumerate(([20.0], [10.0]), 1):
        goals = (Goal("fast", 1.5, against="slow"),)
        comparison = Comparison("Speed", "Made up.", "images a second", {"slow": [10.0], "fast": fast}, "slow", goals)
        keep_run(tmp_path / f"{k}.json", [comparison], day=k)
    text = text_of(build_bench_page(tmp_path))
    assert "fast: at least 1.5 times slow; measured 1.00, not reached (reached in 1 of 2 runs)" in text
    assert "20.0; 10.0" in text
    measured = "Measured 2 January 2026, commit abc; 1 January 2026, commit abc: 2 runs"
    assert f"{measured}, of which the table and the goals are the newest's." in text
    assert "range" not in text  # a round each


def test_on_the_page_a_goal_is_judged_by_each_runs_own_figures_and_machines_stand_apart(tmp_path):
    def keep(name, goals, values, device="this one"):
        comparison = Comparison("Speed", "Made up.", "images a second", values, "slow", goals)
        keep_run(tmp_path / f"{name}.json", [comparison], device=device)

    keep(1, (Goal("other", 9.0),), {"slow": [10.0], "fast": [30.0], "other": [10.0]})  # another goal was the first then
    keep(2, (), {"slow": [10.0], "fast": [40.0]}, device="another one")
    keep(3, (Goal("fast", 2.0, against="slow"),), {"slow": [10.0], "fast": [10.0]})
    text = text_of(build_bench_page(tmp_path))
    assert "fast: at least 2 times slow; measured 1.00, not reached (reached in 1 of 2 runs)" in text
    assert "Machine 1: float32 device this one" in text
    assert "Machine 2: float32 device another one" in text


def test_the_page_says_first_whether_it_is_fast_and_judges_by_todays_goals(tmp_path):
    speeds = {"ours": [30.0, 30.0], "plain Keras": [10.0, 20.0], "plain Keras bfloat16": [40.0, 15.0]}
    speeds |= {"PyTorch float32": [31.0, 31.0]}
    old, about = (Goal("ours", 9.0, against="plain Keras"),), "8 images; ours: described elsewhere"
    comparison = Comparison("Training report A's CNN", about, "images a second", speeds, "plain Keras", old)
    memory = Comparison("Memory of training report A's CNN", "", "MiB", {"ours": [900.0]})
    keep_run(tmp_path / "1.json", [comparison, memory])
    text = text_of(build_bench_page(tmp_path))
    when = "In float32 (machine 1, measured 1 January 2026), counting 5 % or more"
    assert f"{when}, ours trains 1 of 1 nets faster than plain Keras in float32 (2.25 to 2.25 times as fast)" in text
    assert "; 0 of 1 faster than its fastest round in either precision (0.75" in text
    assert "0 of 1 faster than PyTorch's faster method (0.97 to 0.97 times)." in text
    assert "goal ours: at least 1.8 times the fastest round of plain Keras; measured 1.50, not reached" in text
    assert "times plain Keras times Keras's fastest round, either precision ours 30.0 30.0 to 30.0 2.25 0.750" in text
    assert "net ours report A's CNN 900" in text


def test_keras_has_a_fastest_round_in_either_precision_only_where_both_were_measured(tmp_path):
    speeds = {"ours": [30.0], "plain Keras": [10.0]}
    comparison = Comparison("Training report A's CNN", "", "images a second", speeds, "plain Keras")
    keep_run(tmp_path / "1.json", [comparison])
    text = text_of(build_bench_page(tmp_path))
    assert "ours trains 1 of 1 nets faster than plain Keras in float32 (3.00 to 3.00 times as fast)." in text
    assert "times plain Keras ours 30.0 3.00" in text


@pytest.mark.parametrize(
    ("figure", "text"),
    [(0.2, "0.200"), (0.0153, "0.0153"), (1.4, "1.40"), (99.97, "100"), (2915.4, "2,915")],
)
def test_figures_of_a_column_have_as_many_digits(figure, text):
    assert number(figure) == text
