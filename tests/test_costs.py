"""What layers cost: multiply-adds, memory and receptive fields, counted by hand."""

from types import SimpleNamespace

import keras
import numpy as np
import pandas as pd
import pytest
from keras import layers

from helpers import costs
from helpers.costs import epoch_work, forward_work, layer_costs, measure_speed, training_work
from helpers.machine import describe_device
from helpers.models import count_parameters, report_a_cnn, report_a_dense

SMALL = (8, 8, 3)  # height, width, channels


def by_layer(model: keras.Model, **options) -> pd.DataFrame:
    return layer_costs(model, **options).set_index("layer")


def net(*after: layers.Layer) -> keras.Model:
    return keras.Sequential([keras.Input(SMALL), *after])


def test_a_convolution_multiplies_each_weight_at_each_place():
    costs = by_layer(report_a_cnn())["multiply-adds"]
    assert costs["conv_1"] == 32 * 32 * 5 * 5 * 3 * 50 == 3_840_000
    assert costs["conv_2"] == 16 * 16 * 3 * 3 * 50 * 100 == 11_520_000
    assert costs["conv_3"] == 8 * 8 * 3 * 3 * 100 * 200 == 11_520_000


def test_a_dense_layer_multiplies_each_weight_once():
    costs = by_layer(report_a_dense())["multiply-adds"]
    assert costs[costs > 0].to_dict() == {"hidden_1": 307_200, "hidden_2": 10_000, "probabilities": 1_000}


@pytest.mark.parametrize(
    ("options", "millions"),
    [
        ({}, 27.211),
        ({"pooling": False}, 254.731),
        ({"pool_stride": 1}, 254.731),
        ({"pool_stride": 4}, 7.471),
        ({"conv_strides": (2, 1, 1)}, 6.811),
        ({"conv_strides": (4, 1, 1)}, 1.711),
    ],
)
def test_the_cnn_takes_27_million_multiply_adds_and_254_million_without_pooling(options, millions):
    assert layer_costs(report_a_cnn(**options))["multiply-adds"].sum() == round(millions * 1e6)


def test_groups_and_strides_are_counted_as_the_places_and_weights_that_there_are():
    grouped = layers.Conv2D(6, 3, strides=2, groups=3, padding="same", name="grouped")
    assert by_layer(net(grouped)).loc["grouped", "multiply-adds"] == 4 * 4 * 3 * 3 * 1 * 6


def test_the_parameters_add_up_to_the_nets():
    model = report_a_cnn()
    assert layer_costs(model)["parameters"].sum() == count_parameters(model)["total"] == 573_510


@pytest.mark.parametrize(("dtype", "size"), [("float32", 4), ("bfloat16", 2)])
def test_activations_are_the_outputs_and_flatten_makes_none_of_its_own(dtype, size):
    kept = by_layer(report_a_cnn(), dtype=dtype)["activation bytes"]
    assert kept["conv_1"] == 32 * 32 * 50 * size
    assert kept["batch_norm_1"] == 4 * 4 * 200 * size
    assert kept["flatten"] == 0


# Each window of k widens the field by (k - 1) jumps, each stride of s multiplies the jump by s.
@pytest.mark.parametrize(
    ("options", "fields", "jumps"),
    [
        ({}, [5, 6, 10, 12, 20, 24], [1, 2, 2, 4, 4, 8]),
        ({"pooling": False}, [5, 7, 9], [1, 1, 1]),
        ({"pool_stride": 4}, [5, 6, 14, 18, 50, 66], [1, 4, 4, 16, 16, 64]),
        ({"conv_strides": (2, 1, 1)}, [5, 7, 15, 19, 35, 43], [2, 4, 4, 8, 8, 16]),
    ],
)
def test_receptive_fields_grow_by_the_windows_and_jumps_by_the_strides(options, fields, jumps):
    table = layer_costs(report_a_cnn(**options))
    windows = table[table["layer"].str.match("conv|pool")]
    assert windows["receptive field"].tolist() == fields
    assert windows["jump"].tolist() == jumps
    assert table.set_index("layer").loc["hidden_1", ["receptive field", "jump"]].isna().all()


@pytest.mark.parametrize("options", [{}, {"pool_stride": 1}, {"conv_strides": (2, 1, 1)}])
def test_a_value_in_the_middle_changes_with_the_pixels_of_its_receptive_field_and_no_others(options):
    keras.utils.set_random_seed(0)
    model = report_a_cnn((48, 48, 1), **options)
    seen = keras.Model(model.input, model.get_layer("pool_2").output)
    images = np.full((49, 48, 48, 1), 100, dtype="uint8")
    images[np.arange(48), :, np.arange(48)] = 255  # image k has a bright column k, the last has none
    values = keras.ops.convert_to_numpy(seen(images))
    middle = values.shape[1] // 2
    changing = np.flatnonzero((values[:-1, middle, middle] != values[-1, middle, middle]).any(axis=-1))
    assert changing.tolist() == list(range(changing[0], changing[0] + by_layer(model).loc["pool_2", "receptive field"]))


