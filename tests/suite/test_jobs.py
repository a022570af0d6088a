"""The plan of jobs: which there are, what makes each out of date, and how each stands."""

import nbformat
import pytest

from helpers.files import try_lock, write_json
from suite import jobs
from suite.jobs import Job, digest_of_cells, last_log_line, plan_jobs, read_outcome, seconds_beside, seconds_of_all

PARAMETERS = "profile = 'quick'\nseeds = [10]  # one run a seed\nepochs = 3"
CODE = "def train(seed):\n    return seed + 1\n"


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A checkout with three modules, a template and requirements, in place of the real one."""
    files = {
        "requirements.txt": "keras==3.0",
        "helpers/models.py": "WIDTH = 3\n",
        "suite/jobs.py": "JOBS = 1\n",
        "suite/site/pages.py": "PAGES = 1\n",
        "suite/site/page.html.jinja": "<html>",
        "suite/site/style.css": "a {}",
        "reports/published/claims.csv": "id\nA1\n",
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    monkeypatch.setattr(jobs, "ROOT", tmp_path)
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    return tmp_path


@pytest.fixture
def plan(root):
    """The jobs of "03_cnn": plan(code=, parameters=, markdown=, seeds=, profile=, dataset=, own_seeds=, ...)."""

    def make(
        code=CODE,
        parameters=PARAMETERS,
        markdown="# A net",
        seeds=(0, 1),
        profile="smoke",
        dataset="digits",
        own_seeds=None,
        from_records=False,
        alt="A figure",
        **about,
    ):
        about |= {"seeds": own_seeds} if own_seeds else {}
        path = root / "03_cnn.ipynb"
        literals = nbformat.v4.new_code_cell(parameters)
        cells = [
            nbformat.v4.new_markdown_cell(markdown),
            literals,
            nbformat.v4.new_code_cell(code, metadata={"alt": alt}),
        ]
        metadata = {"coursework": {"minutes": {"smoke": 0.5, "quick": 2, "full": 30}} | about}
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), path)
        return plan_jobs([path], profile, dataset, seeds, from_records)

    return make


@pytest.fixture
def folder(tmp_path):
    """A profile's folder of reports, in which nothing was executed."""
    (tmp_path / "reports" / jobs.MARKS).mkdir(parents=True)
    return tmp_path / "reports"


JOB = Job("03_cnn", 1, (1,), (), "d1", 3000, 0.5)
PAGE = Job("03_cnn", None, (0, 1), (JOB.mark,), "d2", 3000, 0.5)


def out_of_date(before: list[Job], after: list[Job]) -> set[str]:
    """Names of the jobs whose digests differ."""
    return {job.name for job in after} - {job.name for job in before if job.mark in {a.mark for a in after}}


# Which jobs there are.


def test_a_notebook_with_several_seeds_is_a_job_a_seed_and_a_page_after_them(plan):
    first, second, page = plan(seeds=(0, 7))
    assert [job.name for job in (first, second, page)] == ["03_cnn-seed0", "03_cnn-seed7", "03_cnn"]
    assert [job.seed for job in (first, second, page)] == [0, 7, None]
    assert [job.seeds for job in (first, second, page)] == [(0,), (7,), (0, 7)]
    assert (first.after, second.after) == ((), ())
    assert page.after == (first.mark, second.mark)


def test_with_one_seed_the_page_is_the_only_job(plan):
    (page,) = plan(seeds=(5,))
    assert (page.name, page.seed, page.seeds, page.after) == ("03_cnn", None, (5,), ())


def test_a_notebook_that_has_no_seeds_is_one_job_however_many_are_asked_for(plan):
    (page,) = plan(parameters="profile = 'quick'\nepochs = 3")
    assert (page.name, page.seeds, page.after) == ("03_cnn", (0, 1), ())


def test_a_notebook_says_how_long_it_takes_in_each_profile_and_how_much_memory(plan):
    in_full = plan(profile="full")  # 30 minutes are of its five seeds
    assert [job.minutes for job in in_full] == [6, 6, jobs.PAGE_MINUTES]
    assert {job.memory_mb for job in in_full} == {jobs.MEMORY_MB}
    assert [(job.minutes, job.memory_mb) for job in plan(memory_mb=9000, seeds=(0,))] == [(0.5, 9000)]
    (alone,) = plan(parameters="profile = 'quick'", profile="full")
    assert alone.minutes == 30


def test_where_none_are_asked_for_a_notebook_has_its_own_seeds(plan):
    assert [job.seed for job in plan(seeds=(), profile="full")] == [10, 11, 12, 13, 14, None]
    assert [job.seeds for job in plan(seeds=())] == [(10,)]
    own = plan(seeds=(), profile="full", own_seeds={"full": [7, 8]})
    assert [job.seed for job in own] == [7, 8, None]
    assert [job.minutes for job in own] == [15, 15, jobs.PAGE_MINUTES]
    assert [job.seed for job in plan(seeds=(4, 5), profile="full", own_seeds={"full": [7, 8]})] == [4, 5, None]


