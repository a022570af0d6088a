"""The published architectures have the published numbers of parameters."""

from functools import partial

import keras
import numpy as np
import pytest

from helpers.models import (
    count_parameters,
    describe_layers,
    report_a_cnn,
    report_a_dense,
    report_c_cnn,
    report_c_mlp,
    report_e_convnet,
)

ALL_MODELS = [report_a_dense, report_a_cnn, report_c_mlp, report_c_cnn, report_e_convnet]
NORMALISED = {"mean": (0.3,), "std": (0.4,)}  # a mean and a standard deviation a channel
GREY = {report_c_mlp: NORMALISED, report_c_cnn: NORMALISED}


def images_of(shape, count=3):
    return np.random.default_rng(0).integers(0, 256, (count, *shape), dtype="uint8")


@pytest.mark.parametrize(
    ("build", "total", "non_trainable"),
    [
        (report_a_dense, 331_098, 6_344),
        (report_a_cnn, 573_510, 6_600),
        (report_c_mlp, 820_874, 0),
        (report_c_cnn, 814_122, 0),
        (partial(report_c_cnn, batch_norm=True, dropout_rate=0.5), 815_914, 896),
        (report_e_convnet, 2_171_178, 1_408),
    ],
)
def test_the_nets_have_the_parameters_that_their_layers_add_up_to(build, total, non_trainable):
    expected = {"total": total, "trainable": total - non_trainable, "non_trainable": non_trainable}
    assert count_parameters(build()) == expected


@pytest.mark.parametrize("build", ALL_MODELS)
def test_a_model_comes_uncompiled_and_takes_bytes(build):
    model = build()
    assert not model.compiled
    assert model.inputs[0].dtype == "uint8"
    assert model.name == build.__name__


@pytest.mark.parametrize("build", ALL_MODELS)
@pytest.mark.parametrize(("shape", "num_classes"), [((32, 32, 3), 10), ((28, 28, 1), 7)])
def test_a_model_gives_probabilities_for_colour_and_for_grey_images(build, shape, num_classes):
    options = GREY.get(build, {}) if shape[-1] == 1 else {}
    y_prob = keras.ops.convert_to_numpy(build(shape, num_classes, **options)(images_of(shape), training=False))
    assert y_prob.shape == (3, num_classes)
    np.testing.assert_allclose(y_prob.sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("build", ALL_MODELS)
def test_the_softmax_is_float32_under_a_mixed_policy_too(build, keep_precision):
    keras.config.set_dtype_policy("mixed_bfloat16")
    model = build()
    assert model.get_layer("hidden_1").compute_dtype == "bfloat16"
    y_prob = model(images_of((32, 32, 3)), training=False)
    assert keras.backend.standardize_dtype(y_prob.dtype) == "float32"
    np.testing.assert_allclose(keras.ops.convert_to_numpy(y_prob).sum(axis=1), 1, atol=1e-6)


def test_the_mlp_normalises_each_channel_by_its_mean_and_standard_deviation():
    mean, std, images = (0.1, 0.5, 0.9), (0.2, 0.25, 0.3), images_of((32, 32, 3))
    layer = report_c_mlp(mean=mean, std=std).get_layer("normalise_channels")
    expected = (images / 255 - np.array(mean)) / np.array(std)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(layer(images)), expected, atol=1e-5)


def test_the_mlp_refuses_a_mean_of_three_channels_for_grey_images():
    with pytest.raises(ValueError, match="expected 1 channels, got 3 and 3"):
        report_c_mlp((28, 28, 1))


def test_the_cnn_halves_the_side_three_times_and_ends_in_4x4_of_200_channels():
    model = report_a_cnn()
    assert [model.get_layer(f"pool_{i}").output.shape[1:] for i in (1, 2, 3)] == [
        (16, 16, 50),
        (8, 8, 100),
        (4, 4, 200),
    ]
    assert [model.get_layer(f"conv_{i}").kernel_size for i in (1, 2, 3)] == [(5, 5), (3, 3), (3, 3)]


@pytest.mark.parametrize(
    ("options", "total", "non_trainable", "sides"),
    [
        ({"pooling": False}, 21_539_910, 409_800, [32, 32, 32]),
        ({"pool_stride": 1}, 21_539_910, 409_800, [32, 32, 32, 32, 32, 32]),
        ({"pool_stride": 2, "conv_strides": (1, 1, 1)}, 573_510, 6_600, [32, 16, 16, 8, 8, 4]),
        ({"pool_stride": 4}, 261_510, 600, [32, 8, 8, 2, 2, 1]),
        ({"conv_strides": (2, 1, 1)}, 323_910, 1_800, [16, 8, 8, 4, 4, 2]),
        ({"conv_strides": (4, 1, 1)}, 261_510, 600, [8, 4, 4, 2, 2, 1]),
        ({"conv_strides": (4, 4, 4)}, 261_510, 600, [8, 4, 1, 1, 1, 1]),
        ({"pooling": False, "conv_strides": (2, 2, 2)}, 573_510, 6_600, [16, 8, 4]),
    ],
)
def test_strides_and_missing_pools_change_the_sides_and_with_them_the_first_dense_layer(
    options, total, non_trainable, sides
):
    model = report_a_cnn(**options)
    assert count_parameters(model) == {
        "total": total,
        "trainable": total - non_trainable,
        "non_trainable": non_trainable,
    }
    windows = [layer for layer in model.layers if layer.name.startswith(("conv", "pool"))]
    assert [layer.output.shape[1] for layer in windows] == sides


@pytest.mark.parametrize("options", [{"pool_stride": 0}, {"conv_strides": (1, 0, 1)}, {"conv_strides": (2, 2)}])
def test_the_cnn_refuses_strides_below_1_and_other_than_three_of_the_convolutions(options):
    with pytest.raises(ValueError, match="expected three strides and one, each 1 or more"):
        report_a_cnn(**options)


@pytest.mark.parametrize("build", [report_a_dense, report_a_cnn])
def test_the_dropout_rate_is_the_one_asked_for(build):
    assert build(dropout_rate=0.35).get_layer("dropout").rate == 0.35


def test_the_table_of_layers_counts_the_kernels_and_every_parameter():
    table = describe_layers(report_a_cnn()).set_index("layer")
    assert table.loc["conv_1", ["kernels", "kernel size", "output shape"]].tolist() == [50, "5x5", "32 x 32 x 50"]
    assert sum(int(count.replace(",", "")) for count in table["parameters"]) == 573_510
