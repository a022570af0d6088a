"""What is recorded is done, wherever it was made; and what is not has a cost on this machine."""

import subprocess

import nbformat
import pytest

from helpers.files import write_json
from helpers.records import digest_of_shown, write_record
from suite import estimates, recorded, stale
from suite.estimates import seconds_of
from suite.jobs import PAGE_MINUTES, SIDE_BY_SIDE, Job
from suite.recorded import digests_of, recorded_jobs, runs_of
from suite.settings import SettingsError
from suite.stale import uses_old_runs, why_stale

VERSIONS = {"python": "3.11.7", "keras": "3.15.1", "scikit-learn": "1.9.1", "tensorflow-cpu": "2.21.0"}
MACHINE = {"backend": "tensorflow", "device_kind": "cpu", "device": "a processor", "versions": VERSIONS}
MACHINE |= {"training_version": 1}
RUN = {"kind": "run", "notebook": "03_cnn", "profile": "full", "dataset": "cifar10", "identity": "i", "history": {}}
RUN |= {"started": "2026-03-05T10:11:12+00:00", "seconds_by_epoch": [1.0], "test": {}, "tests": {}, **MACHINE}
SEEDS = [Job("03_cnn", seed, (seed,), (), f"d{seed}", 3000, 2) for seed in (10, 11)]
PAGE = Job("03_cnn", None, (10, 11), tuple(job.mark for job in SEEDS), "page", 3000, PAGE_MINUTES)
OTHER = Job("01_data", None, (10, 11), (), "other", 3000, 3)
JOBS = [OTHER, *SEEDS, PAGE]
CODE = "train()"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A profile's folder of reports beside the notebook, as executed as it is."""
    for module in (recorded, stale):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    for path in (tmp_path / "notebooks" / "03_cnn.ipynb", tmp_path / "full" / "03_cnn.ipynb"):
        path.parent.mkdir()
        nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CODE)]), path)
    return tmp_path / "full"


@pytest.fixture
def record(folder):
    """Write a record: record(variant, seed, **what is not as usual)."""

    def write(variant: str, seed: int, **changes) -> None:
        content = RUN | {"variant": variant, "seed": seed, "setting": f"{variant} {seed}", "seconds": 60.0} | changes
        write_record(folder / "results" / "03_cnn", f"{variant}-seed{seed}", content)

    (folder / "results" / "03_cnn").mkdir(parents=True)
    return write


def end_page(folder, *missing: str, seeds=(10, 11), training="some") -> None:
    """Leave what the last page said of its runs."""
    summary = {"seeds": list(seeds), "missing": list(missing), "training": training}
    write_json(folder / "results" / "03_cnn" / "summary.json", summary)


# What is done.


def test_a_seed_that_the_last_page_lacks_nothing_of_is_recorded(folder, record):
    record("cnn", 10)
    end_page(folder, "cnn, seed 11")
    assert recorded_jobs(JOBS, folder, MACHINE) == {"03_cnn-seed10"}
    end_page(folder)
    assert recorded_jobs(JOBS, folder, MACHINE) == {"03_cnn-seed10", "03_cnn-seed11"}


@pytest.mark.parametrize("name", ["rate finder", "Adam 0.001, dropout 0.3, seed 0"])
def test_where_what_is_made_for_all_seeds_is_missing_nothing_is_known_of_any(folder, record, name):
    end_page(folder, name)  # its runs may depend on it, and then none was asked for
    assert recorded_jobs(JOBS, folder, MACHINE) == set()


def test_a_page_without_any_run_proves_nothing(folder, record):
    end_page(folder, training=None)
    assert recorded_jobs(JOBS, folder, MACHINE) == set()


def test_a_seed_that_the_last_page_was_not_asked_for_is_not_recorded(folder, record):
    end_page(folder, seeds=(10,))
    assert recorded_jobs(JOBS, folder, MACHINE) == {"03_cnn-seed10"}


def test_without_a_page_nothing_is_known(folder, record):
    record("cnn", 10)
    assert recorded_jobs(JOBS, folder, MACHINE) == set()
    (folder / "results" / "03_cnn" / "summary.json").write_text("cut sh")
    assert recorded_jobs(JOBS, folder, MACHINE) == set()


def test_a_page_of_other_code_proves_nothing_and_one_with_other_comments_does(folder, record):
    end_page(folder)
    notebook = folder.parent / "notebooks" / "03_cnn.ipynb"
    for code, known in (("train()  # soon", 2), ("train(more)", 0)):
        nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)]), notebook)
        assert len(recorded_jobs(JOBS, folder, MACHINE)) == known


