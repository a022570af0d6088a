"""Is my number normal: where a given figure lies among our seeds, made-up tables of students, and the command line."""

import csv
import subprocess
import sys
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_up import CLASSES, make_run, make_test, results_of

from helpers.claims import __main__ as command
from helpers.claims import figure, load_figures, prediction_interval, published_folder
from helpers.claims.__main__ import TableError, main, read_table, render_page, report
from helpers.claims.check import VERDICTS, Checked, check, check_table, unusual_figures
from helpers.claims.consistency import AVERAGES, Finding, find_inconsistencies

TABLES = Path(__file__).parent / "tables"
SUPPORTS = [904, 886, 901, 963, 868, 904, 858, 930, 885, 901]  # of report A's test
RECALLS = [0.74, 0.85, 0.62, 0.54, 0.66, 0.64, 0.80, 0.78, 0.83, 0.79]
HEADER = "report,experiment,variant,metric,class,value"
NET = "A,dense_vs_cnn,cnn"


def draw(seed: int, recalls=RECALLS) -> np.ndarray:
    """A confusion matrix of report A's test, as one run of a CNN might have it."""
    rng = np.random.default_rng(seed)
    wrong = np.random.default_rng(0).dirichlet(np.full(10, 2.0), 10)  # the same for all runs
    np.fill_diagonal(wrong, 0)
    shares = wrong / wrong.sum(axis=1, keepdims=True) * (1 - np.array(recalls))[:, None] + np.diag(recalls)
    return np.array([rng.multinomial(n, share) for n, share in zip(SUPPORTS, shares, strict=True)])


def student_rows(matrix: np.ndarray, counts: bool = False) -> list[list[str]]:
    """What a student would write down of a confusion matrix, rounded to two digits, as rows of a CSV."""
    rows = [[m, "", f"{figure(m).of_counts(matrix, CLASSES):.2f}"] for m in AVERAGES if "micro" not in m]
    rows += [["parameters", "", "573510"], ["trainable_parameters", "", "566910"]]
    rows += [["non_trainable_parameters", "", "6600"]]
    for k, name in enumerate(CLASSES):
        of_class = ("precision", "recall", "f1")
        rows += [[m, name, f"{figure(f'class_{m}:{name}').of_counts(matrix, CLASSES):.2f}"] for m in of_class]
        rows += [["support", name, str(SUPPORTS[k])]]
    if counts:
        pairs = [(i, k) for i in range(10) for k in range(10)]
        rows += [[f"confused_with:{CLASSES[k]}", CLASSES[i], str(matrix[i, k])] for i, k in pairs]
    return [NET.split(",") + row for row in rows]


HONEST, LEAKED = draw(0), draw(0, [0.93] * 10)


def typos() -> list[list[str]]:
    """The honest table with two digits of an F1 swapped, and two of a support."""
    rows = student_rows(HONEST)
    for row in rows:
        if row[3:5] in (["f1", "dog"], ["support", "cat"]):
            row[5] = {"963": "936"}.get(row[5], row[5][:2] + row[5][:1:-1])
    return rows


@pytest.fixture(scope="module")
def ours():
    """Six runs of report A's CNN, as made up as the students'."""
    runs = [make_run("cnn", s, test=make_test(draw(s)) | {"loss": 0.8 + s / 1000}) for s in range(10, 16)]
    return results_of(n03_cnn=runs)


@pytest.fixture
def with_ours(ours, monkeypatch):
    """The command line with our runs as they are made up."""
    monkeypatch.setattr(command, "read_results", lambda folder: ours)


def write(path: Path, rows: list[list[str]], header: str = HEADER) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header.split(","), *rows])
    return path


def table_of(*rows: str) -> pd.DataFrame:
    """A table of report A's CNN: "accuracy,,0.72" and the like."""
    fields = [NET.split(",") + row.split(",") for row in rows]
    table = pd.DataFrame(fields, columns=[*HEADER.split(",")[:5], "printed"])
    return table.assign(value=pd.to_numeric(table["printed"]))


# Tables of students


