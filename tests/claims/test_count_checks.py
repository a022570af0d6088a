"""Counts that do not add up, and shares that are no whole number: each with a table that is found and a near one."""

import pytest
from made_up import matrix_of
from small_tables import SUPPORTS_A, A, C, D, E, found, matrix_rows, table

from helpers.claims import load_figures
from helpers.claims.count_checks import missing_counts


@pytest.mark.parametrize(
    ("net", "accuracy", "fits"),
    [
        (D, "0.7243", True),
        (D, "0.72435", False),
        (D, "0.72430", True),
        (D, "0.7243000268936157", True),  # 0.7243 in single precision, as Keras prints it
        (D, "0.7243500268936157", False),
        (A, "0.7243", True),  # 6,518.25 to 6,519.15 of 9,000
        (A, "0.7245", False),  # 6,520.05 to 6,520.95
        (A, "0.72", True),
        (E, "0.72435", True),  # of how many images is not known
    ],
)
def test_an_accuracy_is_a_whole_number_of_images(net, accuracy, fits):
    assert (found(table(net, accuracy=accuracy)) == []) == fits


def test_an_accuracy_that_is_a_mean_over_batches_is_recognised():
    said = "accuracy 0.818066 of 10,000 images would be 8,180.66 images: no whole number"
    batches = "it fits the mean over 40 batches of 256 images, the last of 16"
    assert found(table(C, accuracy="0.818066")) == [f"{said}; {batches}"]
    assert found(table(C, accuracy="0.8180661"))[0].endswith(
        "it may be a mean over batches, or of another number of images"
    )


def test_the_number_of_images_is_that_of_the_supports_where_they_are_given():
    assert found(table(E, by_class={"support": ["200"] * 10}, accuracy="0.7645")) == []
    assert "of 2,000 images" in found(table(E, by_class={"support": ["200"] * 10}, accuracy="0.7643"))[0]


def test_the_validation_accuracy_that_report_b_calls_accuracy_is_not_held_against_the_test():
    recalls = dict.fromkeys(load_figures().query("experiment == 'fashion_mnist'")["class"].dropna().unique(), "0.5")
    assert (
        found(table(("B", "fashion_mnist", "arc2_adam"), by_class={"class_accuracy": recalls}, accuracy="0.91641"))
        == []
    )


@pytest.mark.parametrize(("recall", "fits"), [("0.7160", True), ("0.71651", False), ("0.717", True)])
def test_a_recall_is_a_whole_number_of_a_classs_images(recall, fits):
    wrong = [f"recall of cat {recall} of 1,000 images would be 716.51 images: no whole number"]
    assert found(table(D, by_class={"recall": {"cat": recall}})) == ([] if fits else wrong)


def test_the_recall_that_precision_and_f1_imply_is_a_whole_number_of_images_too():
    fits = {"precision": {"airplane": "0.783589"}, "f1": {"airplane": "0.824087"}}  # 869 of 1,000
    assert found(table(C, by_class=fits)) == []
    assert "no whole number" in found(table(C, by_class=fits | {"f1": {"airplane": "0.824387"}}))[0]


def test_supports_add_up_to_the_images_of_the_test():
    assert found(table(by_class={"support": SUPPORTS_A})) == []
    swapped = [*SUPPORTS_A[:3], "936", *SUPPORTS_A[4:]]
    assert found(table(by_class={"support": swapped}))[0].startswith(
        "the supports add up to 8,973 images; the test of report A has 9,000"
    )
    assert found(table(E, by_class={"support": swapped})) == []


def test_parameters_are_the_trainable_and_the_others():
    parts = {"trainable_parameters": "566910", "non_trainable_parameters": "6600"}
    assert found(table(parameters="573510", **parts)) == []
    wrong = ["573,511 parameters, but 566,910 trainable and 6,600 not trainable make 573,510"]
    assert found(table(parameters="573511", **parts)) == wrong
    assert found(table(parameters="566910", trainable_parameters="566910")) == []
    assert "fewer than the 566,910 trainable" in found(table(parameters="566909", trainable_parameters="566910"))[0]


def test_the_best_epoch_is_one_that_was_run():
    assert found(table(D, best_epoch="12", epochs_run="12")) == []
    assert found(table(D, best_epoch="13", epochs_run="12")) == ["best epoch 13, but only 12 epochs were run"]


