"""The 94 % net, the whitening of its first layer, averaged weights, and predictions over several views of an image."""

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers

from helpers.fast.layers import all_layers, fast_layers
from helpers.metrics import predict
from helpers.training.optimizers import optimizer_of

PATCH = 2  # pixels a side of the patches that are whitened


def fast_net(
    input_shape: tuple[int, int, int] = (32, 32, 3),
    num_classes: int = 10,
    mean: Sequence[float] = (0.5, 0.5, 0.5),
    std: Sequence[float] = (0.25, 0.25, 0.25),
    whitening: np.ndarray | None = None,
    widths: tuple[int, ...] = (64, 256, 256),
    activation: str = "gelu",
    dirac: bool = True,
) -> keras.Model:
    """A layer that whitens patches, then blocks of two convolutions and a pool, without residual connections.

    1,973,920 parameters, 2,592 of them not trainable, at (32, 32, 3) and 10 classes, with 24 filters that whiten.

    Args:
        input_shape: (height, width, channels) of the uint8 images, 0 to 255.
        num_classes: Number of classes.
        mean: Mean of each channel over the training images, pixels taken as 0 to 1.
        std: Standard deviation of each channel, likewise.
        whitening: Kernel of the first layer (2, 2, channels, 8 * channels), from `patch_whitening`; it is not trained.
            None draws it at random and trains it.
        widths: Filters of both convolutions of each block.
        activation: "gelu", or another name that Keras knows.
        dirac: Whether kernels begin as `dirac_init` makes them; else all of their filters are drawn as its others are.

    Returns:
        uint8 (batch, *input_shape) -> float32 probabilities (batch, num_classes).

    Reference:
        K. Jordan, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU", arXiv:2404.00498, 2024; after tysam-code's
        hlb-CIFAR10.
    """
    scale, offset = [1 / (255 * s) for s in std], [-m / s for m, s in zip(mean, std, strict=True)]
    whiten = layers.Conv2D(2 * PATCH * PATCH * input_shape[-1], PATCH, use_bias=False, name="whiten")
    net = [keras.Input(input_shape, dtype="uint8"), layers.Rescaling(scale, offset, name="normalise_channels")]
    net += [whiten, layers.Activation(activation, name="whiten_act")]  # 32x32 -> 31x31
    for i, filters in enumerate(widths, 1):  # 31x31 -> 15x15 -> 7x7 -> 3x3
        for j in (1, 2):
            # Each kernel by an initializer of its own: one for all would draw the same numbers for the same shape.
            initializer = dirac_init if dirac else keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform")
            options = {"padding": "same", "use_bias": False, "kernel_initializer": initializer}
            net += [layers.Conv2D(filters, 3, **options, name=f"conv_{i}_{j}")]
            net += [layers.MaxPooling2D(2, name=f"pool_{i}")] if j == 1 else []
            net += [layers.BatchNormalization(scale=False, momentum=0.6, epsilon=1e-5, name=f"norm_{i}_{j}")]
            net += [layers.Activation(activation, name=f"act_{i}_{j}")]
    bound = 1 / widths[-1] ** 1.5
    uniform = keras.initializers.RandomUniform(-bound, bound)
    net += [layers.GlobalMaxPooling2D(name="strongest")]
    net += [layers.Dense(num_classes, use_bias=False, kernel_initializer=uniform, dtype="float32", name="logits")]
    model = keras.Sequential([*net, layers.Softmax(dtype="float32", name="probabilities")], name="fast_net")
    if whitening is not None:
        whiten.kernel.assign(whitening)
        whiten.trainable = False
    return model


def on_small_images(model: keras.Sequential, size: int) -> keras.Sequential:
    """A net of the same layers, sharing their weights, that first makes the images smaller.

    Args:
        model: uint8 images -> probabilities.
        size: Pixels a side of the small images.
    """
    resize = layers.Resizing(size, size, antialias=True)
    resize.supports_jit = False  # TensorFlow's XLA, which Keras compiles with on a GPU, cannot scale down smoothly
    return keras.Sequential([keras.Input(model.input_shape[1:], dtype="uint8"), resize, *model.layers])


def patch_whitening(
    images: np.ndarray, mean: Sequence[float], std: Sequence[float], epsilon: float = 5e-4
) -> np.ndarray:
    """The kernel that makes all directions of 2x2 patches equally strong and independent.

    Neighbouring pixels are nearly alike, so a patch's brightness is far stronger than its edges, and a net learns
    slowly along what is weak. The filters are the eigenvectors of the patches' second moments, each divided by the
    square root of its eigenvalue, and their negatives, since an activation lets only one sign pass.

    Args:
        images: uint8 (n, height, width, channels) of the training images; a few thousand suffice.
        mean: Mean of each channel, pixels taken as 0 to 1.
        std: Standard deviation of each channel, likewise.
        epsilon: Added to each eigenvalue, so that directions of mere noise are not blown up.

    Returns:
        float32 (2, 2, channels, 8 * channels), the strongest direction first.
    """
    x = (images.astype("float32") / 255 - np.asarray(mean, "float32")) / np.asarray(std, "float32")
    patches = np.lib.stride_tricks.sliding_window_view(x, (PATCH, PATCH), axis=(1, 2))
    patches = patches.transpose(0, 1, 2, 4, 5, 3).reshape(-1, PATCH * PATCH * x.shape[-1])
    values, vectors = np.linalg.eigh(patches.T @ patches / len(patches))
    filters = (vectors / np.sqrt(values + epsilon))[:, ::-1].reshape(PATCH, PATCH, x.shape[-1], -1)
    return np.concatenate([filters, -filters], axis=-1).astype("float32")