@pytest.mark.parametrize(
    ("change", "is_recorded"),
    [
        ({"device": "another processor"}, True),
        ({"versions": VERSIONS | {"python": "3.12.1"}}, True),
        ({"versions": VERSIONS | {"keras": "3.16.0"}}, False),
        ({"versions": VERSIONS | {"tensorflow-cpu": "2.22.0"}}, False),
        ({"versions": {n.replace("-cpu", ""): v for n, v in VERSIONS.items()}}, True),  # on Apple's or Arm's processors
        ({"device_kind": "gpu"}, False),
        ({"backend": "jax"}, False),
        ({"training_version": 2}, False),
    ],
)
def test_records_count_where_they_were_made_with_this_kind_of_device_and_software(folder, record, change, is_recorded):
    record("cnn", 10, **change)
    end_page(folder)
    assert ("03_cnn-seed10" in recorded_jobs(JOBS, folder, MACHINE)) == is_recorded
    record("cnn", 10)  # made here as well
    assert "03_cnn-seed10" in recorded_jobs(JOBS, folder, MACHINE)


def test_a_seed_whose_record_is_gone_since_the_last_page_is_not_recorded(folder, record):
    record("cnn", 10)
    results = folder / "results" / "03_cnn"
    shown = [{"variant": "cnn", "seed": 10, "record": digest} for digest in digests_of(results, [10])]
    summary = {"seeds": [10, 11], "missing": [], "training": "some"}
    write_json(results / "summary.json", summary | {"runs": shown})
    assert recorded_jobs(JOBS, folder, MACHINE) == {"03_cnn-seed10", "03_cnn-seed11"}
    next(results.glob("cnn-seed10-*")).write_text("damaged")
    assert recorded_jobs(JOBS, folder, MACHINE) == {"03_cnn-seed11"}


def test_the_records_of_a_job_are_those_of_its_seeds_and_what_is_measured_beside(folder, record):
    record("cnn", 10)
    record("cnn", 11)
    record("wide", 0, kind="candidate")
    results = folder / "results" / "03_cnn"
    assert [len(digests_of(results, seeds)) for seeds in ((10,), (10, 11), ())] == [2, 3, 1]
    for path in results.glob("cnn-seed10-*"):
        path.write_text(path.read_text().replace("60.0", "61.0"))  # altered: not the record that it was
    assert len(digests_of(results, (10,))) == 1


# What the rest costs.

OF_PAGE = 60 * PAGE_MINUTES


def not_measured() -> float:
    raise AssertionError("it was measured though this device has recorded runs")


def test_where_nothing_was_recorded_training_takes_what_the_notebook_says_times_what_is_measured_here(folder):
    found = seconds_of(JOBS, folder, MACHINE, lambda: 3.0)
    assert found == {
        "01_data": OF_PAGE + 3 * (180 - OF_PAGE),
        "03_cnn-seed10": OF_PAGE + 3 * (120 - OF_PAGE),
        "03_cnn-seed11": OF_PAGE + 3 * (120 - OF_PAGE),
        "03_cnn": OF_PAGE,
    }


def test_where_nothing_trains_nothing_is_measured(folder):
    assert seconds_of([PAGE], folder, MACHINE, not_measured) == {"03_cnn": OF_PAGE}


def test_where_this_device_recorded_runs_their_seconds_count_and_only_of_what_is_missing(folder, record):
    for seconds in (10.0, 20.0, 90.0):
        record("dense", int(seconds), seconds=seconds)
    record("cnn", 10, seconds=40.0)
    record("cnn", 12, seconds=4000.0, device="a slow processor")
    found = seconds_of(JOBS, folder, MACHINE, not_measured)
    assert found["03_cnn-seed10"] == OF_PAGE  # dense-seed10 and cnn-seed10 are there
    assert found["03_cnn-seed11"] == 20 + 40 + OF_PAGE
    anew = seconds_of(JOBS, folder, MACHINE, not_measured, anew=True)  # what is recorded is trained again
    assert anew["03_cnn-seed10"] == anew["03_cnn-seed11"] == 20 + 40 + OF_PAGE


@pytest.mark.parametrize(
    ("changes", "share"),
    [
        ({"threads": 2, "disturbed": True}, SIDE_BY_SIDE / 2),
        ({"threads": 4, "disturbed": True}, 1.0),
        ({"threads": 8, "disturbed": True}, 1.0),
        ({"threads": 2, "disturbed": False}, 1.0),  # nothing ran beside it: so many cores were asked for
        ({"threads": 2, "disturbed": True, "device_kind": "gpu"}, 1.0),
    ],
    ids=str,
)
def test_of_a_run_beside_another_it_counts_what_it_would_take_alone(folder, record, monkeypatch, changes, share):
    monkeypatch.setattr(estimates, "cpu_count", lambda: 4)
    record("cnn", 10, seconds=100.0, **changes)
    assert seconds_of(JOBS, folder, MACHINE, not_measured)["03_cnn-seed11"] == pytest.approx(100 * share + OF_PAGE)


def test_what_no_device_like_this_one_recorded_is_scaled_by_how_the_others_went(folder, record):
    record("cnn", 10, seconds=60.0)
    ratio = 60 / (120 - OF_PAGE)
    found = seconds_of(JOBS, folder, MACHINE, not_measured)
    assert found["01_data"] == pytest.approx(OF_PAGE + ratio * (180 - OF_PAGE))


