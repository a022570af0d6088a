"""Methods of training a net, each called with the turns in which its epochs are measured."""

import sys
import time
from contextlib import suppress

import numpy as np

from benchmarks.nets import NETS

METHODS = {
    "ours": "fit of the helpers: uint8 images, the precision that the machine is fast in",
    "plain Keras": "model.fit on float32 images in float32, TensorFlow as it is by itself, waits of its self-tuning "
    "dataset included: an epoch often ends at 1.28, 2.56, 5.12 ... s",
    "plain Keras bfloat16": "the same in mixed_bfloat16",
    "PyTorch float32": "a plain loop on float32 images",
    "PyTorch bfloat16": "the same with autocast, channels last",
}

EMULATED = "the processor has no bfloat16 instructions"


class CannotMeasureError(Exception):
    """This machine cannot train by a method; says why."""


class NoTurnError(Exception):
    """Ends a training that is no longer asked for an epoch."""


class Turns:
    """Called before each epoch: says how fast the last one was, waits for the next turn, and whether there is one.

    The first epoch is not waited for and not measured: it traces, compiles and fills the caches.

    Args:
        pipe: To who asks.
        num_images: Images an epoch.
    """

    def __init__(self, pipe, num_images: int):
        self._pipe, self._num_images, self._start, self._epochs = pipe, num_images, 0.0, 0

    def __call__(self) -> bool:
        self._epochs += 1
        if self._epochs == 1:
            return True
        self._pipe.send("" if self._epochs == 2 else self._num_images / (time.perf_counter() - self._start))
        has_turn = self._pipe.recv() == "epoch"
        self.start_clock()
        return has_turn

    def start_clock(self) -> None:
        """Measure from now on: what precedes it in this turn is no part of an epoch."""
        self._start = time.perf_counter()


def keras_net(net: str):
    """A net of `NETS` in plain Keras layers, compiled."""
    import keras

    from helpers import models
    from helpers.fast.net import fast_net

    about = NETS[net]
    if about.model == "fast_net":
        model = fast_net(whitening=np.ones((2, 2, 3, 24)), **about.options)
    else:
        model = getattr(models, about.model)(**about.options)
    model.compile(keras.optimizers.Adam(0.001), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def train_by(method: str, net: str, images: np.ndarray, labels: np.ndarray, turns: Turns) -> None:
    """Train a net of `NETS` by one of `METHODS`, an epoch a turn.

    Raises:
        CannotMeasureError: This machine cannot train by it.
        ModuleNotFoundError: What it trains with is not installed.
    """
    train = _ours if method == "ours" else _plain_keras if method.startswith("plain Keras") else _torch
    train(net, images, labels, turns, *([] if train is _ours else ["bfloat16" in method]))


def _ours(net: str, images, labels, turns: Turns) -> None:
    """`fit` of the helpers, all epochs in one: each `fit` compiles anew."""
    import keras

    from helpers.machine import use_precision
    from helpers.training import fit

    class TakeTurns(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if not turns():
                raise NoTurnError

    use_precision()
    options = {"batch_size": NETS[net].batch_size, "seed": 0, "progress": Silent(), "callbacks": (TakeTurns(),)}
    with suppress(NoTurnError):
        fit(keras_net(net), images, labels, validation_data=None, epochs=sys.maxsize, **options)


def _plain_keras(net: str, images, labels, turns: Turns, bfloat16: bool) -> None:
    """What a first tutorial does.

    Each epoch is a `fit` of its own, timed without its preparations. In one `fit` the dataset's iterator of the last
    epoch would still be there when this one waits for its turn, and the longer it has been there, the longer Keras
    waits for it to end: pauses would count as training.

    Raises:
        CannotMeasureError: bfloat16 is asked for, and the machine would emulate it, which takes for ever.
    """
    import keras

    from helpers.machine import bfloat16_instructions, use_precision

    if bfloat16 and not bfloat16_instructions():
        raise CannotMeasureError(EMULATED)
    use_precision("mixed_bfloat16" if bfloat16 else "float32")
    x, model = images.astype("float32"), keras_net(net)  # the model scales pixels itself
    begin = keras.callbacks.LambdaCallback(on_epoch_begin=lambda *_: turns.start_clock())
    while turns():
        model.fit(x, labels, batch_size=NETS[net].batch_size, verbose=0, callbacks=[begin])


def _torch(net: str, images, labels, turns: Turns, bfloat16: bool) -> None:
    """A plain training loop of PyTorch's.

    Raises:
        CannotMeasureError: bfloat16 is asked for, and the machine would emulate it.
    """
    import torch

    from benchmarks import torch_nets
    from helpers.machine import bfloat16_instructions

    if bfloat16 and not bfloat16_instructions():
        raise CannotMeasureError(EMULATED)
    torch.manual_seed(0)
    model = torch_nets.NETS[net]()
    x = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
    y = torch.from_numpy(labels)
    if bfloat16:
        model, x = model.to(memory_format=torch.channels_last), x.contiguous(memory_format=torch.channels_last)
    else:
        x = x.contiguous()
    optimizer, loss_of = torch.optim.Adam(model.parameters(), 0.001), torch.nn.CrossEntropyLoss()
    model.train()

    while turns():
        for chosen in torch.randperm(len(x)).split(NETS[net].batch_size):
            with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
                loss = loss_of(model(x[chosen]), y[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


class Silent:
    """No lines of progress."""

    def __getattr__(self, _name):
        return lambda *_args, **_options: None
