"""Names in tables become links: a run's to its record, a claim's to its verdict; whoever reads a number can go on."""

from collections.abc import Iterator

from bs4 import BeautifulSoup, Tag

# Columns whose cells name a run; "" is the index of a table. In the head of a table every cell may.
NAMING = {"variant", "net", "trainable", "what trains", "candidate", "record", "claim", ""}
BESIDE = ("seed", "notebook", "report")  # columns that may tell which of several is meant

Links = dict[tuple[str, ...], str]


def link_tables(soup: BeautifulSoup, tables: list[Tag], links: Links) -> None:
    """Make links of the cells whose very text is a known name.

    Args:
        soup: The page.
        tables: Tables of it.
        links: Addresses by the text of a cell, or by that and the text of the cell of a column of `BESIDE`.
    """
    for table in tables if links else ():
        for cell, beside in _naming_cells(table):
            text = cell.get_text(" ", strip=True)
            address = next((links[key] for key in [*((text, other) for other in beside), (text,)] if key in links), "")
            if text and address and not cell.find(True):  # plain text, no link or pill yet
                link = soup.new_tag("a", string=cell.get_text(strip=True), href=address)
                cell.clear()
                cell.append(link)


def _naming_cells(table: Tag) -> Iterator[tuple[Tag, list[str]]]:
    """The cells that may name a run, each with what its row says beside it."""
    heads = [_cells(row) for row in table.select("thead tr")]
    for cell in [cell for row in heads for cell in row]:
        yield cell, []
    width = max(map(len, heads), default=0)
    names = [{row[i].get_text(strip=True) for row in heads if i < len(row)} for i in range(width)]
    for row in table.select("tbody tr"):
        cells = _cells(row)
        if len(cells) != width:  # below merged cells
            continue
        beside = [
            cell.get_text(strip=True)
            for column in BESIDE
            for of, cell in zip(names, cells, strict=True)
            if column in of
        ]
        for of, cell in zip(names, cells, strict=True):
            if of & NAMING:
                yield cell, beside


def _cells(row: Tag) -> list[Tag]:
    """The cells of a row."""
    return row.find_all(["th", "td"], recursive=False)
