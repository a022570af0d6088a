"""What a table of results cannot hold of one net, rounding allowed for, and what in it is odd.

A printed figure stands for all numbers that round to it. Figures contradict each other only if no such numbers fit.
"""

import itertools
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import pandas as pd

from helpers.claims import count_checks, rate_checks
from helpers.claims.printed_nets import CONFUSED, NET, OF_CLASS, Net, in_words, nets_of
from helpers.claims.published import load_figures, load_variants, published_folder

SEVERITIES = {
    "inconsistent": "No numbers that round to the printed ones fit together.",
    "remarkable": "It can be, but it is odd.",
}
CHECKS = (
    rate_checks.class_accuracies,
    rate_checks.f1s,
    rate_checks.averages,
    rate_checks.predictions,
    count_checks.whole_images,
    count_checks.counts,
    count_checks.confusions,
)


@dataclass(frozen=True)
class Finding:
    """Something that is wrong or odd in a table.

    Attributes:
        severity: A key of `SEVERITIES`.
        report, experiment, variant: Of which net.
        text: What the table says, and what it would have to be.
    """

    severity: str
    report: str
    experiment: str
    variant: str
    text: str

    @property
    def net(self) -> str:
        """Report, experiment and variant."""
        return f"{self.report} / {self.experiment} / {self.variant}"


def find_inconsistencies(table: pd.DataFrame) -> list[Finding]:
    """Find what a table of results cannot hold of one net, and what in it is odd.

    Args:
        table: A row a figure, as `load_figures` gives them: report, experiment, variant, metric, class, value; and, if
            there are any, epoch, and printed, the value's very text. Besides the printed metrics, "confused_with:dog"
            of the class cat counts the cats that are taken for dogs.

    Returns:
        What cannot be, then what is odd.
    """
    nets = nets_of(table)
    found = [Finding("inconsistent", *net.key, text) for net in nets for check in CHECKS for text in check(net)]
    found += [Finding("remarkable", *net.key, text) for net in nets for text in _tested_on_validation(net)]
    found += list(_trained_on(nets))
    return found + [finding for pair in itertools.combinations(nets, 2) for finding in _repeats(*pair)]


def published_table() -> pd.DataFrame:
    """All printed figures as `load_figures` gives them, and the printed confusion matrices as counts."""
    kept, rows = json.loads((published_folder() / "confusion_matrices.json").read_text()), []
    for name, matrix in kept["matrices"].items():
        for true, counts in zip(kept["classes"], matrix, strict=True):
            for said, count in zip(kept["classes"], counts, strict=True):
                rows.append([*name.split("/"), f"{CONFUSED}{said}", true, count, str(count)])
    counts = pd.DataFrame(rows, columns=[*NET, "metric", "class", "value", "printed"])
    return pd.concat([load_figures(), counts], ignore_index=True)


def findings_table(report: str = "", experiment: str = "") -> pd.DataFrame:
    """What the published tables cannot hold of one net, or hold that is odd.

    Args:
        report: "A" to "E"; default, all.
        experiment: As in published.csv; default, all.

    Returns:
        A row a finding, all columns text: severity, net, what the table says.
    """
    rows = [
        [finding.severity, finding.net.replace("_", " "), finding.text]
        for finding in _published_findings()
        if finding.report == (report or finding.report) and finding.experiment == (experiment or finding.experiment)
    ]
    return pd.DataFrame(rows, columns=["severity", "net", "what the table says"])


@cache
def _published_findings() -> list[Finding]:
    """All that is wrong or odd in the published tables."""
    return find_inconsistencies(published_table())


def _tested_on_validation(net: Net) -> Iterator[str]:
    """A test that repeats the best epoch's validation, to four digits or more, or to three with the loss."""
    history, accuracy = net.by_epoch.get("val_accuracy", {}), net.whole.get("accuracy")
    if not history or not accuracy:
        return
    best = max(history, key=lambda epoch: Fraction(history[epoch].text))
    losses = [loss for loss in (net.whole.get("loss"), net.by_epoch.get("val_loss", {}).get(best)) if loss]
    agree = len(losses) == 2 and losses[0].fits(losses[1])
    digits = min(len(value.text.partition(".")[2]) for value in (accuracy, history[best]))
    enough = digits >= 3 if agree else digits >= 4 and len(losses) < 2
    if enough and Fraction(history[best].text) == Fraction(accuracy.text):
        loss = f", and the loss {losses[0].text} likewise" if agree else ""
        said = (
            f"test accuracy {accuracy.text} is the best validation accuracy, of epoch {best}, to the last digit{loss}"
        )
        yield f"{said}: the validation images seem to be the test images, so the epoch was chosen on them"


def _trained_on(nets: list[Net]) -> Iterator[Finding]:
    """Nets that went on for another number of epochs after their best one than the others of their experiment did."""
    after: dict[tuple, list] = {}
    for net in nets:
        if history := net.by_epoch.get("val_accuracy"):
            best = max(sorted(history), key=lambda epoch: Fraction(history[epoch].text))
            after.setdefault(net.key[:2], []).append((net, best, max(history)))
    for group in after.values():
        (usual, count), *_ = Counter(last - best for _, best, last in group).most_common(1)
        for net, best, last in group:
            if count > 1 and last - best != usual:
                accuracy = net.by_epoch["val_accuracy"][best].text
                said = f"the best validation accuracy, {accuracy}, is that of epoch {best}, yet training went on to "
                said += f"epoch {last}: {last - best} epochs, where the other nets stopped {usual} after their best"
                yield Finding("remarkable", *net.key, said)


def _repeats(one: Net, other: Net) -> Iterator[Finding]:
    """Figures by class that two nets of a report share to the digit, though the nets differ."""
    if one.key[0] != other.key[0] or frozenset((one.key, other.key)) in _expected_repeats() or not _differ(one, other):
        return
    for metric in OF_CLASS:
        pair = [net.by_class.get(metric, {}) for net in (one, other)]
        shared = [name for name in pair[0] if name in pair[1]]
        same = [name for name in shared if pair[0][name].text == pair[1][name].text]
        digits = max((len(value.text.partition(".")[2]) for net in pair for value in net.values()), default=0)
        if len(shared) >= 8 and len(same) >= (5 if digits > 2 else len(shared)):  # two digits agree by chance
            rest = [name for name in shared if name not in same]
            but = f" (all but {', '.join(rest)})" if 0 < len(rest) <= 2 else ""
            of_one = "/".join(one.key[1:]) if one.key[1] != other.key[1] else one.key[2]
            said = f"{in_words(metric)} is that of {of_one} to the digit"
            text = f"{said} in {len(same)} of {len(shared)} classes{but}, though the two are different nets"
            yield Finding("remarkable", *other.key, text)


def _differ(one: Net, other: Net) -> bool:
    """Whether two nets differ: in their accuracies; where one has none, in any other figure."""
    if "accuracy" in one.whole and "accuracy" in other.whole:
        return one.whole["accuracy"].text != other.whole["accuracy"].text
    of_nets = [net.by_class | {"": net.whole} for net in (one, other)]
    texts = [{(m, k): v.text for m, of in net.items() for k, v in of.items()} for net in of_nets]
    return any(texts[0][key] != texts[1][key] for key in texts[0].keys() & texts[1].keys())


@cache
def _expected_repeats() -> set[frozenset]:
    """Pairs of nets of which variants.csv says that one repeats the other."""
    rows = load_variants().query("same_as != ''")[[*NET, "same_as"]].itertuples(index=False)
    return {frozenset(((report, *names), (report, *same.split("/")))) for report, *names, same in rows}
