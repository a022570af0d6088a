"""Processes that train a net by one method each: no library's threads or memory disturb another's."""

import multiprocessing
import os
import re
import resource
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from benchmarks.methods import METHODS, CannotMeasureError, Turns, train_by
from benchmarks.nets import NETS, WITHOUT_GELU

ONEDNN = "TF_ENABLE_ONEDNN_OPTS"  # read when TensorFlow is imported; where it is not set TensorFlow decides


class Trainer:
    """A process that trains one net by one method, an epoch whenever it is asked.

    Args:
        method: Of `METHODS`.
        net: Of `NETS`.
        num_images: Images an epoch.
    """

    def __init__(self, method: str, net: str, num_images: int):
        self.method, self.net = method, net
        self._pipe, theirs = multiprocessing.Pipe()
        context = multiprocessing.get_context("spawn")
        self._process = context.Process(target=_serve, args=(theirs, method, net, num_images), daemon=True)
        with environment_of(method):
            self._process.start()
        theirs.close()
        self.missing = ""

    def wait(self) -> None:
        """Wait until it is ready, or `missing` says why it cannot be."""
        try:
            self.missing = self._pipe.recv()
        except EOFError:
            self._process.join()
            self.missing = f"its process ended with {self._process.exitcode} (-9: killed, perhaps for want of memory)"

    def __call__(self) -> float:
        """Train an epoch; images a second.

        Raises:
            RuntimeError: Its process has ended.
        """
        try:
            self._pipe.send("epoch")
            return self._pipe.recv()
        except (EOFError, BrokenPipeError) as error:
            self._process.join()
            what = f"{self.method}, {self.net}: its process ended with {self._process.exitcode}"
            raise RuntimeError(f"{what} (-9: killed, perhaps for want of memory)") from error

    def end(self) -> int:
        """End the process; its peak memory in bytes."""
        if self.missing:
            return 0
        self._pipe.send("end")
        peak = self._pipe.recv()
        self._process.join()
        return peak

    def kill(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()


@contextmanager
def environment_of(method: str):
    """The environment that a method's process begins with: plain Keras goes without the oneDNN that `make` asks for."""
    kept = os.environ.pop(ONEDNN, None) if method.startswith("plain Keras") else None
    try:
        yield
    finally:
        if kept is not None:
            os.environ[ONEDNN] = kept


@contextmanager
def started(net: str, num_images: int):
    """Trainers of a net by all methods, ready: those that can be, and why the others cannot. Without GELU only ours."""
    asked = METHODS if net != WITHOUT_GELU else ["ours"]
    found = {method: Trainer(method, net, num_images) for method in asked}  # they import and compile side by side
    try:
        for trainer in found.values():
            trainer.wait()
        yield (
            {name: trainer for name, trainer in found.items() if not trainer.missing},
            {name: trainer.missing for name, trainer in found.items() if trainer.missing},
        )
    finally:
        for trainer in found.values():
            trainer.kill()


def _serve(pipe, method: str, net: str, num_images: int) -> None:
    """Answer for one method until told to end."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (num_images, *NETS[net].image_shape), dtype="uint8")
    labels = rng.integers(0, 10, num_images)
    try:
        train_by(method, net, images, labels, Turns(pipe, num_images))
    except ModuleNotFoundError as error:
        pipe.send(f"{error}; pip install -r requirements-bench.txt")
        return
    except CannotMeasureError as error:
        pipe.send(str(error))
        return
    pipe.send(peak_memory())


def peak_memory() -> int:
    """Most memory that this process has had, bytes.

    What `resource` says on Linux begins with the peak of the process that started this one.
    """
    try:
        status = Path("/proc/self/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024
    except FileNotFoundError:  # macOS says it in bytes
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
