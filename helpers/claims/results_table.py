"""A table of one's own results, read from a CSV file that may be malformed: all that is wrong with it at once."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path

import pandas as pd

from helpers.claims.printed_nets import AVERAGES, CONFUSED, EXACT_COUNTS, NET, OF_CLASS
from helpers.claims.published import load_figures, load_variants

COLUMNS = (*NET, "metric", "class", "value")
OPTIONAL = ("epoch", "unit", "note")
SHARES = (*AVERAGES, "train_accuracy", "val_accuracy", *OF_CLASS)
COUNTS = (*EXACT_COUNTS, "images")
METRICS = (*SHARES, *COUNTS, "loss", "val_loss", "training_time", "epoch_time", "share")
NEED_CLASS = ("support", "class_accuracy")
MAY_HAVE_CLASS = (*NEED_CLASS, "precision", "recall", "f1")
BY_EPOCH = ("accuracy", "loss", "val_accuracy", "val_loss")
NUMBER = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,2})?"
LONGEST = 40  # characters of a number


@dataclass(frozen=True)
class Problem:
    """What is malformed: the line in the file (0: the file itself), the column, what was expected, what was found."""

    line: int
    column: str
    expected: str
    found: str

    def __str__(self):
        where = f"line {self.line}, {self.column}" if self.line else self.column
        return f"{where}: expected {self.expected}; found {self.found}"


class TableError(ValueError):
    """A table of results is malformed: `problems` has all of what is wrong with it."""

    def __init__(self, path: Path, problems: Sequence[Problem]):
        super().__init__("\n".join([f"{path} cannot be checked:", *map(str, problems)]))
        self.problems = list(problems)


def read_table(path: Path) -> pd.DataFrame:
    """Read a table of results.

    Args:
        path: A CSV file, UTF-8, with the columns report, experiment, variant, metric, class, value, and, if wanted,
            epoch, unit, note.

    Returns:
        The rows as `find_inconsistencies` takes them: value is a number, printed its very text.

    Raises:
        TableError: It is malformed; all problems at once.
    """
    lines, problems = _read_lines(path)
    if lines and (problem := _check_separator(*lines[0])):
        raise TableError(path, [problem])
    if lines:
        header, *lines = lines
        columns = [name.strip().lower() for name in header[1]]
        problems += _check_header(header[0], columns)
        first, rows = {}, []
        for line, fields in lines:
            if len(fields) > len(columns):
                found = f"{len(fields)}: a comma within a number or a note needs quotation marks"
                problems.append(Problem(line, "all", f"{len(columns)} fields", found))
                continue
            row = dict.fromkeys(columns, "") | dict(zip(columns, map(str.strip, fields), strict=False))
            problems += _check_row(line, row)
            key = tuple(row.get(name, "") for name in (*COLUMNS[:-1], "epoch"))
            if first.setdefault(key, line) != line and set(COLUMNS) <= set(columns):
                problems.append(Problem(line, "all", "one row a figure", f"the same one as in line {first[key]}"))
            rows.append(row)
        if not lines:
            problems.append(Problem(header[0] + 1, "all", "one row or more below the header", "none"))
    if problems:
        raise TableError(path, sorted(problems, key=lambda problem: problem.line))
    table = pd.DataFrame(rows)
    epochs = pd.to_numeric(table["epoch"]) if "epoch" in table else float("nan")
    return table.assign(printed=table["value"], value=table["value"].astype(float), epoch=epochs)


def _read_lines(path: Path) -> tuple[list[tuple[int, list[str]]], list[Problem]]:
    """The records of a CSV file that are not blank, each with the line it begins in; or what is wrong with the file."""
    try:
        raw = Path(path).read_bytes()
    except OSError as error:
        return [], [Problem(0, "file", "a CSV file that can be read", str(error.strerror or error))]
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        return [], [Problem(line, "file", "text in UTF-8", f"the byte 0x{raw[error.start]:02x}")]
    lines, reader, begin = [], csv.reader(io.StringIO(text, newline=""), strict=True), 1
    try:
        for fields in reader:
            if any(map(str.strip, fields)):
                lines.append((begin, fields))
            begin = reader.line_num + 1
    except csv.Error as error:
        return [], [Problem(begin, "file", "fields as CSV writes them", str(error))]
    return lines, [] if lines else [Problem(1, "file", f"a header, {','.join(COLUMNS)}", "an empty file")]


def _check_separator(line: int, header: list[str]) -> Problem | None:
    """What separates the fields, if not commas: then no row can be read, and nothing else is to be said."""
    for sign, found in ((";", "semicolons"), ("\t", "tabs")):
        if len(header) == 1 and sign in header[0]:
            return Problem(line, "all", "fields separated by commas, and numbers with a decimal point", found)
    return None


def _check_header(line: int, columns: list[str]) -> Iterator[Problem]:
    """What is wrong with the names of the columns."""
    listed = ", ".join(map(repr, columns))
    for name in COLUMNS:
        if name not in columns:
            yield Problem(line, name, "a column of this name, separated by commas", f"only {listed}")
    for name, count in Counter(columns).items():
        if name not in (*COLUMNS, *OPTIONAL):
            yield Problem(line, name, f"only the columns {', '.join((*COLUMNS, *OPTIONAL))}", repr(name))
        if count > 1:
            yield Problem(line, name, "one column of this name", str(count))


def _check_row(line: int, row: dict[str, str]) -> Iterator[Problem]:
    """What is wrong with a row; of columns that the file lacks nothing is said."""
    yield from _check_net(line, row)
    metric, name = row.get("metric"), row.get("class")
    classes = _classes(row.get("experiment", ""))
    if metric is not None and metric.removeprefix(CONFUSED) not in (
        classes if metric.startswith(CONFUSED) else METRICS
    ):
        listed = classes if metric.startswith(CONFUSED) else (*METRICS, f"{CONFUSED}dog and the like")
        yield Problem(line, "metric", f"one of {', '.join(listed)}", _perhaps(metric, METRICS))
    elif metric is not None and name is not None:
        if not name and (metric in NEED_CLASS or metric.startswith(CONFUSED)):
            yield Problem(line, "class", f"one of {', '.join(classes)}", "nothing")
        elif name and not (metric in MAY_HAVE_CLASS or metric.startswith(CONFUSED)):
            hint = " (a class's accuracy is class_accuracy)" if metric == "accuracy" else ""
            yield Problem(line, "class", f"nothing, since {metric} is the whole net's{hint}", repr(name))
    if name and name not in classes:
        yield Problem(line, "class", f"one of {', '.join(classes)}", _perhaps(name, classes))
    if epoch := row.get("epoch"):
        if not re.fullmatch("[1-9][0-9]{0,6}", epoch):
            yield Problem(line, "epoch", "a whole number from 1 on, or nothing", repr(epoch))
        if metric not in (*BY_EPOCH, None) or name:
            yield Problem(line, "epoch", f"nothing, but for {', '.join(BY_EPOCH)} of a whole net", repr(epoch))
    if "value" in row:
        yield from _check_value(line, metric or "", row["value"])
    for column in ("unit", "note"):  # the digits behind a decimal comma, which divides a number into two fields
        if re.fullmatch("[0-9]+", row.get(column, "")):
            yield Problem(line, column, "words, and in the value a decimal point", repr(row[column]))


def _perhaps(found: str, known: Iterable[str]) -> str:
    """What was found in place of a known word, and which may be meant, if one is like it."""
    alike = get_close_matches(found.lower().replace(" ", "_"), lowered := {word.lower(): word for word in known}, 1)
    return repr(found) + (f", perhaps {lowered[alike[0]]}" if alike else "")


def _check_value(line: int, metric: str, value: str) -> Iterator[Problem]:
    """What is wrong with a value."""
    number = float(value) if re.fullmatch(NUMBER, value) and len(value) <= LONGEST else None
    percent = value.removesuffix("%").strip()
    if metric in SHARES and re.fullmatch(r"[0-9]{1,3}(\.[0-9]{0,9})?", percent) and 1 < float(percent) <= 100:
        share = f"{float(percent) / 100:.{len(percent.partition('.')[2]) + 2}f}"
        yield Problem(line, "value", f"a share from 0 to 1, such as {share} instead of {percent} %", value)
    elif number is None:
        expected = "a number with a decimal point and no thousands separators"
        yield Problem(line, "value", expected, repr(value) if value else "nothing")
    elif metric in SHARES and not 0 <= number <= 1:
        yield Problem(line, "value", "a share from 0 to 1, such as 0.72", value)
    elif metric == "share" and not 0 <= number <= 100:
        yield Problem(line, "value", "a percentage from 0 to 100", value)
    elif (metric in COUNTS or metric.startswith(CONFUSED)) and not re.fullmatch(r"[0-9]+(\.0*)?", value):
        no_share = ", no share or percentage" if metric.startswith(CONFUSED) else ""
        yield Problem(line, "value", f"a count: a whole number, 0 or more, in plain digits{no_share}", value)
    elif number < 0:
        yield Problem(line, "value", "0 or more", value)


def _check_net(line: int, row: dict[str, str]) -> Iterator[Problem]:
    """The first of report, experiment and variant that is not known."""
    known = _known_nets()
    for column in NET:
        if column not in row:
            return
        if row[column] not in known:
            found = _perhaps(row[column], known) if row[column] else "nothing"
            yield Problem(line, column, f"one of {', '.join(known)}", found)
            return
        known = known[row[column]]


@cache
def _known_nets() -> dict[str, dict[str, dict[str, dict]]]:
    """The printed nets: report, experiment, variant."""
    known: dict = {}
    for report, experiment, variant in pd.concat([load_figures()[NET], load_variants()[NET]]).to_numpy():
        known.setdefault(report, {}).setdefault(experiment, {}).setdefault(variant, {})
    return known


@cache
def _classes(experiment: str) -> list[str]:
    """The classes of the images that an experiment is about."""
    figures = load_figures()
    fashion = figures["experiment"].str.startswith("fashion_mnist")
    return figures[fashion == experiment.startswith("fashion_mnist")]["class"].dropna().unique().tolist()