def test_confusion_counts_add_up_to_the_supports():
    matrix = matrix_of([0.7] * 10)
    assert found(table(D, by_class=matrix_rows(matrix))) == []
    matrix[3, 4] -= 2
    assert found(table(D, by_class=matrix_rows(matrix)))[0] == (
        "the confusion counts of cat add up to 998 images; its support is 1,000"
    )


def test_some_confusion_counts_may_be_fewer_than_the_support_but_not_more():
    counts = {"confused_with:dog": {"cat": "300"}, "confused_with:cat": {"cat": "600"}}
    assert found(table(D, by_class=counts)) == []
    assert "add up to 1,001" in found(table(D, by_class=counts | {"confused_with:cat": {"cat": "701"}}))[0]


# 700 of 1,000 images of each class are right, of cat 570; the others are taken for the next class, after cat deer.
@pytest.mark.parametrize(
    ("figure", "fits"),
    [
        ({"accuracy": "0.69"}, True),  # (9 x 700 + 570) / 10,000 = 0.687
        ({"accuracy": "0.6870"}, True),
        ({"accuracy": "0.6871"}, False),
        ({"weighted_recall": "0.70"}, False),
        ({"micro_f1": "0.6871"}, False),
        ({"by_class": {"recall": {"cat": "0.57"}}}, True),
        ({"by_class": {"recall": {"cat": "0.58"}}}, False),
        ({"by_class": {"precision": {"deer": "0.619"}}}, True),  # 700 / 1,130 = 0.6195
        ({"by_class": {"precision": {"deer": "0.62"}}}, True),
        ({"by_class": {"precision": {"deer": "0.63"}}}, False),
        ({"by_class": {"f1": {"cat": "0.610"}}}, True),  # 2 x 570 / (1,000 + 870) = 0.6096
        ({"by_class": {"f1": {"cat": "0.611"}}}, False),
        ({"loss": "0.5"}, True),  # which counts say nothing on
    ],
)
def test_every_figure_follows_from_the_confusion_counts(figure, fits):
    recalls = [0.7] * 10
    recalls[3] = 0.57
    counts = matrix_rows(matrix_of(recalls))
    given = table(D, **figure)
    assert (found(given, table(D, by_class=counts)) == []) == fits


def test_a_half_is_rounded_either_way():
    counts = matrix_rows(matrix_of([0.725] * 10))
    assert found(table(D, by_class=counts, accuracy="0.72")) == []
    assert found(table(D, by_class=counts, accuracy="0.73")) == []


def test_whole_rows_of_a_matrix_that_lacks_a_count_are_checked_and_the_count_is_named():
    counts = matrix_rows(matrix_of([0.7] * 10))
    del counts["confused_with:dog"]["cat"]
    recalls = {"recall": {"bird": "0.70", "cat": "0.9"}}  # cat's row is not whole
    of_counts = lambda **recall: table(D, by_class=counts | {"recall": recalls["recall"] | recall})  # noqa: E731
    assert found(of_counts()) == []
    assert found(of_counts(bird="0.71")) == ["recall of bird 0.71: the confusion counts make it 0.7"]
    assert missing_counts(of_counts()) == (
        "1 of 100 confusion counts not given (cat taken for dog); only whole rows and supports are checked"
    )
    assert missing_counts(table(D, by_class=matrix_rows(matrix_of([0.7] * 10)))) == ""


def test_an_exchange_of_rows_and_columns_is_recognised():
    recalls = [0.7] * 10
    recalls[3] = 0.57
    given, matrix = {"recall": {"cat": "0.57", "deer": "0.70"}}, matrix_of(recalls)
    assert found(table(D, by_class=matrix_rows(matrix) | given)) == []
    said = "rows and columns of the confusion counts seem exchanged: the other way round, all figures fit them"
    assert found(table(D, by_class=matrix_rows(matrix.T) | given)) == [said]


def test_percentages_in_place_of_confusion_counts_are_recognised():
    said = ["the confusion counts of each class add up to about 100: these seem to be percentages, not images"]
    assert found(table(D, by_class=matrix_rows(matrix_of([0.7] * 10, images=100)))) == said
