"""The data: published files only, verified before anything in them is used, decoded once."""

import collections
import gzip
import hashlib
import os
import pickle
import threading
from pathlib import Path

import numpy as np
import pytest

from helpers.data import DamagedFileError, load_cifar10
from helpers.data import checksums as checksums_module
from helpers.data import decoded as decoded_module
from helpers.data.checksums import CIFAR10_MD5, read_verified
from helpers.data.decoded import CacheFolderError, load_decoded


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def decode(contents: list[bytes]) -> tuple[np.ndarray, np.ndarray]:
    """Each byte is an image of one pixel, its class the byte's last digit."""
    pixels = np.frombuffer(b"".join(contents), "uint8")
    return pixels.reshape(-1, 1, 1, 1), (pixels % 10).astype("int64")


def never(*_):
    raise AssertionError("this must not be called")


@pytest.fixture
def published(tmp_path, monkeypatch):
    """A folder of two made-up published files, their MD5s, and an empty cache."""
    monkeypatch.setenv("COURSEWORK_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "made-up"
    folder.mkdir()
    contents = {"batch_1": bytes(range(200)), "batch_2": bytes(range(56, 256))}
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return folder, {name: md5(content) for name, content in contents.items()}


def test_cifar10_is_60000_colour_images_in_the_official_order(cifar10):
    images, labels, class_names = cifar10
    assert images.shape == (60_000, 32, 32, 3)
    assert images.dtype == np.uint8
    assert labels.dtype == np.int64
    assert class_names[labels[0]] == "frog"
    assert [class_names[label] for label in labels[50_000:50_004]] == ["cat", "ship", "ship", "airplane"]
    np.testing.assert_array_equal(images[0, 0, :2], [[59, 62, 63], [43, 46, 45]])  # red, green, blue


def test_cifar10_has_5000_training_and_1000_test_images_of_each_class(cifar10):
    assert np.bincount(cifar10.labels[:50_000]).tolist() == [5_000] * 10
    assert np.bincount(cifar10.labels[50_000:]).tolist() == [1_000] * 10


def test_fashion_mnist_is_70000_grey_images_7000_of_each_class(fashion_mnist):
    images, labels, class_names = fashion_mnist
    assert images.shape == (70_000, 28, 28, 1)
    assert images.dtype == np.uint8
    assert np.bincount(labels).tolist() == [7_000] * 10
    assert np.bincount(labels[60_000:]).tolist() == [1_000] * 10
    assert class_names[labels[0]] == "Ankle boot"


def test_decoded_images_that_changed_are_decoded_again(published):
    folder, md5s = published
    expected = np.array(load_decoded(folder, md5s, decode)[0])
    (kept,) = (folder.parent / "cache").glob("*/images.npy")
    content = bytearray(kept.read_bytes())
    content[-1] ^= 1
    kept.write_bytes(content)
    np.testing.assert_array_equal(load_decoded(folder, md5s, decode)[0], expected)
    np.testing.assert_array_equal(load_decoded(folder, md5s, never)[0], expected)  # and kept again


def test_cifar10_is_memory_mapped_and_not_hashed_again(cifar10, monkeypatch):
    monkeypatch.setattr(decoded_module, "read_verified", never)
    again = load_cifar10()
    assert isinstance(again.images, np.memmap)
    assert not again.images.flags.writeable
    np.testing.assert_array_equal(again.labels, cifar10.labels)


def test_one_flipped_bit_in_cifar10_is_noticed(cifar10, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEWORK_CACHE", str(tmp_path / "cache"))
    original, copy = Path(os.environ["COURSEWORK_DATA"]).expanduser() / "cifar-10-batches-py", tmp_path / "data"
    (copy / original.name).mkdir(parents=True)
    for name in list(CIFAR10_MD5)[1:]:
        (copy / original.name / name).symlink_to((original / name).resolve())
    content = bytearray((original / "data_batch_1").read_bytes())
    content[1_000_000] ^= 1
    (copy / original.name / "data_batch_1").write_bytes(content)
    with pytest.raises(DamagedFileError, match=r"data_batch_1.*expected MD5 c99cafc152244af753f735de768cd75f, found"):
        load_cifar10(copy)


@pytest.mark.parametrize("damage", [lambda c: c[:-1], lambda c: bytes([c[0] ^ 1]) + c[1:], lambda c: b""])
def test_a_damaged_file_is_named_with_the_expected_and_the_found_md5(published, damage):
    folder, md5s = published
    content = damage((folder / "batch_2").read_bytes())
    (folder / "batch_2").write_bytes(content)
    with pytest.raises(DamagedFileError) as error:
        load_decoded(folder, md5s, never)  # nothing is decoded
    for expected in (str(folder / "batch_2"), md5s["batch_2"], md5(content)):
        assert expected in str(error.value)


def test_a_pickle_that_is_not_the_published_one_is_never_executed(tmp_path, monkeypatch):
    class Malicious:
        def __reduce__(self):
            return Path.touch, (tmp_path / "executed",)

    monkeypatch.setenv("COURSEWORK_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cifar-10-batches-py").mkdir()
    for name in CIFAR10_MD5:
        (tmp_path / "cifar-10-batches-py" / name).write_bytes(pickle.dumps(Malicious()))
    with pytest.raises(DamagedFileError, match="data_batch_1"):
        load_cifar10(tmp_path)
    assert not (tmp_path / "executed").exists()


def test_a_gz_file_compressed_anew_counts_as_published_and_a_cut_one_does_not(tmp_path, monkeypatch):
    file, content = tmp_path / "labels.gz", bytes(1000)
    monkeypatch.setitem(checksums_module.UNCOMPRESSED_MD5, "0" * 32, md5(content))
    file.write_bytes(gzip.compress(content, compresslevel=1))
    assert read_verified(file, "0" * 32) == content
    file.write_bytes(gzip.compress(content)[:-9])
    with pytest.raises(DamagedFileError, match=r"labels\.gz"):
        read_verified(file, "0" * 32)


def test_the_second_load_neither_hashes_nor_decodes(published, monkeypatch):
    load_decoded(*published, decode)
    monkeypatch.setattr(decoded_module, "read_verified", never)
    images, labels = load_decoded(*published, never)
    assert isinstance(images, np.memmap)
    assert images[:, 0, 0, 0].tolist() == [*range(200), *range(56, 256)]
    assert labels[-1] == 5


def test_a_file_altered_after_it_was_decoded_is_noticed(published):
    folder, md5s = published
    load_decoded(folder, md5s, decode)
    (folder / "batch_1").write_bytes(bytes(199))
    with pytest.raises(DamagedFileError, match="batch_1"):
        load_decoded(folder, md5s, decode)


def test_a_file_that_was_only_touched_is_verified_anew_but_not_decoded_again(published, monkeypatch):
    folder, md5s = published
    load_decoded(folder, md5s, decode)
    os.utime(folder / "batch_1", (0, 0))
    load_decoded(folder, md5s, never)
    monkeypatch.setattr(decoded_module, "read_verified", never)
    load_decoded(folder, md5s, never)


def test_another_version_of_the_decoder_does_not_use_what_this_one_decoded(published, monkeypatch):
    load_decoded(*published, decode)
    monkeypatch.setattr(decoded_module, "DECODER_VERSION", decoded_module.DECODER_VERSION + 1)
    inverted, _ = load_decoded(*published, lambda contents: (255 - decode(contents)[0], decode(contents)[1]))
    assert inverted[0, 0, 0, 0] == 255


@pytest.mark.parametrize("name", ["images.npy", "labels.npy"])
def test_a_truncated_cache_is_rebuilt(published, tmp_path, name):
    load_decoded(*published, decode)
    (cached,) = (tmp_path / "cache").rglob(name)
    cached.write_bytes(cached.read_bytes()[:-100])
    images, labels = load_decoded(*published, decode)
    assert len(images) == len(labels) == 400
    np.testing.assert_array_equal(images[:, 0, 0, 0] % 10, labels)


def test_two_readers_decoding_at_once_end_with_the_same_arrays(published, tmp_path):
    both_decode, results = threading.Barrier(2, timeout=10), []

    def slowly(contents):
        both_decode.wait()
        return decode(contents)

    threads = [threading.Thread(target=lambda: results.append(load_decoded(*published, slowly))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (first, _), (second, _) = results
    np.testing.assert_array_equal(first, second)
    kept = {path.name for path in (tmp_path / "cache").rglob("*.*") if path.is_file()}
    assert kept == {"images.npy", "labels.npy", "verified.json"}  # no temporary file is left


def test_a_cache_that_cannot_be_written_to_is_named(published, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("COURSEWORK_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(OSError, match="set COURSEWORK_CACHE to a writable folder"):
        load_decoded(*published, decode)


def test_so_is_one_that_is_there_and_read_only(published, monkeypatch):
    def refuse(dir):
        raise PermissionError(13, "Permission denied", str(dir))

    monkeypatch.setattr("helpers.data.decoded.tempfile.TemporaryFile", refuse)
    with pytest.raises(CacheFolderError, match="set COURSEWORK_CACHE to a writable folder"):
        load_decoded(*published, decode)


def test_what_another_user_decoded_is_used_though_nothing_can_be_noted_there(published, monkeypatch):
    folder, md5s = published
    load_decoded(folder, md5s, decode)
    (folder / "batch_1").touch()  # known by another time, as the copy of another user is

    def refused(*_):
        raise PermissionError("not yours")

    monkeypatch.setattr(decoded_module, "write_json", refused)
    images, _ = load_decoded(folder, md5s, never)
    assert len(images) == 400
    for path in decoded_module.cache_folder().rglob("*.npy"):
        path.unlink()
    with pytest.raises(decoded_module.CacheFolderError, match=r"not yours.*set COURSEWORK_CACHE"):
        load_decoded(folder, md5s, decode)


def test_a_disk_without_room_for_the_decoded_images_is_named_and_nothing_is_left(published, monkeypatch):
    usage = collections.namedtuple("usage", "total used free")
    with monkeypatch.context() as patch:
        patch.setattr(decoded_module.shutil, "disk_usage", lambda _: usage(10**9, 10**9, 1))
        with pytest.raises(OSError, match=r"0 MiB free, and the decoded images need .* set COURSEWORK_CACHE"):
            load_decoded(*published, decode)
    assert not list(decoded_module.cache_folder().rglob("*.npy"))