def test_from_records_a_page_of_all_seeds_is_the_only_job_and_has_a_mark_of_its_own(plan):
    (page,) = plan(from_records=True)
    assert (page.name, page.seeds, page.after) == ("03_cnn", (0, 1), ())
    assert page.mark not in {job.mark for job in plan()}


def test_what_trains_runs_alone_where_its_times_are_judged(plan):
    timed = {"profile": "quick", "timed": ["quick", "full"]}
    assert [job.alone for job in plan(**timed)] == [True, True, False]  # its page is made beside others
    assert [job.alone for job in plan(**timed, seeds=(5,))] == [True]
    assert [job.alone for job in plan(**timed, from_records=True)] == [False]
    assert not any(job.alone for job in plan(profile="quick", timed=["full"]))
    assert not any(job.alone for job in plan())


def test_jobs_that_share_the_cores_take_longer_each_and_end_when_the_last_of_them_does():
    timed = Job("05_pooling", 1, (1,), (), "d3", 3000, 0.5, alone=True)
    others = [Job("04_rates", seed, (seed,), (), f"d{seed}", 3000, 0.5) for seed in (1, 2, 3)]
    seconds = {timed.name: 100.0} | dict.fromkeys((job.name for job in others), 60.0)
    assert seconds_beside([timed, others[0]], seconds, 1.5) == {timed.name: 100, others[0].name: 90}
    assert seconds_of_all([timed, *others], seconds, 1, 1.0) == 280
    assert seconds_of_all([timed, *others[:2]], seconds, 2, 1.5) == 190
    assert seconds_of_all([timed, *others], seconds, 2, 1.5) == 280  # the third has nothing beside it


def test_the_marks_of_a_plan_are_all_different_and_below_the_profiles_folder(plan):
    marks = [job.mark for job in plan(seeds=(0, 1, 10))]
    assert len(set(marks)) == 4
    assert all(mark.startswith(".partial/ended/03_cnn") for mark in marks)


# What makes a job out of date.


def test_planned_twice_the_marks_are_the_same(plan):
    assert plan() == plan()


@pytest.mark.parametrize(
    ("change", "stale"),
    [
        ({"markdown": "# Another title"}, {"03_cnn"}),
        ({"code": CODE + "# a remark"}, {"03_cnn"}),
        ({"code": CODE.replace("):", '):\n    """Train."""')}, {"03_cnn"}),
        ({"code": CODE.replace("+ 1", "+ 2")}, {"03_cnn", "03_cnn-seed0", "03_cnn-seed1"}),
        ({"parameters": PARAMETERS.replace("3", "4")}, {"03_cnn", "03_cnn-seed0", "03_cnn-seed1"}),
        ({"profile": "quick"}, {"03_cnn", "03_cnn-seed0", "03_cnn-seed1"}),
        ({"dataset": "cifar10"}, {"03_cnn", "03_cnn-seed0", "03_cnn-seed1"}),
        ({"seeds": (0, 1, 2)}, {"03_cnn", "03_cnn-seed2"}),
        ({"seeds": (1, 0)}, {"03_cnn"}),
        ({"memory_mb": 9000}, set()),
        ({"question": "How much better?"}, {"03_cnn"}),
        ({"alt": "Another figure"}, {"03_cnn"}),
    ],
    ids=lambda change: " ".join(f"{key} {value}" for key, value in change.items()) if isinstance(change, dict) else "",
)
def test_what_changed_in_a_notebook_or_was_asked_for_makes_stale_what_depends_on_it(plan, change, stale):
    assert out_of_date(plan(), plan(**change)) == stale


@pytest.mark.parametrize(
    ("file", "content", "stale"),
    [
        ("helpers/models.py", "WIDTH = 4\n", {"03_cnn", "03_cnn-seed0", "03_cnn-seed1"}),
        ("helpers/models.py", '"""Nets."""\n\nWIDTH = 3  # units\n', set()),
        ("helpers/losses.py", "LOSS = 1\n", {"03_cnn", "03_cnn-seed0", "03_cnn-seed1"}),
        ("suite/site/pages.py", "PAGES = 2\n", {"03_cnn"}),
        ("suite/site/page.html.jinja", "<html lang=en>", {"03_cnn"}),
        ("suite/site/style.css", "b {}", {"03_cnn"}),
        ("suite/jobs.py", "JOBS = 2\n", set()),
        ("reports/published/claims.csv", "id\nA2\n", {"03_cnn"}),
        ("requirements.txt", "keras==3.1", {"03_cnn", "03_cnn-seed0", "03_cnn-seed1"}),
    ],
)
def test_what_changed_in_the_helpers_makes_stale_what_depends_on_it(plan, root, file, content, stale):
    before = plan()
    (root / file).write_text(content)
    assert out_of_date(before, plan()) == stale


def test_another_backend_makes_everything_stale(plan, monkeypatch):
    before = plan()
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert len(out_of_date(before, plan())) == 3


