"""Several steps in one call of the compiled function, so that Python's work between steps is done once for all."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import keras

STEPS_PER_EXECUTION = 4  # report A's CNN trains 1.04 times as fast with them, with 16 no faster than with 4
MANY_STEPS = 250  # of a run: a step saves it about 2 ms, and compiling the loop over them costs it 0.4 s
_LOOKS_AT_BATCHES = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end")


def choose_steps(model: keras.Model, callbacks: Sequence[keras.callbacks.Callback], total_steps: int) -> int:
    """How many steps are computed in one call: what the model was compiled with, or more where that helps.

    More on TensorFlow, where Keras makes the loop over them a part of the compiled function; on JAX it calls a function
    a step all the same. Not in a short run, and not where a callback looks at batches: it would be called once for all
    steps of a call.

    Args:
        model: Compiled.
        callbacks: Those that must see what they expect to.
        total_steps: Most steps of the whole run.
    """
    pays = keras.backend.backend() == "tensorflow" and total_steps >= MANY_STEPS
    grouped = pays and not any(map(_looks_at_batches, callbacks))
    return STEPS_PER_EXECUTION if grouped and model.steps_per_execution == 1 else model.steps_per_execution


@contextmanager
def grouped_steps(model: keras.Model, steps: int) -> Iterator[None]:
    """Train and evaluate a compiled model with so many steps in one call; afterwards it is as it was compiled.

    Predictions gain nothing: their batches are large, and Keras would work on those of one call at the same time.
    """
    compiled = model.steps_per_execution
    _set(model, steps)
    try:
        yield
    finally:
        _set(model, compiled)


def _set(model: keras.Model, steps: int) -> None:
    """Have what was traced for another number of steps traced anew."""
    if model.steps_per_execution != steps:
        model.steps_per_execution = steps
        model.train_function = model.test_function = model.predict_function = None


def _looks_at_batches(callback: keras.callbacks.Callback) -> bool:
    """Whether a callback does something before or after a batch."""
    methods = ((getattr(callback, name), getattr(keras.callbacks.Callback, name)) for name in _LOOKS_AT_BATCHES)
    return any(getattr(own, "__func__", own) is not plain for own, plain in methods)
