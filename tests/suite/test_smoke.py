"""Every notebook at smoke scale, in one call as a user gives it, in a second call, and from records."""

import json
import re
from pathlib import Path

import nbformat
import pytest
from small_suite import STANDS_IN, run_suite

from suite.jobs import notebooks_of

ROOT = Path(__file__).parents[2]
NAMES = [path.stem for path in notebooks_of(ROOT / "notebooks")]
OF_ALL = "16_scoreboard"  # made of the pages of all others, at the end of each call
pytestmark = pytest.mark.usefixtures("nothing_can_be_fetched")


def test_every_notebook_runs_to_its_end(smoke):
    assert smoke.returncode == 0, smoke.stdout[-3000:] + smoke.stderr[-3000:]
    for name in NAMES:
        assert re.search(rf"^{name}: done in \d+ (s|min)$", smoke.stdout, re.MULTILINE)


def test_it_says_first_what_it_will_run_and_how_long_that_takes(smoke):
    announced = smoke.stdout.split("starting")[0]
    assert "Profile smoke (asked for)" in announced
    assert all(name in announced for name in NAMES if name != OF_ALL)
    assert re.search(r"About .+ in all", announced)


def test_it_shows_which_run_and_epoch_and_the_time_left(smoke):
    assert re.search(r"03_cnn +\d+:\d\d  run \d+ of \d+: .*epoch 1/1, .*about .* left", smoke.stdout)


def test_it_ends_with_a_table_of_results_and_the_page_to_open(smoke):
    ending = smoke.stdout.split("test accuracy")[-1]
    assert re.search(r"03_cnn +done +.*dense 0\.\d+.*cnn 0\.\d+", ending)
    assert ending.strip().splitlines()[-1].endswith("index.html")


@pytest.mark.parametrize("name", NAMES)
def test_every_notebook_has_its_page_its_figures_and_its_summary(smoke, name):
    folder = smoke.folder
    page = (folder / f"{name}.html").read_text()
    assert name == OF_ALL or list((folder / "figures").glob(f"{name}_*.*"))
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
    results = smoke.folder / "results"
    assert len(list(results.glob("03_cnn/cnn-seed10-*.json"))) == 1
    assert list(results.glob("0[23]_*/dense-seed10-*.json"))  # whichever trained it, both show it
    summary = json.loads((results / "03_cnn" / "summary.json").read_text())
    assert {row["printed"] for row in summary["table"]} == {"not compared"}
    named = {(run["variant"], run["seed"]): run["record"] for run in summary["runs"]}
    assert json.loads(next(results.glob("03_cnn/cnn-seed10-*.json")).read_text())["sha256"] == named["cnn", 10]


def test_what_is_up_to_date_is_not_executed_again(smoke):
    folder = smoke.folder
    same = ("--profile", "smoke", "--jobs", 2, "--reports", folder.parent, *STANDS_IN)
    before = {name: (folder / f"{name}.html").read_bytes() for name in NAMES}
    again = run_suite(ROOT, "reproduce", *same)
    assert again.returncode == 0
    for name in set(NAMES) - {OF_ALL}:
        stood_in = json.loads((folder / "results" / name / "summary.json").read_text()).get("stand_ins")  # as 01's
        assert re.search(rf"^{name} +{'done' if stood_in else 'reused'} ", again.stdout, re.MULTILINE), again.stdout
        assert stood_in or (folder / f"{name}.html").read_bytes() == before[name]


@pytest.mark.parametrize(
    "name", ["04_lr_schedules", "11_vgg16_transfer"]
)  # with candidates, measurements, pretrained nets
def test_a_page_is_made_from_records_alone_and_leaves_them_as_they_were(smoke, name):
    folder = smoke.folder
    unavailable = "unavailable" in json.loads((folder / "results" / name / "summary.json").read_text())  # its weights
    before = {path: path.read_bytes() for path in folder.glob("results/*/*-seed*.json")}
    said = run_suite(ROOT, "pages", "--profile", "smoke", "--only", name, "--reports", folder.parent, *STANDS_IN)
    assert said.returncode == 0, said.stdout[-3000:] + said.stderr[-3000:]
    assert ("not recorded" in said.stdout) == unavailable
    assert "epoch 1/" not in said.stdout
    assert re.search(rf"^{name} +done .* (0, \d+|-) ", said.stdout, re.MULTILINE), said.stdout
    assert {path: path.read_bytes() for path in folder.glob("results/*/*-seed*.json")} == before
