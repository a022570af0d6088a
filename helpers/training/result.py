"""What a training run did, and several runs as one."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace


@dataclass(frozen=True)
class TrainingResult:
    """What a training run did, apart from the model itself.

    Attributes:
        history: Figures by epoch: loss, accuracy, learning_rate; with validation images also val_loss, val_accuracy.
        seconds_first_step: Until the first call that trains returns: tracing, compiling and its steps.
        seconds_by_epoch: Whole epochs, validation included; the first includes `seconds_first_step`. Each epoch counts
            once, however often the run was interrupted.
        seconds: The sum of the epochs.
        images_per_second: Training alone, median over the epochs after the first (the first if it is the only one).
        best_epoch: Epoch, counted from 1, whose weights the model has now.
        stopped_early: Whether the patience ran out before the epochs did.
        hyperparameters: Optimizer with its configuration, batch size, epochs, patience, steps in one call.
        seed: Seed of the shuffling.
        started: Time of the start, ISO 8601, UTC.
        environment: Where it was trained, at last: backend, device, versions, commit.
        identity: Digest of all that determines the run; None where it was not kept.
        reused: Whether it was taken from a finished run instead of being trained.
    """

    history: dict[str, list[float]]
    seconds_first_step: float
    seconds_by_epoch: list[float]
    seconds: float
    images_per_second: float
    best_epoch: int
    stopped_early: bool
    hyperparameters: dict = field(repr=False)
    seed: int
    started: str
    environment: dict = field(repr=False)
    identity: str | None = None
    reused: bool = False

    def as_dict(self) -> dict:
        """The fields as plain values, for a record."""
        return asdict(self)


def join_results(parts: Sequence[TrainingResult]) -> TrainingResult:
    """One result of runs that continue each other, such as on small images first and on large ones then.

    Args:
        parts: Results of `fit`, in order, one or more.
    """
    epochs = [second for part in parts for second in part.seconds_by_epoch]
    seconds_an_image = sum(len(part.seconds_by_epoch) / part.images_per_second for part in parts) / len(epochs)
    return replace(
        parts[-1],
        history={key: [value for part in parts for value in part.history[key]] for key in parts[-1].history},
        seconds_first_step=parts[0].seconds_first_step,
        seconds_by_epoch=epochs,
        seconds=sum(epochs),
        images_per_second=1 / seconds_an_image,
        best_epoch=len(epochs) - len(parts[-1].seconds_by_epoch) + parts[-1].best_epoch,
        hyperparameters=parts[-1].hyperparameters | {"epochs": sum(p.hyperparameters["epochs"] for p in parts)},
        started=parts[0].started,
        reused=all(part.reused for part in parts),
    )
