"""Where the names in tables lead: those of runs to their records, those of claims to their verdicts."""

import csv
import re
from functools import cache
from pathlib import Path

from suite.site.catalogue import Catalogue, group_anchor, records_page
from suite.site.links import PRINTED, Links

PUBLISHED = Path(__file__).parents[2] / "reports" / "published"


def links_of_page(notebook: str, catalogue: Catalogue, profile_dir: Path) -> Links:
    """The links of the tables that a notebook shows, seen from the profile's folder.

    Args:
        notebook: Its name.
        catalogue: The profile's records.
        profile_dir: The profile's folder.

    Returns:
        Addresses by the text of a cell: of its own runs, alone or with their seed, of its candidates, of records by the
        first digits of their digest, of claims; of any run with its notebook; and of the runs that printed names are
        held against, which may be called otherwise, with their report or, of this notebook, with `PRINTED`.
    """
    links = _claims(notebook, profile_dir) | _own(notebook, catalogue)
    variants = {(name, run["variant"]) for name, found in catalogue.summaries.items() for run in found.get("runs", [])}
    for name, variant in variants:
        links |= {(text, name): _group(name, variant) for text in _spellings(variant)}
    for printed in _read("variants.csv"):
        of = _variant_of(printed["side"], printed["notebook"], catalogue)
        address = _group(*of) if of in variants else ""
        reading = f" ({printed['reading']})" if printed["reading"] else ""
        links[f"{printed['variant']}{reading}".replace("_", " "), printed["report"]] = address
        for text in _spellings(printed["variant"]) if printed["notebook"] == notebook else ():
            links[text, PRINTED] = address if links.get((text, PRINTED), address) == address else ""
    return links


def links_of_index(notebooks: list[str], catalogue: Catalogue, profile_dir: Path) -> dict[str, Links]:
    """The links of the tables of an index, by a selector of the tables.

    Args:
        notebooks: Those with a card.
        catalogue: The profile's records.
        profile_dir: The profile's folder.
    """
    cards = {f'section[id="{name}"] table': links_of_page(name, catalogue, profile_dir) for name in notebooks}
    files = {
        (f"{path.parent.name}/{path.name}",): records_page(path.parent.name, path.stem) for path in catalogue.files
    }
    return cards | {"#audits table": files}


def claim_anchor(name: str) -> str:
    """Where a page shows the verdict on a claim."""
    return "claim-" + "-".join(re.findall(r"\w+", name))


@cache
def _read(name: str) -> list[dict[str, str]]:
    """The rows of a table of what was printed, without `helpers.claims`, whose statistics take seconds to import."""
    path = PUBLISHED / name
    if not path.is_file():  # reports of one's own, that print nothing
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _own(notebook: str, catalogue: Catalogue) -> Links:
    """The links of a notebook's own records."""
    links: Links = {}
    entries = sorted(catalogue.entries(notebook), key=lambda e: (e.shown, e.record["started"]))
    for entry in entries:  # of several candidates of a name the newest, and a run before all of them
        record, here = entry.record, records_page(notebook, entry.anchor)
        links[(record["sha256"][:8],)] = here
        for name in _spellings(entry.variant):
            if entry.shown:
                links |= {(name,): _group(notebook, entry.variant), (name, str(record["seed"])): here}
            elif record["kind"] == "candidate":
                links[(name,)] = here
    return links


def _claims(notebook: str, profile_dir: Path) -> Links:
    """The links of claims, to the heads of their notebooks' pages; none in a profile that judges none."""
    links: Links = {}
    for claim in _read("claims.csv") if profile_dir.name == "full" else ():
        page = f"{claim['notebook']}.html"
        name = f"{claim['id']} ({claim['reading']})" if claim["reading"] else claim["id"]
        if claim["notebook"] == notebook or (profile_dir / page).is_file():
            links[(f"{name}: {claim['claim']}",)] = f"{page}#{claim_anchor(name)}"
    return links


def _variant_of(side: str, notebook: str, catalogue: Catalogue) -> tuple[str, str]:
    """Notebook and variant of a side, as `helpers.claims` writes it; a mean over several variants is none."""
    of, _, variant = side.partition("@")[0].rpartition("/")
    chosen = catalogue.summaries.get(of or notebook, {}).get("chosen") or {}
    return of or notebook, chosen.get(variant, variant)


def _group(notebook: str, variant: str) -> str:
    """Where the runs of a variant are described."""
    return records_page(notebook, group_anchor(variant))


def _spellings(name: str) -> set[str]:
    """How tables write a variant's name."""
    return {name, name.replace("_", " ")}
