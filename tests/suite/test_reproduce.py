"""The commands as a user gives them, on small suites: failures, records that are there, a time, impossible requests."""

import json
import re
import shutil
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import nbformat
import pytest
from small_suite import PARAMETERS, SETUP, call, make_suite, records, row_of, run_suite, write_notebook

from helpers.limits import cpu_count
from helpers.profiles import PROFILES
from helpers.records import read_summary
from suite.__main__ import main
from suite.anew import NOTE
from suite.execute import _threads_of
from suite.jobs import PAGE_MINUTES, Job, notebooks_of
from suite.reproduce import settings_for
from suite.settings import read_settings

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.usefixtures("libraries_are_imported")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A small suite that has trained two seeds."""
    root = make_suite(tmp_path_factory.mktemp("made"), "none")
    call(root, "reproduce", "--seeds", "10 11")
    return root


@pytest.fixture
def trained(made, tmp_path):
    """A copy of it."""
    return shutil.copytree(made, tmp_path / "trained")


def test_a_failing_notebook_stops_no_other_and_spoils_no_earlier_result(tmp_path):
    root = make_suite(tmp_path / "a folder of mine", "none")
    write_notebook(root, "02_fails", "profile = 'smoke'", "raise ValueError('no such luck')")
    write_notebook(root, "03_dies", "profile = 'smoke'", "import os; os._exit(9)")
    earlier = root / "reports" / "smoke"
    earlier.mkdir(parents=True)
    (earlier / "02_fails.html").write_text("an earlier page")
    said = call(root, "reproduce", "--retries", 0, expected=1)
    assert "1 done, 2 failed" in said
    assert "01_none: done" in said
    assert (earlier / "01_none.html").exists()
    assert (earlier / "02_fails.html").read_text() == "an earlier page"
    assert not (earlier / "03_dies.html").exists()
    last = said.strip().splitlines()[-4:]
    assert last[0] == "FAILED 02_fails: ValueError: no such luck"
    assert last[1].split() == ["partly", "executed:", "reports/smoke/.partial/02_fails.ipynb"]
    assert last[2].startswith("FAILED 03_dies: ")
    assert (earlier / ".partial/03_dies.ipynb").exists()
    assert "it did not reach its end" in (earlier / ".partial/03_dies.html").read_text()
    index = (earlier / "index.html").read_text()
    assert "no such luck" in index
    assert 'href="01_none.html"' in index
    assert 'href="02_fails.html"' in index  # the earlier page, beside the failure
    assert "no such luck" in (earlier / ".partial" / "02_fails.html").read_text()
    call(root, "reproduce", "--only", "02_fails", "--retries", 0, expected=1)
    assert (earlier / "index.html").read_text() == index  # nothing ended well, so it stays as it was


def test_a_fresh_clone_has_records_and_no_marks_and_trains_only_what_is_missing(trained):
    root, seeds = trained, ("--seeds", "10 11")
    folder = root / "reports" / "smoke"
    before = records(root)
    for path in (*folder.glob(".*"), *folder.glob("*.html")):  # neither marks nor runs nor pages
        path.rename(root / path.name)
    next(folder.glob("results/01_none/net-seed11-*.json")).unlink()
    said = call(root, "pages", *seeds)
    assert "01_none: not recorded: net, seed 11" in said
    assert "net, seed 11" in (folder / "01_none.html").read_text().split("</header>")[0]
    assert records(root) == {name: record for name, record in before.items() if name[2] == 10}
    assert read_summary(folder / "results" / "01_none")["not_shown"] == []
    status = call(root, "status", *seeds)
    assert re.search(r"^01_none +done +10 done +11 pending \d+ s$", status, re.MULTILINE), status
    assert re.search(r"for 1 seed nothing, for 3 seeds \d+ s", status)
    said = call(root, "reproduce", *seeds)
    assert row_of(said, "01_none-seed10")[0] == "reused"
    assert row_of(said, "01_none-seed11")[0] == "done"
    assert "1 new record:\n  reports/smoke/results/01_none/net-seed11-" in said
    new = records(root)["01_none", "net", 11]
    assert new["history"] == before["01_none", "net", 11]["history"]


def test_a_page_that_uses_runs_of_another_is_made_again_once_that_shows_others(trained):
    count = 'used = lab.results().side("net", "01_none").all_runs\nlab.finish(answer=f"It uses {len(used)} runs.")'
    parameters = PARAMETERS.replace("seeds = [10]", "")
    write_notebook(trained, "02_uses", parameters, SETUP.format(name="02_uses") + count)
    page = trained / "reports" / "smoke" / "02_uses.html"
    call(trained, "reproduce", "--seeds", "10 11")
    assert "It uses 2 runs." in page.read_text()
    call(trained, "reproduce", "--seeds", "10 11 12", "--only", "01_none")
    assert "It uses 3 runs." in page.read_text()
    assert "show others since" not in (page.parent / "index.html").read_text()
    said = call(trained, "reproduce", "--seeds", "10 11")
    assert row_of(said, "02_uses")[0] == "reused"  # its mark stayed
    assert "It uses 2 runs." in page.read_text()


@pytest.mark.skipif(cpu_count() < 2, reason="there is one core: nothing runs beside anything")
def test_jobs_run_two_at_a_time_but_for_those_whose_times_are_judged(tmp_path):
    root, noted = make_suite(tmp_path), tmp_path / "noted"
    noted.mkdir()
    code = f"""
