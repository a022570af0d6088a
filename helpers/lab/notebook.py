"""`Lab`: what every notebook does beside its experiment, and knows of its runs."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from IPython.display import Markdown, display

from helpers import data, plots, variables
from helpers.claims import (
    compare_classes,
    compare_with_published,
    difference_text,
    evidence_table,
    figure,
    findings_table,
    read_results,
)
from helpers.files import results_folder, runs_folder, write_json
from helpers.fingerprints import digest_of_arrays
from helpers.lab.measurement import Measurement
from helpers.lab.parameters import Check, check_parameters, list_of, number, one_of, seed, share, text, whole_number
from helpers.lab.run import Run
from helpers.lab.summary import format_mean, rows_of, say_once, sources_of, training_of, work_of
from helpers.machine import PRECISIONS, describe_device, environment, use_precision
from helpers.profiles import PROFILES
from helpers.progress import Progress
from helpers.runs import newest, read_records
from helpers.training.identity import Identity

KNOWN: dict[str, Check] = {  # parameters that mean the same in every notebook
    "profile": one_of(*PROFILES),
    "dataset": one_of(*data.LOADERS),
    "fashion_dataset": one_of("fashion_mnist", "digits"),
    "reports_dir": text(),
    "runs_dir": text(empty=True),
    "precision": one_of(*PRECISIONS),
    "seeds": list_of(seed()),
    "search_seed": seed(),
    "learning_rate": number(above=0, up_to=10),
    **dict.fromkeys(("dropout_rate", "momentum", "weight_decay"), share()),
    **dict.fromkeys(("epochs", "patience", "search_epochs"), whole_number(1, 1000)),
    "batch_size": whole_number(1, 10_000),
}
REQUIRED = ("profile", "reports_dir")  # of these, what every notebook has

Labelled = tuple[np.ndarray, np.ndarray]


class Lab:
    """The bookkeeping of one execution of a notebook.

    Args:
        notebook: The notebook's name, such as "03_cnn".
        namespace: Its `globals()`.
        **checks: What each parameter must be that is not in `KNOWN`.

    Attributes:
        seeds: The seeds to run.
        precision: The precision asked for, such as "auto".
        class_names: Names by class of the data last loaded.
        input_shape: (height, width, channels) of its images.
        dataset_name: What it is; another than was asked for where the digits stand in.
        missing: Names of runs that a page from records lacks.
        progress: The progress of its training runs.
        untrained: Models that are only described, since nothing is trained: by what `Run.build` made them of.

    Raises:
        ParameterError: A parameter is unknown, missing or wrong; all of them at once.
        ResultsFolderError: The results cannot be written.
    """

    def __init__(self, notebook: str, namespace: dict, **checks: Check):
        known = {name: check for name, check in KNOWN.items() if name in namespace or name in REQUIRED}
        check_parameters(namespace, known | checks)
        self.notebook, self._asked = notebook, namespace.get("dataset", namespace.get("fashion_dataset", ""))
        self._profile = PROFILES[namespace["profile"]]
        self.seeds, self.precision = namespace.get("seeds", []), namespace.get("precision", "auto")
        reports_dir = namespace["reports_dir"]
        self.folder = results_folder(reports_dir, self._profile.name, notebook)
        self.runs_dir = runs_folder(reports_dir, self._profile.name, namespace.get("runs_dir", ""))
        self.progress, self.missing, self.untrained = Progress(0), [], {}
        self._runs: dict[tuple[str, int], Run] = {}
        self._candidates: dict[tuple[str, int], Run] = {}
        self._variants: set[str] = set()
        self._loaded: dict[str, tuple[dict, list[str]]] = {}  # by the digest of the test classes: what was loaded
        self._datasets: dict[str, str] = {}  # what was loaded, by what was asked for
        self._tables: list[pd.DataFrame] = []
        self._measured: dict[str, dict] = {}
        self._unavailable = ""
        precision = self._choose_precision()
        plots.use_style()
        if self.seeds:  # else nothing is trained
            print(f"{self._profile.name}: {self._profile.about}; seeds {self.seeds}\n{precision}")

    def _choose_precision(self) -> str:
        """Set the precision and say why; a page from records takes the newest one's, so that any machine makes it."""
        recorded = newest(self._recorded[0]) if self.from_records and self.precision == "auto" else None
        if recorded and recorded.get("precision") in PRECISIONS:
            use_precision(recorded["precision"])
            return "made from records: nothing is trained, and each run has the precision that it is recorded with"
        policy, reason = use_precision(self.precision)
        return f"{policy} on {describe_device()}: {reason}"

    # What an execution is for

    @property
    def from_records(self) -> bool:
        """Whether the page is made from records alone: nothing is trained or measured."""
        return os.environ.get(variables.FROM_RECORDS) == "1"

    @property
    def only(self) -> str | None:
        """The variant that an audit trains again, alone: what serves to choose its settings is as it was recorded."""
        return os.environ.get(variables.ONLY) or None

    def trains(self, candidate: bool = False) -> bool:
        """Whether runs that are not recorded are trained; candidates are not where one variant is trained again."""
        return not (self.from_records or (candidate and self.only))

    @property
    def needs_weights(self) -> bool:
        """Whether runs end with trained weights where a notebook does not say: for whoever goes on in its kernel.

        In the full profile a record is enough, since training takes hours: `run.fit(..., weights=True)` asks for more.
        """
        return os.environ.get(variables.SUITE) != "1" and self._profile.name != "full"

    @property
    def is_full(self) -> bool:
        """Whether it is the reports' whole protocol."""
        return self._profile.name == "full"

    @property
    def is_smoke(self) -> bool:
        """Whether it is only a test that the code runs."""
        return self._profile.name == "smoke"

    def epochs(self, protocol: int) -> int:
        """The number of epochs to run in this profile where the protocol has so many."""
        return self._profile.epochs(protocol)

    def batch(self, protocol: int) -> int:
        """The number of images a step in this profile where the protocol has so many."""
        return self._profile.batch(protocol)

    # The data

    def load(
        self, split: Callable[[int], data.Split], dataset: str | None = None, quick_images: int | None = None
    ) -> tuple[Labelled, Labelled, Labelled]:
        """Load the data, split it, and show how many images of each class each part has.

        Args:
            split: Makes a split of so many images, such as `data.split_report_a`.
            dataset: A data set's name; default, the parameter `dataset`, or `fashion_dataset` where there is no other.
            quick_images: Most images of each part in the quick profile, where the profile's own number takes too long.

        Returns:
            Training, validation and test images with their classes, as much of each part as the profile uses: uint8
            (n, height, width, channels) and int64 (n,).
        """
        self._asked_last = dataset or self._asked
        found, self.dataset_name = data.load_dataset(self._asked_last, self._profile.allows_stand_in)
        self._datasets[self._asked_last] = self.dataset_name
        images, labels, self.class_names = found
        self.input_shape, self.split = images.shape[1:], split(len(images))
        use = self._profile
        parts = use.train(self.split.train), use.held_out(self.split.validation), use.held_out(self.split.test)
        parts = tuple(part[: quick_images if use.name == "quick" else None] for part in parts)
        counts = [np.bincount(labels[part], minlength=len(self.class_names)) for part in parts]
        names = ["train", "validation", "test"]
        display(pd.DataFrame(counts, names, self.class_names).assign(all=np.sum(counts, axis=1)))
        loaded = [(images[part], labels[part]) for part in parts]
        about = {"name": self.split.name, "fingerprint": self.split.fingerprint, **self.split.sizes}
        about = {"dataset": self.dataset_name, "asked_dataset": self._asked_last, "split": about}
        self._loaded[digest_of_arrays(loaded[2][1])] = about, self.class_names
        return tuple(loaded)

    def about_data(self, labels_sha256: str | None) -> dict:
        """What a record says of the data: profile, data sets, and the split that these test classes are of."""
        split = {"name": "the notebook's own"} if labels_sha256 else {}
        last = {"dataset": self.dataset_name, "asked_dataset": self._asked_last, "split": split}
        return {"profile": self._profile.name} | self._loaded.get(labels_sha256 or "", (last,))[0]

    def class_names_of(self, labels_sha256: str) -> list[str]:
        """Names by class, of the data that these test classes are of; of others, of the data last loaded."""
        return self._loaded.get(labels_sha256, (None, self.class_names))[1]

    # The runs

    def runs(
        self, variants: dict | Iterable[str], seeds: list[int] | dict[str, list[int]] | None = None
    ) -> Iterator[Run]:
        """Every variant with every seed, seed by seed.

        Args:
            variants: What each variant is, by its name: a function that builds its model, or its settings.
            seeds: Other seeds than the notebook's; or, by variant, which of the notebook's seeds those have that have
                fewer.
        """
        variants = variants if isinstance(variants, dict) else dict.fromkeys(variants)
        by_variant = seeds if isinstance(seeds, dict) else {}
        every = self.seeds if seeds is None or isinstance(seeds, dict) else seeds
        plan = [Run(self, v, s, variants[v]) for s in every for v in variants if s in by_variant.get(v, every)]
        self._variants |= set(variants)
        yield from self._in_turn(plan)

    def candidates(self, variants: dict, seed: int) -> Iterator[Run]:
        """Runs that only serve to choose a setting, on validation images: one of each variant. They are never tested.

        Args:
            variants: What each candidate is, by its name.
            seed: Of all of them.
        """
        yield from self._in_turn([Run(self, v, seed, options, candidate=True) for v, options in variants.items()])

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

        Another notebook's record of the very same run will do: two pages never disagree about one net.
        """
        since, tested = os.environ.get(variables.FRESH, ""), "candidate" if candidate else "run"
        by_setting = not self.trains(candidate)
        return [
            record
            for folder in sorted(self.folder.parent.iterdir())
            for record in read_records(folder)[0]
            if (record["setting"], record["kind"]) == (identity.setting, tested)
            and (by_setting or (record["identity"] == identity.run and record["started"] >= since))
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
        return [seed for seed in self.seeds if all((variant, seed) in self._runs for variant in self._variants)]

    # What is measured beside runs

    def measure(self, name: str, function: Callable[[], object], *, is_time: bool = False, **settings):
        """What a function returns, from its record where there is one; else it is called, and its result recorded.

        Args:
            name: What is measured, such as "rate_finder".
            function: Returns plain values.
            is_time: Whether they are times, which hold for one device: on another they are measured anew.
            **settings: All that determines the result, beside the notebook, its profile and its data set: a split of
                one's own is to be among them.

        Returns:
            Plain values; None for a page from records that has none of it.
        """
        profile = {"profile": self._profile.name, "dataset": self.dataset_name}
        measurement = Measurement(name, settings, profile, use_precision(self.precision)[0], is_time)
        by_setting = not self.trains(candidate=True)
        known = measurement.of(self._recorded[0], os.environ.get(variables.FRESH, ""), by_setting)
        if known is None and by_setting:
            self.missing.append(name.replace("_", " "))
            return None
        record = known or measurement.record(self.notebook, self.folder, function)
        self._measured[name] = record
        return record["value"]

    # Against the report, and the end

    def compare(
        self,
        report: str,
        experiment: str,
        forms: dict[str, str],
        claims: Iterable[str] = (),
        names: dict[str, str] | None = None,
        reading: str = "",
        records: list[dict] | None = None,
        by_class: bool = False,
    ) -> pd.DataFrame:
        """Show the printed figures beside ours, what our runs say on claims, and what the print itself cannot be.

        The verdicts are the scoreboard's, which adjusts all claims together, and stand at the head of the page.

        Args:
            report: "A" to "E".
            experiment: As in published.csv.
            forms: Which figures to compare, and how to format them, such as {"accuracy": ".3f"}.
            claims: Ids in claims.csv.
            names: Our variant by published variant, where they differ.
            reading: Of what can be read in two ways, which one, as in claims.csv and variants.csv.
            records: Other records than all of this execution's.
            by_class: Whether the printed figures of each class are shown beside ours too.
        """
        runs = self.records if records is None else records
        table = compare_with_published(runs, report, experiment, forms, names)
        if reading and len(table):
            table.insert(0, "net", table["variant"].replace(names or {}))
            table["variant"] = f"{reading}: " + table["variant"].str.replace("stride_", "")
        for column in {"net", "variant"} & set(table):
            table[column] = table[column].str.replace("_", " ")
        self._tables.append(table)
        chosen = {f"${theirs}": ours for theirs, ours in (names or {}).items()}
        every = read_results(self.folder.parents[1]).with_page(self.notebook, self.records, chosen)
        evidence = evidence_table(every, claims, reading) if claims and runs else pd.DataFrame()
        of_print = (
            "What the printed figures cannot be, or are oddly, by arithmetic alone: no run of ours has a part in it"
        )
        for shown, caption in ((table, ""), (evidence, ""), (findings_table(report, experiment), of_print)):
            if len(shown):
                display(shown.style.hide(axis="index").set_caption(caption))
        if by_class:
            for variant, shown in compare_classes(runs, report, experiment, names).items():
                display(shown.style.set_caption(f"By class, {variant.replace('_', ' ')}: the mean over the seeds"))
        return table

    def add_table(self, table: pd.DataFrame) -> None:
        """Show a table of one's own, and have it on the index too."""
        self._tables.append(table)
        display(table.style.hide(axis="index"))

    def text(
        self, variant: str, value: Callable[[dict], float] | str = "accuracy", form: str = ".3f", unit: str = ""
    ) -> str:
        """A mean over the seeds in words, with its 95 % interval: "0.719 (0.712 to 0.726)"; "not recorded" without any.

        Args:
            variant: Whose.
            value: Takes a record; or the name of a figure, as in published.csv.
            form: How to format it.
            unit: What stands behind the mean, such as " points".
        """
        read = figure(value) if isinstance(value, str) else value
        values = [read(record) for record in self.of(variant)]
        return format_mean(values, form, unit)

    def difference(self, first: str, second: str, form: str = "+.1f") -> str:
        """Points of test accuracy of one variant above another, on the seeds that both have: "+2.1 (+1.8 to +2.4)".

        Args:
            first, second: The variants.
            form: How to format it.
        """
        sides = [{run["seed"]: 100 * run["test"]["accuracy"] for run in self.of(name)} for name in (first, second)]
        common = sorted(sides[0].keys() & sides[1].keys())
        return difference_text(*([side[seed] for seed in common] for side in sides), form)

    def unavailable(self, message: str) -> None:
        """Say that nothing could be trained, and why: at the end, on the page and on the index."""
        self._unavailable = message

    def finish(self, answer: str = "", discussion: str = "", **more) -> None:
        """Show what was found, and write `summary.json`, the notebook's last act: who finds it knows that it ended.

        Args:
            answer: The answer to the notebook's question, in a sentence with this run's figures.
            discussion: What they mean, in Markdown.
            **more: Further plain values for the summary.
        """
        if self._unavailable:
            print(self._unavailable)
            answer = discussion = ""
        problems = self._recorded[1]
        for name, problem in problems.items():
            print(f"{name} {problem}: not used")
        if self._variants and not self._runs and self.missing:
            command = f"make reproduce PROFILE={self._profile.name} NB={self.notebook}"
            answer, discussion = f"Not trained yet: {command}", ""
        counts = Counter(variant for variant, _ in self._runs).values()
        answer, discussion = say_once(answer, discussion, counts)
        if answer or discussion:
            display(Markdown(f"**{answer}**\n\n{discussion}"))
        records = self.records + self.candidate_records
        summary = {
            "notebook": self.notebook,
            "profile": self._profile.name,
            "dataset": self._datasets.get(self._asked, getattr(self, "dataset_name", self._asked)),
            "asked_dataset": self._asked,
            "beside": [name for asked, name in self._datasets.items() if asked != self._asked],
            "seeds": sorted({record["seed"] for record in self.records}) or self.seeds,
            "precision": " and ".join(dict.fromkeys(r["precision"] for r in records))
            or use_precision(self.precision)[0],
            "precisions": dict(Counter(record["precision"] for record in self.records)),
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            **environment(),
            "training": training_of([*self._runs.values(), *self._candidates.values()]),
            "sources": sources_of(records + list(self._measured.values())),
            "answer": answer,
            "table": [row for table in self._tables for row in rows_of(table)],
            "runs": [
                {"variant": run.variant, "seed": run.seed, "record": run.record["sha256"]} | work_of(self[run.variant])
                for run in self._runs.values()
            ],
            "missing": list(dict.fromkeys(self.missing)),
            "unusable_records": problems,
            **({"unavailable": self._unavailable} if self._unavailable else {}),
            **more,
        }
        self._keep(summary)

    def _keep(self, summary: dict) -> None:
        """Write the summary; by hand, where the suite has made a page, that and its summary stay as they are."""
        page, place = self.folder.parents[1] / f"{self.notebook}.html", os.environ.get(variables.SUMMARY)
        if not place and page.exists():
            command = f"make report NB={self.notebook} PROFILE={self._profile.name}"
            print(f"The page {page.name}, and what claims are judged by, stay as they are: {command} makes them anew.")
            return
        write_json(Path(place or self.folder / "summary.json"), summary)
