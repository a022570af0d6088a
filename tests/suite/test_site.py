"""The pages: everything that a reader must see is there, and nothing is loaded from elsewhere."""

import base64
import io
import json
import re

import nbformat
import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from helpers import plots
from helpers.charts import MIME
from helpers.profiles import PROFILES
from helpers.runs import write_record
from suite.outcomes import read_outcomes
from suite.site.catalogue import read_catalogue
from suite.site.claims import describe_counts, readme_table
from suite.site.index import build_index
from suite.site.pages import build_page, notebook_title_and_question
from suite.site.render import CHART_VALUES, script_hash
from suite.site.tidy import tidy

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
TABLE = pd.DataFrame(
    {
        "variant": ["cnn", "dense"],
        "ours, mean": ["0.698", "0.512"],
        "agreement": ["compatible with print", "ours higher"],
    }
)


def code(source="pass", *outputs, **metadata):
    return new_code_cell(source, outputs=list(outputs), metadata=metadata)


def shown(**data):
    return new_output("display_data", data={kind.replace("_", "/"): value for kind, value in data.items()})


def failed_cell(message="expected 3 channels, got 1"):
    return code("train()", new_output("error", ename="ValueError", evalue=message, traceback=["ValueError", message]))


def write_notebook(folder, *cells, name="03_cnn", title="Does a `CNN` help?", **metadata):
    """A notebook as it is after its run: heading, parameters, two figures, a table, text."""
    usual = [
        new_markdown_cell(f"# {title}\n\nProse.\n\n<details><summary>Answer</summary>\n\n*Yes.*\n\n</details>"),
        code("seed = 0", tags=["parameters"]),
        code("seed = 1", tags=["injected-parameters"]),
        new_markdown_cell("## Curves\n\n| layer | size |\n|---|---|\n| dense | 10 |"),
        code("plot()", shown(image_png=PNG), shown(image_png=PNG), alt='Loss of the "CNN" <seed 0>'),
        code("print()", new_output("stream", name="stdout", text="accuracy 0.70 <ok>")),
        code("fit()", new_output("stream", name="stderr", text="a library's warning"), shown(image_png=PNG)),
        code("table", new_output("execute_result", data={"text/html": TABLE.to_html(), "text/plain": "a table"})),
    ]
    notebook = new_notebook(cells=[*usual, *cells], metadata={"papermill": {"duration": 731.0}, **metadata})
    path = folder / f"{name}.ipynb"
    nbformat.write(notebook, path)
    return path


def make_summary(**changes):
    return {
        "notebook": "03_cnn", "profile": "full", "dataset": "cifar10", "asked_dataset": "cifar10", "seeds": [0, 1, 2],
        "precision": "mixed_bfloat16", "finished": "2026-03-05T10:11:12+00:00", "backend": "jax", "device": "Tesla T4",
        "versions": {"python": "3.12.3", "keras": "3.15.1"}, "commit": "e32d223a1b",
        "table": TABLE.to_dict(orient="records"), **changes,
    }  # fmt: skip


def write_summary(folder, name="03_cnn", **changes):
    path = folder / "results" / name / "summary.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(make_summary(**changes)))


@pytest.fixture
def full(tmp_path):
    (tmp_path / "full").mkdir()
    return tmp_path / "full"


RUNS = [
    {"variant": variant, "seed": seed, "record": "d"} for variant, seed in (("cnn", 10), ("dense", 10), ("dense", 11))
]
SOURCES = {"devices": ["a CPU", "a GPU"], "software": ["keras 3.15.1; backend jax"], "commits": ["e32d", "f95a"]}
SOURCES |= {"dates": ["1 March 2026", "2 March 2026"]}


def facts_of(page):
    return {fact.dt.text: fact.dd.text for fact in page.select("header .facts div")}


def outcome(name="03_cnn", **changes):
    return {
        "notebook": name, "title": "Does a CNN help?", "question": "And how much?", "status": "done", "seconds": 731.0,
        "error": None, "summary": make_summary(), "partial": None, **changes,
    }  # fmt: skip


def read(path):
    return BeautifulSoup(path.read_text(), "html.parser")


def test_every_image_has_words_and_lies_in_the_figures_folder(full):
    images = read(build_page(write_notebook(full), full)).select("img")
    assert [image["src"] for image in images] == [f"figures/03_cnn_{n}.png" for n in ("4_0", "4_1", "6_1")]
    assert [image["alt"] for image in images[:2]] == [f'Loss of the "CNN" <seed 0> ({n} of 2)' for n in (1, 2)]
    assert images[2]["alt"] == "Figure in the section “Curves”"
    assert all((full / image["src"]).read_bytes() == base64.b64decode(PNG) for image in images)