@pytest.mark.parametrize(
    ("name", "rows"),
    [("honest", student_rows(HONEST, counts=True)), ("leaked", student_rows(LEAKED)), ("typos", typos())],
)
def test_the_students_tables_are_what_this_code_makes(name, rows, tmp_path):
    assert (TABLES / f"{name}.csv").read_text() == write(tmp_path / "made.csv", rows).read_text()


def test_an_honest_table_is_normal(ours):
    table = read_table(TABLES / "honest.csv")
    assert find_inconsistencies(table) == []
    verdicts = Counter(row.verdict for row in check_table(table, ours))
    assert verdicts == {"within": 37, "equal": 13, "not compared": 100}


def test_a_table_with_leaked_test_images_is_unusually_high(ours):
    table = read_table(TABLES / "leaked.csv")
    assert find_inconsistencies(table) == []  # it contradicts nothing: only our seeds tell
    rows = check_table(table, ours)
    whole = {row.metric: row for row in rows if not row.class_name}
    assert whole["accuracy"].printed == "0.93"
    for metric in AVERAGES[:7]:
        assert whole[metric].verdict == "unusually high"
        assert whole[metric].causes[0] == "test images among the training images"
    assert sum(row.verdict == "unusually high" for row in rows if row.class_name) >= 25
    first, *_ = unusual_figures(rows)
    assert [row.metric for row in first] == AVERAGES[:7]


def test_typing_errors_are_found(ours):
    texts = [finding.text for finding in find_inconsistencies(read_table(TABLES / "typos.csv"))]
    assert len(texts) == 4
    assert texts[0] == "F1 of dog 0.86: precision 0.75 and recall 0.62 make it 0.6738 to 0.6839"
    assert texts[1].startswith("macro F1 0.72, but the mean F1 of the ten classes is 0.7280 to 0.7380")
    assert texts[2].startswith("weighted F1 0.72, but")
    assert texts[3].startswith("the supports add up to 8,973 images; the test of report A has 9,000")
    rows = check_table(read_table(TABLES / "typos.csv"), ours)
    support = next(row for row in rows if (row.metric, row.class_name) == ("support", "cat"))
    assert (support.verdict, support.causes) == ("not equal", ("another split: other test images",))


# Verdicts


def one(rows: list[Checked]) -> Checked:
    assert len(rows) == 1
    return rows[0]


def test_a_figure_of_the_whole_net_is_held_against_one_more_run(ours):
    values = [figure("accuracy")(run) for run in ours.runs["03_cnn", "cnn"].values()]
    row = one(check_table(table_of("accuracy,,0.72"), ours))
    assert (row.low, row.high) == pytest.approx(prediction_interval(values, 0.005))
    assert (row.verdict, row.num_seeds, row.mean) == ("within", 6, pytest.approx(np.mean(values)))


def test_the_digits_of_a_figure_widen_the_range(ours):
    low, high = prediction_interval([figure("accuracy")(run) for run in ours.runs["03_cnn", "cnn"].values()])
    just_outside = f"{high + 0.002:.4f}"
    assert one(check_table(table_of(f"accuracy,,{just_outside}"), ours)).verdict == "unusually high"
    assert one(check_table(table_of(f"accuracy,,{just_outside[:4]}"), ours)).verdict == "within"
    assert one(check_table(table_of(f"accuracy,,{low - 0.002:.4f}"), ours)).verdict == "unusually low"


def test_the_figures_by_class_of_a_net_share_five_per_cent(ours):
    values = [figure("class_recall:cat")(run) for run in ours.runs["03_cnn", "cnn"].values()]
    alone = one(check_table(table_of("recall,cat,0.54"), ours))
    assert (alone.low, alone.high) == pytest.approx(prediction_interval(values, 0.005))
    rows = check_table(table_of(*[f"recall,{name},0.54" for name in CLASSES], "accuracy,,0.72"), ours)
    cat = next(row for row in rows if row.class_name == "cat")
    assert (cat.low, cat.high) == pytest.approx(prediction_interval(values, 0.005, 0.995))
    assert cat.high - cat.low > alone.high - alone.low
    deer = next(row for row in rows if row.class_name == "deer")
    assert deer.verdict == "unusually low"
    assert "the classes' names in another order" in deer.causes


