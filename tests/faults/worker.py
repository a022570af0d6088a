"""Trains a small run in a process of its own, and kills it when it is told to: `python worker.py`, a request a line.

The processes are forked from this one, which has imported Keras but computed nothing, so that each begins in no time.

A request is JSON: `runs_dir`; `result`, the file that a run that ends writes; `kill_after`, seconds from the first
steps on, or None; `die_at`, the name of a function and the number of the call at which the process kills itself
instead, or None; `processes`, how many do the same at once; `options` of `train`. The answer is JSON: the exit
statuses, and the seconds from the first steps on. A result says besides of how many epochs this process computed steps.
"""

import hashlib
import json
import os
import signal
import sys
import time

import keras
import numpy as np

from helpers import files
from helpers.training import fit
from helpers.training.batches import AugmentedBatches

FUNCTIONS = {  # what a checkpoint, a finished run and a record are written with
    "write": (files.os, "fsync"),  # all is written to the temporary file, nothing is safe yet
    "rename": (files.os, "replace"),  # of the checkpoint before, and of every new file to its name
    "remove": (files.Path, "unlink"),  # of the checkpoints of a run that has ended
}


class Slowly(keras.callbacks.Callback):
    """Makes the calls that train long enough to be killed in, says when they begin, and counts epochs."""

    def __init__(self, begun):
        super().__init__()
        self._begun, self._epochs = begun, set()

    def on_epoch_begin(self, epoch, logs=None):
        self._epochs.add(epoch)

    def on_train_batch_end(self, batch, logs=None):
        self._begun.touch()
        time.sleep(0.04)

    def num_epochs(self) -> int:
        """Epochs of which this process computed steps."""
        return len(self._epochs)


def train(runs_dir, begun, learning_rate=0.01, boom_after=None, epochs=10, seed=3):
    """Train a net with everything that must be resumed: dropout, batch norm, Adam, a schedule, flips, stopping."""
    rng = np.random.default_rng(0)
    labels = np.arange(160) % 4
    images = (labels[:, None, None, None] * 20 + rng.integers(0, 190, (160, 8, 8, 3))).astype("uint8")
    rate = keras.optimizers.schedules.CosineDecay(learning_rate, 100)
    if boom_after is not None:  # steps until the rate is absurd
        rate = keras.optimizers.schedules.PiecewiseConstantDecay([boom_after], [learning_rate, 1e38])
    keras.utils.set_random_seed(seed)
    net = [
        keras.Input((8, 8, 3), dtype="uint8"),
        keras.layers.Rescaling(1 / 255),
        keras.layers.Flatten(),
        keras.layers.BatchNormalization(momentum=0.6),  # few steps: else no epoch is better than the first
        keras.layers.Dense(32, activation="relu"),
        keras.layers.Dropout(0.5),
        keras.layers.Dense(4, activation="softmax"),
    ]
    model = keras.Sequential(net)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    batches = AugmentedBatches(images[:120], labels[:120], batch_size=16, seed=seed, padding=1)
    slowly = Slowly(begun)
    result = fit(
        model, batches, validation_data=(images[120:], labels[120:]), epochs=epochs, batch_size=16, seed=seed,
        patience=3, callbacks=(slowly,), runs_dir=runs_dir, steps_per_execution=4,
    )  # fmt: skip
    weights = b"".join(np.asarray(weight).tobytes() for weight in model.get_weights())
    return result.as_dict() | {"weights": hashlib.sha256(weights).hexdigest(), "computed": slowly.num_epochs()}


def die_at(function: str, call: int) -> None:
    """Kill this process at the so-manyth call of a function, before it does anything."""
    owner, name = FUNCTIONS[function]
    original, calls = getattr(owner, name), [0]

    def counting(*args, **kwargs):
        calls[0] += 1
        if calls[0] == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*args, **kwargs)

    setattr(owner, name, counting)


def begun_of(request: dict, number: int) -> files.Path:
    """The file that is there once a process has computed its first steps."""
    return files.Path(f"{request['result']}{number or ''}.begun")


def child(request: dict, number: int) -> None:
    """Train, and write the result; an error goes to `<result>.error`."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    try:
        if request.get("die_at"):
            die_at(*request["die_at"])
        result = train(request["runs_dir"], begun_of(request, number), **request.get("options", {}))
        files.write_json(files.Path(f"{request['result']}{number or ''}"), result)
        os._exit(0)
    except BaseException as error:
        files.Path(f"{request['result']}.error").write_text(f"{type(error).__name__}: {error}")
    finally:
        os._exit(1)


def serve(request: dict) -> dict:
    """Fork the processes, kill them if asked to, wait for them."""
    pids, begun = [], {}
    for number in range(request.get("processes", 1)):
        begun_of(request, number).unlink(missing_ok=True)
        if (pid := os.fork()) == 0:
            child(request, number)
        pids.append(pid)
    statuses = {}
    while len(statuses) < len(pids):
        for pid in pids:
            ended, status = os.waitpid(pid, os.WNOHANG) if pid not in statuses else (0, 0)
            if ended:
                statuses[pid] = os.waitstatus_to_exitcode(status)
        if not begun and any(begun_of(request, number).exists() for number in range(len(pids))):
            begun["at"] = time.time()
        if begun and request.get("kill_after") is not None and time.time() - begun["at"] > request["kill_after"]:
            for pid in set(pids) - set(statuses):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.005)
    return {"statuses": [statuses[pid] for pid in pids], "seconds": time.time() - begun.get("at", time.time())}


if __name__ == "__main__":
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(serve(json.loads(line))), flush=True)
