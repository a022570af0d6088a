"""A model without trained weights refuses to be used as if it had some."""

import keras

from helpers.fast.layers import all_layers

FORBIDDEN = ("call", "predict", "predict_on_batch", "evaluate", "test_on_batch", "get_weights", "save", "save_weights")


class UntrainedModelError(RuntimeError):
    """A model has no trained weights: its run was taken from a record, or is not recorded."""


def forbid_use(model: keras.Model, why: str) -> None:
    """Have a model without trained weights raise `UntrainedModelError` where it would be used as if it had some.

    Its layers that would have been trained refuse as well: models of a part of it share them.
    """

    def refuse(*_, **__):
        raise UntrainedModelError(why)

    trained = [layer for layer in all_layers(model) if layer.trainable_weights]
    for thing, names in ((model, FORBIDDEN), *((layer, FORBIDDEN[:1]) for layer in trained)):
        for name in names:
            setattr(thing, name, refuse)


def allow_use(model: keras.Model) -> None:
    """Take back what `forbid_use` did to a model, where it is trained after all."""
    for thing in (model, *all_layers(model)):
        for name in FORBIDDEN:
            if getattr(vars(thing).get(name), "__qualname__", "").startswith(forbid_use.__name__):
                delattr(thing, name)