def test_a_record_that_counts_for_nothing_here_is_trained_again(folder, record):
    record("cnn", 10, seconds=40.0)
    record("cnn", 11, seconds=40.0, versions=VERSIONS | {"keras": "3.16.0"})
    found = seconds_of(JOBS, folder, MACHINE, not_measured)
    assert (found["03_cnn-seed10"], found["03_cnn-seed11"]) == (OF_PAGE, 40 + OF_PAGE)


@pytest.mark.parametrize("ask", [recorded.this_machine, estimates.measured_slowness])
def test_where_keras_cannot_begin_its_own_words_say_why(monkeypatch, ask):
    failed = subprocess.CompletedProcess([], 1, stdout="", stderr="Traceback\nValueError: correct keras.json\n")
    monkeypatch.setattr(recorded.subprocess, "run", lambda *_, **__: failed)
    ask.cache_clear()
    with pytest.raises(SettingsError, match=r"cannot be found out: ValueError: correct keras\.json"):
        ask()


def test_a_slower_machine_is_found_to_take_longer(monkeypatch):
    ended = subprocess.CompletedProcess([], 0, stdout=f"a message\n{estimates.REFERENCE_SPEED / 4}\n")
    monkeypatch.setattr(recorded.subprocess, "run", lambda *_, **__: ended)
    estimates.measured_slowness.cache_clear()
    assert estimates.measured_slowness() == 4
    estimates.measured_slowness.cache_clear()


# What is older than what there is.


def end_page_of(folder, *digests: str, finished: str = "2026-03-05T11:00:00+00:00") -> None:
    """Leave what a page of some records says of them."""
    summary = {"seeds": [10, 11], "finished": finished, "runs": [{"record": digest} for digest in digests]}
    write_json(folder / "results" / "03_cnn" / "summary.json", summary)


def test_a_page_is_stale_once_a_run_of_its_seeds_ended_after_it(folder, record):
    record("cnn", 10)
    shown = digests_of(folder / "results" / "03_cnn", [10])
    end_page_of(folder, *shown)
    assert why_stale("03_cnn", folder) == ""
    record("cnn", 99, started="2026-03-05T10:59:30+00:00")  # of a seed that was not asked for
    record("dense", 10, started="2026-03-05T10:50:00+00:00")  # another identity's, say: it was there and was not shown
    assert why_stale("03_cnn", folder) == ""
    record("cnn", 11, started="2026-03-05T10:59:30+00:00")
    assert why_stale("03_cnn", folder) == "Since this page was made 1 of its runs was recorded."


def test_a_page_that_says_what_it_left_out_is_stale_once_any_other_run_is_there_however_old(folder, record):
    record("cnn", 10)
    record("dense", 10)
    results = folder / "results" / "03_cnn"
    summary = {"seeds": [10], "finished": "2026-03-05T11:00:00+00:00", "runs": []}
    write_json(results / "summary.json", summary | {"not_shown": sorted(runs_of(results))})
    assert why_stale("03_cnn", folder) == ""
    record("cnn", 99)  # a new seed, trained elsewhere before this page was made, and merged
    record("cnn", 98)
    assert why_stale("03_cnn", folder) == "Since this page was made 2 of its runs were recorded."


def test_a_page_whose_summary_is_damaged_says_so(folder, record):
    (folder / "results" / "03_cnn" / "summary.json").write_text("<<<<<<< ours")
    assert "cannot be read" in why_stale("03_cnn", folder)


def test_a_page_is_stale_when_its_records_are_gone_or_its_notebook_is_another(folder, record):
    record("cnn", 10)
    end_page_of(folder, *digests_of(folder / "results" / "03_cnn", [10]), "of a removed one")
    assert why_stale("03_cnn", folder) == "Of the records that this page was made of 1 can no longer be found."
    changed = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("train(epochs=2)")])
    nbformat.write(changed, folder.parent / "notebooks" / "03_cnn.ipynb")
    assert "code has changed" in why_stale("03_cnn", folder)


def test_a_page_that_uses_runs_of_another_is_stale_once_that_shows_others(folder, record):
    record("cnn", 10)
    results, other = folder / "results" / "03_cnn", folder / "results" / "02_dense"
    other.mkdir()
    shows = lambda *digests: {"runs": [{"variant": "dense", "record": digest} for digest in digests]}  # noqa: E731
    write_json(other / "summary.json", shows("a"))
    page = shows(*digests_of(results, [10])) | {"pages_beside": {"02_dense": digest_of_shown(other)}}
    write_json(results / "summary.json", page | {"not_shown": []})
    assert (why_stale("03_cnn", folder), uses_old_runs("03_cnn", folder)) == ("", False)
    write_json(other / "summary.json", shows("a", "b"))
    assert why_stale("03_cnn", folder) == "It uses runs of other pages, which show others since: 02_dense."
    assert uses_old_runs("03_cnn", folder)
    record("cnn", 11)  # and now there is a run of its own too: it is not to be made from records alone
    assert not uses_old_runs("03_cnn", folder)


def test_where_there_is_no_page_none_is_stale(folder):
    assert why_stale("03_cnn", folder) == why_stale("99_none", folder) == ""
