"""Figures read from records, against scikit-learn's and against counts made by hand."""

import numpy as np
import pytest
from made_up import CLASSES, make_run, make_test, matrix_of
from sklearn.metrics import precision_recall_fscore_support

from helpers.claims import figure, kinds

MATRIX = np.random.default_rng(3).integers(1, 50, (10, 10)) + np.diag(np.full(10, 300))
RUN = make_run("cnn", 10) | {"test": make_test(MATRIX)}


def test_averages_and_classes_are_scikit_learns():
    y_true, y_pred = (np.repeat(side, MATRIX.ravel()) for side in np.divmod(np.arange(100), 10))
    for average in ("macro", "weighted"):
        expected = precision_recall_fscore_support(y_true, y_pred, average=average)[:3]
        found = [figure(f"{average}_{name}")(RUN) for name in ("precision", "recall", "f1")]
        assert found == pytest.approx(expected)
    by_class = precision_recall_fscore_support(y_true, y_pred)[:3]
    found = [figure(f"class_{name}:cat")(RUN) for name in ("precision", "recall", "f1")]
    assert found == pytest.approx([values[3] for values in by_class])
    assert figure("accuracy")(RUN) == pytest.approx(np.mean(y_true == y_pred))


def test_what_reports_call_otherwise_is_the_same_figure():
    assert figure("f1") == figure("macro_f1")
    assert figure("class_accuracy:cat") == figure("class_recall:cat")
    assert figure("micro_f1") == figure("accuracy")


def test_confusions_are_counted_both_ways_and_against_the_next_most_frequent():
    matrix = matrix_of(0.8)
    matrix[3] = 0
    matrix[3, [3, 5, 2, 6]] = 700, 200, 60, 40
    matrix[5, [5, 3, 6]] = 750, 90, 160
    run = RUN | {"test": make_test(matrix)}
    assert figure("confusion:cat-dog")(run) == 290
    assert figure("taken_for:cat-dog")(run) == 140
    lowest_other = min(v["f1-score"] for k, v in run["test"]["by_class"].items() if k != "cat")
    assert figure("f1_below_others:cat")(run) == pytest.approx(
        lowest_other - run["test"]["by_class"]["cat"]["f1-score"]
    )


def test_figures_of_many_matrices_are_those_of_each():
    many = np.stack([MATRIX, MATRIX.T, 3 * MATRIX])
    for text in ("accuracy", "macro_f1", "class_recall:cat", "confusion:cat-dog", "taken_for:cat-dog"):
        each = [float(figure(text).of_counts(matrix, CLASSES)) for matrix in many]
        assert figure(text).of_counts(many, CLASSES) == pytest.approx(each)


def test_a_class_that_is_never_named_has_a_precision_of_0():
    matrix = matrix_of(0.8)
    matrix[:, 0] = 0
    assert figure("class_precision:airplane").of_counts(matrix, CLASSES) == 0


def test_changes_of_a_history():
    curve = [2.0, 1.0, 1.5, 1.25]
    run = RUN | {"history": {"val_loss": curve, "accuracy": [0.1, 0.2, 0.3, 0.5], "val_accuracy": [0.1, 0.4, 0.3, 0.2]}}
    assert figure("val_loss_change:2-4")(run) == pytest.approx(0.25)
    assert figure("val_loss_change:2-40")(run) == pytest.approx(0.25)  # of a shorter run to its end
    assert np.isnan(figure("val_loss_change:4-40")(run))  # there is no later epoch
    assert figure("val_loss_since:3")(run) == pytest.approx(-0.25)
    assert figure("val_loss_since:1")(run) == pytest.approx(-0.75)
    assert figure("val_loss_since:4")(run) == pytest.approx(0.25)  # of one that ended by then: since its best loss
    assert figure("train_accuracy_since:4")(run) == pytest.approx(0.3)
    assert figure("train_accuracy_since:3")(run) == pytest.approx(0.2)
    assert figure("val_accuracy")(run) == 0.4


def test_the_gap_is_measured_with_dropout_off_whatever_keras_said_while_training():
    seen = {"training images": make_test(matrix_of(0.9))}
    run = RUN | {"history": {"accuracy": [0.1, 0.5], "val_accuracy": [0.4, 0.6]}, "tests": seen}
    assert figure("generalisation_gap")(run) == pytest.approx(0.3)


def test_the_recall_of_named_classes_is_held_against_that_of_the_others():
    lost = np.where(np.isin(CLASSES, ["automobile", "deer"]), 0.5, 0.3)
    above = figure("recall_above_others:automobile+deer")
    large, small = ({"test": make_test(matrix_of(recall))} for recall in (0.8, 0.8 - lost))
    assert above(RUN | large) - above(RUN | small) == pytest.approx(0.2)
    assert above.of_counts(np.stack([matrix_of(0.8), matrix_of(0.8 - lost)]), CLASSES) == pytest.approx([0, -0.2])


def test_an_unknown_figure_or_class_is_named_with_those_there_are():
    with pytest.raises(ValueError, match=r"expected one of accuracy.*got 'acuracy'"):
        figure("acuracy")
    with pytest.raises(ValueError, match=r"expected one of airplane.*got 'lion'"):
        figure("class_recall:lion")(RUN)


@pytest.mark.parametrize(
    ("text", "difference", "shown"),
    [
        ("accuracy", 0.0213, "+2.13"),
        ("class_f1:cat", -0.01, "-1.00"),
        ("training_time", np.log(1.25), "1.25"),
        ("val_loss_change:40-50", 0.02, "+0.020"),
        ("confusion:cat-dog", 69.0, "+69"),
    ],
)
def test_a_difference_is_shown_in_its_kinds_unit(text, difference, shown):
    assert figure(text).kind.show(difference) == shown


def test_the_margins_are_those_of_the_rules():
    margins = {name: kind.margin for name, kind in kinds().items()}
    assert margins == {"accuracy": 0.01, "time": pytest.approx(np.log(1.1)), "loss": 0.02, "count": 20}


def test_a_class_with_a_dash_in_its_name_is_one_class():
    names = ["T-shirt/top", "Shirt", "Coat"]
    matrix = np.array([[8, 1, 1], [3, 7, 0], [0, 0, 9]])
    assert figure("confusion:T-shirt/top-Shirt").of_counts(matrix, names) == 4
    assert figure("confusion:Shirt-T-shirt/top").of_counts(matrix, names) == 4
    assert figure("taken_for:Shirt-T-shirt/top").of_counts(matrix, names) == 3
    assert figure("class_recall:T-shirt/top").words == "recall of T-shirt/top"
    assert figure("confusion:Shirt-T-shirt/top").words == "Shirt and T-shirt/top taken for each other"
    with pytest.raises(ValueError, match="class: expected one of"):
        figure("confusion:T-shirt/top-Boot").of_counts(matrix, names)


def test_words_name_the_argument():
    assert figure("confusion:cat-dog").words == "cat and dog taken for each other"
    assert (
        figure("recall_above_others:automobile+deer").words
        == "mean recall of automobile, deer minus that of the other classes"
    )
    assert figure("accuracy").words == "accuracy"
