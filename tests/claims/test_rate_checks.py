"""Rates that contradict each other: each check with a table that it finds and a near one that fits."""

import pytest
from small_tables import RECALLS, B, C, D, E, found, table

from helpers.claims.ranges import implied_recall, range_of


# F1 of one class: precision 0.56 and recall 0.54, rounded, make it 0.5448 to 0.5548.
@pytest.mark.parametrize(("f1", "fits"), [("0.53", False), ("0.54", True), ("0.55", True), ("0.56", False)])
def test_a_class_has_the_f1_of_its_precision_and_recall(f1, fits):
    cat = {"precision": {"cat": "0.56"}, "recall": {"cat": "0.54"}, "f1": {"cat": f1}}
    sentence = f"F1 of cat {f1}: precision 0.56 and recall 0.54 make it 0.5448 to 0.5548"
    assert found(table(by_class=cat)) == ([] if fits else [sentence])


def test_a_share_is_never_rounded_from_above_1():
    scores = {"precision": {"cat": "1"}, "recall": {"cat": "0.50"}, "f1": {"cat": "0.74"}}
    assert found(table(by_class=scores)) == ["F1 of cat 0.74: precision 1 and recall 0.50 make it 0.4975 to 0.6711"]


# F 0.84 and P 0.81 need R = F P / (2 P - F) = 0.6805 / 0.795 = 0.8560 at least.
@pytest.mark.parametrize(("recall", "fits"), [("0.854", False), ("0.8555", False), ("0.8561", True), ("0.85", False)])
def test_a_class_accuracy_is_a_recall(recall, fits):
    coat = {"precision": {"Pullover": "0.81"}, "class_accuracy": {"Pullover": recall}, "f1": {"Pullover": "0.84"}}
    net = ("B", "fashion_mnist", "arc2_adam")
    needs = f"class accuracy of Pullover, which is its recall, {recall}: precision 0.81 and F1 0.84 need 0.8560 to"
    texts = [text for text in found(table(net, by_class=coat)) if "no whole number" not in text]
    assert not texts if fits else texts[0].startswith(needs)


def test_a_class_accuracy_is_its_recall():
    scores = {"recall": {"cat": "0.53"}, "class_accuracy": {"cat": "0.95"}, "precision": {"cat": "0.65"}}
    assert found(table(by_class=scores)) == ["class accuracy of cat 0.95, but its recall 0.53: these are the same"]
    assert found(table(by_class=scores | {"class_accuracy": {"cat": "0.528"}})) == []


def test_no_recall_is_high_enough_for_an_f1_far_above_the_precision():
    assert implied_recall(range_of("0.50"), range_of("0.68")) is None  # at most 2 x 0.505 / 1.505 = 0.6711
    assert implied_recall(range_of("0.50"), range_of("0.67")) is not None
    assert "no recall is high enough" in found(table(by_class={"precision": {"cat": "0.5"}, "f1": {"cat": "0.9"}}))[0]


def test_a_class_that_is_never_right_fits():
    nothing = {"precision": {"cat": "0.00"}, "recall": {"cat": "0.00"}, "f1": {"cat": "0.00"}}
    assert found(table(by_class=nothing)) == []


def test_the_macro_f1_is_the_mean_of_the_f1s_and_not_the_f1_of_the_macro_averages():
    precision, recall = ["0.90", "0.30"] * 5, ["0.30", "0.90"] * 5  # each F1 is 0.45, the F1 of the means 0.60
    classes = {"precision": precision, "recall": recall, "f1": ["0.45"] * 10}
    macro = {"macro_precision": "0.60", "macro_recall": "0.60"}
    assert found(table(E, by_class=classes, **macro, macro_f1="0.45")) == []
    wrong = found(table(E, by_class=classes, **macro, macro_f1="0.60"))
    assert wrong == ["macro F1 0.60, but the mean F1 of the ten classes is 0.4450 to 0.4550: these are the same"]


@pytest.mark.parametrize(("macro", "fits"), [("0.70", True), ("0.71", True), ("0.72", False), ("0.706", False)])
def test_a_macro_average_is_the_mean_over_the_classes_rounded(macro, fits):
    assert (found(table(E, by_class={"precision": ["0.70"] * 10}, macro_precision=macro)) == []) == fits


@pytest.mark.parametrize(("weighted", "fits"), [("0.521", True), ("0.522", True), ("0.523", False), ("0.540", False)])
def test_a_weighted_average_is_weighted_by_support(weighted, fits):
    classes = {"precision": ["0.900", *["0.500"] * 9], "support": ["1000", *["2000"] * 9]}  # 9.9 / 19 = 0.5211
    assert (found(table(E, by_class=classes, weighted_precision=weighted)) == []) == fits


def test_with_as_many_images_of_each_class_both_averages_are_the_same():
    even, uneven = {"support": ["200"] * 10}, {"support": ["100", "300"] * 5}
    assert found(table(E, by_class=uneven, macro_f1="0.72", weighted_f1="0.74")) == []
    assert len(found(table(E, by_class=even, macro_f1="0.72", weighted_f1="0.74"))) == 1
    assert found(table(E, by_class=even, macro_f1="0.72", weighted_f1="0.73")) == []


def test_the_weighted_recall_is_the_accuracy_whatever_the_supports():
    assert found(table(accuracy="0.72", weighted_recall="0.73", macro_recall="0.75")) == []
    wrong = found(table(accuracy="0.7200", weighted_recall="0.73"))
    assert wrong == ["accuracy 0.7200, but weighted recall 0.73: these are the same"]


@pytest.mark.parametrize(("accuracy", "fits"), [("0.7400", True), ("0.74", True), ("0.75", False), ("0.745", False)])
def test_the_mean_recall_of_an_official_test_is_the_accuracy(accuracy, fits):
    assert (found(table(B, by_class={"class_accuracy": RECALLS}, accuracy=accuracy)) == []) == fits
    assert found(table(B, accuracy=accuracy, macro_recall="0.78")) != []


def test_micro_averages_are_all_the_accuracy():
    same = {"micro_precision": "0.8191", "micro_recall": "0.8191", "micro_f1": "0.8191"}
    assert found(table(C, **same, accuracy="0.82")) == []
    wrong = found(table(C, **same | {"micro_f1": "0.8193"}))
    assert wrong == [
        "micro precision 0.8191, but micro F1 0.8193: with as many images of each class these are the same"
    ]


def test_precision_and_recall_need_as_many_predictions_as_there_are_images():
    assert found(table(D, by_class={"precision": ["0.72"] * 10, "recall": ["0.72"] * 10})) == []
    assert found(table(D, by_class={"precision": ["0.71"] * 10, "recall": ["0.72"] * 10})) == []  # to within rounding
    wrong = found(table(D, by_class={"precision": ["0.60"] * 10, "recall": ["0.72"] * 10}))
    # 0.715 / 0.605 and 0.725 / 0.595 of 10,000
    said = "precision and recall of the ten classes need 11,819 to 12,184 predictions in all; there are 10,000 images"
    assert wrong == [said]
    assert found(table(D, by_class={"precision": ["0.00", *["0.75"] * 9], "recall": ["0.00", *["0.72"] * 9]})) == []
