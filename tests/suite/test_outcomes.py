"""How each job and each notebook went, as the files that they leave tell it."""

import json
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import pytest

from helpers.files import write_json
from helpers.records import write_record
from suite.jobs import MARKS, Job
from suite.outcomes import (
    drop_unfounded_marks,
    error_of,
    jobs_table,
    read_outcomes,
)
from suite.settings import Settings

STARTED = datetime(2026, 3, 5, 14, 30, tzinfo=UTC).timestamp()
BEFORE, AFTER = "2026-03-05T14:29:59+00:00", "2026-03-05T14:31:00+00:00"
SUMMARY = {
    "dataset": "cifar10",
    "asked_dataset": "cifar10",
    "training": {"runs": 4, "reused": 1, "seconds": 100},
    "table": [
        {"variant": "cnn", "figure": "accuracy", "ours, mean": "0.725", "printed": "0.7214"},
        {"variant": "dense_net", "figure": "accuracy", "ours, mean": "0.512", "printed": "not compared"},
        {"variant": "cnn", "figure": "loss", "ours, mean": "0.9", "printed": "0.8"},
        {"variant": None, "figure": "accuracy", "ours, mean": None, "printed": None, "layers": "3"},
    ],
}
RUN = {
    "kind": "run", "notebook": "03_cnn", "profile": "full", "dataset": "cifar10", "setting": "a", "identity": "b",
    "variant": "cnn", "seed": 1, "history": {}, "seconds_by_epoch": [1.0], "seconds": 1.0, "device": "a processor",
    "versions": {}, "test": None, "tests": {},
}  # fmt: skip
SEEDS = [Job("03_cnn", seed, (seed,), (), f"d{seed}", 3000, 10) for seed in (0, 1)]
PAGE = Job("03_cnn", None, (0, 1), tuple(job.mark for job in SEEDS), "page", 3000, 0.5)
OTHER = Job("01_data", None, (0, 1), (), "other", 3000, 2)
JOBS = [OTHER, *SEEDS, PAGE]


@pytest.fixture
def settings(tmp_path):
    """The suite's settings, its folders made."""
    limits = {"jobs": 1, "retries": 2, "gpus": 0, "threads": 1, "threads_alone": 1}
    limits |= dict.fromkeys(("timeout", "minutes", "number", "draw"))
    made = Settings("full", "asked for", "cifar10", seeds=(0, 1), reports=tmp_path, **limits)
    (made.folder / MARKS).mkdir(parents=True)
    return made


@pytest.fixture
def folder(settings):
    """The profile's folder of reports."""
    return settings.folder


@pytest.fixture
def end(folder):
    """Leave what a job's execution leaves: end(job, error=, ended=, attempt=, summary=, ...)."""

    def write(job: Job, error=None, ended=AFTER, attempt=1, summary=SUMMARY, status=None, records=()) -> None:
        status = status or ("failed" if error else "done")
        facts = {"job": job.name, "notebook": job.notebook, "title": "A net", "question": "?", "status": status}
        facts |= {"seconds": 80.0, "error": error, "ended": ended, "attempt": attempt, "partial": None}
        facts |= {"records": list(records)}
        write_json(folder / ".partial" / f"{job.name}.json", facts | {"summary": None if error else summary})
        if not error:
            (folder / job.mark).touch()

    return write


@pytest.fixture
def page(folder):
    """Leave a notebook's page, the executed notebook and its summary: page(name, accuracy)."""

    def write(name: str = "03_cnn", accuracy: str = "0.725") -> None:
        metadata = {"coursework": {"question": "Which?"}, "papermill": {"duration": 123.0}}
        cells = [nbformat.v4.new_markdown_cell("# A net")]
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), folder / f"{name}.ipynb")
        (folder / f"{name}.html").write_text("a page")
        (folder / "results" / name).mkdir(parents=True)
        write_json(folder / "results" / name / "summary.json", SUMMARY | {"accuracy": accuracy})

    return write


def rows_of(table: str) -> dict[str, str]:
    """The lines of a table by their first word."""
    return {line.split()[0].rstrip(":"): line for line in table.splitlines() if line}


def states(**of) -> dict[str, str]:
    """How the jobs stood before: pending, except for some."""
    return dict.fromkeys((job.name for job in JOBS), "pending") | of


