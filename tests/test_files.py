"""Files that are written whole or not at all, in folders that are checked before anything is trained."""

import collections
import json

import numpy as np
import pytest

from helpers import files
from helpers.files import ResultsFolderError, replacing, results_folder, write_json


def test_the_folder_of_a_notebooks_records_is_made(tmp_path):
    folder = results_folder(tmp_path / "reports", "smoke", "03_cnn")
    assert folder == tmp_path / "reports" / "smoke" / "results" / "03_cnn"
    assert folder.is_dir()
    assert not list(folder.iterdir())


def test_a_results_folder_below_a_regular_file_is_refused_by_name(tmp_path):
    (tmp_path / "reports").write_text("not a folder")
    with pytest.raises(ResultsFolderError, match=r"reports.smoke.results.03_cnn .*Nothing was trained"):
        results_folder(tmp_path / "reports", "smoke", "03_cnn")


def test_a_disk_that_is_nearly_full_is_refused_before_training(tmp_path, monkeypatch):
    usage = collections.namedtuple("usage", "total used free")
    monkeypatch.setattr(files.shutil, "disk_usage", lambda _: usage(10**12, 10**12, 5 * 2**20))
    with pytest.raises(ResultsFolderError, match=r"5 MiB free: expected 200 MiB or more.*Nothing was trained"):
        results_folder(tmp_path, "smoke", "03_cnn")


def test_json_is_written_with_numpys_numbers_as_plain_ones(tmp_path):
    write_json(tmp_path / "run.json", {"loss": np.float32(0.5), "seed": np.int64(3), "history": [1.0]})
    assert json.loads((tmp_path / "run.json").read_text()) == {"loss": 0.5, "seed": 3, "history": [1.0]}
    assert (tmp_path / "run.json").stat().st_mode & 0o444 == 0o444  # for everyone to read


@pytest.mark.parametrize(
    ("content", "error"),
    [({"loss": float("nan")}, ValueError), ({"loss": float("inf")}, ValueError), ({"model": object()}, TypeError)],
)
def test_what_is_no_plain_finite_value_leaves_the_old_file_and_nothing_else(tmp_path, content, error):
    write_json(tmp_path / "run.json", {"loss": 1.0})
    with pytest.raises(error):
        write_json(tmp_path / "run.json", {"accuracy": 0.5} | content)
    assert json.loads((tmp_path / "run.json").read_text()) == {"loss": 1.0}
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


def test_a_disk_that_fails_while_writing_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    (tmp_path / "page.html").write_text("old")
    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"), replacing(tmp_path / "page.html") as file:
        file.write(b"new")
    assert (tmp_path / "page.html").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_readers_see_the_old_file_until_the_new_one_is_whole(tmp_path):
    (tmp_path / "page.html").write_text("old")
    with replacing(tmp_path / "page.html") as file:
        file.write(b"half of the n")
        file.flush()
        assert (tmp_path / "page.html").read_text() == "old"
        file.write(b"ew one")
    assert (tmp_path / "page.html").read_text() == "half of the new one"