@pytest.mark.parametrize(
    ("row", "verdict", "cause"),
    [
        ("loss,,0.813", "within", ""),
        ("loss,,0.4", "unusually low", "test images among the training images"),
        ("loss,,2.1", "unusually high", "pixels scaled twice or not at all"),
        ("accuracy,,0.5", "unusually low", "fewer epochs than the protocol has"),
        ("accuracy,,0.9", "unusually high", "the best epoch's validation figure given in place of the test's"),
        ("micro_f1,,0.9", "unusually high", "another split"),
        ("class_accuracy,cat,0.9", "unusually high", "precision and recall exchanged"),
        ("train_accuracy,,0.99", "unusually high", "dropout, augmentation or weight decay left out"),
        ("epochs_run,,2", "within", ""),
        ("epochs_run,,40", "unusually high", "another patience, limit of epochs or learning rate"),
        ("parameters,,573510", "equal", ""),
        ("parameters,,573511", "not equal", "a layer of another size"),
        ("support,cat,963", "equal", ""),
        ("training_time,,184", "not compared", ""),
        ("confused_with:dog,cat,12", "not compared", ""),
        ("share,,15", "not compared", ""),
    ],
)
def test_what_lies_outside_has_its_usual_causes(ours, row, verdict, cause):
    found = one(check_table(table_of(row), ours))
    assert found.verdict == verdict
    assert any(each.startswith(cause) for each in found.causes) if cause else not found.causes
    assert set(VERDICTS) >= {found.verdict}


def test_rows_by_epoch_are_not_compared(ours):
    row = one(check_table(table_of("val_accuracy,,0.1").assign(epoch=3.0), ours))
    assert (row.verdict, row.reason) == ("not compared", "only checked against the table's other figures")


@pytest.mark.parametrize(
    ("seeds", "verdict"), [((), "not compared"), ((0, 1), "not compared"), ((10, 11, 12, 13), None)]
)
def test_few_seeds_say_nothing(seeds, verdict):
    results = results_of(n03_cnn=[make_run("cnn", seed, 0.7) for seed in seeds])
    row = one(check_table(table_of("accuracy,,0.93"), results))
    assert row.verdict == (verdict or "too few seeds to say")


@pytest.mark.parametrize("other", [{"profile": "quick"}, {"dataset": "digits"}])
def test_runs_of_less_than_the_protocol_do_not_count(other):
    results = results_of(n03_cnn=[make_run("cnn", seed, 0.7, **other) for seed in range(10, 16)])
    assert one(check_table(table_of("accuracy,,0.93"), results)).reason == "no runs of ours at the full protocol"


def test_what_report_b_calls_accuracy_is_held_against_the_validation():
    histories = [{"accuracy": [0.9], "val_accuracy": [0.91 + seed / 1000]} for seed in range(5)]
    runs = [make_run("arc2_adam", 10 + k, dataset="fashion_mnist", history=h) for k, h in enumerate(histories)]
    table = load_figures().query("variant == 'arc2_adam' and metric == 'accuracy'")
    row = one(check_table(table, results_of(n09_fashion_mnist=runs)))
    assert (row.verdict, row.mean) == ("within", pytest.approx(0.912))


def test_the_best_combination_of_report_e_is_the_one_that_its_notebook_chose():
    tests = {"all, cropped": make_test(draw(1))}
    runs = [make_run("adam_leaky_relu", seed, 0.5, tests=tests) for seed in (10, 11, 12)]
    results = results_of(
        chosen={"13_optimizer_activation": {"$best": "adam_leaky_relu"}}, n13_optimizer_activation=runs
    )
    table = table_of("accuracy,,0.72").assign(report="E", experiment="optimizer_activation", variant="best")
    row = one(check_table(table, results))
    assert (row.num_seeds, row.mean) == (3, pytest.approx(np.trace(draw(1)) / 9000))


