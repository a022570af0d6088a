"""Where the data come from, and what is said where they are unavailable."""

import pickle
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
    load_fashion_mnist,
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


def test_the_digits_are_the_bundled_ones_enlarged():
    from sklearn.datasets import load_digits as bundled

    images, labels, _ = load_digits((32, 32, 3))
    assert labels.tolist() == bundled().target.tolist()
    small = np.round(bundled().images * 255 / 16)
    for channel in range(3):
        np.testing.assert_array_equal(images[:, ::4, ::4, channel], small)
        np.testing.assert_array_equal(images[:, 3::4, 3::4, channel], small)


def test_the_pickles_of_cifar10_are_decoded_row_by_row_channel_by_channel():
    pixels = np.random.default_rng(0).integers(0, 256, (6, 2, 3, 32, 32), "uint8")
    labels = np.arange(12).reshape(6, 2) % 10
    batches = [{b"data": p.reshape(2, -1), b"labels": c.tolist()} for p, c in zip(pixels, labels, strict=True)]
    images, classes = sources._decode_cifar10([pickle.dumps(batch) for batch in batches])
    assert (images.shape, images.dtype, classes.dtype) == ((12, 32, 32, 3), np.uint8, np.int64)
    assert classes.tolist() == labels.ravel().tolist()
    for batch, image, row, column, channel in ((0, 0, 1, 30, 2), (5, 1, 31, 0, 1)):
        assert images[2 * batch + image, row, column, channel] == pixels[batch, image, channel, row, column]


def test_the_files_of_fashion_mnist_are_decoded_training_images_first():
    rng = np.random.default_rng(0)
    parts = [rng.integers(0, 256, (n, 28, 28), "uint8") for n in (3, 2)]
    labels = [np.array([9, 0, 4], "uint8"), np.array([1, 7], "uint8")]
    files = [b"h" * 16 + parts[0].tobytes(), b"h" * 8 + labels[0].tobytes()]
    files += [b"h" * 16 + parts[1].tobytes(), b"h" * 8 + labels[1].tobytes()]
    images, classes = sources._decode_fashion_mnist(files)
    np.testing.assert_array_equal(images[..., 0], np.concatenate(parts))
    assert (images.shape, classes.tolist()) == ((5, 28, 28, 1), [9, 0, 4, 1, 7])


@pytest.fixture
def downloaded(offline, monkeypatch):
    """What Keras is asked to fetch, each file left where it would lie; nothing is verified or decoded."""
    asked = []

    def get_file(fname, origin, cache_dir, cache_subdir="datasets", **options):
        asked.append((fname, origin, options))
        path = Path(cache_dir) / cache_subdir / fname
        path.parent.mkdir(parents=True, exist_ok=True)
        for name in CIFAR10_MD5 if options.get("extract") else ():
            (path / "cifar-10-batches-py").mkdir(parents=True, exist_ok=True)
            (path / "cifar-10-batches-py" / name).touch()
        if not options.get("extract"):
            path.touch()
        return str(path)

    monkeypatch.setattr(sources, "check_reachable", lambda *_: None)
    monkeypatch.setattr(keras.utils, "get_file", get_file)
    monkeypatch.setattr(sources, "load_decoded", lambda folder, md5s, _: (folder, list(md5s)))
    return asked


def test_cifar10_is_fetched_as_published_and_checked(downloaded, offline):
    folder, names = load_cifar10()[:2]
    assert folder == offline / "cifar-10-batches-py-target" / "cifar-10-batches-py"
    assert names == list(CIFAR10_MD5)
    [(_, origin, options)] = downloaded
    assert origin == "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
    assert options["file_hash"] == "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
    assert load_cifar10()[0] == folder  # and not again
    assert len(downloaded) == 1


def test_a_damaged_download_is_named_where_it_cannot_be_fetched_anew(offline):
    (offline / "fashion-mnist").mkdir(parents=True)
    for name in FASHION_MNIST_MD5:
        (offline / "fashion-mnist" / name).touch()
    with pytest.raises(DamagedFileError, match="is not the published file"):
        load_dataset("fashion_mnist", stand_in=True)


