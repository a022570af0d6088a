"""As much as fits into a time: what is begun, what is stopped, and whose pages are made."""

import json
import os
import subprocess
import time
from dataclasses import replace

import pytest
from small_suite import make_suite

from helpers.files import write_json
from suite import in_time, warm
from suite.in_time import train_in_time
from suite.jobs import MARKS, SIDE_BY_SIDE, Job, read_outcome
from suite.settings import read_settings

JOBS = []
for notebook in ("01_a", "02_b"):
    seeds = [Job(notebook, seed, (seed,), (), f"d{seed}", 3000, 1) for seed in (10, 11)]
    JOBS += [*seeds, Job(notebook, None, (10, 11), tuple(job.mark for job in seeds), "page", 3000, 0.5)]
SECONDS = dict.fromkeys((job.name for job in JOBS), 100.0)


@pytest.fixture
def settings(tmp_path):
    """Ten minutes for the full profile, in an empty folder."""
    made = replace(read_settings(tmp_path, profile="full", jobs="1", gpus="0"), minutes=10.0)
    (made.folder / MARKS).mkdir(parents=True)
    return made


@pytest.fixture
def calls(monkeypatch, settings):
    """What Snakemake is asked for, in turn; how each ends, if not well; at how many jobs a time, and what they take."""
    asked, ends, how = [], {}, []

    def call(notebooks, settings, *, chosen=None, deadline=None, expected_seconds=None, from_records=False):
        asked.append(chosen or [f"page of {path.stem}" for path in notebooks])
        if chosen:
            how.append((settings.jobs, {name: expected_seconds[name] for name in chosen}))
        for name in chosen or []:
            status = ends.get(name, "done")
            outcome = {"job": name, "status": status, "error": None, "ended": "2999-01-01T00:00:00+00:00"}
            write_json(settings.partial / f"{name}.json", outcome)
        return 0

    monkeypatch.setattr(in_time, "call_snakemake", call)
    monkeypatch.setattr(in_time, "make_pages", lambda notebooks, settings: ([], call(notebooks, settings)))
    return asked, ends, how


def train(settings, tmp_path, states=None, started=None, jobs=JOBS):
    """Call `train_in_time` for both notebooks."""
    states = dict.fromkeys((job.name for job in JOBS), "pending") | (states or {})
    notebooks = [tmp_path / "01_a.ipynb", tmp_path / "02_b.ipynb"]
    return train_in_time(notebooks, jobs, states, SECONDS, settings, started or time.time())


def test_first_seeds_are_trained_first_then_the_pages_are_made(settings, calls, tmp_path):
    jobs, _ = train(settings, tmp_path)
    first, second = ["01_a-seed10", "02_b-seed10"], ["01_a-seed11", "02_b-seed11"]
    assert calls[0] == [first, second, ["page of 01_a", "page of 02_b"]]
    assert [job.name for job in jobs] == first + second


def test_what_is_done_is_left_alone(settings, calls, tmp_path):
    train(settings, tmp_path, {"01_a-seed10": "done", "02_b-seed10": "done", "01_a-seed11": "done"})
    assert calls[0] == [["02_b-seed11"], ["page of 01_a", "page of 02_b"]]  # the former's page was not made yet
    calls[0].clear()
    train(settings, tmp_path, dict.fromkeys(SECONDS, "done") | {"02_b": "stale"})
    assert calls[0] == [["page of 02_b"]]
    calls[0].clear()
    train(settings, tmp_path, dict.fromkeys(SECONDS, "done"))
    assert calls[0] == []


def test_what_does_not_fit_is_chosen_when_others_took_less_than_expected(settings, calls, tmp_path, capsys):
    train(replace(settings, minutes=6.0), tmp_path)  # 330 s, less 30 for the pages: three jobs, but they end at once
    assert calls[0][:2] == [["01_a-seed10", "02_b-seed10"], ["01_a-seed11", "02_b-seed11"]]
    assert "Not begun" not in capsys.readouterr().out


def test_what_never_fits_is_named_and_its_page_stays(settings, calls, tmp_path, capsys):
    train(settings, tmp_path, started=time.time() - 490)  # 80 s are left
    assert calls[0] == []
    assert "Not begun, for want of time: 01_a-seed10, 02_b-seed10, " in capsys.readouterr().out


