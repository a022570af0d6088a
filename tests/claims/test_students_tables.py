"""Tables of students: an honest one, one with leaked test images, one with typing errors, each found out."""

from collections import Counter

import pytest
from students import HONEST, LEAKED, TABLES, student_rows, typos, write

from helpers.claims.checking import check_table, unusual_figures
from helpers.claims.consistency import find_inconsistencies
from helpers.claims.printed_nets import AVERAGES
from helpers.claims.results_table import read_table


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
