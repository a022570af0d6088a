"""Figures of a page: each has words of its own, a link to the code that drew it, and a chart the table behind it."""

import json

from bs4 import BeautifulSoup, Tag


def describe_figures(soup: BeautifulSoup) -> None:
    """Number the cells of code, and put below each figure its words and a link to its cell.

    A cell's metadata has words for each of its figures, or for all together. Those that share words are numbered, so
    that none is described like another; so are all where there are more or fewer than was said.

    Args:
        soup: A page whose images have words.
    """
    for number, cell in enumerate(soup.main.select(".cell"), 1):
        cell["id"] = f"cell-{number}"
        figures = [figure for figure in cell.select("figure") if figure.img and not figure.figcaption]
        each = json.loads(cell.attrs.pop("data-figures", "[]"))
        for position, figure in enumerate(figures, 1):
            if each:
                figure.img["alt"] = each[position - 1] if len(each) == len(figures) else "; ".join(each)
            if len(figures) > 1 and len(each) != len(figures):
                figure.img["alt"] += f" ({position} of {len(figures)})"
            caption = _caption(soup, figure.img["alt"], cell["id"])
            if values := figure.select_one("script.values"):
                caption.append(_values(soup, json.loads(values.string)["panels"], figure.img["alt"]))
            figure.append(caption)


def _caption(soup: BeautifulSoup, words: str, cell: str) -> Tag:
    """A figure's words with a link to its code."""
    caption = soup.new_tag("figcaption", string=f"{words} ")
    caption.append(soup.new_tag("a", string="code", href=f"#{cell}", attrs={"aria-label": f"code of: {words}"}))
    return caption


def _values(soup: BeautifulSoup, panels: list[dict], words: str) -> Tag:
    """What a chart shows, a table a panel, folded.

    Args:
        panels: As `helpers.charts.chart_values` gives them.
        words: The figure's.
    """
    folded = soup.new_tag("details", attrs={"class": "values"})
    folded.append(soup.new_tag("summary", string="Values", attrs={"aria-label": f"Values of: {words}"}))
    for panel in panels:
        folded.append(_table(soup, panel))
    return folded


def _table(soup: BeautifulSoup, panel: dict) -> Tag:
    """The values of a panel: a row for each place along one axis, a column for each series."""
    row_at, other = (0, panel["y"]) if panel["rows"] == "x" else (1, panel["x"])
    names = [series["name"] or other or "value" for series in panel["series"]]
    rows: dict[str, dict[str, list[str]]] = {}
    at: dict[str, float] = {}  # where along the axis
    for name, series in zip(names, panel["series"], strict=True):
        for point in series["points"]:
            value = point[4] if len(point) > 4 else point[1 - row_at]
            rows.setdefault(point[row_at], {}).setdefault(name, []).append(value)
            at.setdefault(point[row_at], point[2 + row_at])
    table = soup.new_tag("table")
    title = ": ".join(dict.fromkeys(filter(None, (panel["title"], other))))
    some = f" ({panel['shown']} evenly spaced points of each longer series)" if "shown" in panel else ""
    table.append(soup.new_tag("caption", string=f"{title or 'values'}{some}"))
    lines = [[panel[panel["rows"]] or "", *names]]
    lines += [[place, *(", ".join(rows[place].get(name, ["-"])) for name in names)] for place in _in_order(at)]
    for number, line in enumerate(lines):
        row = soup.new_tag("tr")
        for cell in line:
            row.append(soup.new_tag("td" if number else "th", string=cell))
        table.append(row)
    table.tr.wrap(soup.new_tag("thead"))
    return table


def _in_order(places: dict[str, float]) -> list[str]:
    """Places along an axis: numbers by their size, words from left to right or from top to bottom."""
    try:
        return sorted(places, key=float)
    except ValueError:
        return sorted(places, key=places.get)
