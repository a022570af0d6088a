"""Where the data come from, and what is said where they are unavailable."""

import threading
import time
import urllib.error
from pathlib import Path

import keras
import numpy as np
import pytest

from helpers.data import (
    DamagedFileError,
    DataNotFoundError,
    downloads,
    load_cifar10,
    load_dataset,
    load_digits,
    sources,
)
from helpers.data.checksums import CIFAR10_MD5, FASHION_MNIST_MD5


@pytest.fixture
def offline(tmp_path, monkeypatch):
    """No local data and no network; gives the empty folder of Keras's downloads."""

    def unreachable(*_, **__):
        raise urllib.error.URLError("no network")

    monkeypatch.delenv("COURSEWORK_DATA", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("COURSEWORK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(downloads.urllib.request, "urlopen", unreachable)
    return tmp_path / "keras" / "datasets"


@pytest.mark.parametrize("stand_in", [False, True])
def test_a_data_folder_that_does_not_exist_is_named_and_never_worked_around(offline, tmp_path, monkeypatch, stand_in):
    monkeypatch.setenv("COURSEWORK_DATA", str(tmp_path / "mistyped"))
    with pytest.raises(DataNotFoundError, match="mistyped does not exist"):
        load_dataset("cifar10", stand_in)


@pytest.mark.parametrize(("name", "md5s"), [("cifar-10-batches-py", CIFAR10_MD5), ("fashion-mnist", FASHION_MNIST_MD5)])
def test_an_incomplete_data_set_names_what_is_missing(offline, tmp_path, monkeypatch, name, md5s):
    present, *missing = md5s
    (tmp_path / name).mkdir()
    (tmp_path / name / present).touch()
    monkeypatch.setenv("COURSEWORK_DATA", str(tmp_path))
    with pytest.raises(DataNotFoundError) as error:
        load_dataset("cifar10" if name.startswith("cifar") else "fashion_mnist")
    assert all(file in str(error.value) for file in missing)
    assert present not in str(error.value)


@pytest.mark.parametrize("name", ["cifar10", "fashion_mnist"])
def test_without_data_and_network_three_remedies_are_named(offline, name):
    with pytest.raises(DataNotFoundError) as error:
        load_dataset(name)
    for remedy in ("(1) set COURSEWORK_DATA", "(2) connect to the network", "(3) run PROFILE=quick"):
        assert remedy in str(error.value)


def test_a_download_that_breaks_off_names_the_remedies_too(offline, monkeypatch):
    def breaks_off(*_, **__):
        raise Exception("URL fetch failure")

    monkeypatch.setattr(sources, "check_reachable", lambda *_: None)
    monkeypatch.setattr(keras.utils, "get_file", breaks_off)
    with pytest.raises(DataNotFoundError, match=r"URL fetch failure.*\(1\)"):
        load_cifar10()


def test_an_earlier_download_of_keras_is_used_without_the_network(offline):
    folder = offline / "cifar-10-batches-py-target" / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    for name in CIFAR10_MD5:
        (folder / name).touch()
    with pytest.raises(DamagedFileError, match="cifar-10-batches-py-target"):  # found, and verified like any other
        load_cifar10()


@pytest.mark.parametrize(("name", "shape"), [("cifar10", (32, 32, 3)), ("fashion_mnist", (28, 28, 1))])
def test_the_digits_stand_in_with_the_shape_of_the_data_set_where_allowed(offline, name, shape):
    data, loaded = load_dataset(name, stand_in=True)
    assert loaded == "digits"
    assert data.images.shape == (1797, *shape)


@pytest.mark.parametrize("shape", [(32, 32, 3), (28, 28, 1)])
def test_the_digits_are_bytes_from_black_to_white_of_ten_classes(shape):
    images, labels, class_names = load_digits(shape)
    assert images.shape == (1797, *shape)
    assert images.dtype == np.uint8
    assert (images.min(), images.max()) == (0, 255)
    assert labels.dtype == np.int64
    assert set(labels) == set(range(10))
    assert class_names == tuple("0123456789")


def test_the_digits_are_never_a_stand_in_when_asked_for_by_name():
    assert load_dataset("digits")[1] == "digits"


def test_an_unknown_data_set_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="'cifar100': expected one of cifar10, fashion_mnist, digits"):
        load_dataset("cifar100")


def test_processes_that_want_one_file_take_turns(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEWORK_CACHE", str(tmp_path))
    at_once, most = [], []

    def get_file(fname, **_):
        at_once.append(fname)
        most.append(len(at_once))
        time.sleep(0.05)
        at_once.remove(fname)
        return str(tmp_path / fname)

    monkeypatch.setattr(keras.utils, "get_file", get_file)
    threads = [threading.Thread(target=downloads.fetch, args=("weights.h5", "https://example.org")) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert most == [1] * 4  # locks are between openings of a file, so threads stand for processes


def test_another_users_lock_keeps_nobody_from_fetching(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEWORK_CACHE", str(tmp_path))
    open_it = Path.open

    def refused(path, *arguments, **options):
        if path.suffix == ".lock":
            raise PermissionError("not yours")
        return open_it(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", refused)
    monkeypatch.setattr(keras.utils, "get_file", lambda fname, **_: str(tmp_path / fname))
    assert downloads.fetch("weights.h5", "https://example.org") == tmp_path / "weights.h5"


def test_a_cache_that_cannot_be_written_to_is_no_failed_download(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("COURSEWORK_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(OSError, match="set COURSEWORK_CACHE to a writable folder"):
        downloads.fetch("weights.h5", "https://example.org")
