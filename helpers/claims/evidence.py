"""What claims are judged by: the runs that pages show, found by notebook, variant and test."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from operator import itemgetter
from pathlib import Path

import numpy as np

from helpers.claims.figures import OF_MATRIX, Figure
from helpers.claims.protocols import departures
from helpers.predictions import read_labels, unpack_predictions
from helpers.records import read_records, read_summary

FIRST_SEED = 10  # seeds 0 to 2 of report A had been seen before the rules were written


@dataclass(frozen=True)
class Side:
    """One side of a comparison: the runs of a variant, or the mean over several variants.

    Attributes:
        text: As the claim writes it: "cnn", "02_dense_baseline/dense", "tvtv_32x32@16x16", "sgd_tanh + sgd_leaky_relu".
        by_seed: For each seed that all of its variants have, a record of each, with the test meant as its main one.
    """

    text: str
    by_seed: dict[int, list[dict]]

    def values(self, figure: Figure, seeds: Iterable[int]) -> np.ndarray:
        """The figure for each of some seeds, mean over the variants; of times, their logarithm."""
        read = (lambda run: np.log(figure(run))) if figure.is_time else figure
        return np.array([np.mean([read(run) for run in self.by_seed[seed]]) for seed in seeds])

    def runs(self, seeds: Iterable[int]) -> list[dict]:
        """The records of some seeds."""
        return [run for seed in seeds for run in self.by_seed[seed]]

    def only(self, allowed: Iterable[dict]) -> "Side":
        """The seeds all of whose runs are among some."""
        digests = {run["sha256"] for run in allowed}
        kept = {seed: runs for seed, runs in self.by_seed.items() if {run["sha256"] for run in runs} <= digests}
        return replace(self, by_seed=kept)

    @property
    def all_runs(self) -> list[dict]:
        """The records of all seeds."""
        return self.runs(self.by_seed)


@dataclass(frozen=True)
class Results:
    """The runs that a profile's pages show.

    Attributes:
        folder: `reports/<profile>`.
        runs: Records by notebook, variant and seed, under the variant's name on that page.
        chosen: By notebook, variants that it chose by validation: what claims write as "$best".
        work: Multiply-adds of one image, by notebook and variant, where they could be counted.
    """

    folder: Path
    runs: dict[tuple[str, str], dict[int, dict]]
    chosen: dict[str, dict[str, str]] = field(default_factory=dict)
    work: dict[tuple[str, str], int] = field(default_factory=dict)

    def side(self, text: str, notebook: str) -> Side:
        """A side of a comparison.

        Args:
            text: As in `Side`.
            notebook: Whose variants are meant where the text does not say.
        """
        parts = [self._variant(part.strip(), notebook) for part in text.split(" + ")]
        common = sorted(set.intersection(*map(set, parts)))
        return Side(text, {seed: [part[seed] for part in parts] for seed in common})

    def _variant(self, text: str, notebook: str) -> dict[int, dict]:
        """The records of a variant by seed, with the test meant as its main one."""
        name, _, test = text.partition("@")
        of, _, variant = name.rpartition("/")
        variant = self.chosen.get(of or notebook, {}).get(variant, variant)
        found = self.runs.get((of or notebook, variant), {})
        if not test:
            return found
        return {seed: run | {"test": run["tests"][test]} for seed, run in found.items() if test in run["tests"]}

    def classes_of(self, run: dict) -> tuple[np.ndarray, np.ndarray] | None:
        """True and predicted classes of a run's test images, int64 (n,); None where they are not kept."""
        labels = read_labels(self.folder / "labels", run["test"].get("labels_sha256"))
        if labels is None or "predictions" not in run["test"]:
            return None
        return labels, unpack_predictions(run["test"]).y_pred

    def of_data_for(self, experiment: str) -> "Results":
        """Only the runs on an experiment's own data: classes of other data have other names."""
        data = data_of(experiment)
        own = lambda by_seed: {seed: run for seed, run in by_seed.items() if run["dataset"] == data}  # noqa: E731
        return replace(self, runs={key: own(by_seed) for key, by_seed in self.runs.items()})

    def with_page(self, notebook: str, records: Iterable[dict], chosen: dict[str, str] | None = None) -> "Results":
        """The same with a notebook's runs as they are in its kernel, whatever its page shows."""
        others = {key: runs for key, runs in self.runs.items() if key[0] != notebook}
        for record in records:
            others.setdefault((notebook, record["variant"]), {})[record["seed"]] = record
        return replace(self, runs=others, chosen=self.chosen | {notebook: chosen or {}})


