"""Tables of one's own, malformed in every way: all that is wrong is named at once."""

from pathlib import Path

import pytest
from students import HEADER, NET

from helpers.claims import load_figures, published_folder
from helpers.claims.__main__ import main
from helpers.claims.results_table import TableError, read_table


def problems(tmp_path: Path, text: str | bytes) -> list[tuple]:
    path = tmp_path / "table.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(TableError) as error:
        read_table(path)
    return [(problem.line, problem.column) for problem in error.value.problems]


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        ("Z,dense_vs_cnn,cnn,accuracy,,0.7", "report", "one of A, B, C, D, E"),
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
        (f"{NET},accuracy,,72", "value", "a share from 0 to 1, such as 0.72 instead of 72 %; found 72"),
        (f"{NET},accuracy,,72.0%", "value", "such as 0.720 instead of 72.0 %; found 72.0%"),
        (f"{NET},recall,Airplane,0.7", "class", "found 'Airplane', perhaps airplane"),
        (f"{NET},Macro F1,,0.7", "metric", "found 'Macro F1', perhaps macro_f1"),
        (f"{NET},confused_with:dog,cat,0.3", "value", "no share or percentage; found 0.3"),
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


@pytest.mark.parametrize("column", ["unit", "note"])
def test_a_decimal_comma_does_not_hide_in_a_further_column(tmp_path, column):
    text = f"{HEADER},{column}\n{NET},accuracy,,0,71\n{NET},loss,,1.4,nats\n"
    assert problems(tmp_path, text) == [(2, column)]


def test_a_wrong_header_is_said_once_and_not_for_each_row(tmp_path):
    rows = [f"{NET},recall,{name},0.7" for name in ("cat", "dog", "frog")]
    for separator in (";", "\t"):
        of_other_form = "\n".join([HEADER, *rows]).replace(",", separator).replace("0.7", "0,7")
        assert problems(tmp_path, of_other_form) == [(1, "all")]
    without_class = [HEADER.replace(",class", ""), *(row.replace(f",{row.split(',')[4]},", ",") for row in rows)]
    assert problems(tmp_path, "\n".join(without_class)) == [(1, "class")]


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
        (f"{HEADER}\n{NET},accuracy,,0.7\n".replace(",", ";"), [(1, "all")]),
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
    assert problems(tmp_path, text) == expected


def test_lines_are_counted_as_an_editor_does(tmp_path):
    text = f'{HEADER},note\n{NET},accuracy,,0.7,"two\nlines"\n{NET},loss,,x,\n'
    assert problems(tmp_path, text) == [(4, "value")]


def test_a_table_from_a_spreadsheet_is_read(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(b"\xef\xbb\xbf" + f"{HEADER},note\r\n {NET},accuracy , , 0.70 ,\r\n\r\n".encode())
    table = read_table(path)
    assert table[["metric", "class", "printed"]].to_numpy().tolist() == [["accuracy", "", "0.70"]]
    assert table["value"].tolist() == [0.7]


def test_the_names_of_columns_may_be_in_capitals(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(f"{HEADER.title()}\n{NET},accuracy,,0.7\n")
    assert read_table(path)["metric"].tolist() == ["accuracy"]


def test_the_printed_figures_are_a_well_formed_table():
    assert len(read_table(published_folder() / "published.csv")) == len(load_figures())
