"""The main job, as a user runs it: every notebook at smoke scale, a notebook that fails, impossible requests."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parent.parent
NAMES = [path.stem for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]
WRITE_SUMMARY = """
import json, pathlib
folder = pathlib.Path(reports_dir) / profile / "results" / "{name}"
folder.mkdir(parents=True, exist_ok=True)
facts = dict(notebook="{name}", profile=profile, dataset="digits", asked_dataset="digits", seeds=[0], table=[],
             precision="float32", finished="2026-01-01T00:00:00+00:00", backend="none", device="none",
             versions=dict(python="3"), commit="unknown")
(folder / "summary.json").write_text(json.dumps(facts))
"""


def run_suite(root, *arguments, **environment):
    """`python -m suite` in a checkout, with some environment variables changed."""
    command = [sys.executable, "-m", "suite", *map(str, arguments)]
    env = {**os.environ, "PYTHONPATH": str(root), **environment}
    return subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, timeout=900)


@pytest.fixture(scope="module")
def smoke(tmp_path_factory):
    """The whole suite at smoke scale: on the real data where it is given, else on the digits; never a download."""
    reports = tmp_path_factory.mktemp("suite") / "reports"
    data = [] if os.environ.get("COURSEWORK_DATA") else ["--dataset", "digits"]
    return run_suite(ROOT, "--profile", "smoke", "--jobs", 2, "--reports", reports, *data), reports / "smoke"


def test_every_notebook_runs_to_its_end(smoke):
    ended, _ = smoke
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]
    for name in NAMES:
        assert re.search(rf"^{name}: done in \d+ (s|min)$", ended.stdout, re.MULTILINE)


def test_it_says_first_what_it_will_run_and_how_long_that_takes(smoke):
    announced = smoke[0].stdout.split("starting")[0]
    assert "Profile smoke (asked for)" in announced
    assert all(name in announced for name in NAMES)
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
    assert list((folder / "figures").glob(f"{name}_*.png"))
    summary = json.loads((folder / "results" / name / "summary.json").read_text())
    stands_in = "bundled" in page.split("</header>")[0]
    assert stands_in == (summary["dataset"] == "digits")
    executed = nbformat.read(folder / f"{name}.ipynb", as_version=4)
    assert all(cell.execution_count for cell in executed.cells if cell.cell_type == "code")
    assert executed.metadata.papermill.output_path == f"{name}.ipynb"
    assert str(ROOT) not in (folder / f"{name}.ipynb").read_text()  # no folder of whoever ran it
    assert f'href="{name}.html"' in (folder / "index.html").read_text()


def test_a_run_leaves_one_record_and_a_shortened_one_is_never_compared(smoke):
    folder = smoke[1] / "results" / "03_cnn"
    assert sorted(path.name for path in folder.glob("*-seed*.json")) == ["cnn-seed0.json", "dense-seed0.json"]
    summary = json.loads((folder / "summary.json").read_text())
    assert {row["printed"] for row in summary["table"]} == {"not compared"}


def test_what_is_up_to_date_is_not_executed_again(smoke):
    _, folder = smoke
    stands_in = [] if os.environ.get("COURSEWORK_DATA") else ["--dataset", "digits"]
    same = ("--profile", "smoke", "--jobs", 2, "--reports", folder.parent, *stands_in)
    status = run_suite(ROOT, *same, "--status").stdout
    before = {name: (folder / f"{name}.html").read_bytes() for name in NAMES}
    again = run_suite(ROOT, *same)
    assert again.returncode == 0
    for name in NAMES:
        stood_in = name == "01_data_and_splits" and stands_in  # looks at two data sets that are not there
        assert re.search(rf"^{name} +{'pending' if stood_in else 'done'}$", status, re.MULTILINE) or stood_in
        assert re.search(rf"^{name} +{'done' if stood_in else 'reused'} ", again.stdout, re.MULTILINE), again.stdout
        assert stood_in or (folder / f"{name}.html").read_bytes() == before[name]


@pytest.fixture
def checkout(tmp_path):
    """A copy of the suite with three notebooks of its own: one that fails, one that works, one whose kernel dies."""
    shutil.copytree(ROOT / "helpers", tmp_path / "helpers", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Snakefile", "requirements.txt"):
        shutil.copy(ROOT / name, tmp_path)
    bodies = {
        "01_fails": "raise ValueError('no such luck')",
        "02_works": WRITE_SUMMARY.format(name="02_works"),
        "03_dies": "import os; os._exit(9)",
    }
    (tmp_path / "notebooks").mkdir()
    for name, body in bodies.items():
        literals = nbformat.v4.new_code_cell("profile = 'quick'\nreports_dir = '../reports'")
        literals.metadata.tags = ["parameters"]
        cells = [nbformat.v4.new_markdown_cell(f"# {name}"), literals, nbformat.v4.new_code_cell(body)]
        about = {"question": "Does it?", "minutes": {"smoke": 0.1, "quick": 0.1, "full": 0.1}}
        metadata = {
            "coursework": about,
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        }
        nbformat.write(
            nbformat.v4.new_notebook(cells=cells, metadata=metadata), tmp_path / "notebooks" / f"{name}.ipynb"
        )
    return tmp_path


def test_a_failing_notebook_stops_no_other_and_spoils_no_earlier_result(checkout):
    earlier = checkout / "reports" / "smoke"
    earlier.mkdir(parents=True)
    (earlier / "01_fails.html").write_text("an earlier page")
    ended = run_suite(checkout, "--profile", "smoke", "--retries", 0)
    assert ended.returncode == 1
    assert "1 done, 2 failed" in ended.stdout
    assert "02_works: done" in ended.stdout
    assert (earlier / "02_works.html").exists()
    assert (earlier / "01_fails.html").read_text() == "an earlier page"
    assert not (earlier / "03_dies.html").exists()
    last = ended.stdout.strip().splitlines()[-4:]
    assert last[0] == "FAILED 01_fails: ValueError: no such luck"
    assert last[1].split() == ["partly", "executed:", "reports/smoke/.partial/01_fails.ipynb"]
    assert last[2].startswith("FAILED 03_dies: ")
    assert (checkout / "reports/smoke/.partial/03_dies.ipynb").exists()
    index = (earlier / "index.html").read_text()
    assert "no such luck" in index
    assert 'href="02_works.html"' in index
    assert 'href="01_fails.html"' in index  # the earlier page, beside the failure
    assert "no such luck" in (earlier / ".partial" / "01_fails.html").read_text()
    again = run_suite(checkout, "--profile", "smoke", "--only", "01_fails", "--retries", 0)
    assert again.returncode == 1
    assert (earlier / "index.html").read_text() == index  # nothing ended well, so it stays as it was


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
        (["--gpus", "many"], "GPUS: expected a whole number of 0 or more, or nothing; got 'many'"),
        (["--dataset", "cifar100"], "DATASET: expected one of cifar10, fashion_mnist, digits; got 'cifar100'"),
        (["--only", "99_none"], "NB: expected a notebook's name"),
    ],
)
def test_impossible_requests_are_refused_before_anything_runs(tmp_path, arguments, expected):
    ended = run_suite(ROOT, *arguments, "--reports", tmp_path / "reports")
    assert ended.returncode == 2
    assert expected in ended.stderr
    assert ended.stdout == ""
    assert not (tmp_path / "reports").exists()


def test_a_missing_data_folder_is_named_not_worked_around(tmp_path):
    ended = run_suite(ROOT, "--reports", tmp_path / "reports", COURSEWORK_DATA=str(tmp_path / "nowhere"))
    assert ended.returncode == 2
    assert str(tmp_path / "nowhere") in ended.stderr


def test_reports_that_cannot_be_written_are_noticed_first(tmp_path):
    (tmp_path / "reports").write_text("a file, not a folder")
    ended = run_suite(ROOT, "--profile", "smoke", "--reports", tmp_path / "reports")
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
