"""What a table of results cannot hold of one net: each check with a table that it finds and a near one that fits."""

import json
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from made_up import CLASSES
from small_tables import RECALLS, SUPPORTS_A, A, D, E, found, matrix_rows, table

from helpers.claims import figure, load_figures, published_folder
from helpers.claims.consistency import find_inconsistencies, published_table
from helpers.claims.printed_nets import AVERAGES

FASHION = ["arc2_adam", "arc2_sgd", "arc3_adam", "arc3_sgd"]
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


@pytest.mark.parametrize(("last", "odd"), [(3, False), (5, True)])
def test_a_net_trained_longer_beyond_its_best_epoch_than_the_others_is_odd(last, odd):
    best_second = {"val_accuracy": ["0.60", "0.72", *["0.71"] * (last - 2)]}
    others = [table((*D[:2], name), by_epoch={"val_accuracy": ["0.6", "0.65", "0.7", "0.69"]}) for name in ("x", "y")]
    said = f"is that of epoch 2, yet training went on to epoch {last}: {last - 2} epochs"
    assert [said in text for text in found(*others, table(D, by_epoch=best_second))] == [True] * odd


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
    both = {f.variant: f.text for f in ON_PRINT if f.report == "D" and f.text.startswith("test accuracy")}
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


def test_report_d_trained_its_second_model_for_longer_than_the_patience_of_the_others():
    [text] = [f.text for f in ON_PRINT if f.variant == "model_2" and "training went on" in f.text]
    assert text.startswith(
        "the best validation accuracy, 0.7016, is that of epoch 11, yet training went on to epoch 21"
    )
    assert text.endswith(": 10 epochs, where the other nets stopped 5 after their best")


def test_all_that_is_found_on_print():
    assert Counter((f.report, f.severity) for f in ON_PRINT) == {
        ("B", "inconsistent"): 31,
        ("B", "remarkable"): 3,
        ("C", "inconsistent"): 5,
        ("D", "remarkable"): 4,
    }
