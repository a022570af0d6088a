"""What is frozen stays so, to the bit, and whatever would change it is noticed."""

import keras
import numpy as np
import pytest

from helpers.training import fit
from helpers.transfer import FreezeCheck, FreezeError, freeze


def test_the_freeze_check_notices_a_batch_norm_in_training_mode(build_base):
    model = build_base(depth=1)
    model.get_layer("inner_norm").trainable = True
    with pytest.raises(FreezeError, match="inner_norm is in training mode: its statistics would follow"):
        FreezeCheck(model, 1)


def test_the_freeze_check_names_what_trains_and_what_does_not_against_expectation(build_base):
    model = build_base(depth=1)
    with pytest.raises(FreezeError, match=r"expected inner, last of the base to train .* inner is frozen$"):
        FreezeCheck(model, 2)
    with pytest.raises(FreezeError, match=r"expected no layer of the base to train .* last trains$"):
        FreezeCheck(model, 0)


@pytest.mark.parametrize("layer", ["stem", "last_norm"])
def test_the_freeze_check_notices_a_frozen_weight_that_changed_by_one_bit(layer, build_base):
    model = build_base(depth=1)
    check = FreezeCheck(model, 1)
    check.after_training()
    weights = model.get_layer(layer).get_weights()
    weights[-1] = np.nextafter(weights[-1], np.float32(9))
    model.get_layer(layer).set_weights(weights)
    with pytest.raises(FreezeError, match=f"same to the bit after training; changed are those of {layer}"):
        check.after_training()


@pytest.mark.parametrize("fast", [True, False])  # behind the frozen layers, or the whole net
def test_training_leaves_the_frozen_weights_and_statistics_alone_and_changes_the_others(
    cache, tiny_data, fast, build_base
):
    model = build_base(depth=1)
    check = FreezeCheck(model, 1)
    fit(model, *tiny_data, validation_data=tiny_data, epochs=1, batch_size=16, seed=0, fast=fast)
    table = check.after_training()
    assert table["state"].tolist() == ["frozen", "trains", "trains"]
    assert table["changed in training"].tolist() == [0, 1, 1]
    assert table["batch norms in inference mode"].tolist() == [1, 1, 0]


def test_what_is_thawed_drops_again_as_much_as_it_did(build_base):
    model = build_base(depth=1)
    dropout = model.get_layer("stochastic_depth")
    for depth, rate in ((1, 0.0), ("everything", 0.5), (0, 0.0), (1, 0.0), ("everything", 0.5)):
        freeze(model, depth)
        assert dropout.rate == rate


def test_a_base_that_is_one_layer_of_the_model_is_refused_since_its_layers_would_not_be_seen():
    images = keras.Input((8, 8, 3))
    base = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 3)])
    x = keras.layers.GlobalAveragePooling2D(name="head_pool")(base(images))
    model = keras.Model(images, keras.layers.Dense(4)(x))
    for depth in ("everything", 0):
        with pytest.raises(ValueError, match=r"expected layers with a kernel .* got none: .* made with input_tensor"):
            freeze(model, depth)
