"""What a table of results cannot hold of one net: each check with a table that it finds and a near one that fits."""

import json
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from made_up import CLASSES, matrix_of

from helpers.claims import figure, load_figures, published_folder
from helpers.claims.consistency import find_inconsistencies, published_table
from helpers.claims.printed_nets import AVERAGES
from helpers.claims.ranges import implied_recall, range_of

A, B, C, D, E = (
    ("A", "dense_vs_cnn", "cnn"),
    ("B", "resolution", "tvtv_16x16"),
    ("C", "batch_norm", "cnn_plain"),
    ("D", "depth", "model_1"),
    ("E", "optimizer_activation", "best"),
)
SUPPORTS_A = ["904", "886", "901", "963", "868", "904", "858", "930", "885", "901"]
RECALLS = ["0.716", "0.823", "0.623", "0.638", "0.705", "0.621", "0.824", "0.807", "0.844", "0.799"]  # sum 7.400
FASHION = ["arc2_adam", "arc2_sgd", "arc3_adam", "arc3_sgd"]


def table(net=A, by_epoch=None, by_class=None, **whole) -> pd.DataFrame:
    """A table of one net: figures of the whole net, by metric and class, by metric and epoch; all values text."""
    rows = [[*net, metric, "", np.nan, value] for metric, value in whole.items()]
    for metric, values in (by_class or {}).items():
        values = values if isinstance(values, dict) else dict(zip(CLASSES, values, strict=True))
        rows += [[*net, metric, name, np.nan, value] for name, value in values.items()]
    for metric, values in (by_epoch or {}).items():
        rows += [[*net, metric, "", epoch, value] for epoch, value in enumerate(values, 1)]
    columns = ["report", "experiment", "variant", "metric", "class", "epoch", "printed"]
    return pd.DataFrame(rows, columns=columns).assign(value=lambda t: pd.to_numeric(t["printed"]))


def found(*tables: pd.DataFrame) -> list[str]:
    return [finding.text for finding in find_inconsistencies(pd.concat(tables, ignore_index=True))]


def matrix_rows(matrix) -> dict[str, dict[str, str]]:
    """Confusion counts as a table has them, by metric and class."""
    return {
        f"confused_with:{said}": {true: str(matrix[i][k]) for i, true in enumerate(CLASSES)}
        for k, said in enumerate(CLASSES)
    }


# F1 of one class: precision 0.56 and recall 0.54, rounded, make it 0.5448 to 0.5548.
@pytest.mark.parametrize(("f1", "fits"), [("0.53", False), ("0.54", True), ("0.55", True), ("0.56", False)])
def test_a_class_has_the_f1_of_its_precision_and_recall(f1, fits):
    cat = {"precision": {"cat": "0.56"}, "recall": {"cat": "0.54"}, "f1": {"cat": f1}}
    sentence = f"F1 of cat {f1}: precision 0.56 and recall 0.54 make it 0.5448 to 0.5548"
    assert found(table(by_class=cat)) == ([] if fits else [sentence])


# F 0.84 and P 0.81 need R = F P / (2 P - F) = 0.6805 / 0.795 = 0.8560 at least.
@pytest.mark.parametrize(("recall", "fits"), [("0.854", False), ("0.8555", False), ("0.8561", True), ("0.85", False)])
def test_a_class_accuracy_is_a_recall(recall, fits):
    coat = {"precision": {"Pullover": "0.81"}, "class_accuracy": {"Pullover": recall}, "f1": {"Pullover": "0.84"}}
    net = ("B", "fashion_mnist", "arc2_adam")
    needs = f"class accuracy of Pullover, which is its recall, {recall}: precision 0.81 and F1 0.84 need 0.8560 to"
    texts = [text for text in found(table(net, by_class=coat)) if "no whole number" not in text]
    assert not texts if fits else texts[0].startswith(needs)


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


def test_precision_and_recall_need_as_many_predictions_as_there_are_images():
    assert found(table(D, by_class={"precision": ["0.72"] * 10, "recall": ["0.72"] * 10})) == []
    assert found(table(D, by_class={"precision": ["0.71"] * 10, "recall": ["0.72"] * 10})) == []  # to within rounding
    wrong = found(table(D, by_class={"precision": ["0.60"] * 10, "recall": ["0.72"] * 10}))
    # 0.715 / 0.605 and 0.725 / 0.595 of 10,000
    said = "precision and recall of the ten classes need 11,819 to 12,184 predictions in all; there are 10,000 images"
    assert wrong == [said]
    assert found(table(D, by_class={"precision": ["0.00", *["0.75"] * 9], "recall": ["0.00", *["0.72"] * 9]})) == []


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


HISTORY = {"val_accuracy": ["0.60", "0.7243", "0.71"], "val_loss": ["1.1", "0.8714", "0.9"]}


