"""The commands as a user gives them: every notebook at smoke scale, pages from records, a time, impossible requests."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from small_suite import call, make_suite, records, row_of, write_notebook

ROOT = Path(__file__).parents[2]
NAMES = [path.stem for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]
OF_ALL = "16_scoreboard"  # made of the pages of all others, at the end of each call


def run_suite(root, *arguments, **environment):
    """`python -m suite` in a checkout, with some environment variables changed."""
    command = [sys.executable, "-m", "suite", *map(str, arguments)]
    env = {**os.environ, "PYTHONPATH": str(root), **environment}
    return subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, timeout=1800)


@pytest.fixture(scope="module")
def smoke(tmp_path_factory):
    """The whole suite at smoke scale: on the real data where it is given, else on the digits; never a download."""
    reports = tmp_path_factory.mktemp("suite") / "reports"
    data = [] if os.environ.get("COURSEWORK_DATA") else ["--dataset", "digits"]
    return run_suite(
        ROOT, "reproduce", "--profile", "smoke", "--jobs", 2, "--reports", reports, *data
    ), reports / "smoke"


def test_every_notebook_runs_to_its_end(smoke):
    ended, _ = smoke
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]
    for name in NAMES:
        assert re.search(rf"^{name}: done in \d+ (s|min)$", ended.stdout, re.MULTILINE)


def test_it_says_first_what_it_will_run_and_how_long_that_takes(smoke):
    announced = smoke[0].stdout.split("starting")[0]
    assert "Profile smoke (asked for)" in announced
    assert all(name in announced for name in NAMES if name != OF_ALL)
    assert re.search(r"About .+ in all", announced)


def test_it_shows_which_run_and_epoch_and_the_time_left(smoke):
    assert re.search(r"03_cnn +\d+:\d\d  run \d+ of \d+: .*epoch 1/1, .*about .* left", smoke[0].stdout)


def test_it_ends_with_a_table_of_results_and_the_page_to_open(smoke):
    ending = smoke[0].stdout.split("test accuracy")[-1]
    assert re.search(r"03_cnn +done +.*dense 0\.\d+.*cnn 0\.\d+", ending)
    assert ending.strip().splitlines()[-1].endswith("index.html")


@pytest.mark.parametrize("name", NAMES)
def test_every_notebook_has_its_page_its_figures_and_its_summary(smoke, name):
    _, folder = smoke
    page = (folder / f"{name}.html").read_text()
    assert name == OF_ALL or list((folder / "figures").glob(f"{name}_*.png"))
    summary = json.loads((folder / "results" / name / "summary.json").read_text())
    stands_in = "bundled" in page.split("</header>")[0]
    assert stands_in == (summary["dataset"] == "digits")
    assert list((folder / "labels").glob("*.json"))
    executed = nbformat.read(folder / f"{name}.ipynb", as_version=4)
    assert all(cell.execution_count for cell in executed.cells if cell.cell_type == "code")
    assert executed.metadata.papermill.output_path == f"{name}.ipynb"
    assert str(ROOT) not in (folder / f"{name}.ipynb").read_text()  # no folder of whoever ran it
    assert f'href="{name}.html"' in (folder / "index.html").read_text()


def test_a_run_leaves_one_record_and_a_shortened_one_is_never_compared(smoke):
    results = smoke[1] / "results"
    assert len(list(results.glob("03_cnn/cnn-seed10-*.json"))) == 1
    assert list(results.glob("0[23]_*/dense-seed10-*.json"))  # whichever trained it, both show it
    summary = json.loads((results / "03_cnn" / "summary.json").read_text())
    assert {row["printed"] for row in summary["table"]} == {"not compared"}
    named = {(run["variant"], run["seed"]): run["record"] for run in summary["runs"]}
    assert json.loads(next(results.glob("03_cnn/cnn-seed10-*.json")).read_text())["sha256"] == named["cnn", 10]


def test_what_is_up_to_date_is_not_executed_again(smoke):
    _, folder = smoke
    stands_in = [] if os.environ.get("COURSEWORK_DATA") else ["--dataset", "digits"]
    same = ("--profile", "smoke", "--jobs", 2, "--reports", folder.parent, *stands_in)
    status = run_suite(ROOT, "status", *same).stdout
    before = {name: (folder / f"{name}.html").read_bytes() for name in NAMES}
    again = run_suite(ROOT, "reproduce", *same)
    assert again.returncode == 0
    for name in set(NAMES) - {OF_ALL}:
        stood_in = name == "01_data_and_splits" and stands_in  # looks at two data sets that are not there
        assert re.search(rf"^{name} +{'pending' if stood_in else 'done'}$", status, re.MULTILINE) or stood_in
        assert re.search(rf"^{name} +{'done' if stood_in else 'reused'} ", again.stdout, re.MULTILINE), again.stdout
        assert stood_in or (folder / f"{name}.html").read_bytes() == before[name]


@pytest.mark.parametrize(
    "name", ["04_lr_schedules", "11_vgg16_transfer"]
)  # with candidates, measurements, pretrained nets
def test_a_page_is_made_from_records_alone_and_leaves_them_as_they_were(smoke, name):
    _, folder = smoke
    before = {path: path.read_bytes() for path in folder.glob("results/*/*-seed*.json")}
    stands_in = [] if os.environ.get("COURSEWORK_DATA") else ["--dataset", "digits"]
    said = run_suite(ROOT, "pages", "--profile", "smoke", "--only", name, "--reports", folder.parent, *stands_in)
    assert said.returncode == 0, said.stdout[-3000:] + said.stderr[-3000:]
    assert "not recorded" not in said.stdout
    assert "epoch 1/" not in said.stdout
    assert re.search(rf"^{name} +done .* (0, \d+|-) ", said.stdout, re.MULTILINE), said.stdout
    assert {path: path.read_bytes() for path in folder.glob("results/*/*-seed*.json")} == before


def test_a_failing_notebook_stops_no_other_and_spoils_no_earlier_result(tmp_path):
    root = make_suite(tmp_path, "none")
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
    index = (earlier / "index.html").read_text()
    assert "no such luck" in index
    assert 'href="01_none.html"' in index
    assert 'href="02_fails.html"' in index  # the earlier page, beside the failure
    assert "no such luck" in (earlier / ".partial" / "02_fails.html").read_text()
    call(root, "reproduce", "--only", "02_fails", "--retries", 0, expected=1)
    assert (earlier / "index.html").read_text() == index  # nothing ended well, so it stays as it was


def test_a_fresh_clone_has_records_and_no_marks_and_trains_only_what_is_missing(tmp_path):
    root, seeds = make_suite(tmp_path, "none"), ("--seeds", "10 11")
    folder = root / "reports" / "smoke"
    call(root, "reproduce", *seeds)
    before = records(root)
    for path in (*folder.glob(".*"), *folder.glob("*.html")):  # neither marks nor runs nor pages
        path.rename(root / path.name)
    next(folder.glob("results/01_none/net-seed11-*.json")).unlink()
    said = call(root, "pages", *seeds)
    assert "01_none: not recorded: net, seed 11" in said
    assert "net, seed 11" in (folder / "01_none.html").read_text().split("</header>")[0]
    assert records(root) == {name: record for name, record in before.items() if name[2] == 10}
    status = call(root, "status", *seeds)
    assert re.search(r"^01_none +done +10 done +11 pending \d+ s$", status, re.MULTILINE), status
    assert re.search(r"for 1 seed nothing, for 3 seeds \d+ s", status)
    said = call(root, "reproduce", *seeds)
    assert row_of(said, "01_none-seed10")[0] == "reused"
    assert row_of(said, "01_none-seed11")[0] == "done"
    assert "1 new record:\n  reports/smoke/results/01_none/net-seed11-" in said
    trained = records(root)["01_none", "net", 11]
    assert trained["history"] == before["01_none", "net", 11]["history"]


def test_of_what_is_missing_as_much_as_fits_into_the_time_is_trained_first_seeds_first(tmp_path):
    root = make_suite(tmp_path, "none", "none")
    in_time = call(root, "reproduce", "--seeds", "10 11", "--minutes", "0.05")
    assert "Not begun, for want of time: 01_none-seed10, 02_none-seed10, 01_none-seed11, 02_none-seed11" in in_time
    assert records(root) == {}
    said = call(root, "reproduce", "--seeds", "10 11", "--minutes", "30")
    begun = re.findall(r"^(\w+(?:-seed\d+)?): starting", said, re.MULTILINE)
    assert begun[:4] == ["01_none-seed10", "02_none-seed10", "01_none-seed11", "02_none-seed11"]
    assert sorted(begun[4:]) == ["01_none", "02_none"]
    assert len(records(root)) == 4
    assert "4 new records" in said
    assert "2 seeds: 10, 11" in (root / "reports/smoke/02_none.html").read_text()
    assert "Nothing is missing." in call(root, "status", "--seeds", "10 11")


def test_a_bad_record_is_named_counted_and_not_used(tmp_path):
    root = make_suite(tmp_path, "none")
    call(root, "reproduce", "--seeds", "10 11")
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


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--profile", "fast"], "PROFILE: expected auto, full, quick, smoke; got 'fast'"),
        (["--seeds", "0 one"], "SEEDS: expected different whole numbers"),
        (["--seeds", "1 01"], "SEEDS: expected different whole numbers"),
        (["--seeds", "4294967296"], "SEEDS: expected different whole numbers below 2**32"),
        (["--jobs", "0"], "JOBS: expected a whole number of 1 or more; got '0'"),
        (["--retries", "-1"], "RETRIES: expected a whole number from 0 to 100; got '-1'"),
        (["--timeout", "soon"], "TIMEOUT: expected minutes, a number above 0, or nothing; got 'soon'"),
        (["--minutes", "0"], "MINUTES: expected a number above 0, or nothing; got '0'"),
        (["--number", "none"], "N: expected a whole number of 1 or more, or nothing; got 'none'"),
        (["--gpus", "many"], "GPUS: expected a whole number of 0 or more, or nothing; got 'many'"),
        (["--dataset", "cifar100"], "DATASET: expected one of cifar10, fashion_mnist, digits; got 'cifar100'"),
        (["--only", "99_none"], "NB: expected a notebook's name"),
    ],
)
def test_impossible_requests_are_refused_before_anything_runs(tmp_path, arguments, expected):
    ended = run_suite(ROOT, "reproduce", *arguments, "--reports", tmp_path / "reports")
    assert ended.returncode == 2
    assert expected in ended.stderr
    assert ended.stdout == ""
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
