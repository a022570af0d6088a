"""How fast this machine trains, measured in seconds: `python -m helpers.speed` prints it.

What a run will take can then be said of this machine before it has recorded any.
"""

import time

import numpy as np

from helpers.machine import use_precision

BATCH = 128  # images
SECONDS = 1.5  # of measuring


def training_speed() -> float:
    """Images a second that a small CNN trains with here, in the precision that the notebooks would take."""
    import keras
    from keras import layers

    use_precision("auto")
    net = [keras.Input((32, 32, 3)), *(layers.Conv2D(filters, 3, activation="relu") for filters in (32, 64))]
    net += [layers.MaxPooling2D(4), layers.Flatten(), layers.Dense(10, activation="softmax", dtype="float32")]
    model = keras.Sequential(net)
    model.compile("sgd", "sparse_categorical_crossentropy")
    images, labels = np.random.default_rng(0).random((BATCH, 32, 32, 3), "float32"), np.arange(BATCH) % 10
    for _ in range(2):  # what is compiled at first is no speed
        model.train_on_batch(images, labels)
    started, steps = time.perf_counter(), 0
    while time.perf_counter() < started + SECONDS:
        model.train_on_batch(images, labels)
        steps += 1
    return steps * BATCH / (time.perf_counter() - started)


if __name__ == "__main__":
    print(training_speed())