def test_dilated_kernels_see_further():
    dilated = layers.Conv2D(1, 3, dilation_rate=2, name="dilated")
    assert by_layer(net(dilated)).loc["dilated", "receptive field"] == 5


def test_the_work_of_a_net_for_images_of_any_size_is_not_known():
    images = keras.Input((None, None, 3))
    pooled = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, name="conv")(images))
    with pytest.raises(ValueError, match="layer conv: its multiply-adds depend on the size of the images"):
        forward_work(keras.Model(images, layers.Dense(2)(pooled)))
    assert forward_work(keras.Model(images, layers.Dense(2)(layers.GlobalAveragePooling2D()(images)))) == 6


def test_what_cannot_be_counted_is_refused():
    with pytest.raises(ValueError, match="dtype: expected one of float32, bfloat16, float16, got 'int8'"):
        layer_costs(report_a_dense(), "int8")
    with pytest.raises(ValueError, match="layer depthwise: how many multiply-adds a DepthwiseConv2D takes"):
        layer_costs(net(layers.DepthwiseConv2D(3, name="depthwise")))
    images = keras.Input(SMALL)
    branch = layers.Add(name="sum")([images, layers.Conv2D(3, 3, padding="same")(images)])
    with pytest.raises(ValueError, match="layer sum: expected layers that follow each other"):
        layer_costs(keras.Model(images, branch))


def test_an_epoch_is_three_passes_of_the_training_images_and_one_of_the_others():
    assert epoch_work(100, train_images=10, validation_images=5) == 100 * (3 * 10 + 5)


def test_the_speed_is_the_work_of_a_step_by_its_median_time(build_tiny, tiny_data, monkeypatch):
    ticks = iter(np.cumsum([0, 2, 0, 2, 0, 4]).tolist())  # 2, 2 and 4 s, after two steps in which Keras compiles
    monkeypatch.setattr("time.perf_counter", lambda: next(ticks))
    x, y = tiny_data
    speed = measure_speed(build_tiny(), x[:16], y[:16], steps=3)
    assert speed["multiply_adds"] == 3 * 16 * (8 * 8 * 3 * 4) / 2
    assert speed["device"] == describe_device()


@pytest.mark.parametrize(("others", "disturbed"), [(None, None), (0.05, False), (0.2, True)])
def test_a_speed_says_whether_others_disturbed_it(build_tiny, tiny_data, monkeypatch, others, disturbed):
    monkeypatch.setattr(costs, "Load", lambda: SimpleNamespace(others=lambda: others))
    x, y = tiny_data
    assert measure_speed(build_tiny(), x[:16], y[:16], steps=1)["disturbed"] is disturbed


TABLES = {"small": layer_costs(net(layers.Flatten(), layers.Dense(10))), "large": layer_costs(net(layers.Conv2D(4, 3)))}
SPEED = {"multiply_adds": 1e6, "device": "this one", "disturbed": False}


def forecast(speed: dict | None) -> pd.DataFrame:
    return costs.forecast(TABLES, "small", (10, 5), batch_size=2, epochs={"small": 6, "large": 0}, speed=speed)


def test_what_a_net_will_take_follows_from_its_work_and_the_speed():
    small = forecast(SPEED).loc["small"]
    assert small["predicted an epoch, s"] == 8 * 8 * 3 * 10 * (3 * 10 + 5) / 1e6
    assert small["in all, min"] == pytest.approx(small["predicted an epoch, s"] * 6 / 60)
    assert small["activations, MiB"] == 10 * 4 * 2 / 2**20
    assert forecast(SPEED)["relative"].tolist() == [1, 6 * 6 * 3 * 3 * 3 * 4 / (8 * 8 * 3 * 10)]
    assert forecast(SPEED).loc["large", "receptive field"] == 3


def test_without_a_speed_there_is_no_prediction_and_the_rest_stays():
    without = forecast(None)
    assert without[["predicted an epoch, s", "in all, min"]].isna().all(axis=None)
    assert without["relative"].tolist() == forecast(SPEED)["relative"].tolist()
    assert costs.describe_speed(SPEED | {"multiply_adds": 2e9}) == "2 billion multiply-adds a second on this one."
    busy = costs.describe_speed(SPEED | {"multiply_adds": 2e9, "disturbed": True})
    assert busy == "2 billion multiply-adds a second on this one, while other processes were busy."
    assert costs.describe_speed(None) == "No speed is recorded, so no times are predicted."


def test_a_table_names_a_net_with_spaces():
    named = costs.styled(forecast(SPEED).rename(index={"small": "a_small_one"}))
    assert named.data.index.tolist() == ["a small one", "large"]


def test_a_training_step_needs_no_gradient_of_the_images_and_none_in_front_of_what_trains():
    model = report_a_cnn()
    forward = layer_costs(model).set_index("layer")["multiply-adds"]
    first, total = int(forward["conv_1"]), int(forward.sum())
    assert training_work(model) == 3 * total - first
    model.get_layer("conv_1").trainable = False
    assert training_work(model) == 3 * total - 2 * first - int(forward["conv_2"])