@pytest.mark.parametrize(
    "line",
    [
        "!pip install keras",
        "%matplotlib inline",
        "if epochs:\n    !pip list",
        "for i in range(2):\n    %time train(i)\n",
    ],
)
def test_lines_for_ipython_are_no_obstacle(plan, line):
    usual = plan(code=f"{line}\n{CODE}")
    assert [job.name for job in usual] == ["03_cnn-seed0", "03_cnn-seed1", "03_cnn"]
    assert len(out_of_date(usual, plan(code=f"{line}\n{CODE.replace('1', '2')}"))) == 3


@pytest.mark.parametrize(
    "code",
    [
        "text = (\n    'a seed: %d'\n    % 3\n)",  # as ruff breaks long lines
        "same = (\n    'a'\n    != 'b'\n)",
        "files = !ls",
        "%%bash\nls -l /",
        "train?",
        "def train(:",  # a mistake in one notebook, and no other is executed
    ],
)
def test_neither_python_in_long_lines_nor_ipython_nor_a_mistake_is_an_obstacle(plan, code):
    assert len(plan(code=code)) == 3


def test_an_executed_notebook_has_the_code_of_the_one_that_was_executed_whatever_was_injected():
    cells = [nbformat.v4.new_markdown_cell("# A net"), nbformat.v4.new_code_cell(CODE)]
    injected = nbformat.v4.new_code_cell("epochs = 9", metadata={"tags": ["injected-parameters"]})
    executed = [cells[0], injected, nbformat.v4.new_code_cell(f"# a remark\n{CODE}", execution_count=3)]
    digests = [digest_of_cells(nbformat.v4.new_notebook(cells=found)) for found in (cells, executed, executed[:2])]
    assert digests[0] == digests[1] != digests[2]


# How a job stands.


def end(folder, name: str, error: str | None = None) -> None:
    """Write down that a job was executed."""
    outcome = {"job": name, "error": error, "status": "failed" if error else "done"}
    write_json(folder / ".partial" / f"{name}.json", outcome)


def test_a_job_that_was_never_executed_is_pending(folder, tmp_path):
    assert JOB.state(folder) == "pending"
    assert JOB.state(tmp_path / "nowhere") == "pending"
    assert read_outcome(folder, JOB.name) == {}
    assert last_log_line(folder, JOB.name) == ""


def test_a_job_with_its_mark_is_done(folder):
    (folder / JOB.mark).touch()
    end(folder, JOB.name)
    assert JOB.state(folder) == "done"
    assert PAGE.state(folder) == "pending"


@pytest.mark.parametrize("mark", ["03_cnn-seed1.older", "03_cnn-seed1.d2"])
def test_a_job_with_another_mark_is_stale(folder, mark):
    (folder / jobs.MARKS / mark).touch()
    end(folder, JOB.name)
    assert JOB.state(folder) == "stale"


@pytest.mark.parametrize("mark", ["03_cnn.d1", "03_cnn-seed10.d1", "13_cnn-seed1.d1"])
def test_the_mark_of_another_job_says_nothing_of_this_one(folder, mark):
    (folder / jobs.MARKS / mark).touch()
    assert JOB.state(folder) == "pending"
    JOB.forget(folder)
    assert (folder / jobs.MARKS / mark).exists()


def test_a_job_whose_last_execution_failed_has_failed_even_if_it_ended_well_with_other_code(folder):
    end(folder, JOB.name, "ValueError: no such luck")
    assert JOB.state(folder) == "failed"
    (folder / jobs.MARKS / "03_cnn-seed1.older").touch()
    assert JOB.state(folder) == "failed"
    (folder / JOB.mark).touch()
    assert JOB.state(folder) == "done"


def test_a_job_is_running_while_its_lock_is_held_and_no_longer(folder):
    (folder / JOB.mark).touch()
    lock = folder / ".partial" / "03_cnn-seed1.lock"
    with lock.open("w") as file:
        assert try_lock(file)
        assert JOB.state(folder) == "running"
        assert PAGE.state(folder) == "pending"
    assert lock.exists()  # it stays, and says nothing
    assert JOB.state(folder) == "done"


def test_a_job_that_is_forgotten_is_executed_again(folder):
    for mark in (JOB.mark, f"{jobs.MARKS}/03_cnn-seed1.older", PAGE.mark):
        (folder / mark).touch()
    JOB.forget(folder)
    assert JOB.state(folder) == "pending"
    assert PAGE.state(folder) == "done"


def test_the_last_log_line_is_the_last_line_of_a_jobs_progress(folder):
    log = folder / ".partial" / "03_cnn-seed1.progress"
    log.write_text("")
    assert last_log_line(folder, JOB.name) == ""
    log.write_text("run 1 of 2: epoch 1/3\nrun 1 of 2: epoch 2/3\n")
    assert last_log_line(folder, JOB.name) == "run 1 of 2: epoch 2/3"
