"""Splits: disjoint, complete, reproducible, and report A's own 9,000 test images."""

import dataclasses

import numpy as np
import pytest

from helpers.data import (
    Split,
    check_split,
    split_kfold,
    split_official,
    split_report_a,
    split_report_b,
    split_report_c,
    split_report_e,
    split_stratified,
)

LABELS = np.random.default_rng(0).choice(4, 1_000, p=[0.4, 0.3, 0.2, 0.1])
REPORT_A_SUPPORTS = [904, 886, 901, 963, 868, 904, 858, 930, 885, 901]
ALL_SPLITS = {
    "report_a": lambda seed=42: split_report_a(1_000, seed),
    "report_b": lambda seed=42: split_report_b(1_000, seed),
    "report_c": lambda seed=42: split_report_c(1_000, seed),
    "report_e": lambda seed=42: split_report_e(1_000, seed),
    "official": lambda seed=42: split_official(1_000, num_test=200, num_validation=100, seed=seed),
    "stratified": lambda seed=42: split_stratified(LABELS, seed=seed),
    "fold_2": lambda seed=42: split_kfold(LABELS, seed=seed)[2],
}


def parts(train, validation, test) -> Split:
    return Split("made_up", *(np.array(part, dtype="int64") for part in (train, validation, test)))


def test_report_a_trains_on_45900_images_and_tests_on_9000():
    assert split_report_a(60_000).sizes == {"train": 45_900, "validation": 5_100, "test": 9_000}


def test_report_a_has_the_printed_number_of_test_images_of_each_class(cifar10):
    split = split_report_a(len(cifar10.images))
    assert np.bincount(cifar10.labels[split.test]).tolist() == REPORT_A_SUPPORTS


@pytest.mark.parametrize(
    ("make", "num_images", "sizes"),
    [(split_report_b, 70_000, (48_000, 12_000, 10_000)), (split_report_c, 60_000, (45_000, 5_000, 10_000))],
)
def test_reports_b_and_c_test_on_the_published_images_and_validate_on_as_many_as_they_printed(make, num_images, sizes):
    split = make(num_images)
    assert split.sizes == dict(zip(("train", "validation", "test"), sizes, strict=True))
    assert split.test.tolist() == list(range(num_images - 10_000, num_images))


def test_report_e_trains_on_all_training_images_and_cuts_the_published_test_images_four_to_one():
    split = split_report_e(60_000)
    assert split.sizes == {"train": 50_000, "validation": 8_000, "test": 2_000}
    assert split.train.tolist() == list(range(50_000))
    held_out = list(range(10_000))
    np.random.RandomState(42).shuffle(held_out)  # the same numbers as np.random.seed(42) and np.random.shuffle
    assert [*split.validation, *split.test] == [50_000 + i for i in held_out]


def test_the_digits_are_cut_in_the_proportions_of_the_data_that_they_stand_in_for():
    assert split_report_b(1_797).sizes == {"train": 1_233, "validation": 308, "test": 256}
    assert split_report_c(1_797).sizes == {"train": 1_349, "validation": 149, "test": 299}
    assert split_report_e(1_797).sizes == {"train": 1_498, "validation": 239, "test": 60}


def test_the_fingerprints_of_the_published_splits_never_change():
    assert split_report_a(60_000).fingerprint == "0a60c96c702d50d2"
    assert split_report_b(70_000).fingerprint == "d1f7daee4642fab2"
    assert split_report_c(60_000).fingerprint == "bce8c5f41c630931"
    assert split_report_e(60_000).fingerprint == "aa0b6ca2359c5b0c"
    assert split_official(60_000).fingerprint == "53f50e5965153be0"


@pytest.mark.parametrize("name", ALL_SPLITS)
def test_every_image_is_in_exactly_one_part(name):
    split = ALL_SPLITS[name]()
    assert split.name == name
    everything = np.concatenate([split.train, split.validation, split.test])
    assert sorted(everything) == list(range(1_000))
    assert sum(split.sizes.values()) == 1_000
    assert min(split.sizes.values()) > 0


@pytest.mark.parametrize("name", ALL_SPLITS)
def test_the_same_seed_gives_the_same_split_and_another_seed_another(name):
    assert ALL_SPLITS[name](1).fingerprint == ALL_SPLITS[name](1).fingerprint != ALL_SPLITS[name](2).fingerprint


def test_the_fingerprint_changes_with_the_order_and_with_the_borders_of_the_parts():
    split = parts([0, 1], [2], [3])
    changed = [parts([1, 0], [2], [3]), parts([0], [1, 2], [3]), parts([0, 1], [3], [2]), parts([0, 1, 2], [], [3])]
    assert len({split.fingerprint, *(other.fingerprint for other in changed)}) == 5
    assert dataclasses.replace(split, name="other").fingerprint == split.fingerprint


def test_the_official_test_images_are_the_last():
    split = split_official(70_000, num_test=10_000, num_validation=12_000)
    assert split.test.tolist() == list(range(60_000, 70_000))
    assert split.sizes == {"train": 48_000, "validation": 12_000, "test": 10_000}


@pytest.mark.parametrize(
    ("split", "problem"),
    [
        (parts([0, 1], [1, 2], [3]), r"1 are in several \(first: \[1\]\)"),
        (parts([0, 0, 1], [2], [3]), r"1 are in several \(first: \[0\]\)"),
        (parts([0], [2], [3]), r"1 in none \(first: \[1\]\)"),
        (parts([0, 1], [2], [3, 4]), "index 4 is out of range for 4 images"),
        (parts([0, 1], [2], [-1]), "negative"),
    ],
)
def test_a_split_that_overlaps_or_leaves_out_an_image_is_refused(split, problem):
    with pytest.raises(ValueError, match=problem):
        check_split(split, 4)


def test_each_class_has_the_same_share_of_every_part_of_a_stratified_split():
    split = split_stratified(LABELS)
    shares = np.bincount(LABELS) / len(LABELS)
    for part in (split.train, split.validation, split.test):
        np.testing.assert_allclose(np.bincount(LABELS[part]), shares * len(part), atol=1)


def test_each_image_is_a_test_image_in_exactly_one_fold_and_a_validation_image_in_one():
    folds = split_kfold(LABELS, num_folds=4)
    for part in ("test", "validation"):
        assert sorted(np.concatenate([getattr(fold, part) for fold in folds])) == list(range(1_000))
    assert [fold.sizes for fold in folds] == [{"train": 500, "validation": 250, "test": 250}] * 4


def test_the_parts_say_what_each_image_is_for():
    assert parts([0, 3], [1], [4, 2]).parts.tolist() == [0, 1, 2, 0, 2]


@pytest.mark.parametrize(
    "make",
    [
        lambda: split_official(100, num_test=0, num_validation=10),
        lambda: split_official(100, num_test=50, num_validation=50),
        lambda: split_official(100, num_test=10, num_validation=-1),
        lambda: split_stratified(LABELS, test_size=150),
        lambda: split_stratified(LABELS, validation_size=0),
        lambda: split_kfold(LABELS, num_folds=2),
        lambda: split_report_a(1),
        lambda: split_report_b(5),
        lambda: split_report_c(5),
        lambda: split_report_e(5),
    ],
)
def test_sizes_that_leave_a_part_empty_are_refused(make):
    with pytest.raises(ValueError, match=r"expected|must be|will be empty"):
        make()
