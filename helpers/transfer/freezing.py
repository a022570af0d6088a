"""Which layers of a base are frozen, and the check that they are, before training and after it."""

import math
from collections.abc import Sequence

import keras
import pandas as pd
from keras import layers

from helpers.fingerprints import digest_of_arrays

FIRST_OF_HEAD = "head_pool"  # the layer's name; what is in front of it is the base


class FreezeError(AssertionError):
    """Something trains that should be frozen, or the other way round."""


def trainable_layers(model: keras.Model, depth: int | str) -> list[str]:
    """Name the layers of a model's base that a depth of training takes in.

    Only layers with a kernel count. BatchNormalization belongs to the convolution before it, and never trains: its
    statistics are ImageNet's, and a few batches of other images would spoil them.

    Args:
        model: A base and a head, as `pretrained_classifier` makes them.
        depth: The last so many layers; or a layer's name: that one and all after it; or "everything".

    Raises:
        ValueError: A layer that the base does not have, or more layers than it has; or a base without such layers.
    """
    names = [layer.name for layer in base_layers(model) if hasattr(layer, "kernel")]
    if not names:
        raise ValueError(
            f"expected layers with a kernel in front of {FIRST_OF_HEAD!r}, got none: a base that is one layer of the "
            "model is to be made with input_tensor, as `pretrained_base` does, so that its layers are the model's"
        )
    if depth == "everything":
        return names
    if isinstance(depth, str):
        if depth not in names:
            some = ", ".join(names[-4:])
            raise ValueError(f"depth: expected a layer of the base with a kernel (its last: {some}), got {depth!r}")
        return names[names.index(depth) :]
    if not 0 <= depth <= len(names):
        raise ValueError(f"depth: expected 0 to {len(names)} layers of the base, got {depth}")
    return names[len(names) - depth :]


def freeze(model: keras.Model, depth: int | str) -> None:
    """Freeze a model's base but for some layers; the head trains.

    In the frozen part nothing is random either: its Dropout layers (stochastic depth) drop nothing, until they are
    thawed.

    Args:
        model: A base and a head, as `pretrained_classifier` makes them.
        depth: What is trained of the base, as in `trainable_layers`.
    """
    trained = set(trainable_layers(model, depth))
    frozen = True
    for layer in base_layers(model):
        layer.trainable = layer.name in trained
        frozen = frozen and not layer.trainable
        if isinstance(layer, layers.Dropout):
            if frozen and layer.rate:
                layer.thawed_rate, layer.rate = layer.rate, 0.0
            elif not frozen and not layer.rate:
                layer.rate = getattr(layer, "thawed_rate", layer.rate)


def base_layers(model: keras.Model) -> Sequence[layers.Layer]:
    """The layers in front of the head, in order."""
    names = [layer.name for layer in model.layers]
    if FIRST_OF_HEAD not in names:
        raise ValueError(f"expected a model whose head begins with a layer {FIRST_OF_HEAD!r}, got {model.name!r}")
    return model.layers[: names.index(FIRST_OF_HEAD)]


class FreezeCheck:
    """Asserts what trains of a model, and remembers the frozen weights for a second look after training.

    Args:
        model: A base and a head, as `pretrained_classifier` makes them; not yet trained.
        depth: What should train of the base, as in `trainable_layers`.

    Raises:
        FreezeError: Another layer trains, or a BatchNormalization of the base is in training mode; all of them named.
    """

    def __init__(self, model: keras.Model, depth: int | str):
        self._model, self._expected = model, set(trainable_layers(model, depth))
        self._assert_frozen()
        self._before = {layer.name: digest_layer(layer) for layer in model.layers if layer.weights}

    def table(self) -> pd.DataFrame:
        """What trains, a row for consecutive layers that are treated alike.

        Returns:
            Columns: part (base or head), layers (first and last), state, with weights (layers), parameters, trained
            (parameters), batch norms in inference mode, changed in training (layers; 0 before it). The base's
            BatchNormalization layers are in the row of the convolution before them.
        """
        base = {layer.name for layer in base_layers(self._model)}
        groups: list[tuple[tuple[str, str], list]] = []
        for layer in self._model.layers:
            kind = ("base" if layer.name in base else "head", "trains" if layer.trainable else "frozen")
            follows = kind[0] == "base" and _is_batch_norm(layer)
            if layer.weights and groups and (groups[-1][0] == kind or follows):
                groups[-1][1].append(layer)
            elif layer.weights:
                groups.append((kind, [layer]))
        return pd.DataFrame(self._row(*kind, layers) for kind, layers in groups)

    def after_training(self) -> pd.DataFrame:
        """Assert that the frozen weights are the same to the bit, the statistics of BatchNormalization among them.

        Returns:
            The table, with what changed.

        Raises:
            FreezeError: A frozen weight changed, or something was unfrozen meanwhile; all of them named.
        """
        self._assert_frozen()
        changed = [layer.name for layer in base_layers(self._model) if layer.weights and self._changed(layer)]
        if wrong := [name for name in changed if name not in self._expected]:
            raise FreezeError(
                f"expected the frozen weights to be the same to the bit after training; changed are those of "
                f"{', '.join(wrong)}. Freeze a layer before the model is compiled, and assign it nothing afterwards."
            )
        return self.table()

    def _row(self, part: str, state: str, layers: list) -> dict:
        """A row of the table."""
        return {
            "part": part,
            "layers": " to ".join(dict.fromkeys((layers[0].name, layers[-1].name))),
            "state": state,
            "with weights": len(layers),
            "parameters": sum(layer.count_params() for layer in layers),
            "trained": sum(math.prod(weight.shape) for layer in layers for weight in layer.trainable_weights),
            "batch norms in inference mode": sum(_is_batch_norm(layer) and not layer.trainable for layer in layers),
            "changed in training": sum(self._changed(layer) for layer in layers),
        }

    def _assert_frozen(self) -> None:
        """Compare what trains with what should."""
        problems = []
        for layer in base_layers(self._model):
            trains = bool(layer.trainable_weights)
            if _is_batch_norm(layer) and layer.trainable:
                problems.append(f"{layer.name} is in training mode: its statistics would follow the new images")
            elif trains != (layer.name in self._expected):
                problems.append(f"{layer.name} {'trains' if trains else 'is frozen'}")
        if problems:
            expected = ", ".join(sorted(self._expected)) or "no layer"
            raise FreezeError(f"expected {expected} of the base to train and the rest not to; {'; '.join(problems)}")

    def _changed(self, layer: keras.layers.Layer) -> bool:
        """Whether a layer's weights differ from those before training."""
        return digest_layer(layer) != self._before[layer.name]


def digest_layer(layer: keras.layers.Layer) -> str:
    """The SHA-256 of a layer's weights, all of them."""
    return digest_of_arrays(*layer.get_weights())


def _is_batch_norm(layer: keras.layers.Layer) -> bool:
    """Whether a layer keeps statistics of what it saw in training."""
    return isinstance(layer, keras.layers.BatchNormalization)
