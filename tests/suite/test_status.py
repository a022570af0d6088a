"""How the suite stands, in words: the matrix, the costs, and which jobs fit into a time."""

import os
from dataclasses import replace

import pytest

from helpers.files import try_lock, write_json
from suite.in_time import fitting
from suite.jobs import MARKS, Job
from suite.settings import read_settings
from suite.status import missing_line, places, states_of, status_table

SEEDS = [Job("03_cnn", seed, (seed,), (), f"d{seed}", 3000, 10) for seed in (10, 11)]
PAGE = Job("03_cnn", None, (10, 11), tuple(job.mark for job in SEEDS), "page", 3000, 0.5)
OTHER = Job("01_data", None, (10, 11), (), "other", 3000, 2)
JOBS = [OTHER, *SEEDS, PAGE]
FROM_RECORDS = [Job(job.notebook, None, (10, 11), (), "records-d", 3000, 0.5) for job in (OTHER, PAGE)]
SECONDS = {"01_data": 30.0, "03_cnn-seed10": 600.0, "03_cnn-seed11": 1200.0, "03_cnn": 30.0}
MACHINE = {"backend": "tensorflow", "device_kind": "cpu", "device": "a processor", "versions": {}}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A profile's folder of reports, in which nothing was executed."""
    (tmp_path / MARKS).mkdir(parents=True)
    monkeypatch.setattr("suite.status.is_founded", lambda *_: True)  # what ended well is there still
    return tmp_path


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """Settings for so many jobs at a time: asked(2)."""
    monkeypatch.setattr("suite.settings.cpu_count", lambda: 2)
    return lambda jobs: read_settings(tmp_path, jobs=str(jobs), gpus="0")


def states(folder) -> dict[str, str]:
    """How the jobs stand."""
    return states_of(JOBS, FROM_RECORDS, folder, MACHINE)


def fail(folder, job: Job, error: str) -> None:
    """Write down that a job failed."""
    write_json(folder / ".partial" / f"{job.name}.json", {"status": "failed", "error": error})


def test_the_matrix_says_how_each_seed_and_each_page_stands_and_what_the_missing_ones_cost(folder):
    (folder / SEEDS[0].mark).touch()
    fail(folder, SEEDS[1], "ValueError: no such luck")
    (folder / MARKS / "03_cnn.older").touch()
    lines = status_table(JOBS, states(folder), SECONDS, folder).splitlines()
    assert [line.split("  ")[0] for line in lines[:3]] == ["notebook", "01_data", "03_cnn"]
    assert [line.split(maxsplit=1)[1] for line in lines[1:3]] == [
        "pending 30 s",
        "stale         10 done  11 failed 20 min",
    ]
    assert lines[3:] == ["", "03_cnn-seed11: ValueError: no such luck"]


def test_the_matrix_adds_the_last_log_line_of_what_is_running(folder):
    (folder / ".partial" / "03_cnn-seed10.progress").write_text("epoch 1\nepoch 2, about 3 min left\n")
    with (folder / ".partial" / "03_cnn-seed10.lock").open("w") as file:
        assert try_lock(file)
        lines = status_table(JOBS, states(folder), SECONDS, folder).splitlines()
    assert "10 running 10 min  11 pending 20 min" in lines[2]
    assert lines[3:] == ["", "03_cnn-seed10: epoch 2, about 3 min left"]


def test_a_page_that_was_made_from_todays_records_is_done(folder):
    (folder / FROM_RECORDS[1].mark).touch()
    assert states(folder)["03_cnn"] == "stale"  # its page is gone
    (folder / "03_cnn.html").touch()
    assert states(folder)["03_cnn"] == "done"
    assert states(folder)["01_data"] == "pending"
    record = folder / "results" / "03_cnn" / "cnn-seed10-ab.json"
    record.parent.mkdir(parents=True)
    record.touch()
    os.utime(folder / FROM_RECORDS[1].mark, (0, record.stat().st_mtime - 1))  # before that record was there
    assert states(folder)["03_cnn"] == "stale"


@pytest.mark.parametrize(("whole", "expected"), [(True, "done"), (False, "stale")])
def test_a_page_of_records_is_not_done_while_what_its_own_job_trains_is_missing(folder, monkeypatch, whole, expected):
    (folder / FROM_RECORDS[0].mark).touch()
    (folder / "01_data.html").touch()
    monkeypatch.setattr("suite.status.is_founded", lambda job, _: whole)
    assert states(folder)["01_data"] == expected


def test_what_ended_well_and_is_not_there_any_more_is_not_done(folder, monkeypatch):
    for job in JOBS:
        (folder / job.mark).touch()
    monkeypatch.setattr("suite.status.is_founded", lambda job, _: job is not SEEDS[1])
    found = states(folder)
    assert found == dict.fromkeys(found, "done") | {SEEDS[1].name: "stale"}


def test_what_is_missing_is_added_up_for_one_seed_of_everything_three_and_five(folder, asked):
    assert missing_line(JOBS, states(folder), SECONDS, "a processor", asked(1)) == (
        "What is missing takes about, on a processor: for 1 seed 10 min, for 3 seeds 30 min, for 5 seeds 30 min."
    )
    (folder / SEEDS[0].mark).touch()
    (folder / OTHER.mark).touch()
    for jobs, cost in ((1, "20 min"), (2, "33 min")):  # with half of the cores it takes longer, and is alone
        said = missing_line(JOBS, states(folder), SECONDS, "a processor", asked(jobs))
        assert f"for 1 seed nothing, for 3 seeds {cost}" in said
    (folder / SEEDS[1].mark).touch()
    assert missing_line(JOBS, states(folder), SECONDS, "a processor", asked(1)) == "Nothing is missing."


def test_the_first_seed_of_everything_comes_before_the_second_of_anything():
    later = [Job("04_rates", seed, (seed,), (), f"d{seed}", 3000, 10) for seed in (100, 101, 102)]
    place = places([*JOBS, *later])
    assert "03_cnn" not in place  # its page waits for its seeds
    assert sorted(place, key=place.get) == [
        "01_data", "03_cnn-seed10", "04_rates-seed100", "03_cnn-seed11", "04_rates-seed101", "04_rates-seed102",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("room", "at_a_time", "chosen"),
    [
        (2000, 1, ["01_data", "03_cnn-seed10", "03_cnn-seed11"]),
        (1700, 1, ["01_data", "03_cnn-seed10"]),
        (1220, 1, ["01_data", "03_cnn-seed10"]),
        (1220, 2, ["01_data", "03_cnn-seed10", "03_cnn-seed11"]),
        (599, 2, ["01_data"]),
        (-5, 1, []),
    ],
)
def test_only_jobs_that_can_be_expected_to_end_in_time_are_chosen(room, at_a_time, chosen):
    assert [job.name for job in fitting([OTHER, *SEEDS], SECONDS, room, at_a_time)] == chosen


def test_a_job_that_runs_alone_leaves_no_room_beside_it():
    jobs = [OTHER, *(replace(job, alone=True) for job in SEEDS)]
    assert [job.name for job in fitting(jobs, SECONDS, 1900, 2)] == ["01_data", "03_cnn-seed10", "03_cnn-seed11"]
    assert [job.name for job in fitting(jobs, SECONDS, 1800, 2)] == ["01_data", "03_cnn-seed10"]
