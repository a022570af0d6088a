"""What notebooks and their outputs may put on a page: text, tables, images, lists; nothing that runs or loads."""

import nh3

TAGS = nh3.ALLOWED_TAGS | {"details", "figure", "figcaption", "summary", "tfoot"}
# Classes are what tables and highlighted code are styled by. Headings are linked to; pandas draws the ids of its cells
# at random, so that no two executions would give the same page.
ATTRIBUTES = nh3.ALLOWED_ATTRIBUTES | {"*": {"class", "lang", "title"}, "details": {"open"}}
ATTRIBUTES |= {f"h{level}": {"id"} for level in range(1, 7)}


def sanitise(html: str) -> str:
    """HTML without scripts, styles, frames, forms and handlers, every tag closed.

    Args:
        html: A part of a page, as Markdown or an output gave it.
    """
    return nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, url_schemes={"http", "https", "mailto"})
