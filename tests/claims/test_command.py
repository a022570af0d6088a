"""`python -m helpers.claims`: exit status, text and page."""

import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from students import HEADER, NET, TABLES, write

from helpers.claims.__main__ import main, render_page, report
from helpers.claims.checking import VERDICTS, Checked, check_table
from helpers.claims.consistency import Finding, find_inconsistencies
from helpers.claims.results_table import read_table

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
    assert "cannot be checked" in (tmp_path / "page.html").read_text()


def test_the_page_of_a_malformed_table_says_what_is_wrong_in_place_of_an_older_one(tmp_path):
    page = tmp_path / "page.html"
    page.write_text("another student's")
    assert main([str(write(tmp_path / "table.csv", [["<b>"]])), "--page", str(page)]) == 2
    text = Text(page.read_text()).text
    assert "line 2, report: expected one of A, B, C, D, E; found '<b>'" in text
    assert "another student" not in text
    assert "Nothing is found" not in text


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
    modules = "import helpers.claims, helpers.claims.checking, helpers.claims.__main__"
    code = f"{modules}, sys\nprint([name for name in {heavy} if name in sys.modules])"
    root = Path(__file__).parents[2]
    run = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
