"""The identity of a run: a digest of everything that determines its result."""

from collections.abc import Sequence
from types import FunctionType
from typing import NamedTuple

import keras

from helpers.fast.layers import all_layers, is_fast
from helpers.fingerprints import code_of, description, digest_of_arrays, digest_of_values
from helpers.machine import uses_gpu, versions
from helpers.training.optimizers import optimizer_of, optimizers_of

# What our own code makes of the same model, images and settings: raise it in the same commit as a change after which
# tests/golden/training.json is another. Runs and records of before are then trained anew; moved code changes nothing.
TRAINING_VERSION = 1
_WITHOUT_MEANING = {"shared_object_id", "module", "build_config"}  # numbers of a process, places of code, shapes
_GRAPH = {"keras_history", "input_layers", "output_layers"}  # where a model's configuration refers to layers by name
_OWN = ("keras", __package__.split(".")[0])  # packages whose code counts by its version


class Identity(NamedTuple):
    """What a run is.

    Attributes:
        setting: Digest of the experiment: whoever trains it, on whatever, asks the same question.
        run: Digest of all that determines the result; two runs of the same may differ in the last digits, on another
            processor.
    """

    setting: str
    run: str


def identify(
    model: keras.Model, batches, validation_data, settings: dict, callbacks: Sequence, fast: bool, setting_only=False
) -> Identity:
    """Identify a run that is about to begin.

    The setting covers the model, what of it is frozen, the optimizer, the loss, images and labels to the byte, and the
    settings. The run covers, besides, the initial weights and random states, precision, backend, kind of device,
    versions of Keras and of what computes, the version of our own training code, and, as it is, the code of classes
    and functions that are neither Keras's nor ours, such as a notebook's. Names of layers do not count.

    Args:
        model: Compiled, its optimizer built.
        batches: A dataset of batches with `describe()`.
        validation_data: Images and labels, or None.
        settings: Plain values: epochs, patience, seed, and what else is not in the model.
        callbacks: Those that are not `fit`'s own.
        fast: Whether layers are computed by faster implementations where there are some.
        setting_only: Whether the run does not matter, since none will begin: digests of weights are most of the work.

    Returns:
        Both digests, 32 hexadecimal digits each; the run's empty where it does not matter.
    """
    layers, optimizer, optimizers = all_layers(model), optimizer_of(model), optimizers_of(model)
    names = {layer.name: f"layer {i}" for i, layer in enumerate(layers)}
    whole = keras.saving.serialize_keras_object(model)
    compiled = whole.pop("compile_config")  # what else of it matters counts below
    setting = {
        "model": _cleaned(whole, names),
        "loss": _named(model.loss),
        "optimizer": _named_optimizers(model),
        "trainable": [variable.trainable for variable in model.variables],
        "decays": [each._use_weight_decay(v) for each, some in optimizers if each.weight_decay for v in some],
        "batches": [type(batches).__name__, batches.describe()],
        "validation": digest_of_arrays(*validation_data) if validation_data else None,
        "settings": settings,
        "callbacks": [[type(callback).__name__, _own_values(callback)] for callback in callbacks],
    }
    if compiled.get("loss_weights"):
        setting["loss_weights"] = compiled["loss_weights"]
    setting_digest = digest_of_values(description(setting))[:32]
    if setting_only:
        return Identity(setting_digest, "")
    makers = _makers([model, optimizer, *dict(optimizers), batches, model.loss, *layers, *callbacks])
    state = [*model.variables, *model.optimizer.variables]
    run = {
        "state": digest_of_arrays(*map(keras.ops.convert_to_numpy, state)),
        "precision": [keras.config.dtype_policy().name, *(layer.dtype_policy.name for layer in layers)],
        "software": {name: version for name, version in versions().items() if name not in ("python", "scikit-learn")},
        "backend": [keras.backend.backend(), "gpu" if uses_gpu() else "cpu"],
        "training": [TRAINING_VERSION, "fast" if fast and is_fast() else "plain"],
        "code": sorted({code_of(maker) for maker in makers if not _is_own(maker)}),
        "loss": [model.loss, getattr(model.loss, "fn", None)],
    }
    if hidden := [_hidden_values(callback) for callback in callbacks if not _is_own(type(callback))]:
        run["callbacks"] = hidden
    return Identity(setting_digest, digest_of_values(description([setting_digest, run]))[:32])


def _named(thing):
    """A loss or an optimizer by its name and what it is made with; a function by its name."""
    if thing is None or isinstance(thing, str):
        return thing
    if not hasattr(thing, "get_config"):
        return getattr(thing, "__name__", type(thing).__name__)
    return [type(thing).__name__, _cleaned(description(thing.get_config()), {})]


def _named_optimizers(model: keras.Model):
    """The optimizer as `_named` gives it; of several, each with the positions of the variables that it updates."""
    optimizer, place = optimizer_of(model), {id(variable): k for k, variable in enumerate(model.trainable_variables)}
    if not hasattr(optimizer, "optimizers"):
        return _named(optimizer)
    parts = [[_named(each), [place[id(v)] for v in variables]] for each, variables in optimizers_of(model)]
    return [type(optimizer).__name__, parts]


def _makers(things) -> list:
    """The classes of things, and of what they hold that can be configured, and the functions that they hold."""
    held = [value for thing in things if hasattr(thing, "__dict__") for value in vars(thing).values()]
    held = [value for value in held if isinstance(value, FunctionType) or hasattr(value, "get_config")]
    return [each if isinstance(each, FunctionType) else type(each) for each in (*things, *held)]


def _is_own(maker) -> bool:
    """Whether a class or function is Keras's or ours."""
    return str(maker.__module__).split(".")[0] in _OWN


def _own_values(callback) -> dict:
    """What a callback was made with, as far as it says: not what Keras gives it, nor what it remembers."""
    return {key: value for key, value in _values(callback) if not key.startswith("_")}


def _hidden_values(callback) -> dict:
    """What else a callback of a notebook holds."""
    return {key: value for key, value in _values(callback) if key.startswith("_")}


def _values(callback) -> list[tuple]:
    """A callback's attributes, but for those that Keras sets when it trains."""
    return [item for item in vars(callback).items() if item[1] is not None and item[0] not in ("params", "_model")]


def _cleaned(config, names: dict[str, str], refers: bool = False):
    """A configuration with layers named by their position and nothing else named, without precisions and defaults.

    Where a class is defined does not count, nor does an option that is None: moved code and a newer Keras change both.
    """
    if isinstance(config, list | tuple):
        return [_cleaned(value, names, refers) for value in config]
    if not isinstance(config, dict):
        return names.get(config, config) if refers and isinstance(config, str) else config
    if "DTypePolicy" in str(config.get("class_name")):
        return None
    if config.get("class_name") == "__keras_tensor__":  # its dtype is the precision's
        return _cleaned(config["config"]["keras_history"], names, True)
    kept = {key: value for key, value in config.items() if key not in _WITHOUT_MEANING and value is not None}
    named = {"name": names.get(kept.pop("name"), "")} if isinstance(kept.get("name"), str) else {}
    return named | {key: _cleaned(value, names, refers or key in _GRAPH) for key, value in kept.items()}
