"""What a hostile notebook puts on its page does nothing, what an honest one puts there stays; no folder is named."""

from pathlib import Path

import keras
import nbformat
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from nbconvert.filters import markdown2html

from suite.notebooks import forget_paths
from suite.site.sanitise import sanitise

ROOT = Path(__file__).parents[2]

HOSTILE = [
    '<img src="x.png" onerror="alert(1)">',
    '<img src="javascript:alert(1)">',
    '<a href="javascript:alert(1)">here</a>',
    '<a href="jAvaScript&#58;alert(1)">here</a>',
    '<a href=" java\nscript:alert(1)">here</a>',
    '<a href="data:text/html,<script>alert(1)</script>">here</a>',
    '<a href="vbscript:alert(1)">here</a>',
    '<svg><script>alert(1)</script></svg>',
    '<svg onload="alert(1)"><a xlink:href="javascript:alert(1)">here</a></svg>',
    '<math><mtext><table><mglyph><style><img src=x onerror="alert(1)"></style></mglyph></table></mtext></math>',
    '<style>@import "https://example.org/x.css"; body { background: url(https://example.org/x.png) }</style>',
    '<b style="background: url(https://example.org/x.png)">bold</b>',
    '<link rel="stylesheet" href="https://example.org/x.css">',
    '<meta http-equiv="refresh" content="0;url=https://example.org">',
    '<base href="https://example.org/">',
    '<form action="https://example.org"><input name="password" onfocus="alert(1)"><button>Send</button></form>',
    '<iframe src="https://example.org"></iframe><object data="x"></object><embed src="x">',
    '<details open ontoggle="alert(1)"><summary>Answer</summary>42</details>',
    '<img srcset="https://example.org/x.png 2x" src="x.png">',
    '<video src="https://example.org/x.mp4" poster="https://example.org/x.png"></video>',
    '<p onclick="alert(1)" id="failure">text</p>',
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>',
    '<a href="https://example.org" target="_blank" ping="https://example.org/ping">here</a>',
]  # fmt: skip
ACTIVE = "script, style, link, meta, base, iframe, object, embed, form, input, button, svg, math, video, noscript"
LOADING = {"style", "srcset", "poster", "ping", "action", "data", "background", "xlink:href", "formaction"}


def assert_harmless(html: str) -> None:
    """Nothing runs, nothing is loaded but images, no link leads to code."""
    soup = BeautifulSoup(html, "html.parser")
    assert not soup.select(ACTIVE)
    for tag in soup.find_all(True):
        assert not [name for name in tag.attrs if name.startswith("on") or name in LOADING], tag
        for name in ("href", "src"):
            address = "".join(tag.get(name, "").split()).lower()
            assert not address.startswith(("javascript:", "data:", "vbscript:")), tag


@pytest.mark.parametrize("html", HOSTILE)
def test_nothing_of_a_hostile_part_runs_or_loads(html):
    assert_harmless(sanitise(html))
    assert_harmless(sanitise(markdown2html(f"Before\n\n{html}\n\nafter *all*")))


def test_a_part_cannot_end_what_it_stands_in():
    assert sanitise("<b>never closed</div></main><script>alert(1)</script>") == "<b>never closed</b>"


def test_an_image_in_markdown_cannot_bring_code_along():
    assert_harmless(sanitise(markdown2html('![a](x.png" onerror="alert(1))\n\n[b](javascript:alert(1))')))


def test_tables_of_pandas_stay_with_their_merged_cells_and_classes():
    table = pd.DataFrame({("loss", "mean"): [0.5], ("loss", "spread"): [0.1]}, index=pd.Index(["cnn"], name="net"))
    for html in (table.to_html(), table.style.format("{:.2f}").to_html()):
        soup = BeautifulSoup(sanitise(html), "html.parser")
        assert soup.select_one("thead th[colspan='2']").text == "loss"
        assert [cell.text.strip("0") for cell in soup.select("tbody td")] == [".5", ".1"]
    assert soup.select_one("td")["class"] == ["data", "row0", "col0"]
    assert not soup.select("[id]")


def test_the_same_table_gives_the_same_part_in_every_execution():
    table = pd.DataFrame({"accuracy": [0.5]})
    assert sanitise(table.style.to_html()) == sanitise(table.style.to_html())


def test_markdown_stays_headings_code_folded_answers_tables_and_images():
    text = "## The *test*\n\n```python\nx = 1\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n![plot](figures/a.png)\n\n"
    html = markdown2html(text + "<details><summary>Answers</summary>\n\n1. *Yes.*\n\n</details>")
    soup = BeautifulSoup(sanitise(html), "html.parser")
    assert soup.h2["id"] == "The-test"
    assert soup.select_one(".highlight pre span")
    assert [cell.text for cell in soup.select("td")] == ["1", "2"]
    assert (soup.img["src"], soup.img["alt"]) == ("figures/a.png", "plot")
    assert soup.select_one("details summary").text == "Answers"
    assert soup.select_one("details li em").text == "Yes."


def test_links_to_pages_and_sections_stay():
    for address in ("https://arxiv.org/abs/1512.03385", "04_lr_schedules.html", "#The-test", "mailto:a@example.org"):
        soup = BeautifulSoup(sanitise(f'<a href="{address}">here</a>'), "html.parser")
        assert soup.a["href"] == address


def test_keras_own_summary_of_a_model_stays_readable():
    lines = []
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]).summary(print_fn=lambda line, **_: lines.append(line))
    shown = f'<pre style="white-space:pre">{"".join(lines)}</pre>'
    assert "Total params" in sanitise(shown)
    assert "style" not in sanitise(shown)


def test_a_notebook_that_is_shared_names_no_folder_of_whoever_executed_it(tmp_path):
    executed = nbformat.v4.new_notebook(
        metadata={"papermill": {"input_path": "/home/ada/in.ipynb", "output_path": "o"}}
    )
    warned = nbformat.v4.new_output("stream", name="stderr", text=f"{ROOT}/helpers/plots.py:85: UserWarning\n")
    executed.cells = [nbformat.v4.new_code_cell("plot()", outputs=[warned]), nbformat.v4.new_markdown_cell("so")]
    nbformat.write(executed, tmp_path / "out.ipynb")
    forget_paths(tmp_path / "out.ipynb")
    shared = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    assert shared.cells[0].outputs[0].text == "helpers/plots.py:85: UserWarning\n"
    assert shared.metadata.papermill.input_path == "in.ipynb"
