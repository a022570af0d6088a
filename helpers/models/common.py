"""What the models share."""

from keras import layers


def probabilities(x, num_classes: int):
    """A dense layer and its softmax, in float32 also under a mixed policy."""
    return layers.Dense(num_classes, activation="softmax", dtype="float32", name="probabilities")(x)