def test_a_variant_that_can_be_read_in_two_ways_has_a_row_for_each():
    table = table_of("accuracy,,0.7").assign(experiment="pooling_stride", variant="stride_2")
    runs = [make_run("conv_stride_2", seed, 0.7 + seed / 1000) for seed in (10, 11, 12)]
    rows = check_table(table, results_of(n06_strides=runs))
    assert [(row.reading, row.verdict) for row in rows] == [
        ("pool stride", "not compared"), ("convolution stride", "within"),
    ]  # fmt: skip
    assert rows[1].net == "A / pooling_stride / stride_2 (convolution stride)"


# In a notebook


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
    two_digits = f"{high + 0.004:.2f}" if round(high + 0.004, 2) > high else f"{high + 0.006:.2f}"
    verdicts = [check("03_cnn", "cnn", ours, accuracy=value)["verdict"][0] for value in (float(two_digits), two_digits)]
    assert verdicts[0] == "unusually high"
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


# Malformed tables


def problems(tmp_path: Path, text: str | bytes) -> list[tuple]:
    path = tmp_path / "table.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(TableError) as error:
        read_table(path)
    return [(problem.line, problem.column) for problem in error.value.problems]


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        ("F,dense_vs_cnn,cnn,accuracy,,0.7", "report", "one of A, B, C, D, E; found 'F'"),
        ("A,fashion_mnist,cnn,accuracy,,0.7", "experiment", "dense_vs_cnn"),
        ("A,dense_vs_cnn,mlp,accuracy,,0.7", "variant", "one of dense, cnn; found 'mlp'"),
        (f"{NET},acuracy,,0.7", "metric", "found 'acuracy'"),
        (f"{NET},confused_with:wolf,cat,7", "metric", "found 'confused_with:wolf'"),
        (f"{NET},recall,kitten,0.7", "class", "one of airplane, automobile"),
        (f"{NET},accuracy,cat,0.7", "class", "a class's accuracy is class_accuracy"),
        (f"{NET},support,,900", "class", "found nothing"),
        (f"{NET},accuracy,,", "value", "found nothing"),
        (f"{NET},accuracy,,high", "value", "found 'high'"),
        (f"{NET},accuracy,,nan", "value", "found 'nan'"),
        (f"{NET},accuracy,,0.7_1", "value", "found '0.7_1'"),
        (f'{NET},accuracy,,"0,71"', "value", "a decimal point"),
        (f"{NET},accuracy,,1e999", "value", "found '1e999'"),
        (f"{NET},accuracy,,72", "value", "a share from 0 to 1, such as 0.72; found 72"),
        (f"{NET},accuracy,,-0.1", "value", "a share from 0 to 1"),
        (f"{NET},support,cat,-3", "value", "a whole number, 0 or more"),
        (f"{NET},support,cat,96.5", "value", "a whole number"),
        (f"{NET},confused_with:dog,cat,1e2", "value", "plain digits"),
        (f"{NET},loss,,-1", "value", "0 or more"),
        (f"{NET},accuracy,,0,71", "all", "6 fields; found 7: a comma within a number"),
        ("B,fashion_mnist,arc2_adam,recall,cat,0.7", "class", "T-shirt/top"),
    ],
)
def test_a_malformed_row_is_named_with_its_line_and_column(tmp_path, capsys, row, column, words):
    path = tmp_path / "table.csv"
    path.write_text(
        f"{HEADER}\n{NET},accuracy,,0.72\n{row}\n".replace(f"{NET},accuracy,,0.72\n", "A,split,test,share,,15\n")
    )
    assert main([str(path)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert f"line 3, {column}: expected " in said.err
    assert words in said.err


def test_all_that_is_wrong_is_said_at_once(tmp_path):
    rows = ["A,dense_vs_cnn,cnn,accuracy,,1.2", "A,dense_vs_cnn,lstm,f2,,x", "", "A,dense_vs_cnn,cnn,accuracy,,0.7"]
    found = problems(tmp_path, "\n".join([HEADER, *rows]))
    assert found == [(2, "value"), (3, "variant"), (3, "metric"), (3, "value"), (5, "all")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [(1, "file")]),
        ("\n\n", [(1, "file")]),
        (HEADER, [(2, "all")]),
        (f"{HEADER}\n{NET},accuracy,,0.7\n".encode("utf-16"), [(1, "file")]),
        (f"{HEADER}\n{NET},accuracy,,0.7\n".encode() + b"A,caf\xe9,,,,1\n", [(3, "file")]),
        (f"{HEADER}\n{NET},accuracy,,0.7\n".replace(",", ";"), None),
        (f'{HEADER}\n{NET},accuracy,,"0.7\n', [(2, "file")]),
        (f"{HEADER.replace(',class', '')}\n{NET},accuracy,0.7\n", [(1, "class")]),
        (f"{HEADER.replace(',class', '')}\n{NET},accuracy,7\n", [(1, "class"), (2, "value")]),
        (f"{HEADER},epochs\n{NET},accuracy,,0.7,3\n", [(1, "epochs")]),
        (f"{HEADER},value\n{NET},accuracy,,0.7,0.7\n", [(1, "value")]),
        (f"{HEADER},epoch\n{NET},accuracy,,0.7,0\n", [(2, "epoch")]),
        (f"{HEADER},epoch\n{NET},recall,cat,0.7,3\n", [(2, "epoch")]),
    ],
)
def test_a_malformed_file_is_refused(tmp_path, text, expected):
    found = problems(tmp_path, text)
    assert found == expected if expected else {column for _, column in found} >= set(HEADER.split(","))