import json, pathlib, time
from helpers.limits import thread_count
folder, waited = pathlib.Path("{noted}"), time.time() + 120
(folder / name).with_suffix(".begun").touch()
while "shares" in name and len(list(folder.glob("*_shares.begun"))) < 2 and time.time() < waited:
    time.sleep(0.05)  # for the other one, which can begin only beside this one
time.sleep(0.5)
running = [path.stem for path in folder.glob("*.begun") if not path.with_suffix(".ended").exists()]
(folder / name).with_suffix(".json").write_text(json.dumps(dict(threads=thread_count(), running=sorted(running))))
(folder / name).with_suffix(".ended").touch()
raise SystemExit
"""
    for number, kind in enumerate(("shares", "timed", "shares", "timed"), start=1):
        name = f"{number:02d}_{kind}"
        write_notebook(
            root, name, f"profile = 'smoke'\nname = {name!r}", code, timed=["smoke"] if kind == "timed" else []
        )
    call(root, "reproduce", "--retries", 0, "--jobs", 2, "--gpus", 0, expected=1)  # they have no page
    found = {path.stem: json.loads(path.read_text()) for path in noted.glob("*.json")}
    assert {name: about["threads"] for name, about in found.items()} == {
        "01_shares": cpu_count() // 2, "02_timed": cpu_count(),
        "03_shares": cpu_count() // 2, "04_timed": cpu_count(),
    }  # fmt: skip
    assert [found[name]["running"] for name in ("02_timed", "04_timed")] == [["02_timed"], ["04_timed"]]
    beside = [found[name]["running"] for name in ("01_shares", "03_shares")]  # the later one may find the other ended
    assert ["01_shares", "03_shares"] in beside
    assert "timed" not in str(beside)


def test_a_job_that_is_alone_in_what_is_missing_has_all_cores(tmp_path, monkeypatch):
    monkeypatch.setattr("suite.settings.cpu_count", lambda: 4)
    settings = read_settings(tmp_path, jobs="2", gpus="0")
    jobs = [Job("03_cnn", seed, (seed,), (), f"d{seed}", 3000, 10) for seed in (10, 11)]
    page, data = Job("03_cnn", None, (10, 11), ("marks",), "p", 3000, 0.5), Job("01_data", None, (), (), "d", 3000, 0.4)
    seconds = {job.name: 600.0 for job in jobs} | {page.name: 60 * PAGE_MINUTES, data.name: 20.0}

    def threads(*missing: Job) -> int:
        states = {job.name: "pending" if job in missing else "done" for job in (*jobs, page, data)}
        return settings_for([*jobs, page, data], states, seconds, settings).threads

    assert threads(*jobs, page, data) == 2
    assert threads(jobs[0], page, data) == 4  # neither of the others trains
    assert threads(page, data) == 2


def test_a_job_that_was_begun_goes_on_with_as_many_cores(tmp_path, monkeypatch):
    monkeypatch.setattr("suite.execute.cpu_count", lambda: 4)
    noted = tmp_path / "03_cnn-seed10.threads"
    assert _threads_of(noted, 2) == 2
    assert _threads_of(noted, 4) == 2  # what ran beside it has ended since
    assert _threads_of(tmp_path / "03_cnn-seed11.threads", 4) == 4
    monkeypatch.setattr("suite.execute.cpu_count", lambda: 1)
    assert _threads_of(noted, 1) == 1


def test_of_what_is_missing_as_much_as_fits_into_the_time_is_trained_first_seeds_first(tmp_path):
    root = make_suite(tmp_path, "none", "none")
    in_time = call(root, "reproduce", "--seeds", "10 11", "--minutes", "0.05")
    assert "Not begun, for want of time: 01_none-seed10, 02_none-seed10, 01_none-seed11, 02_none-seed11" in in_time
    assert records(root) == {}
    said = call(root, "reproduce", "--seeds", "10 11", "--minutes", "30", "--jobs", 1)
    begun = re.findall(r"(\d\d_[a-z]+(?:-seed\d+)?): starting", said)  # two pages at a time may share a line
    assert begun[:4] == ["01_none-seed10", "02_none-seed10", "01_none-seed11", "02_none-seed11"]
    assert sorted(begun[4:]) == ["01_none", "02_none"]
    assert len(records(root)) == 4
    assert "4 new records" in said
    assert "2 seeds: 10, 11" in (root / "reports/smoke/02_none.html").read_text()


def test_a_bad_record_is_named_counted_and_not_used(trained):
    root = trained
    results = root / "reports" / "smoke" / "results" / "01_none"
    whole, altered = (next(results.glob(f"net-seed{seed}-*.json")) for seed in (10, 11))
    text = whole.read_text()
    (results / "cut-seed12.json").write_text(text[:1000])
    (results / "newer-seed13.json").write_text(text.replace('"format": 1', '"format": 99'))
    altered.write_text(altered.read_text().replace('"best_epoch": ', '"best_epoch": 1'))
    said = call(root, "pages", "--seeds", "10 11")
    assert "01_none: cut-seed12.json cannot be read as JSON" in said
    assert "01_none: newer-seed13.json is of format 99" in said
    assert re.search(r"01_none: net-seed11-\w+.json was altered or damaged", said)
    assert "01_none: not recorded: net, seed 11" in said
    for page in ("01_none.html", "index.html"):
        shown = (root / "reports" / "smoke" / page).read_text()
        named = re.search(r"Records that cannot be used:</strong>(.*?)</aside>", shown, re.DOTALL)[1]
        assert named.count(".json") == 3
        assert "net, seed 11" in shown


def test_what_is_recorded_is_trained_again_if_all_is_to_be_new(trained):
    before = {record["sha256"] for record in records(trained).values()}
    said = call(trained, "reproduce", "--seeds", "10 11", "--fresh", 1)
    assert len(re.findall(r"epoch 1/6", said)) == 2
    paths = (trained / "reports" / "smoke" / "results").glob("*/net-seed*.json")
    after = {json.loads(path.read_text())["sha256"] for path in paths}
    assert len(before) == 2
    assert len(after) == 4
    assert before < after
    assert not (trained / "reports" / "smoke" / ".partial" / NOTE).exists()
    assert "3 reused" in call(trained, "reproduce", "--seeds", "10 11")  # both seeds and the page


def test_a_path_that_snakemake_cannot_read_is_refused(monkeypatch, capsys):
    monkeypatch.setattr("suite.__main__.ROOT", Path("/home/ann/{ml}/coursework"))
    monkeypatch.setattr(sys, "argv", ["suite", "status"])
    assert main() == 2
    assert "Expected a path without braces" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "profile"), [("reproduce", "quick"), ("status", "quick"), ("pages", "full"), ("audit", "full")]
)
def test_each_command_has_its_own_profile_where_none_is_named(tmp_path, monkeypatch, command, profile):
    asked = []
    monkeypatch.setattr("suite.__main__.call", lambda _, *others: asked.append(others[-1]) or 0)
    monkeypatch.setattr("suite.__main__.warm_processes", lambda *_: nullcontext())
    monkeypatch.setattr("suite.settings.nvidia", lambda _: "")
    monkeypatch.setattr(sys, "argv", ["suite", command, "--reports", str(tmp_path)])
    assert main() == 0
    assert [settings.profile for settings in asked] == [profile]


def test_only_notebooks_that_say_what_the_suite_must_know_are_part_of_it(tmp_path):
    write = lambda name, about: nbformat.write(  # noqa: E731
        nbformat.v4.new_notebook(metadata=about), tmp_path / f"{name}.ipynb"
    )
    whole = {"coursework": {"question": "Which?", "minutes": dict.fromkeys(PROFILES, 1)}}
    for name in ("02_b", "01_a", "01_a-Copy1", "draft"):
        write(name, whole if name != "draft" else {})
    assert [path.stem for path in notebooks_of(tmp_path)] == ["01_a", "02_b"]
    few, listed = {"question": "Which?", "minutes": {"full": 1}}, whole["coursework"] | {"seeds": [10, 11]}
    numbers = whole["coursework"] | {"minutes": 5}
    for about in ({}, *({"coursework": said} for said in (None, few, listed, numbers))):
        write("03_c", about)
        with pytest.raises(
            ValueError, match=r"notebooks/03_c.ipynb: expected in its metadata, .* a question and the min"
        ):
            notebooks_of(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--profile", "fast"], "PROFILE: expected auto, full, quick, smoke; got 'fast'"),
        (["--seeds", "0 one"], "SEEDS: expected different whole numbers"),
        (["--seeds", "1 01"], "SEEDS: expected different whole numbers"),
        (["--seeds", "4294967296"], "SEEDS: expected different whole numbers below 2**32"),
        (["--jobs", "0"], "JOBS: expected a whole number of 1 or more, or nothing; got '0'"),
        (["--retries", "-1"], "RETRIES: expected a whole number from 0 to 100; got '-1'"),
        (["--timeout", "soon"], "TIMEOUT: expected minutes, a number above 0, or nothing; got 'soon'"),
        (["--minutes", "0"], "MINUTES: expected a number above 0, or nothing; got '0'"),
        (["--number", "none"], "N: expected a whole number of 1 or more, or nothing; got 'none'"),
        (["--gpus", "many"], "GPUS: expected a whole number of 0 or more, or nothing; got 'many'"),
        (["--dataset", "cifar100"], "DATASET: expected one of cifar10, fashion_mnist, digits; got 'cifar100'"),
        (["--only", "99_none"], "NB: expected a notebook's name"),
    ],
)
def test_impossible_requests_are_refused_before_anything_runs(tmp_path, monkeypatch, capsys, arguments, expected):
    command = ["suite", "reproduce", *arguments, "--reports", str(tmp_path / "reports")]
    monkeypatch.setattr(sys, "argv", command)
    try:
        status = main()
    except SystemExit as error:
        status = error.code
    said = capsys.readouterr()
    assert status == 2
    assert expected in said.err
    assert said.out == ""
    assert not (tmp_path / "reports").exists()


def test_a_missing_data_folder_is_named_not_worked_around(tmp_path):
    ended = run_suite(ROOT, "reproduce", "--reports", tmp_path / "reports", COURSEWORK_DATA=str(tmp_path / "nowhere"))
    assert ended.returncode == 2
    assert str(tmp_path / "nowhere") in ended.stderr


def test_reports_that_cannot_be_written_are_noticed_first(tmp_path):
    (tmp_path / "reports").write_text("a file, not a folder")
    ended = run_suite(ROOT, "reproduce", "--profile", "smoke", "--reports", tmp_path / "reports")
    assert ended.returncode == 2
    assert "expected a writable folder" in ended.stderr


def test_papermill_users_hear_of_all_wrong_parameters_at_once(tmp_path):
    """papermill itself only warns of an unknown name, and makes a string of 1e-3."""
    command = [sys.executable, "-m", "papermill", "--cwd", str(tmp_path), str(ROOT / "notebooks" / "03_cnn.ipynb")]
    command += [str(tmp_path / "out.ipynb"), "-p", "epoch", "3", "-y", "{epochs: -1, learning_rate: 1e-3}"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert ended.returncode != 0
    assert "epoch: unknown parameter, perhaps epochs?" in ended.stderr
    assert "epochs: expected a whole number from 1 to 1000, got -1" in ended.stderr
    assert "learning_rate: expected a number above 0 and at most 10, got '1e-3' (str)" in ended.stderr
    assert not (tmp_path / "reports").exists()