# The table of jobs.


def test_a_job_that_was_executed_is_done_with_tries_time_runs_and_accuracies(folder, end):
    for job in JOBS:
        end(job)
    table = jobs_table(JOBS, states(), folder, STARTED)
    assert rows_of(table)["03_cnn"].split(maxsplit=4)[1:4] == ["done", "1", "80"]
    assert rows_of(table)["03_cnn"].endswith("3, 1                  cnn 0.725 (printed 0.7214), dense net 0.512")
    assert rows_of(table)["03_cnn-seed1"].split()[-3:] == ["3,", "1", "-"]  # accuracies are the page's
    assert table.splitlines()[-1] == "4 done"


def test_a_notebook_that_trains_nothing_has_no_runs(folder, end):
    end(OTHER, summary={"dataset": "cifar10", "table": []})
    row = rows_of(jobs_table([OTHER], states(), folder, STARTED))["01_data"]
    assert row.split() == ["01_data", "done", "1", "80", "s", "-", "-"]


def test_a_job_that_had_ended_well_before_is_reused_and_shows_what_it_found_then(folder, end):
    end(PAGE, ended=BEFORE)
    table = jobs_table([PAGE], states(**{"03_cnn": "done"}), folder, STARTED)
    assert rows_of(table)["03_cnn"].split()[1] == "reused"
    assert "cnn 0.725" in table
    assert table.splitlines()[-1] == "1 reused"


def test_a_job_that_was_executed_again_is_done_not_reused(folder, end):
    end(PAGE)
    assert jobs_table([PAGE], states(**{"03_cnn": "done"}), folder, STARTED).splitlines()[-1] == "1 done"


def test_a_job_that_waits_for_one_that_failed_was_not_run(folder, end):
    end(SEEDS[0])
    end(SEEDS[1], error="ValueError: no such luck", attempt=3)
    end(PAGE, ended=BEFORE)  # an earlier run's
    (folder / PAGE.mark).unlink()
    table = jobs_table([*SEEDS, PAGE], states(), folder, STARTED)
    assert {name: row.split()[1] for name, row in rows_of(table).items() if name.startswith("03")} == {
        "03_cnn-seed0": "done",
        "03_cnn-seed1": "failed",
        "03_cnn": "not",
    }
    assert rows_of(table)["03_cnn"].split() == ["03_cnn", "not", "run", "-", "-", "-", "-"]
    assert table.splitlines()[-1] == "1 done, 1 failed, 1 not run, 1 retried"


def test_what_ended_well_at_the_second_try_is_done_and_counted_as_retried(folder, end):
    end(SEEDS[0], attempt=2)
    end(SEEDS[1], attempt=1)
    table = jobs_table(SEEDS, states(), folder, STARTED)
    assert rows_of(table)["03_cnn-seed0"].split()[:3] == ["03_cnn-seed0", "done", "2"]
    assert table.splitlines()[-1] == "2 done, 1 retried"


@pytest.mark.parametrize("status", ["stopped", "not begun"])
def test_what_the_time_did_not_suffice_for_is_no_failure(settings, end, page, status):
    page("03_cnn")
    end(SEEDS[0], error="the time is up", attempt=2, status=status)
    table = jobs_table(SEEDS[:1], states(), settings.folder, STARTED)
    assert rows_of(table)["03_cnn-seed0"].startswith(f"03_cnn-seed0  {status}")
    assert table.splitlines()[-1].startswith(f"1 {status}")
    assert error_of(SEEDS[0], settings, False, STARTED) is None
    assert [outcome["status"] for outcome in read_outcomes(NOTEBOOKS, settings.folder)] == ["done"]
    assert SEEDS[0].state(settings.folder) == "pending"


# Errors.


def test_a_job_that_ended_well_has_no_error(settings, end):
    end(SEEDS[0])
    assert error_of(SEEDS[0], settings, False, STARTED) is None
    assert error_of(SEEDS[0], settings, True, STARTED) is None


def test_a_job_that_failed_has_its_own_error_even_if_the_suite_was_interrupted(settings, end):
    end(SEEDS[0], error="ValueError: no such luck")
    assert error_of(SEEDS[0], settings, False, STARTED) == "ValueError: no such luck"
    assert error_of(SEEDS[0], settings, True, STARTED) == "ValueError: no such luck"