def test_lines_are_counted_as_an_editor_does(tmp_path):
    text = f'{HEADER},note\n{NET},accuracy,,0.7,"two\nlines"\n{NET},loss,,x,\n'
    assert problems(tmp_path, text) == [(4, "value")]


def test_a_table_from_a_spreadsheet_is_read(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(b"\xef\xbb\xbf" + f"{HEADER},note\r\n {NET},accuracy , , 0.70 ,\r\n\r\n".encode())
    table = read_table(path)
    assert table[["metric", "class", "printed"]].to_numpy().tolist() == [["accuracy", "", "0.70"]]
    assert table["value"].tolist() == [0.7]


def test_the_printed_figures_are_a_well_formed_table():
    assert len(read_table(published_folder() / "published.csv")) == len(load_figures())


# The command line


@pytest.mark.parametrize(("name", "status"), [("honest", 0), ("leaked", 1), ("typos", 1)])
def test_the_exit_status_says_whether_something_is_found(with_ours, capsys, name, status):
    assert main([str(TABLES / f"{name}.csv")]) == status
    said = capsys.readouterr().out
    assert said.startswith("Nothing is found." if not status else ("Unusually high.", "Inconsistent."))
    last = said.strip().splitlines()[-1]
    assert last.startswith({"typos": "4 inconsistent, 0 remarkable. Of 50 figures: "}.get(name, "0 inconsistent, 0 "))


def test_a_table_with_a_history_is_checked_too(with_ours, tmp_path, capsys):
    net = ["D", "depth", "model_1"]
    history = [
        [*net, "val_accuracy", "", value, epoch] for epoch, value in enumerate(("0.6029", "0.7243", "0.7163"), 1)
    ]
    table = write(tmp_path / "table.csv", [*history, [*net, "accuracy", "", "0.7243", ""]], f"{HEADER},epoch")
    assert main([str(table)]) == 1
    said = capsys.readouterr().out
    assert said.startswith(
        "Remarkable. It can be, but it is odd.\n  D / depth / model_1: test accuracy 0.7243 is the best"
    )
    assert said.endswith("0 inconsistent, 1 remarkable. Of 4 figures: 4 not compared.\n")


def test_a_file_that_is_not_there_is_no_table(tmp_path, capsys):
    assert main([str(tmp_path / "none.csv"), "--page", str(tmp_path / "page.html")]) == 2
    assert "\nfile: expected a CSV file that can be read; found No such file" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_malformed_table_leaves_an_older_page_as_it_is(tmp_path):
    page = tmp_path / "page.html"
    page.write_text("older")
    assert main([str(write(tmp_path / "table.csv", [["A"]])), "--page", str(page)]) == 2
    assert page.read_text() == "older"


@pytest.mark.parametrize("wrong", [["--page", "results.csv"], ["--page", "/nowhere/page.html"], ["--profile", "ful"]])
def test_a_page_or_profile_that_cannot_be_is_refused(wrong, capsys):
    with pytest.raises(SystemExit) as error:
        main([str(TABLES / "honest.csv"), *wrong])
    assert error.value.code == 2
    assert "expected" in capsys.readouterr().err


def test_what_is_found_stands_before_the_table_and_the_sum_last(ours):
    table = read_table(TABLES / "typos.csv")
    text = report(find_inconsistencies(table), check_table(table, ours))
    blocks = text.split("\n\n")
    assert blocks[0].startswith("Inconsistent. ")
    assert blocks[1].startswith("Not equal. A / dense_vs_cnn / cnn: support of cat 936")
    assert blocks[2].startswith("Unusually high. A / dense_vs_cnn / cnn: F1 of dog 0.86")
    columns, *lines = blocks[-2].splitlines()
    assert columns.split("  ")[0] == "net"
    place = columns.index("verdict")
    assert all(line[place - 1] == " " and line[place:].split("  ")[0] in VERDICTS for line in lines)  # aligned
    assert blocks[-1].startswith("4 inconsistent, 0 remarkable. Of 50 figures: ")


# The page


class Text(HTMLParser):
    """Which elements a page has, and that each is closed."""

    void = ("meta", "br", "link")

    def __init__(self, page: str):
        super().__init__()
        self.tags, self.open, self.text = [], [], ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in self.void:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_the_page_says_what_is_found_first_and_needs_no_other_file(with_ours, tmp_path, capsys):
    assert main([str(TABLES / "typos.csv"), "--page", str(tmp_path / "page.html")]) == 1
    page = (tmp_path / "page.html").read_text()
    parsed = Text(page)
    assert parsed.open == []
    assert page.startswith("<!doctype html>")
    assert page.index("the supports add up to 8,973 images") < page.index("<table>")
    assert parsed.tags.count("tr") == 1 + 50
    assert not {"script", "link", "img", "iframe"} & set(parsed.tags)
    assert "http:" not in page
    assert "https:" not in page
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page
    assert capsys.readouterr().out


def test_a_page_of_an_honest_table_says_that_nothing_is_found(ours):
    rows = check_table(read_table(TABLES / "honest.csv"), ours)
    assert "Nothing is found." in Text(render_page("honest.csv", [], rows)).text


def test_what_a_table_says_is_text_on_the_page_and_never_markup():
    evil = "<script>alert('x')</script>&"
    row = Checked("A", "dense_vs_cnn", evil, "", "recall", evil, "0.9", evil, "unusually high", 5, 0.7, 0.6, 0.8)
    page = render_page(evil, [Finding("remarkable", "A", evil, evil, evil)], [row])
    parsed = Text(page)
    assert "script" not in parsed.tags
    assert parsed.text.count(evil) >= 7
    assert "<script" not in page


def test_a_note_stands_on_the_page_escaped(tmp_path, with_ours, capsys):
    table = write(
        tmp_path / "table.csv", [[*NET.split(","), "accuracy", "", "0.72", "<b onload=x>mine"]], f"{HEADER},note"
    )
    assert main([str(table), "--page", str(tmp_path / "page.html")]) == 0
    page = (tmp_path / "page.html").read_text()
    assert "&lt;b onload=x&gt;mine" in page
    assert "<b onload" not in page
    assert "accuracy" in capsys.readouterr().out


def test_checking_a_table_needs_no_keras():
    heavy = ["keras", "tensorflow", "jax", "torch", "sklearn", "matplotlib"]
    modules = "import helpers.claims, helpers.claims.check, helpers.claims.__main__"
    code = f"{modules}, sys\nprint([name for name in {heavy} if name in sys.modules])"
    root = Path(__file__).parents[2]
    run = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
