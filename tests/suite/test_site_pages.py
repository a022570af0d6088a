"""A notebook's page: all that a reader must see is there and escaped, and nothing is loaded from elsewhere."""

import re

import nbformat
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from made_up_notebooks import code, failed_cell, make_summary, outcome, read, shown, write_notebook, write_summary
from nbformat.v4 import new_markdown_cell, new_notebook

from suite.site.index import build_index
from suite.site.pages import build_page, notebook_title_and_question
from suite.site.render import script_hash
from suite.site.tidy import tidy


@pytest.mark.parametrize(
    "address",
    [" https://a.org/x.png", "https:/a.org/x.png", "\\\\a.org/x.png", "ht\ntps://a.org/x.png", "/\t/a.org/x.png"],
)
def test_an_image_from_elsewhere_becomes_its_words_however_its_address_is_written(address):
    page = BeautifulSoup(
        tidy(f'<header></header><main><h1>A</h1><img src="{address}" alt="a plot"></main>'), "html.parser"
    )
    assert not page.select("img")
    assert page.main.text == "Aa plot"


def test_nothing_is_loaded_from_elsewhere_and_nothing_runs(full):
    hostile = (
        '![plot](https://example.org/x.png)\n\n<script src="https://example.org/x.js"></script>\n\n'
        '<link rel="stylesheet" href="//example.org/x.css">\n\n<iframe src="https://example.org"></iframe>\n\n'
        '<img src="//example.org/y.png" onerror="alert(1)">\n\n[here](javascript:alert(1))'
    )
    style = shown(text_html="<style>@import 'https://example.org/x.css'</style><b onclick='alert(1)'>kept</b>")
    notebook = write_notebook(full, new_markdown_cell(hostile), code("x", style))
    for path in (build_page(notebook, full), build_index(full, [outcome()])):
        page = read(path)
        assert not page.select("link, iframe, object, embed, [onerror], [onclick]")
        assert [script.attrs for script in page.select("script")] == [{}]  # ours alone, and it alone may run
        allowed = page.select_one("[http-equiv]")["content"]
        assert f"script-src '{script_hash(page.script.string)}'; object-src 'none'" in allowed
        assert allowed.endswith("img-src 'self' file:")
        assert not [tag for tag in page.select("[href]") if "script:" in tag["href"]]
        assert not [tag for tag in page.select("[src]") if "//" in tag["src"]]
        assert not re.search(r"@import|url\(", "".join(style.text for style in page.select("style")))
    assert "kept" in (full / "03_cnn.html").read_text()


def test_tables_scroll_in_their_own_box_and_figures_align_right(full):
    page = read(build_page(write_notebook(full), full))
    tables = page.select("table")
    assert len(tables) == 2
    assert all(table.parent["class"] == ["scroll"] for table in tables)
    assert "border" not in tables[1].attrs
    assert [cell.text for cell in page.select("table.dataframe td.figures")] == ["0.698", "0.512"]
    assert [pill["class"][1] for pill in page.select("td .pill")] == ["agrees", "differs"]


def test_what_explains_a_table_does_not_scroll_with_it(full):
    wide = "<h2>Costs</h2><table><caption>Disturbed: not compared.</caption><tr><td>1</td></tr></table>"
    plain = "<h2>Classes</h2><table><tr><td>1</td></tr></table>"
    page = read(build_page(write_notebook(full, code("table", shown(text_html=wide + plain))), full))
    first, second = page.select("main .scroll")[-2:]
    words = first.find_previous_sibling()
    assert (words.name, words["class"], words.text) == ("p", ["label"], "Disturbed: not compared.")
    assert not first.caption
    assert [box["aria-label"] for box in (first, second)] == ["Disturbed: not compared.", "Classes"]


def test_code_and_what_it_printed_are_shown_but_warnings_are_not(full):
    page = read(build_page(write_notebook(full), full))
    folds = page.select("details.code")
    assert [" ".join(fold.summary.text.split()) for fold in folds[:3]] == [
        "Parameters",
        "Parameters of this run",
        "plot()",
    ]
    assert [fold.has_attr("open") for fold in folds] == [False, True, False, False, False, False]
    assert len(page.select(".cell .highlight")) == 6
    assert page.select_one("pre.output").text == "accuracy 0.70 <ok>"
    assert "a library's warning" not in page.text
    assert page.select_one(".prose details summary").text == "Answer"
    assert page.select_one("details em").text == "Yes."


REPORT = "cnn, seed 10\n     precision  recall\ncat       0.70    0.60\n"