def read_results(folder: Path) -> Results:
    """The runs that the pages of a profile show: those that the notebooks' summaries name.

    Args:
        folder: `reports/<profile>`.
    """
    folders = sorted(Path(folder).glob("results/*"))
    by_digest = {record["sha256"]: record for each in folders for record in read_records(each)[0]}
    runs: dict[tuple[str, str], dict[int, dict]] = {}
    chosen, work = {}, {}
    for each in folders:
        summary = read_summary(each)
        chosen[each.name] = summary.get("chosen", {})
        for run in summary.get("runs", []):
            record = by_digest.get(run["record"])
            work |= {(each.name, run["variant"]): run["multiply_adds"]} if "multiply_adds" in run else {}
            if record:
                runs.setdefault((each.name, run["variant"]), {})[run["seed"]] = record | {"variant": run["variant"]}
    return Results(Path(folder), runs, chosen, work)


def judged_runs(runs: Iterable[dict], experiment: str) -> list[dict]:
    """Those of some runs that are judged: of the full protocol, on the experiment's own data, of the judged seeds."""
    return [run for run in runs if run["seed"] >= FIRST_SEED and are_comparable([run], experiment)]


def are_comparable(runs: Iterable[dict], experiment: str) -> bool:
    """Whether runs may be held against printed figures: the full protocol, on the experiment's own data."""
    own = data_of(experiment)
    return all(run["profile"] == "full" and run["dataset"] == own and not departures(run) for run in runs)


def data_of(experiment: str) -> str:
    """The data set of an experiment."""
    return "fashion_mnist" if experiment.startswith("fashion_mnist") or experiment == "dropout" else "cifar10"


def comparable_times(
    runs: Iterable[dict],
    of_epochs: bool = False,
    net_of: Callable[[dict], object] = itemgetter("variant"),
    one_precision: bool = True,
) -> list[dict]:
    """Those of some runs whose times may be compared: of one device, used alike, and not disturbed by other processes.

    What was measured once and is shared by several runs, such as the frozen part's time, is one observation: of those
    that share it only the run that measured it counts.

    Args:
        runs: Records of runs. Of several devices that one counts on which all their nets have the most seeds in
            common; of equal ones, that with the most runs.
        of_epochs: Whether the times of epochs are compared, which hold nothing that is shared.
        net_of: Says which net a run is of.
        one_precision: Whether they must be of one precision too; False where that is what is compared.
    """
    own = [run for run in runs if run["disturbed"] is False]  # of None it is not known
    own = [run for run in own if of_epochs or not (run.get("frozen_part") or {}).get("shared")]
    nets, where = set(map(net_of, own)), lambda run: device_of(run)[: None if one_precision else -1]

    def weight(device: tuple) -> tuple[int, int]:
        there = [run for run in own if where(run) == device]
        seeds = ({run["seed"] for run in there if net_of(run) == net} for net in nets)
        return len(set.intersection(*seeds)), len(there)

    common = max(dict.fromkeys(map(where, own)), key=weight, default=None)
    return [run for run in own if where(run) == common]


def device_of(run: dict) -> tuple:
    """What a run was computed with and on: backend, device, threads, precision."""
    return run["backend"], run["device"], run.get("threads"), run.get("precision")


def has_images(figure: Figure) -> bool:
    """Whether a figure is of test images, so that other images would change it."""
    return figure.name in OF_MATRIX
