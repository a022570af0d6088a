"""Names in tables become links: a run's to its record, a claim's to its verdict; whoever reads a number can go on."""

from collections.abc import Iterable, Iterator

from bs4 import BeautifulSoup, Tag

# Columns whose cells name a run; "" is the index of a table. Others may hold the same words for something else.
NAMING = {"variant", "net", "trainable", "what trains", "points of accuracy", "candidate", "record", "claim", ""}
BESIDE = ("seed", "notebook", "report")  # columns that may tell which of several is meant
PRINTED = "printed"  # a column: where it is, names may be those of the report

Links = dict[tuple[str, ...], str]


def link_tables(soup: BeautifulSoup, tables: list[Tag], links: Links) -> None:
    """Make links of the cells whose very text is a known name.

    Args:
        soup: The page.
        tables: Tables of it.
        links: Addresses by the text of a cell, or by that and the text of the cell of a column of `BESIDE`, or
            `PRINTED`; "" for a name that is not to be a link there.
    """
    for table in tables if links else ():
        heads = [_cells(row) for row in table.select("thead tr")]
        _link(soup, links, [(cell, []) for row in heads for cell in row], fewest=2)  # one alone may be another word
        _link(soup, links, _naming_cells(table, heads))


def _link(soup: BeautifulSoup, links: Links, cells: Iterable[tuple[Tag, list[str]]], fewest: int = 1) -> None:
    """Make links of cells, each with what is beside it, if there are so many."""
    found = []
    for cell, beside in cells:
        text = cell.get_text(" ", strip=True)
        address = next((links[key] for key in [*((text, other) for other in beside), (text,)] if key in links), "")
        if text and address and not cell.find(True):  # plain text, no link or pill yet
            found.append((cell, address))
    for cell, address in found if len(found) >= fewest else ():
        link = soup.new_tag("a", string=cell.get_text(strip=True), href=address)
        cell.clear()
        cell.append(link)


def _naming_cells(table: Tag, heads: list[list[Tag]]) -> Iterator[tuple[Tag, list[str]]]:
    """The cells that may name a run, each with what its row says beside it."""
    width = max(map(len, heads), default=0)
    names = [{row[i].get_text(strip=True) for row in heads if i < len(row)} for i in range(width)]
    printed = [PRINTED] if {PRINTED} in names else []
    for row in table.select("tbody tr"):
        cells = _cells(row)
        if len(cells) != width:  # below merged cells
            continue
        named = list(zip(names, cells, strict=True))
        beside = [cell.get_text(strip=True) for column in BESIDE for of, cell in named if column in of]
        for of, cell in named:
            if of & NAMING:
                yield cell, beside + printed


def _cells(row: Tag) -> list[Tag]:
    """The cells of a row."""
    return row.find_all(["th", "td"], recursive=False)
