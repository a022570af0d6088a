"""Pretrained bases: their weights, what is frozen of them, and the cache behind the frozen part.

base = find_base("VGG16", image_size=32)
weights, source = find_weights(base)
model = pretrained_classifier(base, weights, depth=base.last_block)
check = FreezeCheck(model, base.last_block)
part = trainable_part(model, (x_train, y_train), (x_val, y_val), batch_size=128, seed=0)
"""

from helpers.transfer.bases import (
    BASES,
    Base,
    base_layers,
    find_base,
    freeze,
    pretrained_classifier,
    trainable_layers,
)
from helpers.transfer.features import frozen_features
from helpers.transfer.freezing import FreezeCheck, FreezeError
from helpers.transfer.parts import TrainablePart, trainable_part
from helpers.transfer.splitting import split_frozen
from helpers.transfer.weights import WeightsNotFoundError, find_weights, load_weights

__all__ = [
    "BASES",
    "Base",
    "FreezeCheck",
    "FreezeError",
    "TrainablePart",
    "WeightsNotFoundError",
    "base_layers",
    "find_base",
    "find_weights",
    "freeze",
    "frozen_features",
    "load_weights",
    "pretrained_classifier",
    "split_frozen",
    "trainable_layers",
    "trainable_part",
]
