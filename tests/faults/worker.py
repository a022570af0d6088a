"""Trains a small run in a process of its own, and kills it when it is told to: `python worker.py`, a request a line.

The processes are forked from this one, which has imported Keras but computed nothing, so that each begins in no time.

A request is JSON: `runs_dir`; `result`, the file that a run that ends writes; `kill_after`, seconds, or None;
`die_at`, the name of a function and the number of the call at which the process kills itself instead, or None;
`processes`, how many do the same at once; `options` of `train`. The answer is JSON: the exit statuses, and the seconds.
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
    """Makes the calls that train long enough to be killed in."""

    def on_train_batch_end(self, batch, logs=None):
        time.sleep(0.04)


def train(runs_dir, learning_rate=0.01, boom_after=None, epochs=8, seed=3):
    """Train a net with everything that must be resumed: dropout, batch norm, Adam, a schedule, flips, stopping."""
    rng = np.random.default_rng(0)
    labels = np.arange(160) % 4
    images = (labels[:, None, None, None] * 30 + rng.integers(0, 160, (160, 8, 8, 3))).astype("uint8")
    rate = keras.optimizers.schedules.CosineDecay(learning_rate, 100)
    if boom_after is not None:  # steps until the rate is absurd
        rate = keras.optimizers.schedules.PiecewiseConstantDecay([boom_after], [learning_rate, 1e38])
    keras.utils.set_random_seed(seed)
    net = [
        keras.Input((8, 8, 3), dtype="uint8"),
        keras.layers.Rescaling(1 / 255),
        keras.layers.Flatten(),
        keras.layers.BatchNormalization(),
        keras.layers.Dense(32, activation="relu"),
        keras.layers.Dropout(0.5),
        keras.layers.Dense(4, activation="softmax"),
    ]
    model = keras.Sequential(net)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    batches = AugmentedBatches(images[:120], labels[:120], batch_size=16, seed=seed, padding=1)
    result = fit(
        model, batches, validation_data=(images[120:], labels[120:]), epochs=epochs, batch_size=16, seed=seed,
        patience=4, callbacks=(Slowly(),), runs_dir=runs_dir, steps_per_execution=4,
    )  # fmt: skip
    weights = b"".join(np.asarray(weight).tobytes() for weight in model.get_weights())
    return result.as_dict() | {"weights": hashlib.sha256(weights).hexdigest()}


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


def child(request: dict, number: int) -> None:
    """Train, and write the result; an error goes to `<result>.error`."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    try:
        if request.get("die_at"):
            die_at(*request["die_at"])
        result = train(request["runs_dir"], **request.get("options", {}))
        files.write_json(files.Path(f"{request['result']}{number or ''}"), result)
        os._exit(0)
    except BaseException as error:
        files.Path(f"{request['result']}.error").write_text(f"{type(error).__name__}: {error}")
    finally:
        os._exit(1)


def serve(request: dict) -> dict:
    """Fork the processes, kill them if asked to, wait for them."""
    started, pids = time.time(), []
    for number in range(request.get("processes", 1)):
        if (pid := os.fork()) == 0:
            child(request, number)
        pids.append(pid)
    statuses = {}
    while len(statuses) < len(pids):
        for pid in pids:
            ended, status = os.waitpid(pid, os.WNOHANG) if pid not in statuses else (0, 0)
            if ended:
                statuses[pid] = os.waitstatus_to_exitcode(status)
        if request.get("kill_after") is not None and time.time() - started > request["kill_after"]:
            for pid in set(pids) - set(statuses):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.005)
    return {"statuses": [statuses[pid] for pid in pids], "seconds": time.time() - started}


if __name__ == "__main__":
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(serve(json.loads(line))), flush=True)
