"""An executed notebook as a page."""

import io
import os
import re
from pathlib import Path

import nbformat
from nbconvert.filters import strip_ansi
from nbconvert.preprocessors import CoalesceStreamsPreprocessor
from PIL import Image, ImageColor

from helpers.records import read_summary
from suite.site.catalogue import read_catalogue
from suite.site.facts import describe_run, replaced_datasets, shortened
from suite.site.links import Links
from suite.site.record_links import links_of_page
from suite.site.render import page_exporter, write_file
from suite.site.tidy import Drawing, tidy

STOPPED = {"name": "Stopped", "message": "it did not reach its end; the cells below are as far as it got."}


def build_page(executed: Path, profile_dir: Path) -> Path:
    """Write the page of an executed notebook, wholly or partly executed, with its figures beside it.

    Args:
        executed: The notebook, `<profile_dir>/NN_name.ipynb`; a partly executed one may lie in a folder below.
        profile_dir: The profile's folder; its `results/NN_name/summary.json` says what was found.

    Returns:
        `NN_name.html` beside the notebook; the figures are in `figures/` there.
    """
    # What is printed arrives in pieces by chance; joined, outputs and figures have the same numbers in every execution.
    notebook, _ = CoalesceStreamsPreprocessor().preprocess(nbformat.read(executed, as_version=4), {})
    title, _ = _title_and_question(notebook, executed.stem)
    # One that ended well lies in the profile's folder; where time was up or the kernel was killed no cell has an error.
    failure = _failure(notebook) or (None if executed.parent == profile_dir else STOPPED)
    # The summary is a notebook's last act: beside one that failed it can only be an earlier run's.
    summary = None if failure else read_summary(profile_dir / "results" / executed.stem) or None
    profile = summary["profile"] if summary else profile_dir.name
    seconds = notebook.metadata.get("papermill", {}).get("duration")
    page = {
        "title": title,
        "notebook": executed.name,
        "index": Path(os.path.relpath(profile_dir / "index.html", executed.parent)).as_posix(),
        "facts": describe_run(summary, profile, seconds),
        "replaced": replaced_datasets([summary]),
        "shortened": shortened(profile, summary),
        "failure": failure,
        **describe_findings(summary),
    }
    links: Links = {}
    if not failure:
        catalogue = read_catalogue(profile_dir)
        page["facts"] |= {"records": [records]} if (records := catalogue.link(executed.stem)) else {}
        links = links_of_page(executed.stem, catalogue, profile_dir)
    notebook.cells = [c for c in notebook.cells if "papermill-error-cell-tag" not in c.metadata.get("tags", [])]
    resources = {"unique_key": executed.stem, "output_files_dir": "figures", "page": page}
    html, resources = page_exporter().from_notebook_node(notebook, resources)
    _write_figures(resources["outputs"], executed.stem, executed.parent)
    drawings = {path: _drawing(path, data) for path, data in resources["outputs"].items()}
    return write_file(executed.with_suffix(".html"), tidy(html, drawings, {"main .rendered table": links}).encode())


def notebook_title_and_question(path: Path) -> tuple[str, str]:
    """A notebook's title, from its first heading, and the question in its metadata ("" without one)."""
    return _title_and_question(nbformat.read(path, as_version=4), Path(path).stem)


def describe_findings(summary: dict | None) -> dict:
    """What a summary says in words: the answer, and what the page lacks."""
    keys = {"answer": "answer", "unavailable": "unavailable", "missing": "missing", "unusable_records": "unusable"}
    return {shown: (summary or {}).get(key) for key, shown in keys.items()}


def _title_and_question(notebook: nbformat.NotebookNode, name: str) -> tuple[str, str]:
    """Title and question; the notebook's name where it has no heading."""
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    heading = re.search(r"^#\s+(.+)", prose, re.MULTILINE)
    title = re.sub(r"[*`]", "", heading[1]).strip() if heading else name
    return title, str(notebook.metadata.get("coursework", {}).get("question", ""))


def _failure(notebook: nbformat.NotebookNode) -> dict | None:
    """Name and message of the error that ended a notebook, and that a cell shows it; None if none did."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error" and "raises-exception" not in cell.metadata.get("tags", []):
                return {"name": output.ename, "message": strip_ansi(output.evalue), "in_cell": True}
    return None


def _drawing(path: str, data: bytes) -> Drawing:
    """What a page must know of a figure's file; a chart is what shows no images, so that its paper is white."""
    from helpers.plots import PAPER_OF_IMAGES  # seconds to import, and most commands of the suite make no page

    if path.endswith(".svg"):
        # matplotlib's units are points, a page's are pixels.
        size = re.search(rb'viewBox="0 0 ([\d.]+) ([\d.]+)"', data)
        return Drawing(True, *(round(float(side) * 96 / 72) for side in size.groups())) if size else Drawing(True)
    with Image.open(io.BytesIO(data)) as image:
        paper = image.convert("RGB").getpixel((0, 0))
        return Drawing(image.format == "PNG" and paper != ImageColor.getrgb(PAPER_OF_IMAGES), *image.size)


def _write_figures(figures: dict[str, bytes], name: str, profile_dir: Path) -> None:
    """Write a notebook's figures, then remove those of an earlier run that are no longer produced."""
    folder = profile_dir / "figures"
    folder.mkdir(exist_ok=True)
    written = {write_file(profile_dir / path, data) for path, data in figures.items()}
    for path in folder.iterdir():
        if re.fullmatch(rf"{re.escape(name)}_\d+_\d+\.\w+", path.name) and path not in written:
            path.unlink()