@pytest.mark.parametrize(
    ("drawn", "expected"),
    [
        (2, ["The <first>", "The second"]),
        (1, ["The <first>; The second"]),
        (3, [f"The <first>; The second ({n} of 3)" for n in (1, 2, 3)]),
    ],
)
def test_each_figure_of_a_cell_has_its_own_words(full, drawn, expected):
    cell = code("draw()", *(shown(image_png=PNG) for _ in range(drawn)), alt=["The <first>", "The second"])
    page = read(build_page(write_notebook(full, cell), full))
    assert [image["alt"] for image in page.select("img")[3:]] == expected
    assert "data-figures" not in str(page)


def test_figures_show_their_words_and_lead_to_the_code_that_drew_them(full):
    page = read(build_page(write_notebook(full), full))
    captions = page.select("figcaption")
    assert [caption.text.removesuffix(" code") for caption in captions] == [i["alt"] for i in page.select("img")]
    for caption in captions:
        cell = page.select_one(caption.a["href"])
        assert cell.select_one(".highlight")
        assert caption in cell.select("figcaption")


def test_figures_have_the_same_names_however_the_printed_lines_arrived(full):
    pieces = [new_output("stream", name="stdout", text=text) for text in ("one\n", "two\n", "three\n")]
    whole = new_output("stream", name="stdout", text="one\ntwo\nthree\n")
    pages = [
        read(build_page(write_notebook(full, code("report()", *printed, shown(image_png=PNG))), full))
        for printed in (pieces, [whole])
    ]
    assert pages[0].main == pages[1].main
    assert pages[0].select("img")[-1]["src"] == "figures/03_cnn_8_1.png"


SVG = '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 36 27"/>'
CHART = {
    "panels": [
        {
            "title": "", "x": "epoch", "y": "loss", "rows": "x", "shown": 60,
            "series": [
                {"name": "cnn", "points": [["10", "0.5", 900, 500], ["2", "0.75", 200, 300]]},
                {"name": "</script><b>dense", "points": [["2", "0.9", 200, 200], ["2", "0.8", 200, 250]]},
            ],
        },
        {
            "title": "cnn", "x": "predicted", "y": "true", "rows": "y",
            "series": [{"name": "cat", "points": [["cat", "cat", 100, 100, "93"], ["cat", "dog", 100, 200, "7"]]}],
        },
    ]
}  # fmt: skip


def test_a_chart_is_a_drawing_with_a_table_of_its_values_behind_it(full):
    output = new_output("display_data", data={"image/svg+xml": SVG, CHART_VALUES: CHART})
    page = read(build_page(write_notebook(full, code("draw()", output, alt="Curves")), full))
    figure = page.select("figure")[-1]
    assert (figure.img["src"], figure.img["class"]) == ("figures/03_cnn_8_0.svg", ["chart"])
    assert (figure.img["width"], figure.img["height"]) == ("48", "36")
    assert (full / "figures" / "03_cnn_8_0.svg").read_text() == SVG
    tables = [
        [[cell.get_text() for cell in row.select("th, td")] for row in table.select("tr")]
        for table in figure.select("details.values table")
    ]
    assert tables == [
        [["epoch", "cnn", "</script><b>dense"], ["2", "0.75", "0.9, 0.8"], ["10", "0.5", "-"]],
        [["true", "cat"], ["cat", "93"], ["dog", "7"]],
    ]
    assert [caption.text for caption in figure.select("caption")] == [
        "loss (60 evenly spaced points of each longer series)",
        "cnn: predicted",
    ]
    assert json.loads(figure.select_one("script.values").string) == CHART
    assert figure.b is None


def test_the_values_of_a_chart_are_known_by_one_name():
    assert CHART_VALUES == MIME


def test_charts_are_darkened_in_a_dark_theme_and_images_are_not(full):
    images = np.zeros((4, 8, 8, 3), "uint8")
    drawn = [
        plots.image_grid(images, list("abcd")),
        plots.class_grid(images, np.arange(4), list("abcd")),
        plots.confusion_matrix(np.eye(3), ["a", "b", "c"]).figure,
    ]
    outputs = []
    for figure in drawn:
        figure.savefig(file := io.BytesIO(), bbox_inches="tight")
        outputs.append(shown(image_png=base64.b64encode(file.getvalue()).decode()))
    page = read(build_page(write_notebook(full, code("draw()", *outputs)), full))
    assert [image.get("class") for image in page.select("img")[-3:]] == [None, None, ["chart"]]


