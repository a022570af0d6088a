"""The metrics that a model is compiled with: what a history calls them, and made before its training step is traced."""

import inspect
import re
from collections import Counter

import keras
import numpy as np


def names_in_history(model: keras.Model) -> dict[str, str] | None:
    """What a history calls the metrics of a compiled model, by what they are called in this process.

    Keras numbers a metric that was given no name by how many of its kind the process has made before. In a history it
    has no number, whatever was trained before it (nor has one that was given such a name, as "recall_1"). Several of a
    kind in one model are to be given names: see `check_names`.

    Args:
        model: Compiled.

    Returns:
        Names by names; None where the metrics are not given as a plain list, unless the model has one output, whose
        they all are.
    """
    metrics = model._compile_config.config["metrics"] or []
    is_plain = isinstance(metrics, list | tuple) and not any(isinstance(m, list | tuple | dict) for m in metrics)
    if not is_plain and len(getattr(model, "outputs", None) or ()) != 1:
        return None
    metrics = keras.tree.flatten(metrics)
    kinds = Counter(type(metric) for metric in metrics)
    return {_name_of(metric): _kind_of(metric) if kinds[type(metric)] == 1 else _name_of(metric) for metric in metrics}


def check_names(model: keras.Model) -> None:
    """Refuse several metrics of a kind without names, which are called otherwise in each process.

    Args:
        model: Compiled.

    Raises:
        ValueError: There are such.
    """
    asked = keras.tree.flatten(model._compile_config.config["metrics"] or [])
    metrics = [metric for metric in asked if isinstance(metric, keras.metrics.Metric)]
    for kind in {type(metric) for metric in metrics}:
        names = [_name_of(metric) for metric in metrics if type(metric) is kind]
        first = names[0]
        numbered = [first, *(f"{first}_{k}" for k in range(1, len(names)))]
        if len(names) > 1 and names == numbered and _kind_of(next(m for m in metrics if type(m) is kind)) == first:
            raise ValueError(
                f"metrics: expected names for several of {kind.__name__}, such as {kind.__name__}(..., "
                f"name='{first}_of_cats'): without, Keras numbers them by what was trained before, and a run with them "
                "would not be found again"
            )


def all_metrics(model: keras.Model) -> list:
    """The names of all metrics that a model is compiled with, in the form in which they are given."""
    asked, names = model._compile_config.config, names_in_history(model) or {}

    def named(metrics):
        if isinstance(metrics, dict):
            return {key: named(each) for key, each in metrics.items()}
        if isinstance(metrics, list | tuple):
            return [named(each) for each in metrics]
        return names.get(_name_of(metrics), _name_of(metrics))

    return [named(asked["metrics"] or []), named(asked["weighted_metrics"] or [])]


def has_metrics(model: keras.Model, history: dict) -> bool:
    """Whether a history has each metric that a model is compiled with: they are no part of a run's identity.

    Args:
        model: Compiled.
        history: Values by epoch, by the names of quantities.
    """
    known = {_plain(name) for name in history}
    return all(_plain(name) in known for name in (names_in_history(model) or {}).values() if name)


def history_of(model: keras.Model, logs: dict) -> dict[str, float]:
    """An epoch's figures as a history has them.

    Args:
        model: Compiled.
        logs: As Keras gives them to callbacks.

    Raises:
        ValueError: A metric gives more than one number.
    """
    names, found = names_in_history(model) or {}, {}
    for key, value in logs.items():
        of_validation = "val_" if key.startswith("val_") else ""
        name = key.removeprefix(of_validation)
        name = of_validation + names.get(name, name)
        found[name] = _number(name, value)
    return found


def build_metrics(model: keras.Model, batches: keras.utils.PyDataset) -> None:
    """Make the variables of a compiled model's metrics, where TensorFlow is to trace its training step.

    Keras makes them in the first step, and a step in which variables are made is traced again: with them, a `fit` of
    four steps of report B's Arc2 takes 0.5 s in place of 0.75 s on two AMD cores.

    Args:
        model: Compiled; of one that has no output shape, or a step or metrics of its own, nothing is made.
        batches: Of images and classes (n,) or one-hot (n, classes), as the model is trained on them.

    Raises:
        ValueError: A metric gives more than one number.
    """
    shape, own = getattr(model, "output_shape", None), type(model)
    is_usual = own.compute_metrics is keras.Model.compute_metrics and own.train_step is keras.Model.train_step
    if keras.backend.backend() == "tensorflow" and is_usual and isinstance(shape, tuple) and None not in shape[1:]:
        found = model.compute_metrics(x=None, y=batches[0][1][:1], y_pred=keras.ops.zeros((1, *shape[1:])))
        model.reset_metrics()
        for key, value in found.items():
            history_of(model, value if isinstance(value, dict) else {key: value})  # a metric may give several figures


def _name_of(metric) -> str:
    """What a metric is called in this process."""
    return metric if isinstance(metric, str) else getattr(metric, "name", None) or getattr(metric, "__name__", "")


def _kind_of(metric) -> str:
    """What a metric is called without a number that Keras may have given it."""
    name = _name_of(metric)
    if not isinstance(metric, keras.metrics.Metric):
        return name
    default = inspect.signature(type(metric)).parameters.get("name")
    kind = re.fullmatch(r"(.*?)(_\d+)?", name)[1]
    is_numbered = _plain(kind) == _plain(type(metric).__name__) and (default is None or not default.default)
    return kind if is_numbered else name


def _number(name: str, value) -> float:
    """A figure as a number; an array is refused."""
    if shape := np.shape(keras.ops.convert_to_numpy(value)):
        raise ValueError(
            f"metrics: expected one number of each; {name} gives an array of shape {shape}: have it averaged, such as "
            "by average='macro', or take the classes from metrics_report"
        )
    return float(value)


def _plain(name: str) -> str:
    """A name as it is compared: Keras writes a function's as my_metric, whatever it is called."""
    return name.replace("_", "").lower()