MOST_LEFT = 0.05  # of a layer's earlier statistics, when those of averaged weights have been measured


@keras.saving.register_keras_serializable("coursework")
def dirac_init(shape: tuple[int, ...], dtype=None):
    """Initial kernel whose first filters hand their channel on unchanged; the others are drawn uniformly.

    Args:
        shape: (rows, columns, channels, filters).
        dtype: Of the kernel.
    """
    rows, columns, channels, filters = shape
    bound = 1 / np.sqrt(rows * columns * channels)
    handed = np.zeros(shape, "float32")
    same = range(min(channels, filters))
    handed[(rows - 1) // 2, (columns - 1) // 2, same, same] = 1
    drawn = np.arange(filters) >= len(same)
    return handed + drawn.astype("float32") * keras.random.uniform(shape, -bound, bound, dtype or "float32")


class AverageWeights(keras.callbacks.Callback):
    """Ends training with the running mean of the weights, and lets batch normalisation measure its statistics anew.

    The mean is Keras's own (`use_ema`). It begins with the weights at the start of the training that has this callback;
    at an optimizer's very first step Keras has it begin with the weights after that step. It takes images, so behind
    frozen layers it is to be used with `fast=False`.

    Args:
        batches: Batches of the training images, such as `AugmentedBatches`.
        num_batches: Batches to measure on, from the first again after the last; at a momentum of 0.6 ten leave 0.6 % of
            what the statistics were before.

    Raises:
        ValueError: As training begins: the optimizer has no variables for a mean, what trains takes something else than
            the images of the batches, or so many batches leave more than 5 % of a layer's earlier statistics.
    """

    replaces_weights = True  # so `fit` refuses it beside `patience`, which brings back single weights

    def __init__(self, batches, num_batches: int = 10):
        super().__init__()
        self._batches, self.num_batches = batches, num_batches

    @property
    def batches(self):
        """What it measures on."""
        return self._batches

    def on_train_begin(self, logs=None):
        """Begin the mean: in what was compiled before there is none."""
        optimizer, variables = optimizer_of(self.model), self.model.trainable_variables
        averages = getattr(optimizer, "_model_variables_moving_average", [])
        if len(averages) != len(variables):
            raise ValueError(
                "AverageWeights: expected an optimizer that was built with use_ema=True, which may be switched off "
                f"afterwards; got {type(optimizer).__name__} with {len(averages)} means of {len(variables)} variables"
            )
        taken, images = tuple(self.model.input_shape[1:]), self._batches.images.shape[1:]
        if any(size not in (None, given) for size, given in zip(taken, images, strict=True)):
            raise ValueError(
                f"AverageWeights: expected a model that takes the images of the batches, {images}, got one that takes "
                f"{taken}: behind frozen layers give fast=False to fit"
            )
        norms = [each for each in all_layers(self.model) if isinstance(each, layers.BatchNormalization)]
        momenta = [norm.momentum for norm in norms if norm.trainable]
        if (left := max(momenta, default=0.0) ** self.num_batches) > MOST_LEFT:
            raise ValueError(
                f"AverageWeights: {self.num_batches} batches leave {left:.0%} of what batch normalisation measured "
                "before, on weights that are no mean: expected 5 % or less, by more batches or a lower momentum"
            )
        for variable, average in zip(variables, averages, strict=True):
            if not np.any(keras.ops.convert_to_numpy(average)):  # Keras begins with 0, but for a training's first step
                average.assign(keras.ops.copy(variable))  # a copy: JAX gives each away once
        optimizer.use_ema = True
        self.model.make_train_function(force=True)

    def on_train_end(self, logs=None):
        """Measure the statistics: those of the last steps are not the averaged net's."""
        self._batches.draw_epoch(0)
        for k in range(self.num_batches):
            self.model(self._batches[k % len(self._batches)][0], training=True)


def predict_with_tta(model: keras.Model, images: np.ndarray, shift: int = 1) -> np.ndarray:
    """Predict with test-time augmentation: from an image, two shifted copies of it, and the mirrors of all three.

    Args:
        model: uint8 images -> probabilities.
        images: uint8 (n, height, width, channels).
        shift: Pixels that the copies are moved by, up-left and down-right, mirrored at the border; 0 uses the image and
            its mirror alone.

    Returns:
        float32 (n, classes): the mean of the views' log probabilities, the centre counting as much as both copies,
        as probabilities.
    """
    height, width = images.shape[1:3]
    padded = np.pad(images, ((0, 0), (shift, shift), (shift, shift), (0, 0)), "reflect")
    places = {shift: 0.5, 0: 0.25, 2 * shift: 0.25} if shift else {0: 1.0}
    total = 0.0
    with fast_layers(model):
        for start, share in places.items():
            view = padded[:, start : start + height, start : start + width]
            for step in (1, -1):  # as it is, and mirrored
                total = total + share / 2 * np.log(predict(model, view[:, :, ::step]) + 1e-12)
    likelihood = np.exp(total - total.max(axis=1, keepdims=True))
    return (likelihood / likelihood.sum(axis=1, keepdims=True)).astype("float32")
