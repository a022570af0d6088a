"""The identity of a run: a digest of everything that determines its result."""

import base64
import marshal
from collections.abc import Iterable, Sequence
from inspect import signature
from types import FunctionType, MethodType
from typing import NamedTuple

import keras

from helpers.fast.layers import all_layers, is_fast
from helpers.fingerprints import code_of, description, digest_of_arrays, digest_of_values, instructions
from helpers.machine import uses_gpu, versions, versions_that_count
from helpers.training.optimizers import optimizer_of, optimizers_of
from helpers.training.own_settings import (
    batches_of,
    hidden_values,
    is_ours,
    more_of_batches,
    plain_values,
    shown_values,
    unsaid_settings,
)

# What our own code makes of the same model, images and settings: raise it in the same commit as a change after which
# tests/golden/training.json is another. Runs and records of before are then trained anew; moved code changes nothing.
TRAINING_VERSION = 1
_WITHOUT_MEANING = {"shared_object_id", "module", "build_config"}  # numbers of a process, places of code, shapes
_GRAPH = {"keras_history", "input_layers", "output_layers"}  # where a model's configuration refers to layers by name
_NEWER = {"BatchNormalization": {"renorm": False, "renorm_momentum": 0.99}}  # options that are new in Keras 3.15


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
    names = names_by_place(model)
    whole = keras.saving.serialize_keras_object(model)
    compiled = whole.pop("compile_config")  # what else of it matters counts below
    setting = {
        "model": cleaned(whole, names),
        "loss": _named(model.loss),  # what else is within it stands under "own"
        "optimizer": _named_optimizers(model),
        "trainable": [variable.trainable for variable in model.variables],
        "decays": [each._use_weight_decay(v) for each, some in optimizers if each.weight_decay for v in some],
        "batches": [type(batches).__name__, batches.describe(), *more_of_batches(batches)],
        "validation": digest_of_arrays(*validation_data) if validation_data else None,
        "settings": settings,
        "callbacks": [[type(callback).__name__, shown_values(callback)] for callback in callbacks],
    }
    if compiled.get("loss_weights"):
        setting["loss_weights"] = compiled["loss_weights"]
    if unsaid := unsaid_settings([*_losses(model.loss), optimizer, *dict(optimizers), *layers]):
        setting["own"] = cleaned(unsaid, {})
    if further := [each for callback in callbacks if (each := batches_of(callback, batches))]:
        setting["batches of callbacks"] = further
    setting_digest = digest_of_values(description(setting))[:32]
    if setting_only:
        return Identity(setting_digest, "")
    state = [*model.variables, *model.optimizer.variables]
    run = {
        "state": digest_of_arrays(*map(keras.ops.convert_to_numpy, state)),
        "precision": [keras.config.dtype_policy().name, *(layer.dtype_policy.name for layer in layers)],
        "software": versions_that_count(versions()),
        "backend": [keras.backend.backend(), "gpu" if uses_gpu() else "cpu"],
        "training": [TRAINING_VERSION, "fast" if fast and is_fast() else "plain"],
        "code": foreign_code([model, optimizer, *dict(optimizers), batches, model.loss, *layers, *callbacks]),
        "loss": [_without_number(model.loss), getattr(model.loss, "fn", None)],
    }
    if apart := [
        [place, part.dtype_policy.name]
        for place, layer in enumerate(layers)
        for part in layer._flatten_layers(False)
        if part.dtype_policy.name != layer.dtype_policy.name and part not in layers  # a model's layers count above
    ]:
        run["precision within layers"] = apart
    if hidden := [hidden_values(callback) for callback in callbacks if not is_ours(type(callback))]:
        run["callbacks"] = hidden
    if not is_ours(type(batches)):
        run["batches"] = plain_values(batches, hidden=True)
    return Identity(setting_digest, digest_of_values(description([setting_digest, run]))[:32])


def _named(thing):
    """A loss or an optimizer by its name and what it is made with; a function by its name, if it has one of its own."""
    if thing is None or isinstance(thing, str):
        return thing
    if isinstance(thing, list | tuple):
        return [_named(each) for each in thing]
    if isinstance(thing, dict):
        return {name: _named(each) for name, each in thing.items()}
    is_nameless = isinstance(thing, FunctionType) and (thing.__name__ == "<lambda>" or thing.__closure__)
    if is_nameless:
        return description(thing)
    if not hasattr(thing, "get_config"):
        return getattr(thing, "__name__", type(thing).__name__)
    return [type(thing).__name__, cleaned(description(thing.get_config()), {})]


def _losses(loss) -> list:
    """The losses of a model: of each output, if it has several."""
    parts = list(loss.values()) if isinstance(loss, dict) else loss
    return [each for part in parts for each in _losses(part)] if isinstance(parts, list | tuple) else [loss]


def _without_number(loss):
    """A loss; of one that is neither Keras's nor ours, its configuration without a name that this process numbered."""
    if isinstance(loss, list | tuple):
        return [_without_number(each) for each in loss]
    if isinstance(loss, dict):
        return {name: _without_number(each) for name, each in loss.items()}
    if not isinstance(loss, keras.losses.Loss) or is_ours(type(loss)):
        return loss
    return [type(loss).__name__, cleaned(description(loss.get_config()), {})]


