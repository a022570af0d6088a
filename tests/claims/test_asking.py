"""The question asked in a notebook, with figures alone: is my number normal?"""

import pytest
from made_up import results_of

from helpers.claims import figure, prediction_interval
from helpers.claims.asking import check


def test_a_notebook_asks_for_a_figure(ours):
    table = check(notebook="03_cnn", variant="cnn", accuracy=0.91, results=ours)
    row = table.iloc[0]
    assert (row["figure"], row["yours"], row["seeds"], row["verdict"]) == ("accuracy", "0.91", 6, "unusually high")
    assert row["usual causes"].startswith("test images among the training images; ")


def test_a_notebook_asks_for_several_figures_at_once(ours):
    figures = {"accuracy": "0.72", "loss": 0.813, "training_time": 1, "parameters": 573_510, "class_recall:cat": 0.54}
    table = check("03_cnn", "cnn", ours, **figures).set_index("figure")
    assert table["verdict"].tolist() == ["within", "within", "not compared", "equal", "within"]
    assert "recall of cat" in table.index


def test_a_number_is_exact_and_a_text_is_rounded(ours):
    low, high = prediction_interval([figure("accuracy")(run) for run in ours.runs["03_cnn", "cnn"].values()])
    rounded_up = next(text for text in (f"{high:.{digits}f}" for digits in range(2, 9)) if float(text) > high)
    verdicts = [check("03_cnn", "cnn", ours, accuracy=value)["verdict"][0] for value in (float(rounded_up), rounded_up)]
    assert verdicts == ["unusually high", "within"]
    assert check("03_cnn", "cnn", ours, accuracy=(low + high) / 2)["verdict"][0] == "within"


@pytest.mark.parametrize(
    ("notebook", "variant", "figures", "message"),
    [
        ("3_cnn", "cnn", {"accuracy": 0.9}, "notebook: expected one of .*03_cnn.*got '3_cnn'"),
        ("03_cnn", "dens", {"accuracy": 0.9}, "variant: expected one of those of 03_cnn, cnn, dense; got 'dens'"),
        ("03_cnn", "cnn", {"acuracy": 0.9}, "figure: expected one of accuracy, .*got 'acuracy'"),
        ("03_cnn", "cnn", {}, "figures: expected one or more"),
        ("03_cnn", "cnn", {"accuracy": 91}, "accuracy: expected a share from 0 to 1, got 91"),
        ("03_cnn", "cnn", {"accuracy": "ninety"}, "accuracy: expected a share from 0 to 1, got 'ninety'"),
        ("03_cnn", "cnn", {"loss": float("nan")}, "loss: expected a number, got nan"),
        ("03_cnn", "cnn", {"loss": None}, "loss: expected a number, got None"),
        ("03_cnn", "cnn", {"class_f1:horse-fly": 0.5}, "class: expected one of airplane, .*got 'horse-fly'"),
    ],
)
def test_a_notebook_is_told_what_there_is(ours, notebook, variant, figures, message):
    with pytest.raises(ValueError, match=message):
        check(notebook, variant, ours, **figures)


def test_a_variant_without_runs_is_not_compared():
    row = check("03_cnn", "cnn", results_of(), accuracy=0.9).iloc[0]
    assert (row["verdict"], row["usual causes"]) == ("not compared", "no runs of ours at the full protocol")