def test_a_job_that_the_user_interrupted_has_no_error_of_its_own(settings, end):
    end(SEEDS[0], error="of an earlier run", ended=BEFORE)
    assert error_of(SEEDS[0], settings, True, STARTED) is None
    assert error_of(PAGE, settings, True, STARTED) is None


def test_a_job_whose_process_was_killed_is_named_with_the_log_to_read(settings):
    expected = f"its process ended without a message; see {settings.folder}/.partial/snakemake.log"
    assert error_of(SEEDS[0], settings, False, STARTED) == expected


def test_a_page_that_waited_for_a_seed_in_vain_has_no_error_of_its_own(settings, end):
    end(SEEDS[0])
    assert error_of(PAGE, settings, False, STARTED) is None
    end(SEEDS[1])
    assert "without a message" in error_of(PAGE, settings, False, STARTED)


# Marks without what they stand for.


def marked(folder) -> set[str]:
    """Names of the jobs that have a mark."""
    return {path.name.split(".")[0] for path in (folder / MARKS).iterdir()}


def test_marks_with_all_their_files_stay(settings, end, page):
    for job in JOBS:
        end(job)
    page("03_cnn")
    page("01_data")
    drop_unfounded_marks(JOBS, settings.folder)
    assert marked(settings.folder) == {job.name for job in JOBS}


@pytest.mark.parametrize("missing", ["03_cnn.html", "03_cnn.ipynb", "results/03_cnn/summary.json"])
def test_where_a_page_or_its_results_are_gone_only_the_page_is_made_again(settings, end, page, missing):
    for job in JOBS:
        end(job)
    page("03_cnn")
    page("01_data")
    (settings.folder / missing).unlink()
    drop_unfounded_marks(JOBS, settings.folder)
    assert marked(settings.folder) == {"01_data", "03_cnn-seed0", "03_cnn-seed1"}


@pytest.mark.parametrize("other", [{"dataset": "digits"}, {"stand_ins": ["cifar10"]}])
def test_what_was_made_of_digits_for_want_of_the_data_is_made_again(settings, end, page, other):
    for job in JOBS:
        end(job, summary=SUMMARY | (other if job in (SEEDS[1], PAGE) else {"stand_ins": []}))
    page("03_cnn")
    page("01_data")
    drop_unfounded_marks(JOBS, settings.folder)
    assert marked(settings.folder) == {"01_data", "03_cnn-seed0"}


def test_where_a_record_is_gone_its_seed_and_the_page_are_made_again(settings, end, page, folder):
    page("03_cnn")
    page("01_data")
    about = {"kind": "candidate", "notebook": "03_cnn", "profile": "full", "dataset": "cifar10"}
    about |= {"setting": "a", "identity": "b", "started": BEFORE}
    record = write_record(folder / "results" / "03_cnn", "wide-seed0", about)
    for job in JOBS:
        end(job, records=[record["sha256"]] if job in (SEEDS[0], PAGE) else [])
    drop_unfounded_marks(JOBS, folder)
    assert marked(folder) == {job.name for job in JOBS}
    next((folder / "results" / "03_cnn").glob("wide-seed0-*.json")).write_text("cut short")
    drop_unfounded_marks(JOBS, folder)
    assert marked(folder) == {"01_data", "03_cnn-seed1"}


def test_a_page_is_made_again_once_there_is_a_run_that_it_does_not_know(settings, end, page, folder):
    for job in JOBS:
        end(job)
    page("03_cnn")
    page("01_data")
    summary = folder / "results" / "03_cnn" / "summary.json"
    write_json(summary, SUMMARY | {"runs": [], "not_shown": [], "seeds": [0, 1]})
    drop_unfounded_marks(JOBS, folder)
    assert marked(folder) == {job.name for job in JOBS}
    write_record(folder / "results" / "03_cnn", "cnn-seed1", RUN | {"started": "2020-01-01T00:00:00+00:00"})  # merged
    drop_unfounded_marks(JOBS, folder)
    assert marked(folder) == {job.name for job in JOBS} - {"03_cnn"}


