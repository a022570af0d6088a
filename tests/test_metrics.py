"""The classification report: by hand, and as scikit-learn has it, to the letter."""

import json
import warnings

import numpy as np
import pytest
from sklearn.metrics import classification_report

from helpers.metrics import (
    compare_by_seed,
    format_report,
    hardest_classes,
    metrics_report,
    predict,
    report_table,
    summarise_test,
    who_is_right,
)
from helpers.predictions import Predictions

# Three classes: 0 has 4 images, 3 found; 1 has 3, 2 found; 2 has 3, 1 found.
Y_TRUE = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2, 2])
Y_PRED = np.array([0, 0, 0, 1, 1, 1, 0, 2, 0, 1])
NAMES = ["cat", "dog", "aeroplane"]
IMAGES = np.zeros((10, 2, 2, 1), "uint8")


class Said:
    """A run that knows what its net said of the test images."""

    class_names = NAMES

    def __init__(self, y_pred):
        self._y_pred = y_pred

    def predicted_classes(self, _images):
        return self._y_pred


def probabilities(y_pred, num_classes: int, sure: float = 0.8) -> np.ndarray:
    """float32 (n, classes): `sure` for the predicted class, the rest shared evenly."""
    y_prob = np.full((len(y_pred), num_classes), (1 - sure) / (num_classes - 1))
    y_prob[np.arange(len(y_pred)), y_pred] = sure
    return y_prob.astype("float32")


@pytest.fixture
def many():
    """2,000 predictions of ten classes, half of them right."""
    rng = np.random.default_rng(0)
    y_true = rng.integers(0, 10, 2_000)
    y_pred = np.where(rng.random(2_000) < 0.5, y_true, rng.integers(0, 10, 2_000))
    return y_true, y_pred


def test_precision_recall_and_f1_are_those_counted_by_hand():
    table = report_table(Y_TRUE, Y_PRED, NAMES)
    by_hand = {"cat": (3 / 5, 3 / 4, 2 / 3, 4), "dog": (2 / 4, 2 / 3, 4 / 7, 3), "aeroplane": (1, 1 / 3, 1 / 2, 3)}
    for name, row in by_hand.items():
        assert table.loc[name].tolist() == pytest.approx(row)
    macro = [sum(row[i] for row in by_hand.values()) / 3 for i in range(3)]
    weighted = [sum(row[i] * row[3] for row in by_hand.values()) / 10 for i in range(3)]
    assert table.loc["macro avg"].tolist() == pytest.approx([*macro, 10])
    assert table.loc["weighted avg"].tolist() == pytest.approx([*weighted, 10])


def test_the_accuracy_row_holds_the_accuracy_and_nothing_else():
    row = report_table(Y_TRUE, Y_PRED, NAMES).loc["accuracy"]
    assert row["f1-score"] == pytest.approx(6 / 10)
    assert row["support"] == 10
    assert row[["precision", "recall"]].isna().all()


def test_the_figures_are_scikit_learns(many):
    y_true, y_pred = many
    theirs = classification_report(y_true, y_pred, output_dict=True)
    table = report_table(y_true, y_pred, [*map(str, range(10))])
    assert table.loc["accuracy", "f1-score"] == theirs.pop("accuracy")
    assert list(table.index) == [*map(str, range(10)), "accuracy", "macro avg", "weighted avg"]
    for name, row in theirs.items():
        assert table.loc[name].to_dict() == row


@pytest.mark.parametrize("names", [None, [f"a class with the long name {i}" for i in range(10)], list("abcdefghij")])
def test_the_printed_text_is_scikit_learns_to_the_letter(many, capsys, names):
    y_true, y_pred = many
    said = Said(y_pred)
    said.class_names = [*map(str, range(10))]
    metrics_report(said, y_true, y_true, names)
    assert capsys.readouterr().out == classification_report(y_true, y_pred, target_names=names, digits=2) + "\n"


def test_the_report_of_a_model_is_that_of_its_predictions(trained, tiny_data, capsys):
    model, images, labels = trained[0], *tiny_data
    table = metrics_report(model, images, labels)
    assert table.equals(report_table(labels, predict(model, images).argmax(axis=1), list("0123")))
    assert capsys.readouterr().out == format_report(table) + "\n\n"
    assert table.loc["accuracy", "f1-score"] == pytest.approx(trained[1].history["val_accuracy"][-1])


def test_a_class_that_is_not_among_the_test_images_scores_0_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = report_table(Y_TRUE, Y_PRED, [*NAMES, "ship"])
        summary = summarise_test(Y_TRUE, probabilities(Y_PRED, 4), [*NAMES, "ship"])
    assert table.loc["ship"].tolist() == [0, 0, 0, 0]
    assert table.loc["accuracy", "f1-score"] == pytest.approx(6 / 10)
    assert np.shape(summary["confusion_matrix"]) == (4, 4)


@pytest.mark.parametrize(
    ("x_test", "y_test", "problem"),
    [
        (IMAGES[:9], Y_TRUE, "got 9 and 10"),
        (IMAGES[:0], Y_TRUE[:0], "got 0 and 0"),
        (IMAGES, Y_TRUE[:, None], r"of shape \(n,\), got shape \(10, 1\)"),
        (IMAGES, np.eye(3)[Y_TRUE], r"of shape \(n,\), got shape \(10, 3\)"),
    ],
)
def test_images_and_classes_that_do_not_match_are_refused(x_test, y_test, problem):
    with pytest.raises(ValueError, match=problem):
        metrics_report(Said(Y_PRED), x_test, y_test)


