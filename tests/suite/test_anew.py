"""FRESH=1: what it forgets, that it goes on with what it began and with nothing else, and when it is forgotten."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from helpers.variables import FRESH
from suite.anew import NOTE, begin_anew, settle
from suite.jobs import Job
from suite.settings import read_settings


@pytest.fixture
def two(tmp_path, monkeypatch):
    """Two jobs of one seed that have ended well, and the settings that they are run with."""
    monkeypatch.setenv(FRESH, "")
    settings = read_settings(tmp_path, profile="smoke")
    jobs = [Job(name, None, (10,), (), "a", 3000, 1) for name in ("01_a", "02_b")]
    for job in jobs:
        (settings.folder / job.mark).parent.mkdir(parents=True, exist_ok=True)
        (settings.folder / job.mark).touch()
    return jobs, settings


def note_of(settings, **jobs: bool) -> Path:
    """Note that jobs are trained anew since long ago, and which have ended well."""
    note = {"since": "2026-01-01T00:00:00+00:00", "dataset": "cifar10", "jobs": jobs}
    (settings.partial / NOTE).write_text(json.dumps(note))
    return settings.partial / NOTE


def has_ended(settings, *jobs: Job) -> list[bool]:
    return [(settings.folder / job.mark).exists() for job in jobs]


def test_what_is_to_be_trained_anew_is_forgotten_and_nothing_else(two):
    (asked, other), settings = two
    (settings.partial / "01_a.threads").touch()
    begin_anew([asked], settings)
    assert has_ended(settings, asked, other) == [False, True]
    assert not (settings.partial / "01_a.threads").exists()
    assert json.loads((settings.partial / NOTE).read_text())["since"] == os.environ[FRESH]


def test_training_anew_goes_on_where_it_was_interrupted_until_all_is_done(two, capsys):
    (done, other), settings = two
    note = note_of(settings, **{"01_a": False, "02_b": False})
    os.utime(settings.folder / other.mark, (0, 0))  # ended before
    (settings.partial / "01_a.threads").touch()
    begin_anew([done, other], settings)
    assert os.environ[FRESH] == "2026-01-01T00:00:00+00:00"
    assert "to begin again, delete " in capsys.readouterr().out
    assert has_ended(settings, done, other) == [True, False]
    assert (settings.partial / "01_a.threads").exists()
    settle([done, other], settings)
    assert json.loads(note.read_text())["jobs"] == {"01_a": True, "02_b": False}
    (settings.folder / other.mark).with_name("02_b.records-a").touch()  # a page of what is recorded
    settle([other], settings)
    assert note.exists()
    (settings.folder / other.mark).touch()
    settle([other], settings)
    assert not note.exists()


def test_training_a_part_of_it_anew_goes_on_too_with_other_code_as_well(two):
    (part, _), settings = two
    note_of(settings, **{"01_a": False, "02_b": False})
    begin_anew([replace(part, digest="b")], settings)
    assert os.environ[FRESH] == "2026-01-01T00:00:00+00:00"


@pytest.mark.parametrize("change", [{"jobs": {"01_a": False}}, {"dataset": "digits"}])
def test_training_other_jobs_anew_goes_on_with_nothing(two, change):
    jobs, settings = two
    note = note_of(settings, **{"01_a": False, "02_b": False})
    note.write_text(json.dumps(json.loads(note.read_text()) | change))
    begin_anew(jobs, settings)
    assert json.loads(note.read_text())["jobs"] == {"01_a": False, "02_b": False}
    assert os.environ[FRESH] > "2026-01-01T00:00:00+00:00"
    assert has_ended(settings, *jobs) == [False, False]


def test_who_asks_for_a_job_without_it_gives_up_its_training_anew_and_no_others(two):
    (asked, other), settings = two
    note = note_of(settings, **{"01_a": False, "02_b": False})
    settle([asked], settings, given_up=True)
    assert json.loads(note.read_text())["jobs"] == {"01_a": True, "02_b": False}
    settle([other], settings, given_up=True)
    assert not note.exists()
    settle([asked, other], settings, given_up=True)  # where nothing is noted
    assert not note.exists()
