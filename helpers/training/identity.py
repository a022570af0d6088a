"""The identity of a run: a digest of everything that determines its result."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import keras

from helpers import batches as batches_module
from helpers.devices import versions
from helpers.fingerprints import code_of, digest_of_arrays, digest_of_code, digest_of_values

_NUMBERING = {"shared_object_id"}  # differs between processes
_LOOP = [path for path in Path(__file__).parent.glob("*.py") if path.name != "__init__.py"]


def run_identity(model: keras.Model, batches, validation_data, settings: dict, callbacks: Sequence) -> str:
    """Digest of a run that is about to begin: who computes it with the same has the same result.

    It covers the model with its initial weights and random states, what is frozen, the optimizer and its state, the
    loss, images and labels to the byte, epochs, batch size, seed and patience, precision, backend, versions, and the
    code that trains, comments and docstrings aside. The names of layers do not count, nor does the device: on another
    one the last digits may differ.

    Args:
        model: Compiled, its optimizer built.
        batches: A dataset of batches with `describe()`.
        validation_data: Images and labels.
        settings: Plain values: epochs, patience, seed.
        callbacks: Those that are not `fit`'s own.

    Returns:
        32 hexadecimal digits.
    """
    layers = _layers(model)
    names = {layer.name: f"layer {i}" for i, layer in enumerate(layers)}
    makers = [model, model.optimizer, batches, *layers, *callbacks]
    facts = {
        "model": _without_names(keras.saving.serialize_keras_object(model), names),
        "variables": digest_of_arrays(*map(keras.ops.convert_to_numpy, [*model.variables, *model.optimizer.variables])),
        "trainable": [variable.trainable for variable in model.variables],
        "batches": [type(batches).__name__, batches.describe()],
        "validation": digest_of_arrays(*validation_data),
        "settings": settings,
        "callbacks": [[type(callback).__name__, _plain(vars(callback))] for callback in callbacks],
        "precision": keras.config.dtype_policy().name,
        "software": {name: version for name, version in versions().items() if name not in ("python", "scikit-learn")},
        "code": digest_of_code(sorted({*_code_of_the_loop(), *_own_code(makers)})),
    }
    return digest_of_values(facts)[:32]


def settings_of(optimizer: keras.optimizers.Optimizer) -> dict:
    """An optimizer's configuration and its class's name: Keras numbers its own, "sgd_1" for the second of a process."""
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)  # within float16's loss scaling
    return optimizer.get_config() | {"name": type(optimizer).__name__}


def _layers(model: keras.Model) -> list[keras.layers.Layer]:
    """All layers, those of models within the model included."""
    found = []
    for layer in model.layers:
        found += [layer, *(_layers(layer) if isinstance(layer, keras.Model) else [])]
    return found


def _without_names(config, names: dict[str, str]):
    """A configuration with layers named by their position and nothing else named."""
    if isinstance(config, dict):
        kept = {key: value for key, value in config.items() if key not in _NUMBERING}
        named = {"name": _name(kept.pop("name"), names)} if "name" in kept else {}
        return named | {key: _without_names(value, names) for key, value in kept.items()}
    if isinstance(config, list | tuple):
        return [_without_names(value, names) for value in config]
    return names.get(config, config) if isinstance(config, str) else config


def _name(value, names: dict[str, str]):
    """A layer's position; nothing for what is no layer."""
    return names.get(value, "") if isinstance(value, str) else value


def _plain(attributes: dict) -> dict:
    """What a callback was given; not what Keras puts into it."""
    plain = (str, int, float, list, tuple, dict)
    return {key: value for key, value in attributes.items() if isinstance(value, plain)}


def _code_of_the_loop() -> list[str]:
    """The code of this package and of the batches."""
    return [path.read_text() for path in _LOOP] + [code_of(batches_module.ShuffledBatches)]


def _own_code(makers: Iterable) -> set[str]:
    """The code of whatever is not Keras's own."""
    return {code_of(type(maker)) for maker in makers if not type(maker).__module__.startswith("keras.")}