def _named_optimizers(model: keras.Model):
    """The optimizer as `_named` gives it; of several, each with the positions of the variables that it updates."""
    optimizer, place = optimizer_of(model), {id(variable): k for k, variable in enumerate(model.trainable_variables)}
    if not hasattr(optimizer, "optimizers"):
        return _named(optimizer)
    parts = [[_named(each), [place[id(v)] for v in variables]] for each, variables in optimizers_of(model)]
    return [type(optimizer).__name__, parts]


def foreign_code(things: Iterable) -> list[str]:
    """Digests of the code behind things, what is within layers included, as far as it is neither Keras's nor ours.

    Args:
        things: Layers, optimizers, callbacks, functions and the like.
    """
    things = list(things)
    within = [part for thing in things if isinstance(thing, keras.Layer) for part in thing._flatten_layers(False)]
    within += [each for thing in (*things, *within) for each in getattr(thing, "operations", ())]
    return sorted({code_of(maker) for maker in _makers([*things, *within]) if not is_ours(maker)})


def _makers(things) -> list:
    """The classes of things, and of what they hold that can be configured, and the functions that they hold."""
    held = [value for thing in things if hasattr(thing, "__dict__") for value in vars(thing).values()]
    # Keras wraps a layer's own `build` in a function that holds the layer and so its name; the class counts itself.
    held = [value for value in held if not isinstance(getattr(value, "__wrapped__", None), MethodType)]
    held = [value for value in held if isinstance(value, FunctionType) or hasattr(value, "get_config")]
    return [each if isinstance(each, FunctionType) else type(each) for each in (*things, *held)]


def names_by_place(model: keras.Model) -> dict[str, str]:
    """What to call each layer of a model, and each operation that is none, by its name in this process."""
    layers = all_layers(model)
    names = {layer.name: f"layer {i}" for i, layer in enumerate(layers)}
    operations = [each.name for part in (model, *layers) for each in getattr(part, "operations", ())]
    return names | {name: f"operation {i}" for i, name in enumerate(operations) if name not in names}


def _without_defaults(nodes: list, layer: str):
    """A layer's calls without `training` where it is its default, True, as of `Resizing`: Keras adds it in float32."""
    call = getattr(getattr(keras.layers, str(layer), None), "call", None)
    default = signature(call).parameters.get("training") if call else None
    if default is None or default.default is not True:
        return nodes
    kept = [{k: v for k, v in node["kwargs"].items() if k != "training" or v is not True} for node in nodes]
    return [node | {"kwargs": kwargs} for node, kwargs in zip(nodes, kept, strict=True)]


def described_lambdas(config):
    """A configuration whose lambdas say what they do, where Keras also says in which file and line they stand."""
    if isinstance(config, list | tuple):
        return [described_lambdas(value) for value in config]
    if not isinstance(config, dict):
        return config
    return _lambda(config) or {key: described_lambdas(value) for key, value in config.items()}


def _lambda(config: dict) -> list | None:
    """What a lambda does and remembers; None where a configuration is of something else.

    Keras writes a lambda's code, defaults and closure by their names in its Lambda layer, and else as one "value".
    """
    written = config["config"] if config.get("class_name") == "__lambda__" else config
    parts = written["value"] if set(written) == {"value"} else [written.get(k) for k in ("code", "defaults", "closure")]
    if not isinstance(parts, list | tuple) or len(parts) != 3 or not isinstance(parts[0], str):
        return None
    code, *remembered = parts
    return ["lambda", instructions(marshal.loads(base64.b64decode(code))), description(remembered)]


def cleaned(config, names: dict[str, str], refers: bool = False):
    """A configuration with layers named by their position and nothing else named, without precisions and defaults.

    Where a class is defined does not count, nor does an option that is None: moved code and a newer Keras change both.
    """
    if isinstance(config, list | tuple):
        return [cleaned(value, names, refers) for value in config]
    if not isinstance(config, dict):
        return names.get(config, config) if refers and isinstance(config, str) else config
    if "DTypePolicy" in str(config.get("class_name")):
        return None
    if described := _lambda(config):
        return described
    if config.get("class_name") == "RandomCrop":  # its seed is one that it drew: its state counts, for a run
        config = config | {"config": config["config"] | {"seed": None}}
    if config.get("inbound_nodes"):
        config = config | {"inbound_nodes": _without_defaults(config["inbound_nodes"], config.get("class_name"))}
    if config.get("class_name") in _NEWER:
        config = config | {"config": _NEWER[config["class_name"]] | config["config"]}
    if config.get("class_name") == "__keras_tensor__":  # its dtype is the precision's
        return cleaned(config["config"]["keras_history"], names, True)
    kept = {key: value for key, value in config.items() if key not in _WITHOUT_MEANING and value is not None}
    named = {"name": names.get(kept.pop("name"), "")} if isinstance(kept.get("name"), str) else {}
    return named | {key: cleaned(value, names, refers or key in _GRAPH) for key, value in kept.items()}