def test_figures_no_longer_produced_are_removed_and_those_of_other_notebooks_kept(full):
    (full / "figures").mkdir()
    for name in ("03_cnn_99_0.png", "03_cnn_deep_4_0.png"):
        (full / "figures" / name).touch()
    build_page(write_notebook(full), full)
    assert not (full / "figures" / "03_cnn_99_0.png").exists()
    assert (full / "figures" / "03_cnn_deep_4_0.png").exists()


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


def test_the_header_says_how_the_results_were_obtained(full):
    write_summary(full, runs=RUNS, sources=SOURCES, training={"runs": 4, "reused": 1, "seconds": 2000.0})
    page = read(build_page(write_notebook(full), full))
    facts = facts_of(page)
    assert facts == {
        "profile": f"full: {PROFILES['full'].about}", "data": "CIFAR-10", "device": "a CPU; a GPU",
        "seeds": "1 to 2 seeds a net: 10, 11", "precision": "mixed bfloat16",
        "training time": "33 min in 3 runs and 1 candidate",
        "wall time": "12 min, 1 of 4 trainings finished before", "date": "1 March 2026; 2 March 2026",
        "software": "keras 3.15.1; backend jax", "commit": "e32d; f95a",
    }  # fmt: skip
    assert page.html["lang"] == "en"
    assert page.title.text == "Does a CNN help? · Image classification coursework"
    assert page.select_one("footer a")["href"] == "03_cnn.ipynb"
    assert not page.select(".banner")


def test_device_date_software_and_commit_are_those_of_the_records(full):
    made = make_summary(beside=["fashion_mnist"])  # without records: when it was made, not on what
    other = make_summary(sources=SOURCES | {"devices": ["a GPU", "a TPU"], "dates": ["28 February 2026"]})
    outcomes = [
        outcome("01_data", summary=made),
        outcome(summary=make_summary(sources=SOURCES)),
        outcome("04_rates", summary=other),
    ]
    facts = facts_of(read(build_index(full, outcomes)))
    assert (facts["device"], facts["commit"]) == ("a CPU; a GPU; a TPU", "e32d; f95a")
    assert facts["date"] == "28 February 2026; 1 March 2026; 2 March 2026"
    assert (facts["software"], facts["data"]) == ("keras 3.15.1; backend jax", "CIFAR-10; Fashion-MNIST")
    write_summary(full)
    facts = facts_of(read(build_page(write_notebook(full), full)))
    assert facts.keys() == {"profile", "data", "page made"}
    assert facts["page made"] == "5 March 2026, commit e32d223a1b"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "mixed bfloat16"),
        ({"precisions": {"float32": 3}}, "float32"),
        ({"precisions": {"float32": 1, "mixed_bfloat16": 2}}, "mixed bfloat16 in 2 runs, float32 in 1"),
    ],
)
def test_of_several_precisions_it_is_said_how_many_runs_had_each(full, changes, said):
    write_summary(full, runs=RUNS, **changes)
    assert facts_of(read(build_page(write_notebook(full), full)))["precision"] == said


def test_the_answer_stands_below_the_title_and_on_the_card(full):
    write_summary(full, answer="The CNN is right on 0.72 <of> the images.")
    page = read(build_page(write_notebook(full), full))
    assert page.h1.find_next_sibling().text == "The CNN is right on 0.72 <of> the images."
    card = read(build_index(full, [outcome(summary=make_summary(answer="The CNN <is>."))])).section
    assert card.select_one(".answer").text == "The CNN <is>."


def test_what_is_not_recorded_and_what_cannot_be_used_is_named_on_the_page_and_on_the_card(full):
    changes = {
        "missing": ["cnn, seed 11", "rate finder"],
        "unusable_records": {"cnn-seed12-ab.json": "was altered <x>"},
    }
    write_summary(full, **changes)
    card = read(build_index(full, [outcome(summary=make_summary(**changes))])).section
    for part in (read(build_page(write_notebook(full), full)).header, card):
        missing, unusable = part.select(".banner")
        assert missing.text == "Not recorded yet: cnn, seed 11; rate finder."
        assert unusable.text == "Records that cannot be used: cnn-seed12-ab.json was altered <x>."
    assert not read(build_index(full, [outcome()])).section.select(".banner")


