"""What a net costs before it is trained: multiply-adds, memory and receptive field by layer, and the time to expect."""

import math
import time

import keras
import numpy as np
import pandas as pd
from keras import layers

BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
STEP_WORK = 3  # forward passes' worth of a training step: forward, gradient of the inputs, gradient of the weights
_SAME_MEMORY = (layers.Flatten, layers.Reshape)  # their output is their input


def layer_costs(model: keras.Model, dtype: str = "float32") -> pd.DataFrame:
    """Count what each layer of a chain of layers costs for one image.

    A multiply-add is counted for each weight at each place where a convolution or dense layer uses it, places in the
    padding included. Biases, activations, pools and normalisation are not counted: they come to a few per cent.

    Args:
        model: A functional model whose layers follow each other without branches; kernels and pools are square.
        dtype: "float32", "bfloat16" or "float16": in what the layers' outputs are kept.

    Returns:
        A row a layer, in order. Text: layer, kind, output shape. Whole numbers: parameters; multiply-adds; activation
        bytes, the layer's output, which the backward pass needs again; receptive field, the side in pixels of the part
        of the image that one output value depends on, and jump, the pixels between the parts of two neighbours, both
        missing where the output has no height and width.

    Raises:
        ValueError: Layers that branch, a kind with weights that is not known here, or an unknown dtype.

    Reference:
        A. Araujo, W. Norris, J. Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill 2019.
    """
    if dtype not in BYTES:
        raise ValueError(f"dtype: expected one of {', '.join(BYTES)}, got {dtype!r}")
    rows, field, jump, previous = [], 1, 1, model.inputs[0]
    for layer in (layer for layer in model.layers if not isinstance(layer, layers.InputLayer)):
        if layer.input is not previous:
            raise ValueError(f"layer {layer.name}: expected layers that follow each other, without branches")
        previous, shape = layer.output, layer.output.shape[1:]
        window, stride = _window(layer)
        field, jump = field + (window - 1) * jump, jump * stride
        kept = 0 if isinstance(layer, _SAME_MEMORY) else math.prod(shape)
        rows.append(
            {
                "layer": layer.name,
                "kind": type(layer).__name__,
                "output shape": " x ".join(map(str, shape)),
                "parameters": layer.count_params(),
                "multiply-adds": _multiply_adds(layer),
                "activation bytes": kept * BYTES[dtype],
                "receptive field": field if len(shape) == 3 else pd.NA,
                "jump": jump if len(shape) == 3 else pd.NA,
            }
        )
    return pd.DataFrame(rows).astype({"receptive field": "Int64", "jump": "Int64"})


def _multiply_adds(layer: layers.Layer) -> int:
    """Multiply-adds of one image in a layer."""
    places = math.prod(layer.output.shape[1:-1])  # of a dense layer on a flat input: 1
    if isinstance(layer, layers.Conv2D | layers.Dense):
        return places * math.prod(layer.kernel.shape)
    if layer.count_params() and not isinstance(layer, layers.BatchNormalization):
        raise ValueError(f"layer {layer.name}: how many multiply-adds a {type(layer).__name__} takes is not known")
    return 0


def _window(layer: layers.Layer) -> tuple[int, int]:
    """Side of what one output value of a layer looks at, and its stride, in values of its input."""
    if isinstance(layer, layers.Conv2D):
        return (layer.kernel_size[0] - 1) * layer.dilation_rate[0] + 1, layer.strides[0]
    if isinstance(layer, layers.MaxPooling2D | layers.AveragePooling2D):
        return layer.pool_size[0], layer.strides[0]
    return 1, 1


def epoch_work(multiply_adds: int, train_images: int, validation_images: int) -> int:
    """Multiply-adds of an epoch: training images forward and backward, validation images forward alone.

    Args:
        multiply_adds: Of one image, forward.
        train_images: Training images an epoch.
        validation_images: Validation images an epoch.
    """
    return multiply_adds * (STEP_WORK * train_images + validation_images)


def training_work(model: keras.Model) -> int:
    """Multiply-adds of one image in a training step: forward, and each gradient that the step needs.

    A layer's weight gradient is needed where it trains, the gradient of its input where something in front of it does.

    Args:
        model: As for `layer_costs`.
    """
    total, trains_in_front = 0, False
    for layer in model.layers:
        work = _multiply_adds(layer) if layer.weights else 0
        trains = bool(layer.trainable_weights)
        total += work * (1 + trains + trains_in_front)
        trains_in_front = trains_in_front or trains
    return total


def measure_speed(model: keras.Model, x: np.ndarray, y: np.ndarray, steps: int = 20) -> float:
    """Train a compiled model for a few steps on one batch, and say how many multiply-adds a second it makes.

    The model's weights and its optimizer change: pass one that is not needed afterwards.

    Args:
        model: Compiled; as for `layer_costs`.
        x: A batch of images, uint8 (n, height, width, channels).
        y: Their integer classes (n,).
        steps: Steps to time, 1 or more; the median counts. Two more come before, in which Keras compiles.
    """
    work = epoch_work(int(layer_costs(model)["multiply-adds"].sum()), len(x), 0)
    seconds = []
    for _ in range(2 + steps):
        start = time.perf_counter()
        model.train_on_batch(x, y)
        seconds.append(time.perf_counter() - start)
    return work / float(np.median(seconds[2:]))
