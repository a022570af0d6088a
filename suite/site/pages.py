"""An executed notebook as a page, and the index of a profile's pages: plain HTML that loads nothing from elsewhere."""

import json
import os
import re
from functools import cache
from pathlib import Path

import nbformat
from jinja2 import FileSystemLoader
from nbconvert import HTMLExporter
from nbconvert.filters import strip_ansi
from nbconvert.preprocessors import CoalesceStreamsPreprocessor
from pygments.formatters import HtmlFormatter
from traitlets.config import Config

from helpers.files import replacing
from helpers.progress import format_seconds
from suite.site.facts import describe_faults, describe_run, merge_facts, replaced_datasets, shortened
from suite.site.tidy import tidy

TEMPLATES = Path(__file__).parent
PYGMENTS_STYLES = {"light": "xcode", "dark": "github-dark"}  # the quietest of 4.5:1 contrast and more
SHOWN = ["text/html", "text/markdown", "image/png", "image/jpeg", "text/plain"]  # the first that an output has


def build_page(executed: Path, profile_dir: Path) -> Path:
    """Write the page of an executed notebook, wholly or partly executed, with its figures beside it.

    Args:
        executed: The notebook, `<profile_dir>/NN_name.ipynb`; a partly executed one may lie in a folder below.
        profile_dir: The profile's folder; its `results/NN_name/summary.json` says how the results got about.

    Returns:
        `NN_name.html` beside the notebook; the figures are in `figures/` there.
    """
    # What is printed arrives in pieces by chance; joined, outputs and figures have the same numbers in every execution.
    notebook, _ = CoalesceStreamsPreprocessor().preprocess(nbformat.read(executed, as_version=4), {})
    title, _ = _title_and_question(notebook, executed.stem)
    failure = _failure(notebook)
    # The summary is a notebook's last act: beside one that failed it can only be an earlier run's.
    summary = None if failure else _read_summary(profile_dir, executed.stem)
    profile = summary["profile"] if summary else profile_dir.name
    seconds = notebook.metadata.get("papermill", {}).get("duration")
    page = {
        "title": title,
        "notebook": executed.name,
        "index": Path(os.path.relpath(profile_dir / "index.html", executed.parent)).as_posix(),
        "facts": describe_run(summary, profile, seconds),
        "replaced": replaced_datasets([summary]),
        "unavailable": (summary or {}).get("unavailable"),
        "shortened": shortened(profile, summary),
        "failure": failure,
    }
    notebook.cells = [c for c in notebook.cells if "papermill-error-cell-tag" not in c.metadata.get("tags", [])]
    resources = {"unique_key": executed.stem, "output_files_dir": "figures", "page": page}
    html, resources = _exporter().from_notebook_node(notebook, resources)
    _write_figures(resources["outputs"], executed.stem, executed.parent)
    return _write(executed.with_suffix(".html"), tidy(html).encode())


def build_index(profile_dir: Path, outcomes: list[dict]) -> Path:
    """Write the index of a profile: each notebook with its question, how it ended, and its answer.

    Args:
        profile_dir: The profile's folder.
        outcomes: By notebook: notebook, title, question, status ("done" or "failed"), seconds, error, summary, and
            partial, the path of the partly executed notebook relative to `profile_dir`.

    Returns:
        `<profile_dir>/index.html`.
    """
    summaries = [outcome["summary"] for outcome in outcomes if outcome["summary"]]
    profile = profile_dir.name
    facts = merge_facts(describe_run(summary, profile) for summary in summaries or [None]) | describe_run(None, profile)
    trained = [summary["training"] for summary in summaries if summary.get("training")]
    if trained:
        runs = f"{sum(training['runs'] for training in trained)} runs"
        facts["training time"] = f"{format_seconds(sum(training['seconds'] for training in trained))} in {runs}"
    page = {
        "facts": facts,
        "replaced": replaced_datasets(summaries),
        "all_replaced": all(summary["dataset"] == "digits" for summary in summaries),
        "shortened": shortened(profile),
        "outcomes": [_card(outcome, profile_dir) for outcome in outcomes],
        "faults": describe_faults(profile_dir.parent / "faults.json"),
    }
    return render_page("index.html.jinja", page, profile_dir / "index.html")