def test_the_page_of_a_notebook_of_which_nothing_was_begun_is_not_made_again(settings, calls, tmp_path):
    calls[1].update({"02_b-seed10": "not begun", "02_b-seed11": "not begun", "01_a-seed11": "stopped"})
    train(settings, tmp_path)
    assert calls[0][-1] == ["page of 01_a"]


def test_what_failed_or_was_stopped_stays_that_when_its_page_is_made_from_records(
    settings, calls, tmp_path, monkeypatch
):
    one = [Job(name, None, (10,), (), "page", 3000, 1) for name in ("01_a", "02_b")]
    monkeypatch.setitem(calls[1], "01_a", "failed")
    pages = [replace(job, digest="records-page") for job in one]

    def make_pages(notebooks, settings):
        for path in notebooks:
            write_json(settings.partial / f"{path.stem}.json", {"job": path.stem, "status": "done"})
        return [page for page in pages if page.notebook in {path.stem for path in notebooks}], 0

    monkeypatch.setattr(in_time, "make_pages", make_pages)
    (settings.folder / one[1].mark).touch()  # 02_b ends well
    settings = replace(settings, minutes=5.0)
    notebooks = [tmp_path / "01_a.ipynb", tmp_path / "02_b.ipynb"]
    states = dict.fromkeys(("01_a", "02_b"), "pending")
    jobs, _ = train_in_time(notebooks, one, states, {"01_a": 60.0, "02_b": 60.0}, settings, time.time())
    assert [job.name for job in jobs] == ["01_a", "02_b"]
    assert read_outcome(settings.folder, "01_a")["status"] == "failed"


def test_two_at_a_time_take_longer_each_and_what_runs_alone_is_not_left_for_the_end(settings, calls, tmp_path):
    two = replace(settings, jobs=2, threads=1, threads_alone=2, minutes=7.5)  # 420 s without the pages
    timed = [replace(job, alone=job.seed is not None) if job.notebook == "02_b" else job for job in JOBS]
    train(two, tmp_path, jobs=timed)
    assert calls[0][:2] == [["01_a-seed10", "02_b-seed10"], ["01_a-seed11", "02_b-seed11"]]
    assert calls[2][0] == (2, {"01_a-seed10": pytest.approx(200 / SIDE_BY_SIDE), "02_b-seed10": 100.0})


def test_what_would_not_end_beside_another_has_all_cores(settings, calls, tmp_path):
    two = replace(settings, jobs=2, threads=1, threads_alone=2)
    train(two, tmp_path, started=time.time() - 440)  # 145 s are left, and one takes 167 s beside another
    assert calls[0][0] == ["01_a-seed10"]
    assert calls[2][0] == (1, {"01_a-seed10": 100.0})


@pytest.fixture
def execute(tmp_path, libraries_are_imported):
    """Execute a job of a notebook that hangs once it has trained: execute(seconds left, seconds needed) -> outcome."""
    root = make_suite(tmp_path, "hangs")
    partial = root / "reports" / "smoke" / ".partial"
    partial.mkdir(parents=True)

    def run(left: float, needed: float, attempt: int = 1) -> dict:
        plan = {"profile": "smoke", "dataset": "digits", "timeout": None, "from_records": False}
        plan |= {"deadline": time.time() + left, "expected_seconds": {"01_hangs-seed10": needed}}
        write_json(partial / "plan.json", plan)
        command = [*warm.command("suite.execute"), "notebooks/01_hangs.ipynb", "--job", "01_hangs-seed10"]
        command += ["--seeds", "10", "--plan", str(partial / "plan.json"), "--attempt", str(attempt)]
        environment = {**os.environ, "PYTHONPATH": str(root)}
        ended = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=300)
        assert ended.returncode == 1, ended.stderr
        return json.loads((partial / "01_hangs-seed10.json").read_text())

    return run


def test_a_job_that_cannot_be_expected_to_end_in_time_is_not_begun(execute):
    outcome = execute(left=20, needed=100)
    assert outcome["status"] == "not begun"
    assert outcome["error"].startswith("it takes about 2 min, ")


def test_a_job_that_outlasts_the_time_is_stopped_and_has_not_failed(execute):
    outcome = execute(left=20, needed=5)
    assert execute(left=0, needed=5, attempt=2) == outcome  # Snakemake tries again, for which no time is left
    assert outcome["status"] == "stopped"
    assert outcome["error"].startswith("the time is up; its finished runs and epochs are kept. Run again to resume it")