def test_many_that_are_missing_are_counted_and_folded(full):
    write_summary(full, missing=[f"cnn, seed {seed}" for seed in range(7)])
    banner = read(build_page(write_notebook(full), full)).select_one("header .banner")
    assert banner.summary.text == "Not recorded yet: 7"
    assert "cnn, seed 0; cnn, seed 1" in banner.details.text


def test_a_stand_in_for_data_looked_at_beside_is_announced_as_well(full):
    write_summary(full, stand_ins=["fashion_mnist"])
    banner = read(build_page(write_notebook(full), full)).select_one("header .banner.stand-in").text
    assert "not Fashion-MNIST" in banner
    assert "not CIFAR-10" not in banner


@pytest.mark.parametrize("asked", ["cifar10", "fashion_mnist", "digits"])
def test_stand_in_data_is_announced_first_on_page_and_index(full, asked):
    changes = {"dataset": "digits", "asked_dataset": asked}
    write_summary(full, **changes)
    index = build_index(full, [outcome(summary=make_summary(**changes)), outcome("04_rates")])
    for path in (build_page(write_notebook(full), full), index):
        banner = read(path).select_one("header .banner.stand-in").text
        assert "Nothing here can be compared with the published figures" in banner
        assert {"cifar10": "not CIFAR-10", "fashion_mnist": "not Fashion-MNIST", "digits": "as asked"}[asked] in banner
    assert "Some of these notebooks" in read(index).select_one(".stand-in").text


def test_pretrained_weights_that_are_unavailable_are_announced_first_on_the_page_and_on_the_card(full):
    changes = {"unavailable": "VGG16's ImageNet weights are unavailable <here>.", "table": []}
    write_summary(full, **changes)
    page = read(build_page(write_notebook(full), full))
    assert page.select_one("header .banner").text.strip().endswith(changes["unavailable"])
    card, other = read(build_index(full, [outcome(summary=make_summary(**changes)), outcome("04_rates")])).select(
        "section"
    )
    assert changes["unavailable"] in card.select_one(".banner").text
    assert not other.select(".banner")


def test_a_shortened_run_is_called_one(tmp_path):
    (tmp_path / "smoke").mkdir()
    pages = build_page(write_notebook(tmp_path / "smoke"), tmp_path / "smoke"), build_index(tmp_path / "smoke", [])
    assert all("A shortened run: 64 training images" in read(page).select_one(".banner").text for page in pages)


def test_a_partly_executed_notebook_says_what_failed_and_shows_no_earlier_summary(full):
    write_summary(full, dataset="digits")
    notice = new_markdown_cell("An Exception was encountered", metadata={"tags": ["papermill-error-cell-tag"]})
    page = read(build_page(write_notebook(full, notice, failed_cell()), full))
    banner = page.select_one("header .banner.failed").text
    assert "This notebook failed: ValueError: expected 3 channels, got 1" in " ".join(banner.split())
    assert page.select_one("#failure")
    assert "a library's warning" in page.text
    assert "An Exception was encountered" not in page.text
    assert not page.select(".stand-in")


def test_a_notebook_that_was_stopped_says_so_though_no_cell_failed_and_shows_no_earlier_answer(full):
    write_summary(full, answer="The CNN is better.")
    (full / ".partial").mkdir()
    page = read(build_page(write_notebook(full / ".partial"), full))
    assert "This notebook failed: Stopped: it did not reach its end" in " ".join(
        page.select_one(".failed").text.split()
    )
    assert not page.select(".failed a, #failure, .answer")
    assert not read(build_page(write_notebook(full), full)).select(".failed")


@pytest.mark.parametrize("content", ["<<<<<<< ours\n{}\n>>>>>>> theirs", "[1]", "\x00"])
def test_a_damaged_summary_is_like_none_and_breaks_neither_page_nor_index(full, content):
    write_summary(full, answer="The CNN is better.")
    (full / "results" / "03_cnn" / "summary.json").write_text(content)
    assert not read(build_page(write_notebook(full), full)).select(".answer")
    assert read_catalogue(full).summaries == {}
    assert read_outcomes([full / "03_cnn.ipynb"], full) == []
    build_index(full, [])


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


