"""`RunBook`: the runs of one execution of a notebook, and what is recorded of them."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import keras
import pandas as pd

from helpers import variables
from helpers.claims import Results, read_results
from helpers.lab.execution import Execution
from helpers.lab.run import Run
from helpers.machine import environment, versions_that_count
from helpers.profiles import Profile
from helpers.progress import Progress
from helpers.records import ALL_PAGES, digest_of_shown, read_records
from helpers.training.identity import TRAINING_VERSION, Identity


def made_elsewhere(record: dict) -> bool:
    """Whether what computed a run differs from what would compute it here: software, kind of device, precision."""
    here = environment() | {"precision": keras.config.dtype_policy().name, "training_version": TRAINING_VERSION}
    of = lambda made: [made.get(key) for key in ("backend", "device_kind", "precision", "training_version")]  # noqa: E731
    return of(record) != of(here) or versions_that_count(record["versions"]) != versions_that_count(here["versions"])


class RunBook(Execution):
    """The runs of one execution of a notebook.

    Args:
        profile: How much of the experiment is run.
        folder: Of the notebook's records.
        seeds: The seeds to run.

    Attributes:
        folder: As given.
        seeds: As given.
        missing: Names of runs that a page from records lacks.
        progress: The progress of its training runs.
        beside: By notebook, a digest of the runs of its page that this one uses, too: with another, this page is old.
        untrained: Models that are only described, since nothing is trained: by what `Run.build` made them of.
    """

    def __init__(self, profile: Profile, folder: Path, seeds: list[int]):
        super().__init__(profile)
        self.folder, self.seeds = folder, seeds
        self.progress, self.missing, self.untrained, self.beside = Progress(0), [], {}, {}
        self._runs: dict[tuple[str, int], Run] = {}
        self._candidates: dict[tuple[str, int], Run] = {}
        self._together: list[set[str]] = []  # the variants of each call of `runs`

    def runs(
        self, variants: dict | Iterable[str], seeds: list[int] | dict[str, list[int]] | None = None
    ) -> Iterator[Run]:
        """Every variant with every seed, seed by seed.

        A call that names a variant of an earlier one takes its place: a cell that is executed again with a variant
        renamed or left out leaves no run of the old name behind.

        Args:
            variants: What each variant is, by its name: a function that builds its model, or its settings.
            seeds: Other seeds than the notebook's; or, by variant, which of the notebook's seeds those have that have
                fewer.
        """
        variants = variants if isinstance(variants, dict) else dict.fromkeys(variants)
        by_variant = seeds if isinstance(seeds, dict) else {}
        every = self.seeds if seeds is None or isinstance(seeds, dict) else seeds
        plan = [Run(self, v, s, variants[v]) for s in every for v in variants if s in by_variant.get(v, every)]
        self._forget_calls_with(set(variants))
        for left_out in (v for v in variants if every and v not in {run.variant for run in plan}):
            print(f"{left_out.replace('_', ' ')} is not run: none of the seeds {every} is among its own")
        yield from self._in_turn(plan)

    def candidates(self, variants: dict, seed: int) -> Iterator[Run]:
        """Runs that only serve to choose a setting, on validation images: one of each variant. They are never tested.

        Args:
            variants: What each candidate is, by its name.
            seed: Of all of them.
        """
        yield from self._in_turn([Run(self, v, seed, options, candidate=True) for v, options in variants.items()])

    def _forget_calls_with(self, variants: set[str]) -> None:
        """Forget the earlier calls of `runs` that named one of these, with all of their runs."""
        stale = set().union(*(names for names in self._together if names & variants))
        self._runs = {key: run for key, run in self._runs.items() if key[0] not in stale}
        self._together = [names for names in self._together if not names & variants] + [variants]

    def _in_turn(self, plan: list[Run]) -> Iterator[Run]:
        """Forget earlier runs of the same names, then give one after the other."""
        plan = [run for run in plan if run.candidate or self.only in (None, run.variant)]
        self.progress.num_runs += len(plan)
        for run in plan:
            (self._candidates if run.candidate else self._runs).pop((run.variant, run.seed), None)
            self.missing = [name for name in self.missing if name != run.name]
        yield from plan

    def add(self, run: Run) -> None:
        """Take a run that has its record into the page."""
        (self._candidates if run.candidate else self._runs)[run.variant, run.seed] = run

    def find_records(self, identity: Identity, candidate: bool = False) -> list[dict]:
        """The records of a run: with the same identity, or, for a page from records, with the same setting.

        Another notebook's record of the very same run will do: two pages never disagree about one net. So will a
        candidate's from another kind of machine: what was chosen by it stands, or the runs trained with that setting
        would be another experiment's here.
        """
        kind, all_count = "candidate" if candidate else "run", not self.trains(candidate)
        since = "" if all_count else os.environ.get(variables.FRESH, "")
        return [
            record
            for folder in sorted(self.folder.parent.iterdir())
            for record in read_records(folder)[0]
            if (record["setting"], record["kind"]) == (identity.setting, kind)
            and record["started"] >= since
            and (all_count or record["identity"] == identity.run or (candidate and made_elsewhere(record)))
        ]

    @property
    def _recorded(self) -> tuple[list[dict], dict[str, str]]:
        """The records in this notebook's folder, and what is wrong with those that cannot be used."""
        return read_records(self.folder)

    @property
    def records(self) -> list[dict]:
        """The records of this execution's tested runs, in the order of `runs`, by the names that they have here."""
        return [run.record | {"variant": run.variant} for run in self._runs.values()]

    @property
    def candidate_records(self) -> list[dict]:
        """The records of this execution's candidates, by the names that they have here."""
        return [run.record | {"variant": run.variant} for run in self._candidates.values()]

    def results(self, others: Iterable[str] | None = None, chosen: dict[str, str] | None = None) -> Results:
        """This execution's runs beside those that the pages of other notebooks show.

        Args:
            others: The notebooks whose runs are used; default, all.
            chosen: Variants that were chosen by validation: what claims write as "$best", say, and which it is.
        """
        name, folder = self.folder.name, self.folder.parent
        self.beside |= {ALL_PAGES: ""} if others is None else {}
        others = [path.name for path in sorted(folder.iterdir()) if path.is_dir()] if others is None else others
        self.beside |= {other: digest_of_shown(folder / other) for other in others if other != name}
        return read_results(folder.parent).with_page(name, self.records, chosen)

    def candidate_table(self) -> pd.DataFrame:
        """The candidates with their best accuracy on the validation images, the best first."""
        best = {record["variant"]: max(record["history"]["val_accuracy"]) for record in self.candidate_records}
        table = pd.DataFrame({"candidate": list(best), "best val accuracy": list(best.values())})
        return table.sort_values("best val accuracy", ascending=False, ignore_index=True).round(3)

    def of(self, variant: str) -> list[dict]:
        """The records of one variant, a seed each; empty where none is recorded."""
        return [record for record in self.records if record["variant"] == variant]

    def __getitem__(self, variant: str) -> Run:
        """The run of a variant with the first of its seeds.

        Raises:
            KeyError: There is none: it was not trained here, or is not recorded.
        """
        first = next((run for (name, _), run in self._runs.items() if name == variant), None)
        if first is None:
            known = ", ".join(dict.fromkeys(name for name, _ in self._runs)) or "none"
            raise KeyError(f"{variant}: no run of it is recorded; there are runs of: {known}")
        return first

    @property
    def first_runs(self) -> list[Run]:
        """The run of each variant with the first of its seeds."""
        return [self[variant] for variant in dict.fromkeys(variant for variant, _ in self._runs)]

    def run(self, variant: str, seed: int) -> Run:
        """The run of a variant with a seed."""
        return self._runs[variant, seed]

    @property
    def seeds_done(self) -> list[int]:
        """The seeds that every variant has a record of; so what is paired by seed is paired by these."""
        variants = set().union(*self._together)
        return [seed for seed in self.seeds if all((variant, seed) in self._runs for variant in variants)]
