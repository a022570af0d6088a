"""The published tables as data: figures, histories, claims, and which of our runs they are held against."""

import json

import numpy as np
import pandas as pd
import pytest

from helpers.claims import (
    figure,
    load_claim,
    load_claims,
    load_figures,
    load_histories,
    load_published,
    load_variants,
    published_folder,
)


def value(report: str, experiment: str, variant: str, metric: str) -> float:
    table = load_published(report, experiment)
    whole = table[table["class"].isna() & table["epoch"].isna()]
    return whole.set_index(["variant", "metric"]).loc[(variant, metric), "value"]


@pytest.mark.parametrize(
    ("printed", "where"),
    [
        (0.54, ("A", "dense_vs_cnn", "dense", "accuracy")),
        (0.72, ("A", "dense_vs_cnn", "cnn", "accuracy")),
        (573_510, ("A", "dense_vs_cnn", "cnn", "parameters")),
        (412_298, ("B", "resolution", "network", "parameters")),
        (0.512988, ("C", "mlp", "mlp_256_128", "accuracy")),
        (358_346, ("D", "depth", "model_1", "parameters")),
    ],
)
def test_the_published_figures_are_the_printed_ones(printed, where):
    assert value(*where) == printed


def test_the_printed_supports_of_report_a_are_its_9000_test_images():
    table = load_published("A", "dense_vs_cnn")
    supports = table[(table["metric"] == "support") & (table["variant"] == "dense")]["value"]
    assert supports.tolist() == [904, 886, 901, 963, 868, 904, 858, 930, 885, 901]


def test_no_figure_was_printed_twice():
    table = pd.read_csv(published_folder() / "published.csv")
    assert len(table) == 1_005
    assert not table.duplicated(["report", "experiment", "variant", "metric", "class", "epoch"]).any()


def test_every_printed_confusion_matrix_counts_whole_images_of_ten_classes():
    printed = json.loads((published_folder() / "confusion_matrices.json").read_text())
    for matrix in map(np.array, printed["matrices"].values()):
        assert matrix.shape == (10, 10)
        assert (matrix >= 0).all()


def test_what_was_not_printed_is_not_guessed():
    with pytest.raises(ValueError, match="no figures of report A, experiment 'fashion_mnist'"):
        load_published("A", "fashion_mnist")


def test_a_claim_names_its_variants():
    claim = load_claim("A1")
    assert (claim["better"], claim["worse"], claim["metric"]) == ("cnn", "dense", "accuracy")


def test_printed_histories_are_laid_out_as_a_records():
    histories = load_histories("D", "depth")
    assert {net: len(record["history"]["val_loss"]) for net, record in histories.items()} == {
        "model_1": 12, "model_2": 21, "model_3": 21,
    }  # fmt: skip
    accuracies = histories["model_1"]["history"]["val_accuracy"]
    assert (
        max(accuracies) == accuracies[6] == 0.7243
    )  # the printed test accuracy: report D validated on the test images


def test_all_claims_of_the_reports_are_there_two_of_them_in_two_readings():
    claims = load_claims()
    assert claims["id"].nunique() == 31
    assert claims[claims["reading"] != ""]["id"].tolist() == ["A6", "A6", "A7", "A7"]
    assert set(claims["report"]) == set("ABCDE")


def test_each_claim_names_a_notebook_a_figure_and_looks_that_grow():
    names = {path.stem for path in (published_folder().parents[1] / "notebooks").glob("*.ipynb")}
    for _, claim in load_claims().iterrows():
        assert claim["notebook"] in names
        assert figure(claim["figure"]).kind.margin > 0
        looks = list(map(int, claim["looks"].split()))
        assert looks == sorted(set(looks))
        assert len(looks) == 3


def test_each_printed_variant_of_a_whole_net_is_held_against_a_notebook_of_ours():
    figures = load_figures()
    whole = figures[figures["class"].isna() & figures["epoch"].isna() & ~figures["experiment"].str.endswith("split")]
    keys = ["report", "experiment", "variant"]
    printed, ours = ({tuple(row) for row in table[keys].to_numpy()} for table in (whole, load_variants()))
    unknown = {("C", "batch_norm", "first_listed"), ("C", "batch_norm", "second_listed")}  # which net is not said
    assert printed - ours == unknown
    assert not ours - {tuple(row) for row in figures[keys].to_numpy()}


def test_a_printed_variant_that_repeats_another_names_it():
    figures = load_figures()
    for _, row in load_variants().query("same_as != ''").iterrows():
        experiment, variant = row["same_as"].split("/")
        whole = figures[(figures["report"] == row["report"]) & figures["class"].isna() & figures["epoch"].isna()]
        own, other = (
            whole[(whole["experiment"] == e) & (whole["variant"] == v)].set_index("metric")["printed"]
            for e, v in ((row["experiment"], row["variant"]), (experiment, variant))
        )
        assert own.eq(other.reindex(own.index)).all()
