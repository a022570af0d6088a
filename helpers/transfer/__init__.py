"""Pretrained bases: their weights, and what is frozen of them.

base = find_base("VGG16", image_size=32)
weights, source = find_weights(base)
model = pretrained_classifier(base, weights, depth=base.last_block)
check = FreezeCheck(model, base.last_block)
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
from helpers.transfer.freezing import FreezeCheck, FreezeError
from helpers.transfer.weights import WeightsNotFoundError, find_weights, load_weights

__all__ = [
    "BASES",
    "Base",
    "FreezeCheck",
    "FreezeError",
    "WeightsNotFoundError",
    "base_layers",
    "find_base",
    "find_weights",
    "freeze",
    "load_weights",
    "pretrained_classifier",
    "trainable_layers",
]
