"""A process of the tests that crashes ends the whole run, and says in which test: pytest-xdist would wait for ever."""

import pytest

RUNNING: list[str] = []  # tests that have begun and not ended, in all processes


def pytest_runtest_logstart(nodeid: str) -> None:
    """Note a test that begins."""
    RUNNING.append(nodeid)


def pytest_runtest_logfinish(nodeid: str) -> None:
    """Forget a test that has ended."""
    RUNNING.remove(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error) -> None:
    """End the run where a process did not end by itself."""
    if error:
        pytest.exit(f"a process of the tests crashed ({error}) while these ran: {', '.join(RUNNING)}", returncode=1)
