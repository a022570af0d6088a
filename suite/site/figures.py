"""Figures of a page: each has words of its own, and a link to the code that drew it."""

from bs4 import BeautifulSoup, Tag


def describe_figures(soup: BeautifulSoup) -> None:
    """Number the cells of code, and put below each figure its words and a link to its cell.

    Several figures of one cell share its words: they are numbered, so that none is described like another.

    Args:
        soup: A page whose images have words.
    """
    for number, cell in enumerate(soup.main.select(".cell"), 1):
        cell["id"] = f"cell-{number}"
        figures = [figure for figure in cell.select("figure") if figure.img and not figure.figcaption]
        for position, figure in enumerate(figures, 1):
            if len(figures) > 1:
                figure.img["alt"] += f" ({position} of {len(figures)})"
            figure.append(_caption(soup, figure.img["alt"], cell["id"]))


def _caption(soup: BeautifulSoup, words: str, cell: str) -> Tag:
    """A figure's words with a link to its code."""
    caption = soup.new_tag("figcaption", string=f"{words} ")
    caption.append(soup.new_tag("a", string="code", href=f"#{cell}", attrs={"aria-label": f"code of: {words}"}))
    return caption
