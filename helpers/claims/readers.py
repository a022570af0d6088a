"""How figures are read: of confusion matrices, many at once, and of a run's history and settings."""

from collections.abc import Callable, Sequence

import numpy as np

from helpers.runs import epoch_seconds

Counts = np.ndarray  # (..., classes, classes): rows the true class, columns the predicted one


# Of a confusion matrix


def _accuracy(counts: Counts, _classes: Sequence[str], _argument: str) -> np.ndarray:
    return np.trace(counts, axis1=-2, axis2=-1) / counts.sum(axis=(-2, -1))


def _recalls(counts: Counts) -> np.ndarray:
    return _divide(np.diagonal(counts, axis1=-2, axis2=-1), counts.sum(axis=-1))


def _precisions(counts: Counts) -> np.ndarray:
    return _divide(np.diagonal(counts, axis1=-2, axis2=-1), counts.sum(axis=-2))


def _f1s(counts: Counts) -> np.ndarray:
    return _divide(2 * np.diagonal(counts, axis1=-2, axis2=-1), counts.sum(axis=-1) + counts.sum(axis=-2))


def _macro(of_classes):
    return lambda counts, _classes, _argument: of_classes(counts).mean(axis=-1)


def _weighted(of_classes):
    def read(counts, _classes, _argument):
        supports = counts.sum(axis=-1)
        return (of_classes(counts) * supports).sum(axis=-1) / supports.sum(axis=-1)

    return read


def _of_class(of_classes):
    return lambda counts, classes, name: of_classes(counts)[..., _place(classes, name)]


def split_pair(pair: str, classes: Sequence[str]) -> tuple[str, str]:
    """The two classes of "cat-dog"; a name may hold a dash of its own, as "T-shirt/top" does."""
    places = [k for k, sign in enumerate(pair) if sign == "-"]
    pairs = [(pair[:k], pair[k + 1 :]) for k in places]
    known = [both for both in pairs if set(both) <= set(classes)]
    return (known or pairs or [(pair, "")])[0]


def _confused(counts: Counts, classes: Sequence[str], pair: str) -> np.ndarray:
    """Images of either of two classes that are taken for the other."""
    one, other = (_place(classes, name) for name in split_pair(pair, classes))
    return counts[..., one, other] + counts[..., other, one]


def _taken_for(counts: Counts, classes: Sequence[str], pair: str) -> np.ndarray:
    """Images of a class that are taken for a certain other, minus those that are taken for the next most frequent."""
    true, said = (_place(classes, name) for name in split_pair(pair, classes))
    others = [k for k in range(len(classes)) if k not in (true, said)]
    return counts[..., true, said] - counts[..., true, others].max(axis=-1)


def _below_others(counts: Counts, classes: Sequence[str], name: str) -> np.ndarray:
    """By how much a class's F1 lies below the lowest of the other classes."""
    f1, place = _f1s(counts), _place(classes, name)
    return np.delete(f1, place, axis=-1).min(axis=-1) - f1[..., place]


def _recall_above_others(counts: Counts, classes: Sequence[str], names: str) -> np.ndarray:
    """The mean recall of some classes minus that of the others."""
    recalls, named = _recalls(counts), [_place(classes, name) for name in names.split("+")]
    return recalls[..., named].mean(axis=-1) - np.delete(recalls, named, axis=-1).mean(axis=-1)


OF_MATRIX: dict[str, Callable[[Counts, Sequence[str], str], np.ndarray]] = {
    "accuracy": _accuracy,
    "macro_precision": _macro(_precisions),
    "macro_recall": _macro(_recalls),
    "macro_f1": _macro(_f1s),
    "weighted_precision": _weighted(_precisions),
    "weighted_recall": _weighted(_recalls),
    "weighted_f1": _weighted(_f1s),
    "class_precision": _of_class(_precisions),
    "class_recall": _of_class(_recalls),
    "class_f1": _of_class(_f1s),
    "confusion": _confused,
    "taken_for": _taken_for,
    "f1_below_others": _below_others,
    "recall_above_others": _recall_above_others,
}


# Of a run's history and settings


def _change(key):
    def read(run, epochs):
        """From the end of one epoch to that of another; of a shorter run, to its last one; NaN without the first."""
        values, (first, last) = run["history"][key], map(int, epochs.split("-"))
        return values[min(last, len(values)) - 1] - values[first - 1] if len(values) > first else float("nan")

    return read


def _since(key):
    def read(run, epoch):
        """From the end of an epoch to that of the last; of a run that has no later one, from that of its least loss."""
        values, number = run["history"][key], int(epoch)
        start = number - 1 if len(values) > number else int(np.argmin(run["history"]["val_loss"]))
        return values[-1] - values[start]

    return read


def _generalisation_gap(run, _):
    """What a net knows of its training images alone, after the last epoch and with dropout off on both sides.

    With the training accuracy that Keras measures, dropout at work, dropout would seem to reduce it by handicapping the
    net on these images.
    """
    return run["tests"]["training images"]["accuracy"] - run["history"]["val_accuracy"][-1]


OF_RUN: dict[str, Callable[[dict, str], float]] = {
    "loss": lambda run, _: run["test"]["loss"],
    "training_time": lambda run, _: run["seconds"],
    "epoch_time": lambda run, _: epoch_seconds(run),
    "parameters": lambda run, _: run["parameters"]["total"],
    "trainable_parameters": lambda run, _: run["parameters"]["trainable"],
    "non_trainable_parameters": lambda run, _: run["parameters"]["non_trainable"],
    "train_accuracy": lambda run, _: max(run["history"]["accuracy"]),
    "val_accuracy": lambda run, _: max(run["history"]["val_accuracy"]),
    "epochs_run": lambda run, _: len(run["seconds_by_epoch"]),
    "best_epoch": lambda run, _: run["best_epoch"],
    "generalisation_gap": _generalisation_gap,
    "val_accuracy_change": _change("val_accuracy"),
    "val_loss_change": _change("val_loss"),
    "val_loss_since": _since("val_loss"),
    "train_accuracy_since": _since("accuracy"),
}


def _place(classes: Sequence[str], name: str) -> int:
    """Where a class stands."""
    if name not in classes:
        raise ValueError(f"class: expected one of {', '.join(classes)}; got {name!r}")
    return list(classes).index(name)


def _divide(parts: np.ndarray, wholes: np.ndarray) -> np.ndarray:
    """Shares, 0 of nothing, as scikit-learn's with zero_division=0."""
    return np.divide(parts, wholes, out=np.zeros(np.broadcast_shapes(parts.shape, wholes.shape)), where=wholes > 0)
