"""Figures on pages: each has its words, its code, and a table of its values where it is a chart."""

import base64
import io
import json

import numpy as np
import pytest
from made_up_notebooks import PNG, code, read, shown, write_notebook
from nbformat.v4 import new_output

from helpers import plots
from helpers.charts import MIME
from suite.site.pages import build_page
from suite.site.render import CHART_VALUES


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
            "series": [  # dogs stand below cats
                {"name": "dog", "points": [["dog", "dog", 200, 200, "90"]]},
                {"name": "cat", "points": [["cat", "cat", 100, 100, "93"], ["cat", "dog", 100, 200, "7"]]},
            ],
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
        [["true", "dog", "cat"], ["cat", "-", "93"], ["dog", "90", "7"]],
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
