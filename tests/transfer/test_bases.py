"""Pretrained bases: what of each trains at each depth, and what they are given."""

import os
from pathlib import Path

import keras
import numpy as np
import pytest

from helpers.models import count_parameters
from helpers.training.features import frozen_features
from helpers.training.splitting import split_frozen
from helpers.transfer import (
    BASES,
    FreezeCheck,
    find_base,
    freeze,
    load_weights,
    pretrained_classifier,
    trainable_layers,
)

VGG16 = BASES["VGG16"]
once = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="slow, and the same on every backend")
HEAD = 135_946 - 1_024  # parameters of the head that train


@pytest.fixture(scope="module")
def vgg16():
    """VGG16 with random weights and a new head."""
    return pretrained_classifier(VGG16, None, depth=0)


@pytest.mark.parametrize(
    ("depth", "trained"),
    [
        (0, 0),
        (1, 2_359_808),
        (2, 2 * 2_359_808),
        (VGG16.last_block, 3 * 2_359_808),
        ("block4_conv1", 3 * 2_359_808 + 1_180_160 + 2 * 2_359_808),
        ("everything", 14_714_688),
    ],
)
def test_each_depth_of_vgg16_trains_exactly_its_parameters_and_the_head(vgg16, depth, trained):
    freeze(vgg16, depth)
    counts = count_parameters(vgg16)
    assert counts["total"] == 14_714_688 + 135_946
    assert counts["trainable"] == trained + HEAD
    table = FreezeCheck(vgg16, depth).table()
    assert table.loc[table["part"] == "base", "trained"].sum() == trained
    assert table["parameters"].sum() == counts["total"]


@once
@pytest.mark.parametrize("name", BASES)
def test_the_frozen_part_of_each_base_ends_where_its_last_block_begins(name):
    base = BASES[name]
    model = pretrained_classifier(base, None, base.last_block)
    FreezeCheck(model, base.last_block)
    frozen, rest = split_frozen(model)
    assert not frozen.trainable_weights
    assert len(rest.trainable_weights) == len(model.trainable_weights)
    assert len(frozen.weights) + len(rest.weights) == len(model.weights)
    assert base.last_block in {layer.name for layer in rest.layers}


def test_grey_images_of_28_pixels_are_made_to_fit(vgg16):
    model = pretrained_classifier(VGG16, None, 0, (28, 28, 1), num_classes=7)
    assert model.output_shape == (None, 7)
    assert model.get_layer("block1_conv1").input.shape == (None, 32, 32, 3)


def test_vgg16_takes_blue_first_and_less_the_mean_colour_of_imagenet(vgg16):
    pixels = np.array([[[[255, 100, 0]]]], "uint8")  # red, green, blue
    scaled = keras.ops.convert_to_numpy(vgg16.get_layer("scale_pixels")(pixels))
    np.testing.assert_allclose(scaled.ravel(), [0 - 103.939, 100 - 116.779, 255 - 123.68], rtol=1e-6)


@pytest.mark.parametrize(
    ("ask", "problem"),
    [
        (lambda net: find_base("VGG15", 32), "base: expected one of VGG16, .*, got 'VGG15'"),
        (lambda net: find_base("VGG16", 31), "image_size: VGG16 takes 32 pixels or more, got 31"),
        (lambda net: trainable_layers(net, "block9"), r"its last: stem, inner, last\), got 'block9'"),
        (lambda net: trainable_layers(net, "inner_norm"), "a layer of the base with a kernel"),
        (lambda net: trainable_layers(net, 4), "depth: expected 0 to 3 layers of the base, got 4"),
        (lambda net: trainable_layers(net, -1), "depth: expected 0 to 3 .*, got -1"),
        (
            lambda net: trainable_layers(keras.Sequential([keras.Input((3,))]), 0),
            "begins with a layer 'head_pool'",
        ),
    ],
)
def test_unknown_bases_layers_and_sizes_are_refused(build_base, ask, problem):
    with pytest.raises(ValueError, match=problem):
        ask(build_base())


@once
def test_imagenet_weights_tell_ten_classes_apart_where_random_ones_hardly_do(cifar10, cache):
    """The published weights with their scaling: the nearest class mean of 200 images names 100 others."""
    if not (Path(os.environ["COURSEWORK_DATA"]) / "weights" / "vgg16_imagenet_notop.weights.h5").is_file():
        pytest.skip("VGG16's weights are not in $COURSEWORK_DATA")
    weights, source = load_weights(VGG16)
    assert "SHA-256" in source
    images, labels = cifar10.images[:300], cifar10.labels[:300]
    model = pretrained_classifier(VGG16, weights, 0)
    features = frozen_features(split_frozen(model)[0], images).values
    features = features / np.linalg.norm(features, axis=1, keepdims=True)
    means = np.stack([features[:200][labels[:200] == k].mean(axis=0) for k in range(10)])
    assert np.mean((features[200:] @ means.T).argmax(axis=1) == labels[200:]) > 0.25
