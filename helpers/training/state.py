"""The state of a model in training as arrays by name, and back: what a checkpoint holds."""

import keras
import numpy as np

from helpers.training.frozen import behind_frozen


def arrays_of(model: keras.Model) -> dict[str, np.ndarray]:
    """Weights, random states and the optimizer's state, by name."""
    return numbered("variable", model.variables) | numbered("optimizer", model.optimizer.variables)


def numbered(kind: str, variables) -> dict[str, np.ndarray]:
    """Variables as arrays, named by kind and place; of a type that NumPy has not, such as bfloat16, as float32."""
    arrays = {f"{kind} {i}": keras.ops.convert_to_numpy(variable) for i, variable in enumerate(variables)}
    return {name: array.astype("float32") if array.dtype.kind == "V" else array for name, array in arrays.items()}


def source_of(arrays: dict[str, np.ndarray], model: keras.Model) -> keras.Model:
    """What `arrays_of` took them out of: the whole model, or the part of it that was trained behind frozen layers."""
    return model if is_of(arrays, model) else behind_frozen(model)


def is_of(arrays: dict[str, np.ndarray], model: keras.Model) -> bool:
    """Whether `arrays_of` took them out of this model, rather than out of the part of it behind frozen layers."""
    return sum(name.startswith("variable ") for name in arrays) == len(model.variables)


def assign(model: keras.Model, arrays: dict[str, np.ndarray], optimizer) -> None:
    """Put what `arrays_of` took out of a model and its optimizer back into them."""
    for kind, variables in (("variable", model.variables), ("optimizer", optimizer.variables)):
        for i, variable in enumerate(variables):
            variable.assign(arrays[f"{kind} {i}"])