def test_the_index_shows_answers_and_failures(full):
    partial = {"status": "failed", "seconds": 12.0, "error": "ValueError: got 1", "partial": "failed/04_rates.ipynb"}
    full.joinpath("03_cnn.html").write_text("the page")
    page = read(build_index(full, [outcome(), outcome("04_rates", summary=None, **partial)]))
    done, failed = page.select("section")
    assert done.select_one("h2 a")["href"] == "03_cnn.html"
    assert "And how much?" in done.text
    assert "done in 12 min" in done.select_one(".status").text
    assert [cell.text for cell in done.select("td")] == list(TABLE.to_numpy().ravel())
    assert done.table.parent["class"] == ["scroll"]
    assert "failed after 12 s" in failed.select_one(".status").text
    assert failed.select_one(".error").text == "ValueError: got 1"
    assert [link["href"] for link in failed.select("a")] == ["failed/04_rates.ipynb"]
    full.joinpath("04_rates.html").write_text("an earlier run's page")
    page = read(build_index(full, [outcome("04_rates", **partial)]))
    assert [link["href"] for link in page.select_one("#\\30 4_rates").select("a")] == [
        "04_rates.html",
        "failed/04_rates.ipynb",
    ]


def test_a_card_has_a_table_for_each_that_the_notebook_shows(full):
    rows = [{"net": "a", "points": 1}, {"net": "b", "points": None}, {"epoch": 3, "loss": 0.5}]
    tables = read(build_index(full, [outcome(summary=make_summary(table=rows))])).select_one("section").select("table")
    assert [[cell.text for cell in table.select("th")] for table in tables] == [["net", "points"], ["epoch", "loss"]]
    assert [[cell.text for cell in table.select("td")] for table in tables] == [["a", "1", "b", ""], ["3", "0.5"]]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "done in 12 min"),
        (
            {"missing": ["cnn, seed 11"], "runs": [{"variant": "cnn", "seed": 10, "record": "d"}]},
            "done in part with 12 min",
        ),
        ({"missing": ["cnn, seed 10"], "runs": []}, "not yet run"),
    ],
)
def test_a_card_tells_what_is_done_from_what_is_recorded_in_part_or_not_at_all(full, changes, said):
    card = read(build_index(full, [outcome(summary=make_summary(**changes))])).section
    assert " ".join(card.select_one(".status").text.split()) == said
    assert bool(card.select("table")) == (said != "not yet run")


def test_training_time_is_told_apart_from_the_time_that_the_page_took(full):
    trained = {"runs": 7, "reused": 5, "seconds": 2000.0}
    write_summary(full, training=trained)
    header = read(build_page(write_notebook(full), full)).header.text
    assert "33 min in 7 candidates" in header
    assert "12 min, 5 of 7 trainings finished before" in header
    index = read(build_index(full, [outcome(summary=make_summary(training=trained))] * 2))
    assert "67 min in 14 candidates" in index.header.text
    assert "33 min of training" in index.select_one(".status").text


def test_where_nothing_was_trained_the_time_that_a_page_took_is_not_said(full):
    write_summary(full, training={"runs": 7, "reused": 7, "seconds": 2000.0})
    assert "wall time" not in facts_of(read(build_page(write_notebook(full), full)))


def test_the_index_says_how_many_faults_were_survived_and_which(full):
    assert "faults" not in read(build_index(full, [outcome()])).text
    faults = [{"fault": "SIGKILL", "tried": 20, "survived": 20}, {"fault": "full disk", "tried": 2, "survived": 1}]
    note = {"finished": "2026-03-05T10:11:12+00:00", "commit": "e32d223a1b", "faults": faults}
    (full.parent / "faults.json").write_text(json.dumps(note))
    section = read(build_index(full, [outcome()])).select_one("#faults")
    assert "21 of 22 survived" in section.text
    assert "5 March 2026, commit e32d223a1b" in section.text
    assert [cell.text for cell in section.select("td")] == ["SIGKILL", "20", "20", "full disk", "2", "1"]


