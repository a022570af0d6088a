"""What runs are made of whose identities are compared: a small net, its optimizers, a callback, and its images."""

import keras

from helpers.training.schedules import PiecewiseLinear

LOSS = "sparse_categorical_crossentropy"


class Note(keras.callbacks.Callback):
    """A callback with a setting."""

    def __init__(self, every: int):
        super().__init__()
        self.every = every


def build(
    seed: int = 0,
    dropout_rate: float = 0.25,
    optimizer=None,
    loss=LOSS,
    activation: str = "relu",
    frozen: bool = False,
    dtype: str | None = None,
    names: tuple = (None, None, None, None),
) -> keras.Model:
    """Make a compiled net, Dense with dropout, for `tiny_data`."""
    keras.utils.set_random_seed(seed)
    net = [
        keras.Input((8, 8, 3), name=names[0]),
        keras.layers.Flatten(),
        keras.layers.Dense(3, activation=activation, name=names[1], trainable=not frozen),
        keras.layers.Dropout(dropout_rate, name=names[2]),
        keras.layers.Dense(4, activation="softmax", dtype=dtype),
    ]
    model = keras.Sequential(net, name=names[3])
    model.compile(optimizer or keras.optimizers.SGD(0.05), loss, metrics=["accuracy"])
    return model


def decaying(rate: float) -> keras.optimizers.Optimizer:
    """SGD whose learning rate falls by a factor every ten steps."""
    return keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.05, 10, rate))


def rising(highest: float, steps: int = 8) -> PiecewiseLinear:
    """A rate or momentum that rises to a highest value."""
    return PiecewiseLinear([0, steps], [highest / 2, highest])


def changed(data: tuple, which: int, place: tuple | int) -> tuple:
    """Images and labels with one value of the images (0) or labels (1) raised by one."""
    data = tuple(part.copy() for part in data)
    data[which][place] += 1
    return data
