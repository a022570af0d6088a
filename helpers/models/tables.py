"""What a model is made of, as tables and counts."""

import math
import re
from collections import Counter

import keras
import pandas as pd
from keras import layers


def count_parameters(model: keras.Model) -> dict[str, int]:
    """Numbers of parameters: total, trainable, non_trainable."""
    total = model.count_params()
    trainable = sum(math.prod(weight.shape) for weight in model.trainable_weights)
    return {"total": total, "trainable": trainable, "non_trainable": total - trainable}


def describe_layers(model: keras.Model) -> pd.DataFrame:
    """The layers of a model as a table: what a reader counts in a report.

    Args:
        model: A functional model.

    Returns:
        A row a layer, in order: layer, kind, kernels (their number), kernel size, output shape, parameters. Names that
        Keras gave are numbered within the table: its own count goes on from net to net.
    """
    rows, known = [], Counter()
    for layer in (layer for layer in model.layers if not isinstance(layer, layers.InputLayer)):
        convolution = isinstance(layer, layers.Conv2D)
        rows.append(
            {
                "layer": _name_of(layer, known),
                "kind": type(layer).__name__,
                "kernels": layer.filters if convolution else "",
                "kernel size": "x".join(map(str, layer.kernel_size)) if convolution else "",
                "output shape": " x ".join(map(str, layer.output.shape[1:])),
                "parameters": f"{layer.count_params():,}",
            }
        )
    return pd.DataFrame(rows)


def _name_of(layer: layers.Layer, known: Counter) -> str:
    """A layer's own name; in place of one that Keras gave, what it would be in a new process: conv2d, conv2d_1, ..."""
    base = re.sub(r"_\d+$", "", layer.name)
    if base.replace("_", "") != type(layer).__name__.lower():
        return layer.name
    known[base] += 1
    return base if known[base] == 1 else f"{base}_{known[base] - 1}"
