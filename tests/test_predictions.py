"""Predictions as text and back; the classes of test images, kept once and found again by their digest."""

import json

import numpy as np
import pytest

from helpers.fingerprints import digest_of_arrays
from helpers.metrics import summarise_test
from helpers.predictions import PROBABILITY_STEPS, keep_labels, pack_predictions, read_labels, unpack_predictions
from helpers.records import RecordError

CLASSES = ["dark", "dim", "light", "bright"]
Y_TRUE = np.arange(64) % 4
Y_PROB = np.random.default_rng(0).dirichlet(np.ones(4), 64).astype("float32")


@pytest.mark.parametrize(("count", "classes"), [(1, 2), (64, 10), (500, 256)])
def test_predictions_are_unpacked_as_they_were(count, classes):
    y_prob = np.random.default_rng(1).dirichlet(np.ones(classes), count).astype("float32")
    predictions = unpack_predictions({"images": count, "predictions": pack_predictions(y_prob)})
    by_probability = np.sort(y_prob, axis=1)
    np.testing.assert_array_equal(predictions.y_pred, y_prob.argmax(axis=1))
    np.testing.assert_array_equal(y_prob[np.arange(count), predictions.second], by_probability[:, -2])
    np.testing.assert_allclose(predictions.confidence, by_probability[:, -1], atol=0.5 / PROBABILITY_STEPS)
    assert (predictions.y_pred.dtype, predictions.second.dtype) == ("int64", "int64")


def test_of_equal_probabilities_the_first_class_is_predicted_as_numpy_does_and_the_next_is_second():
    y_prob = np.array([[0.25, 0.25, 0.25, 0.25], [0.0, 0.5, 0.5, 0.0], [0.0, 0.0, 0.0, 1.0]])
    predictions = unpack_predictions({"images": 3, "predictions": pack_predictions(y_prob)})
    assert predictions.y_pred.tolist() == y_prob.argmax(axis=1).tolist() == [0, 1, 3]
    assert predictions.second.tolist() == [1, 2, 0]
    assert predictions.confidence.tolist() == pytest.approx([0.25, 0.5, 1.0], abs=1e-5)


def test_ten_thousand_predictions_take_some_tens_of_kilobytes():
    y_prob = np.random.default_rng(0).dirichlet(np.full(10, 0.2), 10_000)
    assert len(json.dumps(pack_predictions(y_prob))) < 45_000


def test_accuracy_and_confusion_matrix_follow_from_the_predictions():
    test = summarise_test(Y_TRUE, Y_PROB, CLASSES) | {"predictions": pack_predictions(Y_PROB)}
    predictions = unpack_predictions(test)
    assert test["accuracy"] == pytest.approx((predictions.y_pred == Y_TRUE).mean())
    matrix = np.zeros((4, 4), int)
    np.add.at(matrix, (Y_TRUE, predictions.y_pred), 1)
    assert test["confusion_matrix"] == matrix.tolist()


@pytest.mark.parametrize(
    ("test", "problem"),
    [
        ({"images": 64}, "expected predictions for each test image, got KeyError"),
        ({"images": 63, "predictions": pack_predictions(Y_PROB)}, "expected predictions for 63 images, got"),
        ({"images": 64, "predictions": {"y_pred": "?"}}, "expected predictions for each test image"),
        ({"images": 64, "predictions": pack_predictions(Y_PROB) | {"second": "eJw="}}, "for each test image"),
        ({"images": 64, "predictions": None}, "got TypeError"),
    ],
)
def test_predictions_that_are_not_there_or_not_as_many_as_images_are_refused(test, problem):
    with pytest.raises(RecordError, match=problem):
        unpack_predictions(test)


@pytest.mark.parametrize("dtype", ["uint8", "int64"])
def test_labels_are_found_again_by_their_digest(tmp_path, dtype):
    labels = Y_TRUE.astype(dtype)
    keep_labels(tmp_path, labels)
    keep_labels(tmp_path, labels)
    assert len(list(tmp_path.iterdir())) == 1
    found = read_labels(tmp_path, digest_of_arrays(labels))
    assert found.dtype == "int64"
    np.testing.assert_array_equal(found, Y_TRUE)


def test_labels_that_were_altered_or_are_not_there_are_not_used(tmp_path):
    digest = digest_of_arrays(Y_TRUE)
    assert read_labels(tmp_path / "none", digest) is None
    assert read_labels(tmp_path, None) is None
    keep_labels(tmp_path, Y_TRUE)
    keep_labels(tmp_path / "other", Y_TRUE[::-1].copy())
    (path,), (other,) = tmp_path.glob("*.json"), (tmp_path / "other").glob("*.json")
    path.write_text(other.read_text())
    assert read_labels(tmp_path, digest) is None
    keep_labels(tmp_path, Y_TRUE)  # whoever has them mends it
    np.testing.assert_array_equal(read_labels(tmp_path, digest), Y_TRUE)


def test_labels_that_are_brought_later_are_found_then(tmp_path):
    digest = digest_of_arrays(Y_TRUE)
    assert read_labels(tmp_path, digest) is None
    keep_labels(tmp_path, Y_TRUE)
    assert read_labels(tmp_path, digest) is not None
