"""What the tests of pages and of the suite share: a folder for pages, no network, and every notebook at smoke scale."""

import json
import os
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
from small_suite import STANDS_IN, run_suite

from helpers.files import lock

ROOT = Path(__file__).parents[2]


@pytest.fixture
def full(tmp_path):
    """The folder of the full profile, empty."""
    (tmp_path / "full").mkdir()
    return tmp_path / "full"


@pytest.fixture(scope="session")
def unreachable(tmp_path_factory) -> dict[str, str]:
    """The same wherever it runs, as environment variables: no network, and nothing that Keras downloaded before."""
    nowhere = "http://127.0.0.1:9"  # where nothing listens
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), nowhere)
    return {"KERAS_HOME": str(tmp_path_factory.mktemp("keras")), **proxies, "no_proxy": "", "NO_PROXY": ""}


@pytest.fixture(scope="module")
def nothing_can_be_fetched(unreachable):
    """No network for whatever a test begins."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in unreachable.items():
            patch.setenv(name, value)
        yield


class Smoke(NamedTuple):
    """Every notebook at smoke scale, as one call of the suite left it.

    Attributes:
        returncode, stdout, stderr: Of the call.
        folder: Of its pages.
        records: A copy of what it left but for pages and figures, which no test changes.
    """

    returncode: int
    stdout: str
    stderr: str
    folder: Path
    records: Path


@pytest.fixture(scope="session")
def smoke(tmp_path_factory, unreachable) -> Smoke:
    """The whole suite on the real data where they are given, else on the digits: called once for all processes."""
    base = tmp_path_factory.getbasetemp()
    place = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "smoke-suite"
    place.mkdir(exist_ok=True)
    ended, reports, records = place / "ended.json", place / "reports", place / "records"
    with (place / "lock").open("w") as file:
        lock(file, lambda: None)
        if not ended.exists():
            options = ["--profile", "smoke", "--jobs", 2, "--reports", reports, *STANDS_IN]
            said = run_suite(ROOT, "reproduce", *options, **unreachable)
            left_out = shutil.ignore_patterns(".*", "*.html", "figures")
            if (reports / "smoke").exists():
                shutil.copytree(reports / "smoke", records, ignore=left_out)
            ended.write_text(json.dumps([said.returncode, said.stdout, said.stderr]))
    return Smoke(*json.loads(ended.read_text()), reports / "smoke", records)
