"""What a model is made of, as tables and counts."""

import math

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
        A row a layer, in order: layer, kind, kernels (their number), kernel size, output shape, parameters.
    """
    rows = []
    for layer in (layer for layer in model.layers if not isinstance(layer, layers.InputLayer)):
        convolution = isinstance(layer, layers.Conv2D)
        rows.append(
            {
                "layer": layer.name,
                "kind": type(layer).__name__,
                "kernels": layer.filters if convolution else "",
                "kernel size": "x".join(map(str, layer.kernel_size)) if convolution else "",
                "output shape": " x ".join(map(str, layer.output.shape[1:])),
                "parameters": f"{layer.count_params():,}",
            }
        )
    return pd.DataFrame(rows)
