"""The check that what should be frozen is, before training and after it."""

import hashlib
import math

import keras
import numpy as np
import pandas as pd

from helpers.transfer.bases import base_layers, trainable_layers


class FreezeError(AssertionError):
    """Something trains that should be frozen, or the other way round."""


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
    digest = hashlib.sha256()
    for weight in layer.get_weights():
        digest.update(f"{weight.shape} {weight.dtype}".encode())
        digest.update(np.ascontiguousarray(weight).view("uint8"))
    return digest.hexdigest()


def _is_batch_norm(layer: keras.layers.Layer) -> bool:
    """Whether a layer keeps statistics of what it saw in training."""
    return isinstance(layer, keras.layers.BatchNormalization)
