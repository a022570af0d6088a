"""What a net costs before it is trained: multiply-adds, memory and receptive field by layer, and the time to expect."""

import math
import time

import keras
import numpy as np
import pandas as pd
from keras import layers
from pandas.io.formats.style import Styler

from helpers.fast.layers import all_layers, fast_layers
from helpers.load import QUIET_SHARE, Load
from helpers.machine import describe_device

BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
STEP_WORK = 3  # forward passes' worth of a training step: forward, gradient of the inputs, gradient of the weights
FORMS = {  # how the columns of `forecast` are shown; of other numbers, as they are
    **dict.fromkeys(["predicted an epoch, s", "in all, min", "multiply-adds, millions"], "{:.1f}"),
    "relative": "{:.2f}",
    **dict.fromkeys(["parameters", "activations, MiB"], "{:,.0f}"),
}
_SAME_MEMORY = (layers.Flatten, layers.Reshape)  # their output is their input


def layer_costs(model: keras.Model, dtype: str | None = None) -> pd.DataFrame:
    """Count what each layer of a chain of layers costs for one image.

    A multiply-add is counted for each weight at each place where a convolution or dense layer uses it, places in the
    padding included. Biases, activations, pools and normalisation are not counted: they come to a few per cent.

    Args:
        model: Sequential, or functional without branches; kernels and pools are square. Its layers' names are shown.
        dtype: "float32", "bfloat16" or "float16": in what the layers' outputs are kept; default, as the model computes.

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
    dtype = dtype or model.compute_dtype
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


def forward_work(model: keras.Model) -> int:
    """Multiply-adds of one image in a forward pass, of a net of any form: convolutions and dense layers.

    Raises:
        ValueError: A kind of layer with weights that is not known here, or images of any size.
    """
    return sum(_multiply_adds(layer) for layer in all_layers(model) if not isinstance(layer, keras.Model))


def _multiply_adds(layer: layers.Layer) -> int:
    """Multiply-adds of one image in a layer."""
    if isinstance(layer, layers.Conv2D | layers.Dense):
        places = layer.output.shape[1:-1]  # of a dense layer on a flat input: none
        if None in places:
            raise ValueError(f"layer {layer.name}: its multiply-adds depend on the size of the images, which is open")
        return math.prod(places) * math.prod(layer.kernel.shape)
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


def measure_speed(model: keras.Model, x: np.ndarray, y: np.ndarray, steps: int = 20) -> dict:
    """Train a model for a few steps of Adam on one batch, as `fit` would, and say how fast this device computes.

    The model is compiled and its weights change: pass one that is not needed afterwards.

    Args:
        model: As for `layer_costs`.
        x: A batch of images, uint8 (n, height, width, channels).
        y: Their integer classes (n,).
        steps: Steps to time, 1 or more; the median counts. Two more come before, in which Keras compiles.

    Returns:
        multiply_adds: A second, counted as in `epoch_work`; device; disturbed: whether other processes used the
        processor meanwhile, None where that is not known.
    """
    model.compile(keras.optimizers.Adam(), "sparse_categorical_crossentropy", metrics=["accuracy"])
    seconds = []
    with fast_layers(model):
        for _ in range(2):
            model.train_on_batch(x, y)
        load = Load()
        for _ in range(steps):
            start = time.perf_counter()
            model.train_on_batch(x, y)
            seconds.append(time.perf_counter() - start)
    work, others = epoch_work(int(layer_costs(model)["multiply-adds"].sum()), len(x), 0), load.others()
    disturbed = None if others is None else others > QUIET_SHARE
    return {"multiply_adds": work / float(np.median(seconds)), "device": describe_device(), "disturbed": disturbed}


def describe_speed(speed: dict | None) -> str:
    """A sentence on what `measure_speed` returned, or on its lack."""
    if not speed:
        return "No speed is recorded, so no times are predicted."
    busy = ", while other processes were busy" if speed["disturbed"] else ""
    return f"{speed['multiply_adds'] / 1e9:.0f} billion multiply-adds a second on {speed['device']}{busy}."


def forecast(
    tables: dict[str, pd.DataFrame],
    reference: str,
    images: tuple[int, int],
    batch_size: int,
    epochs: dict[str, int],
    speed: dict | None,
) -> pd.DataFrame:
    """What each variant will take, before it is trained.

    Args:
        tables: Costs by layer, by variant.
        reference: The variant that the work of all is relative to.
        images: Training and validation images an epoch.
        batch_size: Images a step.
        epochs: Epochs in all, of all runs, by variant.
        speed: What `measure_speed` returned; None predicts nothing.

    Returns:
        A row a variant, numbers: predicted an epoch (s) and in all (min), missing without a speed; multiply-adds of an
        image (millions), relative, parameters, activations of a batch (MiB), the last map's receptive field (pixels).
    """
    work = {variant: int(table["multiply-adds"].sum()) for variant, table in tables.items()}
    a_second = speed["multiply_adds"] if speed else math.nan
    rows = {}
    for variant, table in tables.items():
        seconds = epoch_work(work[variant], *images) / a_second
        rows[variant] = {
            "predicted an epoch, s": seconds,
            "in all, min": seconds * epochs[variant] / 60,
            "multiply-adds, millions": work[variant] / 1e6,
            "relative": work[variant] / work[reference],
            "parameters": table["parameters"].sum(),
            "activations, MiB": table["activation bytes"].sum() * batch_size / 2**20,
            "receptive field": table["receptive field"].max(),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def styled(table: pd.DataFrame) -> Styler:
    """A table of `forecast` for reading."""
    return table.rename(index=lambda variant: variant.replace("_", " ")).style.format(FORMS, na_rep="-")
