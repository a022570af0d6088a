"""Made-up notebooks as they are after their runs, what the suite says of them, and a page as a reader has it."""

import json

import nbformat
import pandas as pd
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
TABLE = pd.DataFrame(
    {
        "variant": ["cnn", "dense"],
        "ours, mean": ["0.698", "0.512"],
        "agreement": ["compatible with print", "ours higher"],
    }
)
RUNS = [
    {"variant": variant, "seed": seed, "record": "d"} for variant, seed in (("cnn", 10), ("dense", 10), ("dense", 11))
]
SOURCES = {"devices": ["a CPU", "a GPU"], "software": ["keras 3.15.1; backend jax"], "commits": ["e32d", "f95a"]}
SOURCES |= {"dates": ["1 March 2026", "2 March 2026"]}


def code(source="pass", *outputs, **metadata):
    """A cell of code with what it put out."""
    return new_code_cell(source, outputs=list(outputs), metadata=metadata)


def shown(**data):
    """What a cell showed, by its kind: shown(image_png=PNG)."""
    return new_output("display_data", data={kind.replace("_", "/"): value for kind, value in data.items()})


def failed_cell(message="expected 3 channels, got 1"):
    """A cell that ended in an error."""
    return code("train()", new_output("error", ename="ValueError", evalue=message, traceback=["ValueError", message]))


def write_notebook(folder, *cells, name="03_cnn", title="Does a `CNN` help?", **metadata):
    """A notebook as it is after its run: heading, parameters, three figures, a table, text."""
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
    """What a notebook's run says of itself, with some of it changed."""
    return {
        "notebook": "03_cnn", "profile": "full", "dataset": "cifar10", "asked_dataset": "cifar10", "seeds": [0, 1, 2],
        "precision": "mixed_bfloat16", "finished": "2026-03-05T10:11:12+00:00", "backend": "jax", "device": "Tesla T4",
        "versions": {"python": "3.12.3", "keras": "3.15.1"}, "commit": "e32d223a1b",
        "table": TABLE.to_dict(orient="records"), **changes,
    }  # fmt: skip


def write_summary(folder, name="03_cnn", **changes):
    """Put a notebook's summary where its page looks for it."""
    path = folder / "results" / name / "summary.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(make_summary(**changes)))


def outcome(name="03_cnn", **changes):
    """What the suite says of a notebook that is done, with some of it changed."""
    return {
        "notebook": name, "title": "Does a CNN help?", "question": "And how much?", "status": "done", "seconds": 731.0,
        "error": None, "summary": make_summary(), "partial": None, **changes,
    }  # fmt: skip


def read(path):
    """A page as it is parsed."""
    return BeautifulSoup(path.read_text(), "html.parser")


def facts_of(page):
    """The facts in a page's header, by their names."""
    return {fact.dt.text: fact.dd.text for fact in page.select("header .facts div")}
