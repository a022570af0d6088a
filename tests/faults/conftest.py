"""What the faults need: runs in processes that can be killed, small disks, and a note of how many were survived."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def pytest_addoption(parser):
    parser.addoption("--note-faults", type=Path, help="JSON file in which to note how many faults were survived")


def pytest_generate_tests(metafunc):
    """Kill at more moments where it is noted how many were survived."""
    if "moment" in metafunc.fixturenames:
        noted = metafunc.config.getoption("--note-faults", default=None)
        metafunc.parametrize("moment", range(20 if noted else 6))


def pytest_runtest_logreport(report):
    """Note each fault with how it went: a test of this folder is a fault, tried once; none whose fixtures failed."""
    if "tests/faults/" in report.nodeid and (report.when == "call" or report.outcome != "passed"):
        name = re.sub(r"\[.*", "", report.nodeid.split("::")[-1]).removeprefix("test_").replace("_", " ")
        NOTED.setdefault(name, []).append(report.outcome)


NOTED: dict[str, list[str]] = {}


def pytest_sessionfinish(session):
    """Write the note, where one is asked for."""
    path = session.config.getoption("--note-faults", default=None)
    if not path:
        return
    from helpers.machine import environment

    faults = [
        {"fault": name, "tried": len(went) - went.count("skipped"), "survived": went.count("passed")}
        for name, went in NOTED.items()
    ]
    date = datetime.now(UTC).isoformat(timespec="seconds")
    path.write_text(json.dumps({"finished": date, **environment(), "faults": faults}, indent=1) + "\n")


class Worker:
    """A process that trains small runs, and kills them: see worker.py."""

    def __init__(self, folder: Path):
        self._result = folder / "result.json"
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
        command = [sys.executable, str(HERE / "worker.py")]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self._log = folder / "worker.log"
        with self._log.open("w") as log:
            self._process = subprocess.Popen(command, env=environment, stderr=log, **pipes)
        assert self._read() == "ready\n"

    def ask(self, runs_dir: Path, **request) -> dict:
        """Train in `runs_dir`: the statuses, seconds, result (None if it did not end) and error."""
        results, error = (self._result, Path(f"{self._result}1")), Path(f"{self._result}.error")
        for path in (*results, error):
            path.unlink(missing_ok=True)
        request |= {"runs_dir": str(runs_dir), "result": str(self._result)}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._read())
        answer["results"] = [json.loads(path.read_text()) for path in results if path.exists()]
        return answer | {"error": error.read_text() if error.exists() else None}

    def _read(self, seconds: float = 300) -> str:
        """The next line that the process says; it is killed where it says none."""
        watchdog = threading.Timer(seconds, self._process.kill)
        watchdog.start()
        line = self._process.stdout.readline()
        watchdog.cancel()
        assert line, f"the worker ended, or said nothing for {seconds:.0f} s: {self._log.read_text()[-3000:]}"
        return line

    def end(self) -> None:
        """End the process."""
        self._process.stdin.close()
        self._process.wait(timeout=30)


@pytest.fixture(scope="session")
def worker(tmp_path_factory):
    """The process that trains small runs."""
    process = Worker(tmp_path_factory.mktemp("worker"))
    yield process
    process.end()


@pytest.fixture(scope="session")
def kept_runs(tmp_path_factory):
    """The folder in which the undisturbed run is kept."""
    return tmp_path_factory.mktemp("undisturbed") / "runs"


@pytest.fixture(scope="session")
def undisturbed(worker, kept_runs):
    """The answer for a run that nothing happens to."""
    answer = worker.ask(kept_runs)
    assert answer["statuses"] == [0], answer["error"]
    return answer


@pytest.fixture(scope="session")
def cut(worker, tmp_path_factory):
    """A run that was killed in the checkpoint after its third epoch, so that two checkpoints are there: its folder."""
    runs = tmp_path_factory.mktemp("cut") / "runs"
    assert worker.ask(runs, die_at=["write", 4])["statuses"] == [-9]
    (folder,) = runs.iterdir()
    assert {"current", "previous"} <= {path.name for path in folder.iterdir()}
    return folder


@pytest.fixture
def runs_dir(tmp_path):
    """A folder for runs."""
    return tmp_path / "runs"


@pytest.fixture
def small_disk(tmp_path):
    """Make a disk of so many kB: small_disk(kilobytes) -> its folder; skipped where nothing may be mounted."""
    mounted = []

    def make(kilobytes: int) -> Path:
        folder = tmp_path / "disk"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "coursework-test", str(folder)]
        if not shutil.which("mount") or subprocess.run(command, capture_output=True).returncode:
            pytest.skip("a small disk cannot be mounted here: it takes the rights of root")
        mounted.append(folder)
        return folder

    yield make
    for folder in mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
