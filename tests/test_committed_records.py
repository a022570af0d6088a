"""The committed records: whole, each one's accuracy and confusion matrix as its predictions say; and today's pages."""

from pathlib import Path

import numpy as np
import pytest

from helpers import data
from helpers.fingerprints import digest_of_arrays
from helpers.predictions import read_labels, unpack_predictions
from helpers.records import read_records

RESULTS = Path(__file__).parent.parent / "reports" / "full" / "results"
FOLDERS = sorted(path for path in RESULTS.glob("*") if path.is_dir())
WHOLE_SPLITS = (data.split_official, data.split_report_a, data.split_report_b, data.split_report_c, data.split_report_e)


@pytest.fixture(params=FOLDERS, ids=lambda folder: folder.name)
def records(request):
    """The records of a notebook."""
    found, problems = read_records(request.param)
    assert problems == {}
    return found


@pytest.fixture(scope="session")
def true_classes(cifar10, fashion_mnist):
    """The true classes of all images that runs are tested on, by their digest: each split's, and those of 09 and 13."""
    found = []
    for images, labels, _ in (cifar10, fashion_mnist):
        found += [labels[split(len(images)).test] for split in WHOLE_SPLITS]
        found.append(labels[-10_000:])
        of_e = data.split_report_e(len(images))  # 13 tests on both of its parts as well
        found.append(labels[np.concatenate([of_e.validation, of_e.test])])
        found.append(labels[data.split_report_b(len(images)).train[:10_000]])  # and 09 on training images, dropout off
    return {digest_of_arrays(labels): labels for labels in found}


def predicted_tests(record: dict) -> list[dict]:
    """All tests of a record that have predictions; those of older records do not."""
    tests = [record["test"], *record["tests"].values()] if record["kind"] == "run" else []
    return [] if record.get("older") else tests


def test_every_committed_record_is_whole(records):
    assert all(record["profile"] == "full" for record in records)


def test_every_run_that_is_not_marked_as_older_holds_its_predictions(records):
    for test in (test for record in records for test in predicted_tests(record)):
        predictions = unpack_predictions(test)
        assert len(predictions.y_pred) == np.sum(test["confusion_matrix"]) == test["images"]
        assert (predictions.y_pred != predictions.second).all()
        np.testing.assert_array_equal(  # how often each class was predicted, right or wrong
            np.bincount(predictions.y_pred, minlength=len(test["confusion_matrix"])),
            np.sum(test["confusion_matrix"], axis=0),
        )


def test_there_are_records():
    assert len(FOLDERS) > 10


def test_the_test_classes_of_each_record_are_those_that_a_split_makes(records, true_classes):
    for record in records:
        for test in predicted_tests(record):
            made = test["labels_sha256"] in true_classes
            assert made, f"{record['variant']}, seed {record['seed']}: of no test set that a split makes"


def test_accuracy_and_confusion_matrix_recomputed_from_predictions_equal_the_records(records):
    for record in records:
        for test in predicted_tests(record):
            y_true = read_labels(RESULTS.parent / "labels", test["labels_sha256"])
            assert y_true is not None, f"{record['variant']}, seed {record['seed']}: its classes are not committed"
            y_pred, matrix = unpack_predictions(test).y_pred, np.zeros_like(test["confusion_matrix"])
            np.add.at(matrix, (y_true, y_pred), 1)
            assert matrix.tolist() == test["confusion_matrix"]
            assert (y_pred == y_true).mean() == pytest.approx(test["accuracy"], abs=1e-9)


def test_the_committed_pages_have_todays_style_and_scripts():
    site = RESULTS.parents[2] / "suite" / "site"
    style, script, explore = ((site / name).read_text() for name in ("style.css", "page.js", "explore.js"))
    for page in (*RESULTS.parent.glob("*.html"), *RESULTS.glob("*/index.html")):
        text = page.read_text()
        assert style in text, page
        assert (explore if page.stem == "explore" else script) in text, page