@pytest.mark.parametrize(
    ("test", "odd"),
    [
        ({"accuracy": "0.7243"}, True),
        ({"accuracy": "0.7243", "loss": "0.8714"}, True),
        ({"accuracy": "0.7243", "loss": "0.871"}, True),  # it rounds to the same
        ({"accuracy": "0.7243", "loss": "0.8914"}, False),  # the accuracies agree by chance
        ({"accuracy": "0.7244", "loss": "0.8714"}, False),
        ({"accuracy": "0.72"}, False),  # two digits agree by chance
    ],
)
def test_a_test_that_repeats_the_best_validation_is_odd(test, odd):
    texts = found(table(D, by_epoch=HISTORY, **test))
    assert ["is the best validation accuracy, of epoch 2," in text for text in texts] == [True] * odd
    severities = {finding.severity for finding in find_inconsistencies(table(D, by_epoch=HISTORY, **test))}
    assert severities == ({"remarkable"} if odd else set())


def one_of(variant: str, accuracy: str, recalls: list[str], experiment: str = "resolution", **more) -> pd.DataFrame:
    return table(("B", experiment, variant), by_class={"class_accuracy": recalls}, accuracy=accuracy, **more)


ARC2 = "0.87 0.99 0.89 0.92 0.88 0.98 0.78 0.96 0.98 0.96"  # F1 by class of a run of ours


@pytest.mark.parametrize(
    ("arc3", "odd"),
    [
        ("0.86 0.99 0.89 0.92 0.87 0.98 0.77 0.97 0.98 0.97", False),  # of another net's run of ours: six agree
        (ARC2.replace("0.78", "0.77"), False),
        (ARC2, True),
    ],
)
def test_two_digits_may_agree_by_chance_in_some_classes_not_in_all(arc3, odd):
    nets = [
        table(("B", "fashion_mnist", variant), by_class={"f1": f1.split()}, accuracy=accuracy)
        for variant, f1, accuracy in (("arc2_adam", ARC2, "0.92"), ("arc3_adam", arc3, "0.93"))
    ]
    assert ["F1 is that of arc2_adam to the digit in 10 of 10" in text for text in found(*nets)] == [True] * odd


def test_a_class_accuracy_is_its_recall():
    scores = {"recall": {"cat": "0.53"}, "class_accuracy": {"cat": "0.95"}, "precision": {"cat": "0.65"}}
    assert found(table(by_class=scores)) == ["class accuracy of cat 0.95, but its recall 0.53: these are the same"]
    assert found(table(by_class=scores | {"class_accuracy": {"cat": "0.528"}})) == []


@pytest.mark.parametrize(("same", "odd"), [(10, True), (5, True), (4, False)])
def test_classes_that_repeat_another_nets_are_odd(same, odd):
    other = RECALLS[:same] + ["0.7"] * (10 - same)
    nets = one_of("totv_16x16", "0.7", RECALLS), one_of("tvtv_8x8", "0.8", other)
    texts = [text for text in found(*nets) if "to the digit" in text]
    said = f"class accuracy is that of totv_16x16 to the digit in {same} of 10 classes"
    assert [text.startswith(said) for text in texts] == [True] * odd


def test_what_repeats_by_intention_or_is_the_same_net_is_not_odd():
    known = one_of("totv_32x32", "0.74", RECALLS), one_of("tvtv_32x32", "0.7400", RECALLS)  # same_as in variants.csv
    assert found(*known) == []
    assert found(one_of("totv_16x16", "0.74", RECALLS), one_of("tvtv_8x8", "0.74", RECALLS)) == []
    few = dict(list(zip(CLASSES, RECALLS, strict=True))[:7])  # fewer than eight classes
    assert found(one_of("totv_16x16", "0.7", few), one_of("tvtv_8x8", "0.8", few)) == []


def test_equal_supports_are_no_repetition():
    nets = [(*A[:2], variant) for variant in ("dense", "cnn")]
    both = [
        table(net, by_class={"support": SUPPORTS_A}, accuracy=a) for net, a in zip(nets, ("0.5", "0.7"), strict=True)
    ]
    assert found(*both) == []


def test_a_table_needs_no_text_beside_its_values():
    plain = table(D, accuracy="0.7243", parameters="358346").drop(columns=["printed", "epoch"])
    assert find_inconsistencies(plain) == []


@pytest.mark.parametrize("digits", [2, 3, 4, 6])
@pytest.mark.parametrize("net", [A, D, E])
def test_whatever_a_net_may_have_counted_is_found_consistent(net, digits):
    rng = np.random.default_rng(digits)
    for _ in range(10):
        supports = np.full(10, 1000) if net is D else np.array(SUPPORTS_A, dtype=int)
        shares = rng.dirichlet(np.full(10, 0.5), 10) + np.eye(10) * rng.uniform(0, 3)
        matrix = np.array([rng.multinomial(n, p / p.sum()) for n, p in zip(supports, shares, strict=True)])
        show = lambda name, of=matrix: f"{float(figure(name).of_counts(of, CLASSES)):.{digits}f}"  # noqa: E731
        scores = {m: {name: show(f"class_{m}:{name}") for name in CLASSES} for m in ("precision", "recall", "f1")}
        averages = {name: show(name) for name in AVERAGES}
        support = {"support": dict(zip(CLASSES, map(str, supports), strict=True))}
        assert found(table(net, by_class=scores | support | matrix_rows(matrix), **averages)) == []
        without_recall = {"precision": scores["precision"], "f1": scores["f1"]}
        assert found(table(net, by_class=without_recall | support, **averages)) == []