@pytest.mark.parametrize(("printed", "folded"), [(2, 0), (3, 3)])
def test_the_progress_of_many_runs_is_folded_and_neither_an_error_nor_a_report_is(full, printed, folded):
    progress = [f"cnn, seed {k}: 3 of 4 epochs, 2 min; from its record of 5 March 2026" for k in range(printed)]
    lines = [shown(text_plain=line) for line in progress]
    reports = [shown(text_plain=REPORT) for _ in range(4)]
    cell = code("train()", *lines, failed_cell().outputs[0], *reports)
    page = read(build_page(write_notebook(full, cell), full))
    texts = [pre.text for pre in page.select("pre.output")]
    assert texts[-printed - 5 : -5] == progress
    assert [pre.text for pre in page.select("details.quiet pre.output")] == progress[:folded]
    assert not page.select("details .error")


def test_columns_of_text_stay_columns_and_other_outputs_break_their_lines(full):
    words = "1,000 images of 10 classes, " * 9
    page = read(
        build_page(write_notebook(full, code("x", shown(text_plain=REPORT)), code("x", shown(text_plain=words))), full)
    )
    assert [pre["class"] for pre in page.select("pre.output")[-2:]] == [["output", "aligned"], ["output"]]


def test_short_first_cells_stay_on_a_line_and_a_number_with_its_per_cent(full):
    table = pd.DataFrame({"net": ["pool stride 1", "what is said of a net in many words"], "of it": ["5 %", "6 %"]})
    cell = code("table", shown(text_html=table.to_html(index=False)))
    page = read(build_page(write_notebook(full, cell, new_markdown_cell("It is 95 % of `5 %`.")), full))
    first, second = page.select(".rendered")[-1].select("tbody tr")
    assert first.td["class"] == ["short"]
    assert "class" not in second.td.attrs
    assert "95\u00a0% of" in page.select(".prose")[-1].text


def test_an_error_that_the_notebook_wants_to_show_is_no_failure(full):
    wanted = failed_cell()
    wanted.metadata["tags"] = ["raises-exception"]
    page = read(build_page(write_notebook(full, wanted), full))
    assert not page.select(".failed, #failure")
    assert page.select(".error")


def test_text_from_notebooks_and_records_is_escaped(full):
    bad = "<script>alert(1)</script>"
    write_summary(full, device=bad)
    notebook = write_notebook(full, title=bad)
    index = build_index(
        full, [outcome(title=bad, question=bad, status="failed", error=bad, summary=make_summary(table=[{bad: bad}]))]
    )
    failing = write_notebook(full, failed_cell(bad), name="04_rates")
    for path in (build_page(notebook, full), build_page(failing, full), index):
        assert bad not in path.read_text()
        assert bad in read(path).text


def test_pages_are_for_everyone_and_leave_no_temporary_files(full):
    page, index = build_page(write_notebook(full), full), build_index(full, [])
    assert all(path.stat().st_mode & 0o777 == 0o644 for path in (page, index, full / "figures" / "03_cnn_4_0.png"))
    assert not [path for path in full.rglob(".*")]


def test_title_and_question_come_from_the_notebook(full):
    asking = write_notebook(full, coursework={"question": "By how much?"})
    assert notebook_title_and_question(asking) == ("Does a CNN help?", "By how much?")
    nbformat.write(new_notebook(), full / "09_bare.ipynb")
    assert notebook_title_and_question(full / "09_bare.ipynb") == ("09_bare", "")


def test_a_page_has_contents_that_lead_to_its_sections(full):
    few = read(build_page(write_notebook(full), full))
    assert not few.select(".contents")
    more = [new_markdown_cell(f"## {heading}\n\nText.") for heading in ("The data", "What it costs, in s")]
    page = read(build_page(write_notebook(full, *more), full))
    links = page.select("header .contents a")
    assert [link.text for link in links] == ["Curves", "The data", "What it costs, in s"]
    assert [page.select_one(link["href"]).name for link in links] == ["h2"] * 3


def test_a_column_of_long_words_is_kept_wide_enough_to_read(full):
    table = pd.DataFrame({"net": ["cnn", "dense"], "measured on": ["a processor of two cores, in sixteen bits", "-"]})
    page = read(build_page(write_notebook(full, code("t", shown(text_html=table.to_html(index=False)))), full))
    rows = page.select(".rendered")[-1].select("tbody tr")
    assert [row.select("td")[-1].get("class") for row in rows] == [["long"], ["long"]]
    assert [row.td["class"] for row in rows] == [["short"], ["short"]]