@pytest.mark.parametrize("summary", [None, "<<<<<<< ours", "{}"])
def test_records_without_a_page_or_with_a_damaged_one_stop_nothing(settings, end, page, folder, summary):
    for job in (OTHER, *SEEDS):
        end(job)
    page("01_data")
    page("03_cnn")
    place = folder / "results" / "03_cnn" / "summary.json"
    place.unlink()
    if summary:
        place.write_text(summary)
    write_record(folder / "results" / "03_cnn", "cnn-seed1", RUN | {"started": "2020-01-01T00:00:00+00:00"})
    drop_unfounded_marks(JOBS, folder)
    assert marked(folder) == {"01_data", "03_cnn-seed0", "03_cnn-seed1"}


def test_a_page_that_lacks_runs_is_made_again(settings, end, page):
    for job in JOBS:
        end(job, summary=SUMMARY | {"missing": ["cnn, seed 1"] if job is PAGE else []})
    page("03_cnn")
    page("01_data")
    drop_unfounded_marks(JOBS, settings.folder)
    assert marked(settings.folder) == {"01_data", "03_cnn-seed0", "03_cnn-seed1"}


def test_where_digits_were_asked_for_they_stand_in_for_nothing(settings, end, page):
    for job in JOBS:
        end(job, summary=SUMMARY | {"dataset": "digits", "asked_dataset": "digits"})
    page("03_cnn")
    page("01_data")
    drop_unfounded_marks(JOBS, settings.folder)
    assert len(marked(settings.folder)) == 4


# Notebooks.

NOTEBOOKS = [Path("01_data.ipynb"), Path("03_cnn.ipynb"), Path("05_other.ipynb")]


def test_a_notebook_that_was_never_executed_is_left_out(folder, end, page):
    page("03_cnn")
    end(PAGE)
    (outcome,) = read_outcomes(NOTEBOOKS, folder)
    assert (outcome["notebook"], outcome["status"], outcome["error"]) == ("03_cnn", "done", None)


def test_committed_reports_of_another_machine_count_as_done(folder, page):
    page("03_cnn")
    (outcome,) = read_outcomes(NOTEBOOKS, folder)
    assert outcome == {
        "notebook": "03_cnn", "title": "A net", "question": "Which?", "status": "done", "seconds": 123.0,
        "error": None, "summary": SUMMARY | {"accuracy": "0.725"}, "partial": None,
        "stale": "The notebook's code has changed since this page was made.",
    }  # fmt: skip


def test_a_failed_seed_makes_the_notebook_failed_and_its_earlier_results_stay(folder, end, page):
    page("03_cnn", accuracy="0.7")
    end(PAGE, ended=BEFORE)
    end(SEEDS[0])
    end(SEEDS[1], error="ValueError: no such luck")
    (outcome,) = read_outcomes(NOTEBOOKS, folder)
    assert (outcome["notebook"], outcome["status"], outcome["error"]) == (
        "03_cnn",
        "failed",
        "ValueError: no such luck",
    )
    assert outcome["summary"]["accuracy"] == "0.7"


def test_a_failed_seed_of_a_notebook_without_earlier_results_has_no_summary(folder, end):
    end(SEEDS[1], error="ValueError: no such luck")
    (outcome,) = read_outcomes(NOTEBOOKS, folder)
    assert (outcome["status"], outcome["summary"]) == ("failed", None)


def test_a_failure_from_before_the_page_ended_well_is_forgotten(folder, end, page):
    page("03_cnn")
    end(SEEDS[1], error="ValueError: no such luck", ended=BEFORE)
    end(PAGE, ended=AFTER)
    assert [outcome["status"] for outcome in read_outcomes(NOTEBOOKS, folder)] == ["done"]


def test_of_several_failures_the_last_is_shown(folder, end, page):
    page("03_cnn")
    end(SEEDS[0], error="the first", ended=BEFORE)
    end(SEEDS[1], error="the last", ended=AFTER)
    end(PAGE, error="in between", ended="2026-03-05T14:30:30+00:00")
    (outcome,) = read_outcomes(NOTEBOOKS, folder)
    assert outcome["error"] == "the last"
    assert json.dumps(outcome)  # plain values