def render_page(template: str, page: dict, path: Path) -> Path:
    """Write a page from a template of this folder, whole or not at all.

    Args:
        template: Its file's name.
        page: What it shows.
        path: Where to.

    Returns:
        `path`.
    """
    html = _exporter().environment.get_template(template).render(page=page)
    return _write(path, tidy(html).encode())


def notebook_title_and_question(path: Path) -> tuple[str, str]:
    """A notebook's title, from its first heading, and the question in its metadata ("" without one)."""
    return _title_and_question(nbformat.read(path, as_version=4), Path(path).stem)


def _title_and_question(notebook: nbformat.NotebookNode, name: str) -> tuple[str, str]:
    """Title and question; the notebook's name where it has no heading."""
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    heading = re.search(r"^#\s+(.+)", prose, re.MULTILINE)
    title = re.sub(r"[*`]", "", heading[1]).strip() if heading else name
    return title, str(notebook.metadata.get("coursework", {}).get("question", ""))


def _failure(notebook: nbformat.NotebookNode) -> dict | None:
    """Name and message of the error that ended a notebook; None if none did."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error" and "raises-exception" not in cell.metadata.get("tags", []):
                return {"name": output.ename, "message": strip_ansi(output.evalue)}
    return None


def _read_summary(profile_dir: Path, name: str) -> dict | None:
    """A notebook's summary, None where there is none."""
    path = profile_dir / "results" / name / "summary.json"
    return json.loads(path.read_text()) if path.is_file() else None


def _card(outcome: dict, profile_dir: Path) -> dict:
    """What the index says of a notebook."""
    rows = (outcome["summary"] or {}).get("table", [])
    page, partial = f"{outcome['notebook']}.html", outcome["partial"]
    partial_page = str(Path(partial).with_suffix(".html")) if partial else None
    return outcome | {
        "page": page if (profile_dir / page).is_file() else None,
        "partial": partial_page if partial_page and (profile_dir / partial_page).is_file() else partial,
        "time": _time(outcome),
        "error": strip_ansi(outcome["error"] or ""),
        "unavailable": (outcome["summary"] or {}).get("unavailable"),
        "columns": list(dict.fromkeys(column for row in rows for column in row)),
        "rows": rows,
    }


def _time(outcome: dict) -> str | None:
    """How long a notebook's training took; the whole notebook where nothing was trained."""
    training = (outcome["summary"] or {}).get("training")
    if training and not outcome["error"]:
        return f"{format_seconds(training['seconds'])} of training"
    return format_seconds(outcome["seconds"]) if outcome["seconds"] is not None else None


@cache
def _exporter() -> HTMLExporter:
    """nbconvert with the templates of this folder, in which everything is escaped that isn't marked as safe."""
    config = Config()
    config.NbConvertBase.display_data_priority = SHOWN
    config.ExtractOutputPreprocessor.enabled = True
    exporter = HTMLExporter(
        config=config,
        template_name="base",
        template_file="page.html.jinja",
        extra_loaders=[FileSystemLoader(TEMPLATES)],
        exclude_anchor_links=True,
    )
    exporter.environment.autoescape = True
    exporter.environment.globals["style"] = _style()
    return exporter


def _style() -> str:
    """The style sheet, and the colours of code for both themes."""
    parts = [(TEMPLATES / "style.css").read_text()]
    for theme, name in PYGMENTS_STYLES.items():
        rules = "\n".join(HtmlFormatter(style=name).get_token_style_defs(".highlight"))
        parts.append(f"@media (prefers-color-scheme: {theme}) {{\n{rules}\n}}")
    return "\n".join(parts)


def _write_figures(figures: dict[str, bytes], name: str, profile_dir: Path) -> None:
    """Write a notebook's figures, then remove those of an earlier run that are no longer produced."""
    folder = profile_dir / "figures"
    folder.mkdir(exist_ok=True)
    written = {_write(profile_dir / path, data) for path, data in figures.items()}
    for path in folder.iterdir():
        if re.fullmatch(rf"{re.escape(name)}_\d+_\d+\.\w+", path.name) and path not in written:
            path.unlink()


def _write(path: Path, content: bytes) -> Path:
    """Write a page or a figure, whole or not at all."""
    with replacing(path) as file:
        file.write(content)
    return path