@pytest.mark.parametrize("load", [load_cifar10, load_fashion_mnist])
def test_what_another_process_is_fetching_is_not_taken_in_part(downloaded, monkeypatch, load):
    begun, end, found = threading.Event(), threading.Event(), []
    get_file = keras.utils.get_file

    def slow(*arguments, **options):  # the file lies under its own name, in part
        path = get_file(*arguments, **options)
        begun.set()
        assert end.wait(60)
        return path

    monkeypatch.setattr(keras.utils, "get_file", slow)
    threads = [threading.Thread(target=lambda: found.append(load())) for _ in range(2)]
    threads[0].start()
    assert begun.wait(60)
    threads[1].start()
    threads[1].join(0.3)
    assert not found
    end.set()
    for thread in threads:
        thread.join(60)
    assert len(found) == 2
    assert len({name for name, _, _ in downloaded}) == len(downloaded)  # each once


@pytest.mark.parametrize("stand_in", [False, True])
def test_a_data_sets_own_folder_is_named_and_never_worked_around(offline, tmp_path, monkeypatch, stand_in):
    for name in FASHION_MNIST_MD5:
        (tmp_path / name).touch()
    monkeypatch.setenv("COURSEWORK_DATA", str(tmp_path))
    with pytest.raises(DataNotFoundError, match=r"own: expected the one above it, with fashion-mnist/ in it"):
        load_dataset("fashion_mnist", stand_in)


def test_a_data_folder_without_the_data_set_is_named_too_and_so_is_the_reason_for_a_stand_in(
    offline, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("COURSEWORK_DATA", str(tmp_path))
    assert load_dataset("cifar10", stand_in=True)[1] == "digits"
    said = capsys.readouterr().out
    assert f"digits stand in. CIFAR-10 is unavailable: no folder of it in COURSEWORK_DATA, {tmp_path}" in said


def test_digits_that_would_not_fit_are_refused():
    with pytest.raises(ValueError, match="expected sides of 8 or more for 8x8 digits, got 4x32"):
        load_digits((4, 32, 3))


def test_where_keras_cannot_write_its_folder_its_own_other_one_is_looked_at(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "file" / "keras"))
    assert downloads.keras_folder() == Path("/tmp/.keras")


def test_of_fashion_mnist_only_what_is_missing_is_fetched(downloaded, offline):
    first, *others = FASHION_MNIST_MD5
    (offline / "fashion-mnist").mkdir(parents=True)
    (offline / "fashion-mnist" / first).touch()
    assert load_fashion_mnist()[0] == offline / "fashion-mnist"
    assert [name for name, _, _ in downloaded] == others
    assert all(origin.endswith(f"/{name}") for name, origin, _ in downloaded)


def test_a_part_that_a_killed_download_left_is_fetched_anew(downloaded, offline, monkeypatch):
    def load_decoded(folder, md5s, _):
        if not downloaded:
            raise DamagedFileError("cut short")
        return folder, list(md5s)

    monkeypatch.setattr(sources, "load_decoded", load_decoded)
    (offline / "fashion-mnist").mkdir(parents=True)
    for name in FASHION_MNIST_MD5:
        (offline / "fashion-mnist" / name).touch()
    assert load_fashion_mnist()[0] == offline / "fashion-mnist"
    assert [name for name, _, options in downloaded if options["force_download"]] == list(FASHION_MNIST_MD5)


def test_a_damaged_file_of_ones_own_folder_is_named_and_nothing_fetched(downloaded, tmp_path, monkeypatch):
    def load_decoded(*_):
        raise DamagedFileError("cut short")

    monkeypatch.setattr(sources, "load_decoded", load_decoded)
    (tmp_path / "own" / "fashion-mnist").mkdir(parents=True)
    for name in FASHION_MNIST_MD5:
        (tmp_path / "own" / "fashion-mnist" / name).touch()
    with pytest.raises(DamagedFileError, match="cut short"):
        load_fashion_mnist(tmp_path / "own")
    assert downloaded == []


def test_an_address_that_does_not_answer_is_given_up_within_seconds(monkeypatch):
    waited = []

    def silent(request, timeout):
        waited.append((request.get_method(), timeout))
        raise TimeoutError("timed out")

    monkeypatch.setattr(downloads.urllib.request, "urlopen", silent)
    with pytest.raises(downloads.DownloadError, match=r"https://example.org/a could not be fetched \(timed out\)"):
        downloads.check_reachable("https://example.org/a")
    assert waited == [("HEAD", downloads.CONNECT_SECONDS)]
    assert downloads.CONNECT_SECONDS <= 15


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
