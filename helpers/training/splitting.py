"""A net cut in two where one tensor separates what is frozen from what trains."""

from dataclasses import dataclass

import keras

from helpers.fast.layers import all_layers
from helpers.training.identity import foreign_code


@dataclass(frozen=True)
class Node:
    """A layer as a model uses it, or an operation such as `keras.ops.mean`.

    Attributes:
        layer: The layer.
        kind: Its class.
        config: What it is made with, without its name; and what else than tensors it is called with.
        parents: Positions of the layers that it takes its input from.
        output: What it gives in this model: a layer that is also used elsewhere gives something else there.
    """

    layer: keras.layers.Layer
    kind: str
    config: dict
    parents: tuple[int, ...]
    output: keras.KerasTensor

    @property
    def weights(self) -> list:
        """The layer's weights; an operation has none."""
        return getattr(self.layer, "weights", [])


def graph(model: keras.Model) -> list[Node] | None:
    """The layers of a functional model, each after its parents.

    None for another kind of model, and where a layer is used twice or gives several tensors.
    """
    config = model.get_config()
    entries = config.get("layers", [])
    if "input_layers" not in config or any(len(entry["inbound_nodes"]) > 1 for entry in entries):
        return None
    position = {entry["name"]: k for k, entry in enumerate(entries)}
    calls = {call.operation.name: call for depth in model._nodes_by_depth.values() for call in depth}
    if any(len(call.output_tensors) > 1 for call in calls.values()):
        return None
    nodes = []
    for entry in entries:
        parents = tuple(position[name] for name in _names_of_parents(entry["inbound_nodes"]))
        own = {key: value for key, value in entry["config"].items() if key not in ("name", "trainable")}
        given, call = _besides_tensors(entry["inbound_nodes"]), calls[entry["name"]]
        own |= {"called with": given} if given else {}
        nodes.append(Node(call.operation, entry["class_name"], own, parents, call.output_tensors[0]))
    return nodes


def split_frozen(model: keras.Model) -> tuple[keras.Model, keras.Model] | None:
    """Cut a model behind its frozen layers, as far back as one tensor alone joins the two parts.

    Both parts share the model's layers: who trains the second trains the model.

    Args:
        model: Functional; some layers frozen.

    Returns:
        The part that never changes and is never random, inputs -> features; and the rest, features -> outputs. None
        where no layer with weights is in front of everything that trains or may be random, as whatever is written
        elsewhere than in Keras or here may.
    """
    nodes = graph(model)
    if nodes is None:
        return None
    fixed = []
    for node in nodes:
        layer = node.layer
        changes = isinstance(layer, keras.layers.Layer) and (
            layer.trainable_weights or _is_random(layer) or _uses_batch_statistics(layer)
        )
        changes = changes or foreign_code([layer])  # whatever it does in training: draw numbers, change with the epoch
        fixed.append(not changes and all(fixed[p] for p in node.parents))
    cuts = [k for k in narrow_places(nodes) if fixed[k]]
    if not cuts or not any(node.weights for node in nodes[: cuts[-1] + 1]):
        return None
    features = nodes[cuts[-1]].output
    return keras.Model(model.inputs, features, name="frozen"), keras.Model(features, model.outputs, name="trainable")


def narrow_places(nodes: list[Node]) -> list[int]:
    """Positions of the layers whose output alone joins what is in front of them and what is behind."""
    return [
        k for k in range(len(nodes)) if not any(p < k < child for child, node in enumerate(nodes) for p in node.parents)
    ]


def _names_of_parents(saved) -> list[str]:
    """The layers named in a saved call: every tensor in it says which layer it comes from."""
    if isinstance(saved, dict):
        if "keras_history" in saved:
            return [saved["keras_history"][0]]
        return [name for value in saved.values() for name in _names_of_parents(value)]
    if isinstance(saved, list | tuple):
        return [name for value in saved for name in _names_of_parents(value)]
    return []


def _besides_tensors(saved):
    """What else a saved call was given, but for what only matters in training; None where there is nothing."""
    if isinstance(saved, dict):
        if "keras_history" in saved or saved.get("class_name") == "__keras_tensor__":
            return None
        saved = {key: value for key, value in saved.items() if key not in ("training", "mask")}
    elif not isinstance(saved, list | tuple):
        return saved
    items = saved.items() if isinstance(saved, dict) else enumerate(saved)
    return [[key, part] for key, value in items if (part := _besides_tensors(value)) is not None] or None


def _uses_batch_statistics(layer: keras.layers.Layer) -> bool:
    """Whether a layer normalises by the batch at hand, which it may do without any weights that train."""
    within = [layer, *(all_layers(layer) if isinstance(layer, keras.Model) else [])]
    return any(isinstance(each, keras.layers.BatchNormalization) and each.trainable for each in within)


def _is_random(layer: keras.layers.Layer) -> bool:
    """Whether a layer draws random numbers in training: it then has the state of a generator beside its weights."""
    if isinstance(layer, keras.layers.Dropout):
        return layer.rate > 0
    return len(layer.variables) > len(layer.weights)
