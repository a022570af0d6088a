"""Pretrained bases: their weights, and what is frozen of them.

base = find_base("VGG16", image_size=32)
weights, source = find_weights(base)
maps = pretrained_base(images, base, weights)  # behind images = keras.Input(...): a head of one's own goes on top
freeze(model, depth=base.last_block)
check = FreezeCheck(model, base.last_block)
"""

from helpers.transfer.bases import BASES, Base, find_base, pretrained_base, pretrained_classifier
from helpers.transfer.freezing import FreezeCheck, FreezeError, base_layers, freeze, trainable_layers
from helpers.transfer.tables import changes_table, depth_costs, depths_table
from helpers.transfer.weights import WeightsNotFoundError, find_weights, load_weights

__all__ = [
    "BASES",
    "Base",
    "FreezeCheck",
    "FreezeError",
    "WeightsNotFoundError",
    "base_layers",
    "changes_table",
    "depth_costs",
    "depths_table",
    "find_base",
    "find_weights",
    "freeze",
    "load_weights",
    "pretrained_base",
    "pretrained_classifier",
    "trainable_layers",
]