def test_the_index_says_how_many_records_were_audited_and_what_was_found(full):
    assert not read(build_index(full, [outcome()])).select("#audits")
    about = {"kind": "run", "notebook": "03_cnn", "profile": "full", "dataset": "cifar10", "setting": "s", "seed": 10}
    about |= {"identity": "i", "started": "2026-03-05T10:11:12+00:00", "history": {}, "seconds_by_epoch": [1.0]}
    about |= {"device": "a CPU", "versions": {}, "test": {}, "tests": {}}
    (full / "results" / "03_cnn").mkdir(parents=True)
    known = [write_record(full / "results" / "03_cnn", "cnn", about | {"variant": v}) for v in ("cnn", "dense", "mlp")]
    audits = [
        {
            "record": f"03_cnn/{record['variant']}.json", "sha256": record["sha256"], "verdict": "equal", "epochs": 40,
            "epochs_compared": 40 - k, "difference": 0.0, "same_machine": True, "device": "a CPU",
            "when": "2026-03-05T10:11:12+00:00",
        }
        for k, record in enumerate([*known[:2], {"variant": "gone", "sha256": "of a record that is gone"}])
    ]  # fmt: skip

    def section():
        (full.parent / "audit.json").write_text(json.dumps({"audits": audits}))
        return read(build_index(full, [outcome()])).select_one("#audits")

    assert section().select_one(".pill").text == "2 of 3 records audited, all equal"
    assert "1 of them by the first epochs alone" in section().text
    assert [cell.text for cell in section().select("tr:nth-of-type(2) td")][:3] == [
        "03_cnn/dense.json",
        "equal",
        "39 of 40",
    ]
    write_record(full / "results" / "03_cnn", "old", about | {"variant": "old", "older": True})
    assert "by the first epochs alone; 1 older one lacks what an audit needs" in section().text
    audits[1] |= {"verdict": "differs", "difference": 0.031}
    assert section().select_one(".pill.against").text == "2 of 3 records audited, 1 equal, 1 differs"
    assert "3.10" in section().text
    assert "gone" not in section().text


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


def test_pages_lead_to_those_before_and_after_and_to_notebooks_that_they_name(full):
    names = ("02_dense", "03_cnn", "05_pooling")
    for name in names:
        said = new_markdown_cell("See `02_dense`, `03_cnn` and `04_missing`.")
        build_page(write_notebook(full, said, name=name, title=f"About {name} <x>"), full)
    outcomes = [outcome(name, title=f"About {name} <x>") for name in (*names, "04_missing")]
    for _ in range(2):
        build_index(full, outcomes)
        links = [
            [(a["rel"][0], a["href"]) for a in read(full / f"{name}.html").select(".neighbours a")] for name in names
        ]
        assert links == [
            [("next", "03_cnn.html")],
            [("prev", "02_dense.html"), ("next", "05_pooling.html")],
            [("prev", "03_cnn.html")],
        ]
        page = read(full / "03_cnn.html")
        assert page.select_one("[rel=next]").text == "About 05_pooling <x> \u2192"
        assert [a["href"] for a in page.select("a:has(> code)")] == ["02_dense.html"]


def test_an_older_page_says_so_and_why_until_it_is_made_anew(full):
    build_page(write_notebook(full), full)
    for reason in ("2 records are <newer>.", "", "Its code has changed."):
        index = read(build_index(full, [outcome(stale=reason)]))
        for part in (read(full / "03_cnn.html").header, index.section):
            assert (reason in part.text) if reason else not part.select(".stale aside")


@pytest.mark.parametrize(("profile", "command"), [("full", "make pages"), ("quick", "make pages PROFILE=quick")])
def test_the_command_that_makes_a_page_anew_names_the_profile(tmp_path, profile, command):
    folder = tmp_path / profile
    folder.mkdir()
    build_page(write_notebook(folder), folder)
    index = read(build_index(folder, [outcome(stale="It is old.")]))
    for part in (index, read(folder / "03_cnn.html")):
        assert part.select_one(".stale code").text == command


def test_the_scoreboard_has_a_row_a_claim_and_every_word_is_explained(full):
    page = read(build_index(full, [outcome()]))
    rows = page.select("table.scoreboard tbody tr")
    assert len(rows) == 33
    assert {row["data-report"] for row in rows} == set("ABCDE")
    explained = {term.text for term in page.select("#words dt")}
    assert {row["data-verdict"] for row in rows} <= explained
    assert {"supported", "contradicted", "no difference", "compatible with print"} <= explained
    assert {"look", "margin", "0.53 (0.52 to 0.54)"} <= explained
    assert all(term.find_next("dd").text.endswith(".") for term in page.select("#words dt"))
    assert "33 rows: 2 claims are judged in two readings each." in page.header.text
    assert not page.select("table.scoreboard td:nth-child(2) a")  # none of their pages is there


def test_how_many_undecided_claims_wait_for_their_first_test_is_counted():
    claims = [{"claim": str(k), "before_first_look": k < 2, "verdict": "undecided"} for k in range(3)]
    assert describe_counts(claims) == {
        "rows": "3 rows",
        "before_first_look": "2 have fewer seeds than the first test takes",
    }
    assert readme_table(claims) == "3 rows. 3 undecided (2 have fewer seeds than the first test takes)."
    assert describe_counts(claims[2:])["before_first_look"] == ""
