"""`Lab`: what every notebook does beside its experiment, and knows of its runs."""

import os
from collections import Counter
from collections.abc import Callable, Iterable
from copy import copy
from datetime import UTC, datetime
from pathlib import Path

import keras
import pandas as pd
from IPython.display import Markdown, display

from helpers import data, plots, variables
from helpers.claims import (
    compare_classes,
    difference_text,
    evidence_table,
    figure,
    findings_table,
    load_claim,
    other_notebooks,
)
from helpers.files import lock, results_folder, runs_folder, write_json
from helpers.fingerprints import digest_of_arrays
from helpers.lab.comparison import against_print, other_protocols, show_by_class, show_comparison
from helpers.lab.known_parameters import KNOWN, REQUIRED
from helpers.lab.loaded import Labelled, load_parts
from helpers.lab.measurement import Measurement
from helpers.lab.parameters import Check, ParameterError, check_parameters
from helpers.lab.runbook import RunBook
from helpers.lab.summary import describe_runs, format_mean, rows_of, say_once, sources_of
from helpers.machine import PRECISIONS, describe_device, environment, use_precision
from helpers.profiles import PROFILES
from helpers.records import newest

TAKEN = ("profile", "dataset", "fashion_dataset", "reports_dir", "runs_dir", "seeds", "precision")  # read once, by Lab


