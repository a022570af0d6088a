"""The identity of a run: a digest of everything that determines its result."""

from collections.abc import Sequence
from pathlib import Path

import keras

from helpers.batches import ShuffledBatches
from helpers.devices import versions
from helpers.fingerprints import code_of, description, digest_of_arrays, digest_of_code, digest_of_values

_NUMBERING = {"shared_object_id"}  # differs between processes
_GRAPH = {"keras_history", "input_layers", "output_layers"}  # where a model's configuration refers to layers by name
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
        validation_data: Images and labels, or None.
        settings: Plain values: epochs, patience, seed.
        callbacks: Those that are not `fit`'s own.

    Returns:
        32 hexadecimal digits.
    """
    layers, optimizer = _layers(model), getattr(model.optimizer, "inner_optimizer", model.optimizer)
    names = {layer.name: f"layer {i}" for i, layer in enumerate(layers)}
    state = [*model.variables, *model.optimizer.variables]
    whole = keras.saving.serialize_keras_object(model)
    # The loss counts below: of a function Keras would take the compiled bytes, file name and all.
    whole["compile_config"].pop("loss")
    own = [type(maker) for maker in (model, optimizer, batches, *layers, *callbacks) if not _is_keras(type(maker))]
    facts = {
        "model": _without_names(whole, names),
        "loss": [model.loss, getattr(model.loss, "fn", None)],
        "state": digest_of_arrays(*map(keras.ops.convert_to_numpy, state)),
        "trainable": [variable.trainable for variable in model.variables],
        "decays": [optimizer._use_weight_decay(v) for v in model.trainable_variables if optimizer.weight_decay],
        "batches": [type(batches).__name__, batches.describe()],
        "validation": digest_of_arrays(*validation_data) if validation_data else None,
        "settings": settings,
        "callbacks": [[type(callback).__name__, vars(callback)] for callback in callbacks],
        "precision": keras.config.dtype_policy().name,
        "software": {name: version for name, version in versions().items() if name not in ("python", "scikit-learn")},
        "code": digest_of_code({*(path.read_text() for path in _LOOP), code_of(ShuffledBatches), *map(code_of, own)}),
    }
    return digest_of_values(description(facts))[:32]


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


def _is_keras(kind: type) -> bool:
    """Whether a class is Keras's own: its version counts already."""
    return kind.__module__.split(".")[0] == "keras"


def _without_names(config, names: dict[str, str], refers: bool = False):
    """A configuration with layers named by their position and nothing else named."""
    if isinstance(config, list | tuple):
        return [_without_names(value, names, refers) for value in config]
    if not isinstance(config, dict):
        return names.get(config, config) if refers and isinstance(config, str) else config
    if "DTypePolicy" in str(config.get("class_name")):
        return config  # its name is what it is
    kept = {key: value for key, value in config.items() if key not in _NUMBERING}
    named = {"name": names.get(kept.pop("name"), "")} if isinstance(kept.get("name"), str) else {}
    return named | {key: _without_names(value, names, refers or key in _GRAPH) for key, value in kept.items()}
