"""The notebooks 08 to 16 in a live kernel: half of them, so that two processes of the tests share them."""

from pathlib import Path

import pytest
from live_kernel import warm_kernels
from live_notebook import assert_its_cells_can_be_run_again

from suite.jobs import notebooks_of

NAMES = [path.stem for path in notebooks_of(Path(__file__).parents[2] / "notebooks") if path.stem >= "08"]
pytestmark = pytest.mark.usefixtures("nothing_can_be_fetched", "warm")


@pytest.fixture(scope="module")
def warm():
    """Kernels that begin quickly."""
    with warm_kernels():
        yield


@pytest.mark.parametrize("name", NAMES)
def test_its_cells_can_be_run_again_with_other_parameters_and_back(smoke, name, tmp_path, monkeypatch):
    for variable in ("FROM_RECORDS", "SUITE", "SUMMARY", "FRESH", "ONLY"):
        monkeypatch.delenv(f"COURSEWORK_{variable}", raising=False)
    assert_its_cells_can_be_run_again(name, smoke.records, tmp_path)
