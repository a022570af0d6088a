"""What the suite is asked for: defaults, limits, and what is refused."""

import os
import re

import pytest

from suite import settings as settings_module
from suite.jobs import SIDE_BY_SIDE
from suite.settings import SettingsError, limit_threads, read_settings


@pytest.fixture
def four_cores(monkeypatch):
    """A machine with four cores and no GPU."""
    monkeypatch.setattr(settings_module, "cpu_count", lambda: 4)
    monkeypatch.setattr(settings_module, "cores_in_sight", lambda: 4)
    monkeypatch.setattr(settings_module, "visible_gpus", lambda: [])
    monkeypatch.setattr(settings_module, "nvidia", lambda field: None)
    monkeypatch.setattr(settings_module, "memory_mb", lambda: 16_000)
    monkeypatch.delenv("SNAKEMAKE_PROFILE", raising=False)


def test_what_is_left_out_has_its_default(tmp_path, four_cores):
    found = read_settings(tmp_path)
    assert (found.profile, found.dataset, found.seeds, found.jobs, found.retries) == ("quick", "cifar10", (), 2, 2)
    assert (found.threads, found.gpus, found.folder) == (2, 0, tmp_path / "quick")
    assert [found.timeout, found.minutes, found.number, found.draw] == [None] * 4


def test_a_cache_that_cannot_be_written_is_refused_at_once(tmp_path, four_cores, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("COURSEWORK_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(OSError, match="set COURSEWORK_CACHE to a writable folder"):
        read_settings(tmp_path)


@pytest.mark.parametrize(
    ("asked", "jobs", "threads", "alone", "cores"),
    [
        ({}, 2, 2, 4, 4),
        ({"gpus": "1"}, 1, 4, 4, 4),
        ({"jobs": "1"}, 1, 4, 4, 4),
        ({"jobs": "3"}, 3, 1, 4, 3),  # who runs alone holds these, and computes with all
        ({"threads": "4"}, 1, 4, 4, 4),
        ({"threads": "1"}, 2, 1, 1, 2),
    ],
    ids=str,
)
def test_jobs_share_the_cores_and_who_runs_alone_has_all_unless_fewer_are_asked_for(
    tmp_path, four_cores, asked, jobs, threads, alone, cores
):
    found = read_settings(tmp_path, **asked)
    assert (found.jobs, found.threads, found.threads_alone, found.cores) == (jobs, threads, alone, cores)


def test_beside_another_a_job_takes_longer_but_not_on_a_gpu_of_its_own(tmp_path, four_cores):
    assert read_settings(tmp_path).stretch == pytest.approx(2 / SIDE_BY_SIDE)
    assert read_settings(tmp_path, jobs="1").stretch == read_settings(tmp_path, jobs="2", gpus="2").stretch == 1


def test_where_a_gpu_is_not_to_be_used_jobs_do_not_meet_on_it(tmp_path, four_cores, monkeypatch):
    monkeypatch.setattr(settings_module, "visible_gpus", lambda: ["0"])
    assert read_settings(tmp_path, gpus="0").jobs == 1


def test_where_there_are_fewer_jobs_than_could_run_at_a_time_each_has_more_of_the_cores(tmp_path, four_cores):
    made = [read_settings(tmp_path).for_number(count) for count in (0, 1, 2, 9)]
    assert [(s.jobs, s.threads) for s in made] == [(1, 4), (1, 4), (2, 2), (2, 2)]
    asked = read_settings(tmp_path, jobs="2", threads="1").for_number(1)
    assert (asked.jobs, asked.threads) == (1, 1)


@pytest.mark.parametrize(("memory", "jobs"), [(2_000, 1), (4_000, 1), (7_000, 2), (10_000, 3)])
def test_jobs_are_never_more_than_there_is_memory_for(tmp_path, four_cores, monkeypatch, memory, jobs):
    monkeypatch.setattr(settings_module, "memory_mb", lambda: memory)
    assert read_settings(tmp_path).jobs == min(jobs, 2)
    assert read_settings(tmp_path, jobs="4").jobs == jobs  # nor announced: Snakemake would begin no more


def test_jobs_share_the_cores_and_are_never_more_than_cores(tmp_path, four_cores):
    assert [(s.jobs, s.threads) for s in (read_settings(tmp_path, jobs=n) for n in ("2", "9"))] == [(2, 2), (4, 1)]


def test_pages_alone_are_made_two_at_a_time_or_more_if_asked_for(tmp_path, four_cores):
    made = [read_settings(tmp_path, jobs=jobs).for_pages() for jobs in ("1", "2", "4")]
    assert [(s.jobs, s.threads) for s in made] == [(2, 2), (2, 2), (4, 1)]


def test_on_a_cluster_a_job_has_two_cores(tmp_path, four_cores, monkeypatch):
    monkeypatch.setenv("SNAKEMAKE_PROFILE", "suite/slurm")
    for jobs in ("", "8"):  # its profile says how many there are at a time
        found = read_settings(tmp_path, jobs=jobs)
        assert (found.jobs, found.threads, found.threads_alone, found.cores) == (1, 2, 2, 2)
    assert read_settings(tmp_path, threads="8").threads == 8


def test_all_mistakes_are_named_at_once_by_the_names_that_make_has_for_them(tmp_path):
    with pytest.raises(SettingsError) as error:
        read_settings(tmp_path, profile="fast", seeds="0 one", minutes="-3", number="0", draw="x")
    assert re.findall(r"([A-Z]+): expected", str(error.value)) == ["PROFILE", "SEEDS", "MINUTES", "N", "DRAW"]


def test_a_process_is_kept_to_its_share_of_the_cores_and_has_them_all_again(four_cores, monkeypatch):
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "3")  # so that it is put back
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setenv("NPROC", "3")
    limit_threads(1)
    assert os.environ["TF_NUM_INTRAOP_THREADS"] == os.environ["OMP_NUM_THREADS"] == "1"
    limit_threads(4)
    assert not {"TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS", "NPROC"} & set(os.environ)
