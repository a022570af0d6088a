"""What trains a model: one optimizer, or several that share its variables, as keras.optimizers.MultiOptimizer has."""

import math

import keras
import pandas as pd


def optimizer_of(model: keras.Model) -> keras.optimizers.Optimizer:
    """A compiled model's optimizer, without float16's loss scaling around it."""
    return getattr(model.optimizer, "inner_optimizer", model.optimizer)


def build_optimizer(model: keras.Model) -> None:
    """Make the variables of a compiled model's optimizer, unless they are there: float16's loss scaling adds more."""
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)


def optimizers_of(model: keras.Model) -> list[tuple[keras.optimizers.Optimizer, list[keras.Variable]]]:
    """Each optimizer with the variables that it updates, both in the order of the model's trainable variables.

    Args:
        model: Compiled, its optimizer built.
    """
    optimizer, variables = optimizer_of(model), model.trainable_variables
    if not hasattr(optimizer, "optimizers"):
        return [(optimizer, variables)]
    parts: dict[int, list[keras.Variable]] = {}
    for variable in variables:
        parts.setdefault(optimizer._var_to_optimizer_idx[optimizer._var_key(variable)], []).append(variable)
    return [(optimizer.optimizers[index], updated) for index, updated in parts.items()]


def settings_of(model: keras.Model) -> dict:
    """The optimizer's configuration and its class's name: Keras numbers its own, "sgd_1" for the second of a process.

    Of several optimizers each has its own, and the layers that it updates.

    Args:
        model: Compiled, its optimizer built.
    """
    found = optimizers_of(model)
    several = [_settings(each) | {"layers": _layers(variables)} for each, variables in found]
    if hasattr(optimizer_of(model), "optimizers"):
        return {"name": type(optimizer_of(model)).__name__, "optimizers": several}
    return _settings(found[0][0])


def learning_rate_of(model: keras.Model) -> float:
    """The learning rate of the next step; of several optimizers the highest."""
    return max(_rate(optimizer) for optimizer, _ in optimizers_of(model))


def rates_table(model: keras.Model) -> pd.DataFrame:
    """Which learning rate each part of a model is trained with, a row an optimizer.

    Args:
        model: Compiled; its optimizer is built if it is not.

    Returns:
        Columns: optimizer, learning rate, layers (first and last), variables, parameters.
    """
    build_optimizer(model)
    return pd.DataFrame(
        {
            "optimizer": type(optimizer).__name__,
            "learning rate": _rate(optimizer),
            "layers": " to ".join(dict.fromkeys((_layers(variables)[0], _layers(variables)[-1]))),
            "variables": len(variables),
            "parameters": sum(math.prod(variable.shape) for variable in variables),
        }
        for optimizer, variables in optimizers_of(model)
    )


def _settings(optimizer: keras.optimizers.Optimizer) -> dict:
    """One optimizer's configuration and its class's name."""
    return optimizer.get_config() | {"name": type(optimizer).__name__}


def _rate(optimizer: keras.optimizers.Optimizer) -> float:
    """One optimizer's learning rate of the next step."""
    return float(keras.ops.convert_to_numpy(optimizer.learning_rate))


def _layers(variables: list[keras.Variable]) -> list[str]:
    """The names of the layers that variables are of, in order."""
    return list(dict.fromkeys(variable.path.split("/")[-2] for variable in variables))
