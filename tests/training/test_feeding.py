"""What a model is given holds the batches as they are, epoch by epoch, and does not tune itself."""

import keras
import numpy as np
import pytest

from helpers.training.batches import OrderedBatches, ShuffledBatches
from helpers.training.feeding import feed

on_tensorflow = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="a dataset of TensorFlow's")


@on_tensorflow
def test_each_epoch_has_the_batches_that_were_drawn_for_it(tiny_data):
    batches = ShuffledBatches(*tiny_data, batch_size=24, seed=0)
    dataset = feed(batches)
    for epoch in (1, 2):
        batches.draw_epoch(epoch)
        for k, (images, labels) in enumerate(dataset):
            np.testing.assert_array_equal(images, batches[k][0])
            np.testing.assert_array_equal(labels, batches[k][1])
        assert k == len(batches) - 1 == 2
    assert images.shape == (16, 8, 8, 3)  # the last batch
    assert images.dtype == "uint8"


@on_tensorflow
def test_it_does_not_tune_itself_and_knows_its_length(tiny_data):
    dataset = feed(OrderedBatches(*tiny_data, batch_size=24))
    assert dataset.options().autotune.enabled is False
    assert int(dataset.cardinality()) == 3


@pytest.mark.skipif(keras.backend.backend() == "tensorflow", reason="what other backends are given")
def test_other_backends_are_given_the_batches_themselves(tiny_data):
    batches = OrderedBatches(*tiny_data, batch_size=24)
    assert feed(batches) is batches


def test_batches_in_order_hold_every_image_once(tiny_data):
    batches = OrderedBatches(*tiny_data, batch_size=24)
    assert [len(batches[k][1]) for k in range(len(batches))] == [24, 24, 16]
    for part, whole in zip(zip(*(batches[k] for k in range(3)), strict=True), tiny_data, strict=True):
        np.testing.assert_array_equal(np.concatenate(part), whole)


def test_a_net_predicts_the_same_however_it_is_fed(build_tiny, tiny_data):
    model = build_tiny()
    fed = model.predict(feed(OrderedBatches(tiny_data[0], batch_size=24)), verbose=0)
    np.testing.assert_allclose(fed, model.predict(tiny_data[0], verbose=0), rtol=1e-6)
