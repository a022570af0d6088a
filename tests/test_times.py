"""What recorded runs took: their times beside the prediction, and beside those of other nets."""

import re

import numpy as np
import pandas as pd
import pytest

from helpers import times

SPEED = {"multiply_adds": 1e6, "device": "this one", "disturbed": False}


def run(variant, seconds, device="this one", disturbed: bool | None = False, seed=10) -> dict:
    """A record of a run with epochs of so many seconds after the first."""
    took = {"seconds_by_epoch": [9.0, seconds], "seconds_first_step": 5.0, "seconds": 9 + seconds}
    where = {"device": device, "backend": "tensorflow", "disturbed": disturbed}
    found = {"test": {"accuracy": 0.5, "loss": 1.25}}
    return {"variant": variant, "seed": seed, **took, **where, **found}


def test_times_stand_beside_the_prediction_for_their_own_device_and_disturbed_ones_are_marked():
    records = [run("large", 4), run("small", 2, disturbed=True), run("small", 3, device="another", disturbed=None)]
    table = times.outcomes(records, pd.Series({"small": 2.0, "large": 2.0}), SPEED)
    assert table["net"].tolist() == ["small", "small", "large"]
    assert table["an epoch, s"].tolist() == [2, 3, 4]
    np.testing.assert_array_equal(table["measured / predicted"], [1, np.nan, 2])
    assert table["machine"].tolist() == ["disturbed", "another computer or setting", "quiet"]
    means = times.mean_outcomes(table)
    assert means[["seeds", "timed"]].to_numpy().tolist() == [[2, 0], [1, 1]]
    np.testing.assert_array_equal(means["an epoch, s"], [np.nan, 4])
    assert means.loc["small", "test accuracy"] == table["test accuracy"][:2].mean()
    assert times.outcomes([], pd.Series(dtype=float), None).empty
    assert times.machines(records) == ["quiet", "disturbed", "another computer or setting"]


def test_a_table_shows_accuracy_to_three_digits_and_an_unknown_prediction_as_a_dash():
    shown = times.styled(times.outcomes([run("small", 1234)], pd.Series({"small": 2.0}), None)).to_html()
    cells = re.findall(r"<td [^>]*>([^<]*)</td>", shown)
    assert cells == ["small", "10", "quiet", "0.500", "1.250", "1,243", "1234.0", "-", "-"]


def test_epochs_are_compared_where_nothing_else_ran():
    records = [run("small", 2), run("large", 5), run("large", 50, disturbed=True)]
    assert times.compare_seconds(records, "large", "small") == "2.5 times as long"
    assert times.compare_seconds([*records, run("large", 20)], "large", "small") == "5.0 times as long"  # 5 and 20: 10
    assert times.compare_seconds(records[:1], "large", "small") == "not measured undisturbed"
    elsewhere = [run("small", 9, device="another", seed=k) for k in range(3)]  # more runs, but of one net alone
    assert times.compare_seconds(elsewhere + records, "large", "small") == "2.5 times as long"
    assert times.compare_seconds(records, "small", "large") == "0.40 times as long"
    assert times.compare_seconds([], "small", "large") == "not measured undisturbed"


def test_epochs_of_several_variants_are_compared_on_one_device():
    records = [run("small", 2), run("large", 5), run("third", 1)]
    elsewhere = [run(variant, 9, device="another", seed=k) for variant in ("small", "large") for k in range(3)]
    assert times.relative_epochs(elsewhere + records, "small") == pytest.approx(
        {"small": 1, "large": 2.5, "third": 0.5}
    )
    missing = times.relative_epochs([*records[:2], run("third", 1, disturbed=True)], "small")
    assert np.isnan(missing["third"])
    assert all(np.isnan(ratio) for ratio in times.relative_epochs(records, "fourth").values())
    assert [times.format_ratio(ratio) for ratio in (0.17, 0.996, 2.52, 206.6, np.nan)] == [
        "0.17",
        "1.0",
        "2.5",
        "207",
        "-",
    ]


def test_whole_runs_are_compared_where_the_frozen_part_is_the_runs_own():
    shared = run("large", 1) | {"frozen_part": {"shared": True}}
    assert times.compare_runs([run("small", 1), run("large", 141), shared], "large", "small") == (
        "15 times as long (2 min against 10 s)"
    )
    assert times.compare_runs([run("small", 1), shared], "large", "small") == ""
