"""Pretrained weights: only the published ones are used, and where they can't be had that is said within seconds."""

import dataclasses
import hashlib
import urllib.error

import h5py
import keras
import numpy as np
import pytest
from keras import layers

from helpers.data import DamagedFileError, downloads
from helpers.transfer import BASES, WeightsNotFoundError, find_weights, load_weights
from helpers.transfer.weights import digest_arrays, read_arrays


def small_net(filters=4, name="conv_a", weights=None, include_top=False, input_shape=(32, 32, 3)):
    """A net like those of keras.applications, of two layers with weights."""
    net = [keras.Input(input_shape), layers.Conv2D(filters, 3, name=name), layers.BatchNormalization(name="norm")]
    return keras.Sequential(net)


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """No network, no download of Keras, an empty data folder; gives its folder of weights."""

    def unreachable(*_, **__):
        raise urllib.error.URLError("no network")

    monkeypatch.setattr(downloads.urllib.request, "urlopen", unreachable)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("COURSEWORK_DATA", str(tmp_path))
    (tmp_path / "weights").mkdir()
    return tmp_path / "weights"


@pytest.fixture
def published(offline, monkeypatch):
    """A small base whose weights are saved in the data folder and known by their SHA-256; gives base, net, path."""
    monkeypatch.setattr(keras.applications, "SmallNet", small_net, raising=False)
    net = small_net()
    path = offline / "smallnet_imagenet_notop.weights.h5"
    net.save_weights(path)
    digest = digest_arrays({layer.name: layer.get_weights() for layer in net.layers})
    base = dataclasses.replace(
        BASES["VGG16"], name="SmallNet", address="https://example.org/small_notop.h5", checksum="0" * 32,
        arrays_sha256=digest,
    )  # fmt: skip
    return base, net, path


def test_weights_that_are_the_published_numbers_are_loaded(published):
    base, net, path = published
    weights, source = load_weights(base)
    assert list(weights) == ["conv_a", "norm"]
    for layer in net.layers:
        for array, expected in zip(weights[layer.name], layer.get_weights(), strict=True):
            np.testing.assert_array_equal(array, expected)
    assert source == f"{path.name}, the published numbers by their SHA-256"


def test_keras_s_own_file_is_known_by_its_checksum_and_read_by_keras(published, offline):
    base, net, _ = published
    net.save(offline / "small_notop.h5")  # the older format, as Keras publishes it
    md5 = hashlib.md5((offline / "small_notop.h5").read_bytes(), usedforsecurity=False).hexdigest()
    weights, source = load_weights(dataclasses.replace(base, checksum=md5))
    np.testing.assert_array_equal(weights["conv_a"][0], net.layers[0].get_weights()[0])
    assert "Keras's published file by its checksum" in source


@pytest.mark.parametrize("damage", [lambda c: c[: len(c) // 2], lambda c: b"", lambda c: b"not HDF5 at all"])
def test_a_file_that_cannot_be_read_is_named(published, damage):
    base, _, path = published
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DamagedFileError, match=r"smallnet_imagenet_notop.* cannot be read .* Delete it"):
        load_weights(base)


def claim_much(file):
    del file["layers/conv2d/vars/0"]
    file.create_dataset("layers/conv2d/vars/0", (10**13,), "float32", chunks=(10**6,))


@pytest.mark.parametrize(
    ("change", "error", "problem"),
    [
        (claim_much, ValueError, "holds the weights of another net"),
        (lambda file: file.pop("layers") and file.create_dataset("layers", data=[1.0]), DamagedFileError, "cannot be"),
        (lambda file: file.create_dataset("layers/more", data=[1.0]), DamagedFileError, "cannot be read"),
    ],
)
def test_nothing_is_read_of_a_file_that_is_not_laid_out_as_the_net(published, change, error, problem):
    base, _, path = published
    with h5py.File(path, "a") as file:
        change(file)
    with pytest.raises(error, match=problem):
        load_weights(base)


def test_weights_that_differ_in_one_bit_are_refused(published):
    base, net, path = published
    kernel, bias = net.layers[0].get_weights()
    bias[0] = np.nextafter(bias[0], np.float32(1))
    net.layers[0].set_weights([kernel, bias])
    net.save_weights(path)
    with pytest.raises(DamagedFileError, match=rf"expected arrays of SHA-256 {base.arrays_sha256}.* nothing of it"):
        load_weights(base)


@pytest.mark.parametrize("changes", [{"filters": 5}, {"name": "conv_b"}])
def test_the_weights_of_another_net_are_called_that(published, changes):
    base, _, path = published
    small_net(**changes).save_weights(path)
    with pytest.raises(ValueError, match="holds the weights of another net than SmallNet: layer 'conv_a' was expected"):
        load_weights(base)


def test_without_a_known_digest_only_keras_s_own_file_will_do(published):
    base, _, _ = published
    with pytest.raises(DamagedFileError, match="expected a file of checksum 0000"):
        load_weights(dataclasses.replace(base, arrays_sha256=""))


@pytest.mark.parametrize("name", BASES)
def test_where_weights_are_unavailable_it_is_said_what_to_do(offline, name):
    with pytest.raises(WeightsNotFoundError, match=r"could not be fetched .*no network.* Either put the file there"):
        load_weights(BASES[name])
    weights, why = find_weights(BASES[name])
    assert weights is None
    assert name in why
    assert BASES[name].address in why


def test_a_damaged_file_is_never_worked_around(published):
    base, _, path = published
    path.write_bytes(b"x")
    with pytest.raises(DamagedFileError):
        find_weights(base)


def test_a_download_that_breaks_off_is_no_other_error(offline, monkeypatch):
    def breaks_off(*_, **__):
        raise Exception("URL fetch failure")

    monkeypatch.setattr("helpers.transfer.weights.check_reachable", lambda *_: None)
    monkeypatch.setattr(keras.utils, "get_file", breaks_off)
    with pytest.raises(WeightsNotFoundError, match="URL fetch failure"):
        load_weights(BASES["VGG16"])


def test_reading_takes_each_layer_s_arrays_by_its_name(published):
    base, _, path = published
    arrays = read_arrays(path, base)
    assert {name: len(layer) for name, layer in arrays.items()} == {"conv_a": 2, "norm": 4}
