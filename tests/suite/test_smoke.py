"""Every notebook at smoke scale, in one call as a user gives it, in a second call, and in a live kernel."""

import json
import os
import re
import shutil
from pathlib import Path

import nbformat
import pytest
from live_kernel import run_in_one_kernel, warm_kernels
from small_suite import run_suite

from helpers.variables import FROM_RECORDS, SUITE
from suite.jobs import notebooks_of

ROOT = Path(__file__).parents[2]
NAMES = [path.stem for path in notebooks_of(ROOT / "notebooks")]
OF_ALL = "16_scoreboard"  # made of the pages of all others, at the end of each call
TRAINED_AGAIN = ("03_cnn", "07_frozen_vs_unfrozen", "12_depth")  # with candidates, pretrained layers, own metrics
CHANGED = {"batch_size": 48, "split_seed": 7, "num_draws": 200}  # each notebook has one of these parameters


@pytest.fixture(scope="module", autouse=True)
def _nothing_can_be_fetched(tmp_path_factory):
    """The same wherever it runs: no network, and nothing that Keras downloaded before."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_HOME", str(tmp_path_factory.mktemp("keras")))
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            patch.setenv(name, "http://127.0.0.1:9")  # where nothing listens
        for name in ("no_proxy", "NO_PROXY"):
            patch.delenv(name, raising=False)
        yield


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
    _, folder = smoke
    unavailable = "unavailable" in json.loads((folder / "results" / name / "summary.json").read_text())  # its weights
    before = {path: path.read_bytes() for path in folder.glob("results/*/*-seed*.json")}
    stands_in = [] if os.environ.get("COURSEWORK_DATA") else ["--dataset", "digits"]
    said = run_suite(ROOT, "pages", "--profile", "smoke", "--only", name, "--reports", folder.parent, *stands_in)
    assert said.returncode == 0, said.stdout[-3000:] + said.stderr[-3000:]
    assert ("not recorded" in said.stdout) == unavailable
    assert "epoch 1/" not in said.stdout
    assert re.search(rf"^{name} +done .* (0, \d+|-) ", said.stdout, re.MULTILINE), said.stdout
    assert {path: path.read_bytes() for path in folder.glob("results/*/*-seed*.json")} == before


@pytest.fixture(scope="module")
def warm():
    """Kernels that begin quickly."""
    with warm_kernels():
        yield


@pytest.mark.usefixtures("warm")
@pytest.mark.parametrize("name", NAMES)
def test_its_cells_can_be_run_again_in_a_live_kernel_with_other_parameters_and_back(smoke, name, tmp_path, monkeypatch):
    """Its runs are recorded, so that all of its cells have something to show; three notebooks train the others."""
    for variable in ("FROM_RECORDS", "SUITE", "SUMMARY", "FRESH", "ONLY"):
        monkeypatch.delenv(f"COURSEWORK_{variable}", raising=False)
    copy = tmp_path / "smoke"
    shutil.copytree(smoke[1], copy, ignore=shutil.ignore_patterns(".*", "*.html", "figures"))
    before = {path: path.read_bytes() for path in copy.glob("results/*/*.json") if path.name != "summary.json"}
    path = ROOT / "notebooks" / f"{name}.ipynb"
    given = {"profile": "smoke", "reports_dir": str(tmp_path)}
    given |= {} if os.environ.get("COURSEWORK_DATA") else {"dataset": "digits", "fashion_dataset": "digits"}
    source = next(c.source for c in nbformat.read(path, 4).cells if "parameters" in c.metadata.get("tags", []))
    changed = {key: value for key, value in CHANGED.items() if f"\n{key} = " in source}
    assert len(changed) == 1
    first = json.loads((smoke[1] / "results" / name / "summary.json").read_text())
    trains = name in TRAINED_AGAIN and not first.get("unavailable")
    run_in_one_kernel(path, [changed if trains else changed | {FROM_RECORDS: "1"}, {SUITE: "1"}], given)
    after = {path: path.read_bytes() for path in copy.glob("results/*/*.json") if path.name != "summary.json"}
    assert before.items() <= after.items()
    new = [json.loads(after[path]) for path in after.keys() - before.keys()]
    assert {record["notebook"] for record in new} == ({name} if trains else set())
    assert all(record["hyperparameters"]["batch_size"] == 48 for record in new if record["kind"] == "run")
    last = json.loads((copy / "results" / name / "summary.json").read_text())
    for key in ("missing", "runs", "table", "answer"):
        assert last[key] == first[key]
