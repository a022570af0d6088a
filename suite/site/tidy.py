"""What is done to a rendered page: images have words and lie beside it, tables scroll and align, outputs fold."""

import itertools
import re
from collections.abc import Mapping
from typing import NamedTuple

from bs4 import BeautifulSoup, Tag

from suite.site.figures import describe_figures
from suite.site.links import Links, link_tables

# The words of helpers.claims by what they mean; the word is always shown, the colour only helps.
PILLS = {
    "supported": "agrees",
    "contradicted": "against",
    "no difference": "differs",
    "undecided": "open",
    "not testable": "open",
    "not yet run": "open",
    "compatible with print": "agrees",
    "ours higher": "differs",
    "ours lower": "differs",
    "too few seeds to say": "open",
    "equal": "agrees",
    "not equal": "against",
    "other hardware": "open",
}
FIGURE = re.compile(r"[-+\u2212]?[\d.,]+\s?%?( to [-+\u2212]?[\d.,]+\s?%?)?")
PROGRESS = re.compile(r": \d+ of \d+ epochs, ")  # how the line of a run that has ended reads
MOST_TEXTS = 2  # such lines in a row that are shown unfolded
ALIGNED = re.compile(r"\S {2,}\S")  # columns of text, as of a classification report
SHORT = 24  # letters of a row's first cell that is kept on one line
LONG = 40  # characters of a cell, from which on its column is kept wide enough to read
NO_FIGURE = {"", "-", "NaN", "None", "not printed", "not compared"}


class Drawing(NamedTuple):
    """A figure's file.

    Attributes:
        is_chart: Whether it may be darkened.
        width, height: Its size, so that what is below it stays where it is when it is loaded; None if not known.
    """

    is_chart: bool
    width: int | None = None
    height: int | None = None


def tidy(html: str, drawings: Mapping[str, Drawing] | None = None, links: Mapping[str, Links] | None = None) -> str:
    """Make a rendered page readable on a phone, and clear to screen readers.

    Args:
        html: A whole page; of its `<main>` the title goes to the head, all else stays there.
        drawings: Figures by their addresses.
        links: By a selector of tables, where the names in them lead.
    """
    soup = BeautifulSoup(html, "html.parser")
    if soup.main.h1 and (site := soup.select_one("header .site")):  # the title first, then its answer
        site.insert_after(soup.main.h1.extract())
    _add_contents(soup)
    for image in soup.main.select("img"):
        if drawing := (drawings or {}).get(image.get("src")):
            image.attrs |= {"class": "chart"} if drawing.is_chart else {}
            image.attrs |= {"width": drawing.width, "height": drawing.height} if drawing.width else {}
        _describe_image(image)
    describe_figures(soup)
    for tables, own in (links or {}).items():
        link_tables(soup, soup.select(tables), own)
    for table in soup.main.select("table"):
        _align_columns(table)
        scroller = soup.new_tag("div", attrs={"class": "scroll", "tabindex": "0", "role": "group"})
        heading = table.find_previous(["h1", "h2", "h3"])
        named = table.caption or heading
        scroller["aria-label"] = named.get_text(" ", strip=True) if named else "Table"
        table.wrap(scroller)
        if table.caption and not scroller.find_parent("details"):  # beside the table it would scroll out of sight
            words = table.caption.extract()
            words.name, words["class"] = "p", "label"
            scroller.insert_before(words)
    for cell in soup.main.select("td"):
        if kind := PILLS.get(cell.get_text(strip=True)):
            words = cell.get_text(strip=True)
            cell.clear()
            cell.append(soup.new_tag("span", string=words, attrs={"class": f"pill {kind}"}))
    for cell in soup.main.select(".cell"):
        for is_progress, outputs in itertools.groupby(cell.find_all(recursive=False), _is_progress):
            if is_progress:
                _fold_texts(soup, list(outputs))
    for code in soup.main.select("pre"):  # it may scroll
        code["tabindex"] = "0"
        if code.get("class") == ["output"] and ALIGNED.search(code.get_text()):
            code["class"] = ["output", "aligned"]
    for text in soup.select(".prose, .answer, .rendered p, #words dd"):
        for words in text.find_all(string=re.compile(r"\d %")):
            words.replace_with(re.sub(r"(\d) %", "\\1\u00a0%", words))
    return str(soup)


def _add_contents(soup: BeautifulSoup) -> None:
    """Links to the page's sections, at the end of its header; none where there are fewer than three."""
    headings = [heading for heading in soup.main.select("section.prose h2")]
    for heading in headings:
        heading["id"] = "-".join(re.findall(r"\w+", heading.get_text().lower()))
    if len(headings) > 2:
        contents = soup.new_tag("nav", attrs={"class": "contents", "aria-label": "On this page"})
        for heading in headings:
            contents.append(soup.new_tag("a", string=heading.get_text(strip=True), href=f"#{heading['id']}"))
        soup.header.append(contents)


def _is_progress(tag: Tag) -> bool:
    """Whether it is the line that a training run leaves."""
    return tag.name == "pre" and tag.get("class") == ["output"] and bool(PROGRESS.search(tag.get_text()))


def _fold_texts(soup: BeautifulSoup, texts: list[Tag]) -> None:
    """Fold the lines of training runs if they are many."""
    if len(texts) > MOST_TEXTS:
        folded = soup.new_tag("details", attrs={"class": "quiet"})
        folded.append(soup.new_tag("summary", string=f"Progress of training ({len(texts)} runs)"))
        texts[0].insert_before(folded)
        folded.extend(texts)


def _describe_image(image: Tag) -> None:
    """Give an image words if it has none; an image that lies elsewhere becomes its words."""
    if not image.get("alt", "").strip():
        heading = image.find_previous(["h1", "h2", "h3"])
        image["alt"] = f"Figure in the section \u201c{heading.get_text()}\u201d" if heading else "Figure"
    address = re.sub(r"[\s\x00-\x1f]", "", image.get("src", "")).replace("\\", "/")  # as browsers read it
    if re.match(r"[a-z][a-z0-9+.-]*:|//", address, re.IGNORECASE):
        image.replace_with(image["alt"])


def _align_columns(table: Tag) -> None:
    """Mark short first cells, columns of figures and of long words, from the right: merged cells are at the left."""
    for attribute in ("border", "style"):
        table.attrs.pop(attribute, None)
    rows = [row.find_all(["th", "td"], recursive=False)[::-1] for row in table.select("tr")]
    bodies = [row for row in rows if row and row[0].name == "td"]
    for *_, first in filter(None, rows):
        if len(first.get_text(strip=True)) <= SHORT:
            first["class"] = "short"
    for i, cells in enumerate(zip(*bodies, strict=False)):
        words = [cell.get_text(strip=True) for cell in cells if cell.name == "td"]
        figures = [word for word in words if FIGURE.fullmatch(word)]
        if figures and all(word in NO_FIGURE for word in words if word not in figures):
            for row in rows:
                if i < len(row):
                    row[i]["class"] = "figures"
        elif max(map(len, words), default=0) > LONG:
            for cell in cells:
                cell["class"] = "long"
