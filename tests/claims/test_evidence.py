"""The runs that pages show, found in files: what is judged by, and what a page says of its own runs."""

import json
from dataclasses import replace

import numpy as np
import pytest
from made_up import make_run, make_test, results_of

from helpers import predictions
from helpers.claims import evidence_table, judge_claims, load_claims, printed_of, read_results
from helpers.fingerprints import digest_of_arrays
from helpers.predictions import keep_labels, pack_predictions
from helpers.records import write_record

FIVE = range(10, 15)
CLOSE = np.array([-0.002, -0.001, 0.0, 0.001, 0.002])  # around a mean, five seeds


@pytest.fixture
def written(tmp_path):
    """A profile's folder with five runs each of three variants, of which the page shows two: its folder."""
    folder, shown, rng = tmp_path / "full", [], np.random.default_rng(0)
    about = {"kind": "run", "notebook": "03_cnn", "setting": "s", "identity": "i", "started": "2026-01-01"}
    y_test = rng.integers(0, 10, 2000)
    (folder / "results/03_cnn").mkdir(parents=True)
    keep_labels(folder / "labels", y_test)
    for variant, right in (("cnn", 0.72), ("dense", 0.715), ("removed", 0.1)):
        for seed in FIVE:
            y_pred = np.where(rng.random(2000) < right, y_test, (y_test + 1) % 10)
            matrix = np.zeros((10, 10), int)
            np.add.at(matrix, (y_test, y_pred), 1)
            test = make_test(matrix) | {"labels_sha256": digest_of_arrays(y_test)}
            test["predictions"] = pack_predictions(0.9 * np.eye(10)[y_pred] + 0.01)
            record = make_run(variant, seed) | about | {"versions": {}, "test": test}
            del record["sha256"]
            kept = write_record(folder / "results/03_cnn", f"{variant}-seed{seed}", record)
            shown += [{"variant": variant, "seed": seed, "record": kept["sha256"]}] if variant != "removed" else []
    (folder / "results/03_cnn/summary.json").write_text(json.dumps({"runs": shown}))
    yield folder
    predictions._labels.cache_clear()


def first_step(folder):
    return next(j for j in judge_claims(read_results(folder)) if j.claim["id"] == "A1").steps[0]


def test_what_pages_show_is_what_is_judged(written):
    assert {variant for _, variant in read_results(written).runs} == {"cnn", "dense"}
    next(written.glob("results/03_cnn/cnn-seed10-*.json")).unlink()  # named by the summary, and gone
    assert len(read_results(written).runs["03_cnn", "cnn"]) == 4


def test_the_second_interval_draws_other_test_images_too(written):
    step = first_step(written)
    assert step.low_images < step.difference.low < step.difference.high < step.high_images
    assert step.shown_with_images.endswith("points")


def test_without_the_true_classes_there_is_no_second_interval(written):
    next((written / "labels").iterdir()).write_text("{}")
    assert (first_step(written).shown_with_images, first_step(written).by_images) == ("-", False)


@pytest.mark.parametrize(("low", "high", "by_images"), [(-0.01, 0.3, True), (0.01, 0.3, False), (-0.3, -0.01, False)])
def test_a_difference_that_other_test_images_could_undo_is_one_on_these_images(written, low, high, by_images):
    step = replace(first_step(written), low_images=low, high_images=high)
    assert step.difference.low > 0
    assert step.by_images is by_images


def test_a_page_shows_what_its_own_runs_say_whatever_their_profile():
    runs = [make_run("cnn", 0, 0.7, profile="quick"), make_run("dense", 0, 0.5, profile="quick")]
    table = evidence_table(results_of(n03_cnn=runs), ["A1", "A2"])
    assert table["claim"].tolist() == [
        "A1: The CNN is more accurate than the dense net", "A2: The dense net trains faster than the CNN",
    ]  # fmt: skip
    assert table["printed"].tolist() == ["0.72 against 0.54", "167 against 184 s"]
    assert table["ours"].tolist() == ["+20.00 points", "1.00 times"]
    assert table["seeds"].tolist() == ["1", "1"]


def test_runs_on_other_data_are_not_said_to_be_missing():
    runs = [make_run(net, 0, 0.7, dataset="digits") for net in ("cnn", "dense")]
    assert evidence_table(results_of(n03_cnn=runs), ["A1"])["ours"].tolist() == ["not run on cifar10"]
    assert evidence_table(results_of(), ["A1"])["ours"].tolist() == ["not yet run"]


def test_printed_figures_that_are_missing_are_said_to_be():
    assert printed_of(load_claims().set_index("id").loc["A8"]) == "not printed"
    assert printed_of(load_claims().set_index("id").loc["B1"]) == "0.75 against 0.41 and 0.24"