# What was printed. Each sentence was worked out by hand from reports/published/published.csv.

ON_PRINT = find_inconsistencies(published_table())


def texts(report: str, *words: str, variant: str = "") -> list[str]:
    of_report = [f for f in ON_PRINT if f.report == report and variant in ("", f.variant)]
    return [f.text for f in of_report if all(word in f.text for word in words)]


def test_reports_a_and_e_contradict_themselves_nowhere():
    assert texts("A") == []
    assert texts("E") == []


def test_report_b_prints_accuracies_that_are_not_the_mean_of_its_classes():
    means = {"totv_32x32": 0.7400, "totv_16x16": 0.3773, "tvtv_32x32": 0.7400, "tvtv_8x8": 0.6006}
    missing = [f for f in ON_PRINT if f.experiment == "resolution"]
    assert [f.variant for f in missing] == list(means)  # of 8x8 and of tvtv_16x16 they fit: 0.2355 and 0.7071
    for finding, mean in zip(missing, means.values(), strict=True):
        low, _, high = finding.text.partition("classes is ")[2].partition(":")[0].partition(" to ")
        assert float(low) < mean < float(high)


def test_report_b_prints_class_accuracies_that_its_precision_and_f1_exclude():
    counted = Counter(f.variant for f in ON_PRINT if f.text.startswith("class accuracy of"))
    assert counted == {"arc2_adam": 5, "arc2_sgd": 3, "arc3_adam": 5, "arc3_sgd": 10}
    coat = texts("B", "of Coat", variant="arc2_adam")
    assert coat == [
        "class accuracy of Coat, which is its recall, 0.922: precision 0.77 and F1 0.81 need 0.8374 to 0.8720"
    ]


def test_report_b_needs_more_predictions_than_there_are_images():
    needed = {f.variant: f.text.partition("need ")[2] for f in ON_PRINT if "predictions in all" in f.text}
    assert list(needed) == FASHION
    assert needed["arc3_sgd"] == "13,737 to 13,971 predictions in all; there are 10,000 images"


def test_report_b_repeats_nine_of_ten_classes_in_three_of_its_nets():
    repeats = {f.variant: f.text for f in ON_PRINT if "to the digit" in f.text}
    assert set(repeats) == {"arc3_adam", "arc3_sgd"}
    assert len(texts("B", "9 of 10 classes (all but Shirt)")) == 3


def test_report_c_prints_accuracies_that_are_no_whole_number_of_images():
    images = {"mlp_256_128": "5,129.88", "cnn_plain": "8,180.66", "cnn_batch_norm": "8,121.09", "vgg16": "8,534.18"}
    odd = {f.variant: f.text for f in ON_PRINT if f.report == "C" and "no whole number" in f.text}
    assert list(odd) == list(images)
    for variant, text in odd.items():
        assert f"would be {images[variant]} images" in text
        assert "40 batches of 256 images, the last of 16" in text


def test_report_c_prints_for_vgg16_recalls_that_do_not_average_to_its_accuracy():
    assert len(texts("C", "the mean recall of the ten classes is 0.8550 to 0.8568")) == 1
    assert len(texts("C")) == 5


def test_report_c_prints_two_lists_that_come_from_whole_images():
    assert texts("C", variant="first_listed") == []
    assert texts("C", variant="second_listed") == []


def test_report_d_tested_on_its_validation_images():
    both = {f.variant: f.text for f in ON_PRINT if f.report == "D"}
    starts = ("0.7243 is the best validation accuracy, of epoch 7,", "0.7016 is", "0.7687 is")
    assert list(both) == ["model_1", "model_2", "model_3"]
    for text, start in zip(both.values(), starts, strict=True):
        assert text.startswith(f"test accuracy {start}")
        assert "the loss" in text
    assert {f.severity for f in ON_PRINT if f.report == "D"} == {"remarkable"}


def test_report_ds_printed_matrices_give_its_printed_figures():
    kept = json.loads((published_folder() / "confusion_matrices.json").read_text())
    assert len(published_table()) - len(load_figures()) == 100 * len(kept["matrices"])
    altered = published_table()
    place = altered.query("variant == 'model_1' and metric == 'confused_with:cat' and `class` == 'cat'").index
    altered.loc[place, "printed"] = "599"  # thirty more of 569
    of_d = [f.text for f in find_inconsistencies(altered) if f.report == "D" and f.severity == "inconsistent"]
    f1_of_cat = 2 * 599 / (1030 + 1111)
    assert "the confusion counts of cat add up to 1,030 images; its support is 1,000" in of_d
    assert f"F1 of cat 0.55: the confusion counts make it {f1_of_cat:.6g}" in of_d


def test_all_that_is_found_on_print():
    assert Counter((f.report, f.severity) for f in ON_PRINT) == {
        ("B", "inconsistent"): 31,
        ("B", "remarkable"): 3,
        ("C", "inconsistent"): 5,
        ("D", "remarkable"): 3,
    }