class Lab(RunBook):
    """The bookkeeping of one execution of a notebook.

    Args:
        notebook: The notebook's name, such as "03_cnn".
        namespace: Its `globals()`.
        **checks: What each parameter must be that is not in `KNOWN`.

    Attributes:
        precision: The precision asked for, such as "auto".
        runs_dir: Where runs are kept for resuming.
        class_names: Names by class of the data last loaded.
        input_shape: (height, width, channels) of its images.
        dataset_name: What it is; another than was asked for where the digits stand in.
        split: The last cut, in whole.

    Raises:
        ParameterError: A parameter is unknown, missing or wrong; all of them at once.
        ResultsFolderError: The results cannot be written.
    """

    def __init__(self, notebook: str, namespace: dict, **checks: Check):
        known = {name: check for name, check in KNOWN.items() if name in namespace or name in REQUIRED}
        check_parameters(namespace, known | checks)
        profile, reports_dir = namespace["profile"], namespace["reports_dir"]
        self._namespace, self._taken = namespace, {name: copy(namespace.get(name)) for name in TAKEN}
        super().__init__(PROFILES[profile], results_folder(reports_dir, profile, notebook), namespace.get("seeds", []))
        self.notebook, self._asked = notebook, namespace.get("dataset", namespace.get("fashion_dataset", ""))
        self.precision = namespace.get("precision", "auto")
        self.runs_dir = runs_folder(reports_dir, profile, namespace.get("runs_dir", ""))
        self._loaded: dict[str, tuple[dict, list[str]]] = {}  # what was loaded, without its images: by its test classes
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
        runs = [record for record in self._recorded[0] if record.get("precision") in PRECISIONS]
        recorded = newest(runs) if self.from_records and self.precision == "auto" else None
        if recorded:
            use_precision(recorded["precision"])
            return "made from records: nothing is trained, and each run has the precision that it is recorded with"
        policy, reason = use_precision(self.precision)
        return f"{policy} on {describe_device()}: {reason}"

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
        loaded = load_parts(self._asked_last, split, self._profile, quick_images)
        self._datasets[loaded.asked] = self.dataset_name = loaded.name
        self.class_names, self.split, self.input_shape = loaded.class_names, loaded.split, loaded.parts[0][0].shape[1:]
        self._loaded[digest_of_arrays(loaded.parts[2][1])] = loaded.about, loaded.class_names
        display(loaded.counts)
        return loaded.parts

    def check_ready(self) -> None:
        """Say before anything is trained what would give another experiment, or one that could not be recorded.

        Raises:
            ParameterError: A parameter has changed that was read when this was made.
            ValueError: No data were loaded: a record says which they are.
        """
        for name, taken in self._taken.items():
            if (now := self._namespace.get(name)) != taken:
                raise ParameterError(
                    f"{name}: changed from {taken!r} to {now!r} since it was read. Execute the cell with Lab(...), and "
                    "those below it, again. Nothing was trained."
                )
        if not self._datasets:
            raise ValueError("expected data that were loaded by lab.load(split): a run's record says which they are")

    def about_data(self, labels_sha256: str | None) -> dict:
        """What a record says of the data: profile, data sets, and the split that these test classes are of."""
        split = {"name": "the notebook's own"} if labels_sha256 else {}
        last = {"dataset": self.dataset_name, "asked_dataset": self._asked_last, "split": split}
        return {"profile": self._profile.name} | self._loaded.get(labels_sha256 or "", (last,))[0]

    def class_names_of(self, labels_sha256: str) -> list[str]:
        """Names by class, of the data that these test classes are of; of others, of the data last loaded."""
        return self._loaded.get(labels_sha256, (None, self.class_names))[1]

    # What is measured beside runs

    def measure(self, name: str, function: Callable[[], object], *, is_time: bool = False, **settings):
        """What a function returns, from its record where there is one; else it is called, and its result recorded.

        Args:
            name: What is measured, such as "rate_finder".
            function: Returns plain values.
            is_time: Whether they are times, which hold for one device: on another they are measured anew. All else is
                measured once: another machine takes what is recorded.
            **settings: All that determines the result, beside the notebook, its profile and its data set: a split of
                one's own is to be among them.

        Returns:
            Plain values; None for a page from records that has none of it.
        """
        profile = {"profile": self._profile.name, "dataset": self.dataset_name}
        measurement = Measurement(name, settings, profile, keras.config.dtype_policy().name, is_time)
        by_setting = not self.trains(candidate=True)
        find = lambda: measurement.of(self._recorded[0], os.environ.get(variables.FRESH, ""), by_setting)  # noqa: E731
        if by_setting:
            record = find()
        else:  # two seeds that begin together take the same
            with (self.runs_dir / f"{self.notebook}-{name}.lock").open("a") as file:
                lock(file, lambda: print(f"{name}: another process is measuring it"))
                record = find() or measurement.record(self.notebook, self.folder, function)
        if record is None:
            self.missing.append(name.replace("_", " "))
            return None
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
        table = against_print(runs, report, experiment, forms, names, reading, self.notebook)
        self._tables.append(table)
        chosen = {f"${theirs}": ours for theirs, ours in (names or {}).items()}
        evidence = pd.DataFrame()
        if runs and (claims := list(claims)):
            others = {notebook for name in claims for notebook in other_notebooks(load_claim(name))}
            evidence = evidence_table(self.results(others, chosen), claims, reading)
        show_comparison(table, evidence, findings_table(report, experiment), other_protocols(runs))
        if by_class:
            show_by_class(compare_classes(runs, report, experiment, names))
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

    def difference(
        self, first: str, second: str, form: str = "+.1f", read: Callable[[dict], float] | None = None
    ) -> str:
        """Points of test accuracy of one variant above another, on the seeds that both have: "+2.1 (+1.8 to +2.4)".

        Args:
            first, second: The variants.
            form: How to format it.
            read: Takes another figure from a record.
        """
        read = read or (lambda run: 100 * run["test"]["accuracy"])
        sides = [{run["seed"]: read(run) for run in self.of(name)} for name in (first, second)]
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
        if not self._runs and self.missing:
            command = f"make reproduce PROFILE={self._profile.name} NB={self.notebook}"
            answer, discussion = f"Not trained yet: {command}", ""
        trained = Counter(variant for variant, _ in self._runs)
        answer, discussion = say_once(answer, discussion, [trained[name] for names in self._together for name in names])
        if answer or discussion:
            display(Markdown(f"**{answer}**\n\n{discussion}"))
        runs = describe_runs(list(self._runs.values()), list(self._candidates.values()))
        runs["seeds"] = runs["seeds"] or self.seeds
        records = [*self.records, *self.candidate_records, *self._measured.values()]
        summary = {
            "notebook": self.notebook,
            "profile": self._profile.name,
            "dataset": self._datasets.get(self._asked, getattr(self, "dataset_name", self._asked)),
            "asked_dataset": self._asked,
            "beside": [name for asked, name in self._datasets.items() if asked != self._asked],
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            **environment(),
            **runs,
            "precision": runs["precision"] or keras.config.dtype_policy().name,
            "sources": sources_of(records),
            "answer": answer,
            "table": [row for table in self._tables for row in rows_of(table)],
            "missing": list(dict.fromkeys(self.missing)),
            "unusable_records": problems,
            "asked_seeds": self.seeds,
            "pages_beside": self.beside,
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
