"""CONTRIBUTING's example: a report F is added by rows of CSV alone, and its claims are judged."""

import re
import shutil
import textwrap
from pathlib import Path

import pytest
from made_up import make_run, results_of

from helpers.claims import (
    compare_all,
    compare_classes,
    judge_claims,
    kinds,
    load_claims,
    load_variants,
    published_folder,
)

ROOT = Path(__file__).parents[2]
CACHED = (published_folder, load_variants, kinds)
CLOSE = (-0.002, -0.001, 0.0, 0.001, 0.002)  # around a mean, five seeds


def examples() -> dict[str, list[str]]:
    """The lines of each table that CONTRIBUTING shows, by the file they belong to; the first names the columns."""
    blocks = re.findall(r"^( *)```csv (\S+)\n(.*?)^\1```$", (ROOT / "CONTRIBUTING.md").read_text(), re.M | re.S)
    return {name: textwrap.dedent(lines).splitlines() for _, name, lines in blocks}


@pytest.fixture
def with_report_f(tmp_path, monkeypatch):
    """A copy of the published tables with CONTRIBUTING's rows at their ends, in place of the real ones."""
    folder = tmp_path / "reports" / "published"
    shutil.copytree(ROOT / "reports" / "published", folder)
    (tmp_path / "notebooks").mkdir()
    for name, (columns, *rows) in examples().items():
        kept = (folder / name).read_text()
        assert kept.splitlines()[0] == columns
        (folder / name).write_text(kept.rstrip("\n") + "\n" + "\n".join(rows) + "\n")
    monkeypatch.chdir(tmp_path / "notebooks")
    forget()
    yield folder
    forget()


def forget() -> None:
    """Have the tables read anew."""
    for each in CACHED:
        each.cache_clear()


def runs_of(variant: str, accuracy: float, seconds: float) -> list[dict]:
    """Five runs of the full protocol, close to an accuracy and a time."""
    return [make_run(variant, 10 + k, accuracy + off, seconds * (1 + off)) for k, off in enumerate(CLOSE)]


def judge_f(*runs: dict) -> dict[str, str]:
    """The verdicts on report F's claims."""
    judged = judge_claims(results_of(n17_kernel_size=list(runs)), draws=0)
    return {each.name: each.verdict for each in judged if each.claim["report"] == "F"}


def test_all_three_tables_are_shown():
    assert {name: len(lines) - 1 for name, lines in examples().items()} == {
        "published.csv": 6, "variants.csv": 2, "claims.csv": 3,
    }  # fmt: skip


def test_the_claims_of_report_f_are_judged_by_its_runs(with_report_f):
    assert published_folder() == with_report_f
    assert load_claims()["report"].nunique() == 6
    assert judge_f() == dict.fromkeys(("F1", "F2", "F3"), "not yet run")
    as_claimed = judge_f(*runs_of("kernel_3", 0.71, 140), *runs_of("kernel_5", 0.73, 190))
    assert as_claimed == dict.fromkeys(("F1", "F2", "F3"), "supported")
    reversed_ = judge_f(*runs_of("kernel_3", 0.73, 190), *runs_of("kernel_5", 0.71, 140))
    assert reversed_ == dict.fromkeys(("F1", "F2", "F3"), "contradicted")


def test_the_printed_figures_of_report_f_stand_beside_ours(with_report_f):
    runs = runs_of("kernel_3", 0.71, 140) + runs_of("kernel_5", 0.78, 190)
    compared = compare_all(results_of(n17_kernel_size=runs), [("F", "kernel_size")])
    agreement = {(row["variant"], row["metric"]): row["agreement"] for _, row in compared.iterrows()}
    assert agreement == {
        ("kernel_3", "accuracy"): "compatible with print", ("kernel_3", "training_time"): "other hardware",
        ("kernel_5", "accuracy"): "ours higher", ("kernel_5", "training_time"): "other hardware",
    }  # fmt: skip


def test_the_printed_figures_of_its_classes_stand_beside_ours_where_they_are_printed(with_report_f):
    table = compare_classes(runs_of("kernel_3", 0.71, 140), "F", "kernel_size")["kernel_3"]
    printed = table["f1", "printed"]
    assert (printed["cat"], set(printed.drop("cat"))) == ("0.52", {"not printed"})


def test_the_verdicts_on_the_other_reports_are_those_of_the_same_judge(with_report_f):
    judged = judge_claims(results_of(), draws=0)
    assert len(judged) == 33 + 3
    assert {each.verdict for each in judged} == {"not yet run"}
