"""Templates to plain HTML that loads nothing from elsewhere."""

import base64
import hashlib
from functools import cache
from pathlib import Path

from jinja2 import FileSystemLoader
from nbconvert import HTMLExporter
from pygments.formatters import HtmlFormatter
from traitlets.config import Config

from helpers.files import replacing
from suite.site.links import Links
from suite.site.sanitise import sanitise
from suite.site.tidy import tidy

TEMPLATES = Path(__file__).parent
PYGMENTS_STYLES = {"light": "xcode", "dark": "github-dark"}  # the quietest of 4.5:1 contrast and more
CHART_VALUES = "application/vnd.coursework.chart+json"  # helpers.charts.MIME, which takes seconds to import
SHOWN = [
    "text/html",
    "text/markdown",
    "image/svg+xml",
    "image/png",
    "image/jpeg",
    "text/plain",
]  # the first that an output has


def render_page(template: str, page: dict, path: Path, links: dict[str, Links] | None = None) -> Path:
    """Write a page from a template of this folder, whole or not at all.

    Args:
        template: Its file's name.
        page: What it shows.
        path: Where to.
        links: By a selector of tables, where the names in them lead.

    Returns:
        `path`.
    """
    html = page_exporter().environment.get_template(template).render(page=page)
    return write_file(path, tidy(html, links=links).encode())


def render_part(macro: str, *values) -> str:
    """What a macro of parts.html.jinja makes of some values."""
    return str(getattr(page_exporter().environment.get_template("parts.html.jinja").module, macro)(*values))


@cache
def page_exporter() -> HTMLExporter:
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
    exporter.environment.filters["sanitise"] = sanitise
    script = (TEMPLATES / "page.js").read_text()
    exporter.environment.globals |= {"style": _style(), "page_script": script, "page_script_hash": script_hash(script)}
    exporter.environment.globals["chart_values"] = CHART_VALUES
    return exporter


def script_hash(script: str) -> str:
    """What a page's content security policy calls a script by which it may run, such as "sha256-4x...="."""
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"


def _style() -> str:
    """The style sheet, and the colours of code for both themes."""
    parts = [(TEMPLATES / "style.css").read_text()]
    for theme, name in PYGMENTS_STYLES.items():
        rules = "\n".join(HtmlFormatter(style=name).get_token_style_defs(".highlight"))
        parts.append(f"@media (prefers-color-scheme: {theme}) {{\n{rules}\n}}")
    return "\n".join(parts)


def write_file(path: Path, content: bytes) -> Path:
    """Write a page or a figure, whole or not at all."""
    with replacing(path) as file:
        file.write(content)
    return path
