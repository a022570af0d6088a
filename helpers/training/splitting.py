"""A net cut in two where one tensor separates what is frozen from what trains."""

from dataclasses import dataclass

import keras


@dataclass(frozen=True)
class Node:
    """A layer as a model uses it.

    Attributes:
        layer: The layer.
        kind: Its class.
        config: What it is made with, without its name.
        parents: Positions of the layers that it takes its input from.
    """

    layer: keras.layers.Layer
    kind: str
    config: dict
    parents: tuple[int, ...]


def graph(model: keras.Model) -> list[Node] | None:
    """The layers of a functional model, each after its parents; None for another kind of model, or a shared layer."""
    config = model.get_config()
    entries = config.get("layers", [])
    if "input_layers" not in config or any(len(entry["inbound_nodes"]) > 1 for entry in entries):
        return None
    position = {entry["name"]: k for k, entry in enumerate(entries)}
    nodes = []
    for entry in entries:
        parents = tuple(position[name] for name in _names_of_parents(entry["inbound_nodes"]))
        own = {key: value for key, value in entry["config"].items() if key not in ("name", "trainable")}
        nodes.append(Node(model.get_layer(entry["name"]), entry["class_name"], own, parents))
    return nodes


def split_frozen(model: keras.Model) -> tuple[keras.Model, keras.Model] | None:
    """Cut a model behind its frozen layers, as far back as one tensor alone joins the two parts.

    Both parts share the model's layers: who trains the second trains the model.

    Args:
        model: Functional; some layers frozen.

    Returns:
        The part that never changes and is never random, inputs -> features; and the rest, features -> outputs. None
        where no layer with weights is in front of everything that trains or is random.
    """
    nodes = graph(model)
    if nodes is None:
        return None
    fixed = []
    for node in nodes:
        changes = node.layer.trainable_weights or _is_random(node.layer) or _uses_batch_statistics(node.layer)
        fixed.append(not changes and all(fixed[p] for p in node.parents))
    cuts = [k for k in narrow_places(nodes) if fixed[k]]
    if not cuts or not any(node.layer.weights for node in nodes[: cuts[-1] + 1]):
        return None
    features = nodes[cuts[-1]].layer.output
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


def _uses_batch_statistics(layer: keras.layers.Layer) -> bool:
    """Whether a layer normalises by the batch at hand, which it may do without any weights that train."""
    return isinstance(layer, keras.layers.BatchNormalization) and layer.trainable


def _is_random(layer: keras.layers.Layer) -> bool:
    """Whether a layer draws random numbers in training: it then has the state of a generator beside its weights."""
    if isinstance(layer, keras.layers.Dropout):
        return layer.rate > 0
    return len(layer.variables) > len(layer.weights)
