"""Several seeds of one net at once, as one computation with a leading axis of seeds, against one after the other.

On JAX alone, in a process of its own: `python -m benchmarks.seeds NET NUM_SEEDS NUM_IMAGES ROUNDS` prints the figures.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import keras
import numpy as np

from benchmarks.comparison import Comparison, in_turns
from benchmarks.methods import Silent, keras_net
from benchmarks.nets import NETS

ONE, AT_ONCE = "one seed after the other", "all seeds at once"
NUM_SEEDS = 4
MEASURED = ("report A's dense net", "report C's MLP", "report B's Arc2", "report D's model 1")
TITLE = f"{NUM_SEEDS} seeds of "


class SeedsAtOnce:
    """Nets of one kind that are trained together, a seed each, by `jax.vmap` over Keras's stateless calls.

    Each sees the images in the order, and drops units by the random numbers, that it would have in a `fit` of its own.

    Args:
        build: Makes a net, compiled with a loss of integer classes.
        images: (n, ...); what is left of them after whole batches is not trained on.
        labels: Integer classes (n,).
        seeds: Of the initial weights, of what is dropped, and of the order.
        batch_size: Images a step and seed.

    Raises:
        RuntimeError: Keras's backend is not JAX.
    """

    def __init__(
        self,
        build: Callable[[], keras.Model],
        images: np.ndarray,
        labels: np.ndarray,
        seeds: list[int],
        batch_size: int,
    ):
        if keras.backend.backend() != "jax":
            raise RuntimeError(f"expected the backend jax, got {keras.backend.backend()}: set KERAS_BACKEND=jax")
        import jax

        self._seeds, self._batch_size, self._steps = seeds, batch_size, len(images) // batch_size
        self._images, self._labels = jax.numpy.asarray(images), jax.numpy.asarray(labels)
        nets = []
        for seed in seeds:
            keras.utils.set_random_seed(seed)
            nets.append(build())
            nets[-1].optimizer.build(nets[-1].trainable_variables)
        self._net = nets[0]
        states = [[v.value for v in values] for net in nets for values in _variables(net)]
        parts = [states[k::3] for k in range(3)]  # of each net: trained, not trained, of its optimizer
        self._state = [jax.tree.map(lambda *of_seeds: jax.numpy.stack(of_seeds), *part) for part in parts]
        over_seeds = jax.vmap(self._step, in_axes=(0, None, None, 0))
        self._train = jax.jit(over_seeds, donate_argnums=0)

    def _step(self, state, images, labels, chosen):
        """One step of one seed: its state and loss."""
        import jax

        trained, others, of_optimizer = state
        batch, classes = images[chosen], labels[chosen]

        def loss_of(trained):
            predicted, after = self._net.stateless_call(trained, others, batch, training=True)
            return keras.ops.mean(keras.losses.sparse_categorical_crossentropy(classes, predicted)), after

        (loss, others), gradients = jax.value_and_grad(loss_of, has_aux=True)(trained)
        trained, of_optimizer = self._net.optimizer.stateless_apply(of_optimizer, gradients, trained)
        return [trained, others, of_optimizer], loss

    def epoch(self, number: int) -> np.ndarray:
        """Train an epoch, counted from 0; the mean loss of each seed (seeds,)."""
        orders = [np.random.default_rng([seed, number]).permutation(len(self._images)) for seed in self._seeds]
        orders = np.stack(orders)[:, : self._steps * self._batch_size]
        losses = []
        for chosen in np.split(orders, self._steps, axis=1):
            self._state, loss = self._train(self._state, self._images, self._labels, chosen)
            losses.append(loss)
        return np.mean(losses, axis=0)

    def weights(self, position: int) -> list[np.ndarray]:
        """The trained variables of one of the seeds."""
        return [np.asarray(values[position]) for values in self._state[0]]


def measure(num_images: int | None = None, rounds: int = 3) -> Iterator[Comparison]:
    """Train the small nets of the reports, an epoch of several seeds at once and one after the other, in turns.

    Args:
        num_images: Images an epoch and seed; None takes what is long enough for each net.
        rounds: How often each is measured.
    """
    for net in MEASURED:
        count = num_images or NETS[net].num_images
        asked = [net, NUM_SEEDS, count, rounds]
        environment = os.environ | {"KERAS_BACKEND": "jax", "TF_CPP_MIN_LOG_LEVEL": "3"}
        command = [sys.executable, "-m", "benchmarks.seeds", *map(str, asked)]
        ended = subprocess.run(command, env=environment, capture_output=True, text=True)
        if ended.returncode:
            raise RuntimeError(f"{net}: {ended.stderr[-2000:]}")
        found = json.loads(ended.stdout.splitlines()[-1])
        yield Comparison(
            TITLE + net,
            f"{count:,} images an epoch and seed, batches of {NETS[net].batch_size}, Adam, on JAX in "
            f"{found['precision']}; {ONE}: fit of the helpers; {AT_ONCE}: jax.vmap over Keras's stateless calls, no "
            f"metrics, no callbacks, no batches that are put together in Python. On {found['device']}.",
            "images a second, of all seeds",
            found["values"],
            baseline=ONE,
        )


def _variables(net: keras.Model) -> tuple[list, list, list]:
    """A net's variables by what changes them: gradients, the net itself, the optimizer."""
    return net.trainable_variables, net.non_trainable_variables, net.optimizer.variables


def _figures(net: str, num_seeds: int, num_images: int, rounds: int) -> dict:
    """Images a second of both methods, in turns; the first epoch of each, which compiles, is left out."""
    import jax

    from helpers.machine import describe_device, use_precision
    from helpers.training import fit

    policy, _ = use_precision()
    about, rng = NETS[net], np.random.default_rng(0)
    num_images -= num_images % about.batch_size
    data = rng.integers(0, 256, (num_images, *about.image_shape), dtype="uint8"), rng.integers(0, 10, num_images)
    together = SeedsAtOnce(lambda: keras_net(net), *data, list(range(num_seeds)), about.batch_size)
    numbers = iter(range(10**6))

    def at_once() -> float:
        begun = time.perf_counter()
        together.epoch(next(numbers))
        jax.block_until_ready(together.weights(0))
        return num_seeds * num_images / (time.perf_counter() - begun)

    class Timed(keras.callbacks.Callback):
        """Notes what the last epoch took: the second, the first compiles."""

        def on_epoch_begin(self, epoch, logs=None):
            self.begun = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            self.seconds = time.perf_counter() - self.begun

    def one() -> float:
        timed = Timed()
        options = {"batch_size": about.batch_size, "seed": 0, "progress": Silent(), "callbacks": (timed,)}
        fit(keras_net(net), *data, validation_data=None, epochs=2, **options)
        return num_images / timed.seconds

    at_once()
    return {"values": in_turns({ONE: one, AT_ONCE: at_once}, rounds), "device": describe_device(), "precision": policy}


if __name__ == "__main__":
    print(json.dumps(_figures(sys.argv[1], *map(int, sys.argv[2:]))))