@pytest.mark.parametrize("names", [NAMES[:-1], [*NAMES, "mule"]])
def test_another_number_of_names_than_of_classes_is_refused(trained, tiny_data, names):
    with pytest.raises(ValueError, match=f"expected a name for each of the model's 3 classes, got {len(names)}"):
        metrics_report(Said(Y_PRED), IMAGES, Y_TRUE, names)
    with pytest.raises(ValueError, match=f"expected a name for each of the model's 4 classes, got {3 * len(names)}"):
        metrics_report(trained[0], *tiny_data, names * 3)


def test_a_run_is_reported_by_the_names_of_its_data_unless_others_are_given(capsys):
    table = metrics_report(Said(Y_PRED), IMAGES, Y_TRUE)
    assert table.equals(report_table(Y_TRUE, Y_PRED, NAMES))
    assert metrics_report(Said(Y_PRED), IMAGES, Y_TRUE, ["a", "b", "c"]).index[0] == "a"
    assert "aeroplane" in capsys.readouterr().out


def test_the_summary_of_a_test_can_be_written_and_is_consistent(many):
    y_true, y_pred = many
    names = [f"class {i}" for i in range(10)]
    summary = json.loads(json.dumps(summarise_test(y_true, probabilities(y_pred, 10), names), allow_nan=False))
    matrix = np.array(summary["confusion_matrix"])
    assert summary["images"] == matrix.sum() == 2_000
    assert summary["accuracy"] == pytest.approx(np.trace(matrix) / 2_000)
    assert summary["weighted_avg"]["recall"] == pytest.approx(summary["accuracy"])
    assert list(summary["by_class"]) == names
    for i, row in enumerate(summary["by_class"].values()):
        assert row["support"] == matrix[i].sum()
        assert row["recall"] == pytest.approx(matrix[i, i] / matrix[i].sum())
        assert row["precision"] == pytest.approx(matrix[i, i] / matrix[:, i].sum())


def test_the_confusion_matrix_has_the_true_class_in_rows():
    summary = summarise_test(Y_TRUE, probabilities(Y_PRED, 3), NAMES)
    assert summary["confusion_matrix"] == [[3, 1, 0], [1, 2, 0], [1, 1, 1]]


def test_the_loss_is_the_mean_cross_entropy_in_nats(many):
    y_true, y_prob = many[0], np.random.default_rng(0).dirichlet(np.ones(10), 2_000).astype("float32")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # float32 rows that miss a sum of 1 by a rounding are no mistake
        summary = summarise_test(y_true, y_prob, list("abcdefghij"))
    assert summary["loss"] == pytest.approx(-np.log(y_prob[np.arange(2_000), y_true]).mean(), rel=1e-5)


def test_two_variants_are_compared_seed_by_seed_and_their_speeds_only_where_nothing_disturbed_them():
    def run(variant, seed, accuracy, speed, disturbed=False):
        where = {"backend": "tensorflow", "device": "a processor", "disturbed": disturbed}
        return {"variant": variant, "seed": seed, "test": {"accuracy": accuracy}, "images_per_second": speed} | where

    runs = [run("half", 11, 0.7, 300), run("whole", 11, 0.71, 100)]
    runs += [run("half", 10, 0.72, 300, disturbed=True), run("whole", 10, 0.7, 100), run("half", 12, 0.7, 300)]
    table = compare_by_seed(runs, "half", "whole")
    assert table.columns.tolist() == ["seed", "half", "whole", "difference, points", "times as fast"]
    assert table["seed"].tolist() == [10, 11]  # there is only one of seed 12
    assert table["difference, points"].tolist() == pytest.approx([2, -1])
    assert table["times as fast"].tolist() == pytest.approx([np.nan, 3], nan_ok=True)
    assert compare_by_seed([], "half", "whole").empty


# Several nets.


def test_every_image_is_in_one_of_four_groups_for_each_seed():
    y_true = np.array([0, 0, 1, 1])

    def said(*classes):
        return Predictions(np.array(classes), np.ones(4), np.zeros(4, int))

    pairs = {10: (said(0, 0, 1, 0), said(0, 1, 1, 0)), 11: (said(1, 1, 0, 0), said(0, 0, 1, 1))}
    table = who_is_right(pairs, y_true, "the CNN", "the dense net")
    assert table.columns.tolist() == ["both right", "only the CNN", "only the dense net", "neither"]
    assert table.loc[10].tolist() == [0.5, 0.25, 0, 0.25]
    assert table.loc[11].tolist() == [0, 0, 1, 0]
    assert who_is_right({}, y_true, "a", "b").shape == (0, 4)  # a page from records may have none


def test_the_hardest_class_is_the_one_of_the_lowest_f1():
    summary = summarise_test(Y_TRUE, probabilities(Y_PRED, 3), NAMES)
    row = hardest_classes([{"variant": "my_cnn", "seed": 10, "test": summary}]).loc[0]
    assert row.tolist() == ["my cnn", 10, "aeroplane", "0.500", "dog", "0.571", "cat", "33.3%"]


def test_a_class_without_test_images_is_not_the_hardest_and_without_mistakes_none_is_named():
    summary = summarise_test(np.array([0, 0, 1, 1]), probabilities(np.array([0, 1, 1, 1]), 3), NAMES)
    row = hardest_classes([{"variant": "cnn", "seed": 10, "test": summary}]).loc[0]
    assert row[["hardest", "next", "most often taken for"]].tolist() == ["cat", "dog", "dog"]
    summary = summarise_test(np.array([0, 0, 1, 1]), probabilities(np.array([0, 0, 1, 1]), 3), NAMES)
    row = hardest_classes([{"variant": "cnn", "seed": 10, "test": summary}]).loc[0]
    assert row[["most often taken for", "of its images"]].tolist() == ["-", "0.0%"]
