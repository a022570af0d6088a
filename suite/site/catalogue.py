"""Which records a profile has, which of them each notebook's page shows, and where each of them is described."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup

from helpers.records import RecordError, read_record, read_summary


@dataclass(frozen=True)
class Entry:
    """A record with its file.

    Attributes:
        path: The file.
        record: What it says.
        variant: What the notebook's page calls the run; where it does not show it, what the record does.
        shown: Whether the page shows the run.
    """

    path: Path
    record: dict
    variant: str
    shown: bool

    @property
    def anchor(self) -> str:
        """Where a page of records describes it: the file's name without its ending."""
        return self.path.stem


@dataclass(frozen=True)
class Catalogue:
    """The records of a profile.

    Attributes:
        files: The record of each file that can be used, by its path.
        problems: By notebook and file name, what is wrong with those that cannot.
        summaries: By notebook, what its page found.
    """

    files: dict[Path, dict]
    problems: dict[str, dict[str, str]]
    summaries: dict[str, dict]

    def entries(self, notebook: str) -> list[Entry]:
        """The records in a notebook's folder and those of other folders that its page shows, as the page orders them.

        Args:
            notebook: Its name.
        """
        runs = self.summaries.get(notebook, {}).get("runs", [])
        shown = {run["record"]: run["variant"] for run in runs}
        found = [
            Entry(path, record, shown.get(record["sha256"], _name_of(record)), record["sha256"] in shown)
            for path, record in self.files.items()
            if path.parent.name == notebook or record["sha256"] in shown
        ]
        order = {variant: number for number, variant in enumerate(dict.fromkeys(shown.values()))}
        last = len(order)
        found.sort(key=lambda e: e.record["started"], reverse=True)  # of several of one run the newest first
        return sorted(found, key=lambda e: (order.get(e.variant, last), e.variant, _seed_of(e.record), not e.shown))

    def has_page(self, notebook: str) -> bool:
        """Whether there is a page of a notebook's records: whether it has any, or a file that should be one."""
        return bool(self.entries(notebook) or self.problems.get(notebook))

    def address(self, digest: str, notebook: str) -> str:
        """Where a record is described, seen from the profile's folder: on a notebook's page of records, if it is there.

        Args:
            digest: The record's.
            notebook: The one whose page is preferred.

        Returns:
            "" where there is no such record.
        """
        folders = {path.parent.name: path for path, record in self.files.items() if record["sha256"] == digest}
        shown = digest in {run["record"] for run in self.summaries.get(notebook, {}).get("runs", [])}
        if not folders:
            return ""
        folder = notebook if shown or notebook in folders else min(folders)
        return records_page(folder, folders.get(folder, folders[min(folders)]).stem)

    def describe(self, digest: str, notebook: str) -> tuple[str, object, str]:
        """A record's variant, as a notebook's page calls it, its seed, and where it is described.

        Args:
            digest: The record's.
            notebook: The one whose page is preferred.

        Raises:
            StopIteration: There is no such record.
        """
        record = next(record for record in self.files.values() if record["sha256"] == digest)
        names = {run["record"]: run["variant"] for run in self.summaries.get(notebook, {}).get("runs", [])}
        return names.get(digest, _name_of(record)), record.get("seed"), self.address(digest, notebook)

    def link(self, notebook: str) -> Markup:
        """How many records a notebook has, as a link to their page, seen from the profile's folder; "" without any."""
        entries = self.entries(notebook)
        if not self.has_page(notebook):
            return Markup("")
        kinds = [str(entry.record["kind"]) for entry in entries]
        counts = [f"{n} {kind}{'s' * (n > 1)}" for kind in dict.fromkeys(kinds) if (n := kinds.count(kind))]
        counts = counts or [f"{len(self.problems[notebook])} that cannot be used"]
        return Markup('<a href="{}">{}</a>').format(records_page(notebook), ", ".join(counts))


def read_catalogue(profile_dir: Path) -> Catalogue:
    """Read the records and summaries below a profile's folder.

    Args:
        profile_dir: The folder.
    """
    files, problems, summaries = {}, {}, {}
    for path in sorted(profile_dir.glob("results/*/*.json")):
        if path.name == "summary.json":
            if summary := read_summary(path.parent):
                summaries[path.parent.name] = summary
            continue
        try:
            files[path] = read_record(path)
        except RecordError as error:
            problems.setdefault(path.parent.name, {})[path.name] = str(error)
    return Catalogue(files, problems, summaries)


def records_page(notebook: str, anchor: str = "") -> str:
    """The address of a notebook's page of records, or of a place on it, seen from the profile's folder."""
    return f"results/{quote(notebook)}/index.html" + (f"#{quote(anchor)}" if anchor else "")


def group_anchor(variant: str) -> str:
    """Where a page of records begins with the runs of a variant."""
    return "variant-" + "-".join(variant.split())


def _name_of(record: dict) -> str:
    """What a record is of: a variant, a candidate, or something measured."""
    return str(record.get("variant", record.get("name", "?")))


def _seed_of(record: dict) -> tuple[int, str]:
    """A record's seed as something to sort by, whatever it is."""
    seed = record.get("seed")
    return (seed, "") if isinstance(seed, int) else (-1, str(seed))
