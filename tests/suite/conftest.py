"""What the tests of pages share: a folder for them."""

import pytest


@pytest.fixture
def full(tmp_path):
    """The folder of the full profile, empty."""
    (tmp_path / "full").mkdir()
    return tmp_path / "full"
