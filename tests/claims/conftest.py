"""Our runs, as the checks of tables find them."""

import pytest
from made_up import make_run, make_test, results_of
from students import draw

from helpers.claims import __main__ as command


@pytest.fixture(scope="module")
def ours():
    """Six runs of report A's CNN, as made up as the students'."""
    runs = [make_run("cnn", s, test=make_test(draw(s)) | {"loss": 0.8 + s / 1000}) for s in range(10, 16)]
    return results_of(n03_cnn=runs)


@pytest.fixture
def with_ours(ours, monkeypatch):
    """The command line with our runs as they are made up."""
    monkeypatch.setattr(command, "read_results", lambda folder: ours)
