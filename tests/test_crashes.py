"""Whatever a test does to its process, the run ends, fails, and names the test."""

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FINE = "def test_fine():\n    pass\n"


@pytest.mark.parametrize(
    ("harm", "limit", "position"),
    [("os._exit(9)", 100, "first"), ("os.abort()", 100, "last"), ("time.sleep(1000)", 1, "first")],
    ids=lambda value: str(value),
)
def test_a_run_ends_with_the_name_of_the_test_that_crashes_or_hangs(tmp_path, harm, limit, position):
    for number in range(4):
        (tmp_path / f"test_{number}.py").write_text(FINE)
    name = {"first": "test_0.py", "last": "test_9.py"}[position]
    (tmp_path / name).write_text(f"import os, time\n{FINE}def test_harm():\n    {harm}\n")
    (tmp_path / "pytest.ini").write_text(f"[pytest]\ntimeout = {limit}\ntimeout_method = thread\n")
    (tmp_path / "conftest.py").write_text("from crashes import *\n")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--numprocesses", "2"]
    command += ["--dist", "loadfile", "--no-loadscope-reorder", "--rootdir", str(tmp_path), str(tmp_path)]
    ended = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONPATH": str(HERE)}, capture_output=True, text=True, timeout=120
    )
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert f"{name}::test_harm" in ended.stdout
