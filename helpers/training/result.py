"""What a training run did, and several runs as one."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace

from helpers.load import QUIET_SHARE


@dataclass(frozen=True)
class TrainingResult:
    """What a training run did, apart from the model itself.

    Attributes:
        history: Values by epoch: loss, accuracy, learning_rate; with validation images also val_loss, val_accuracy.
        seconds_first_step: Until the first call that trains returns: tracing, compiling and its steps.
        seconds_by_epoch: Whole epochs, validation included; the first includes `seconds_first_step`. Each epoch counts
            once, however often the run was interrupted.
        seconds: The sum of the epochs, and of computing what frozen layers give, where that is kept.
        images_per_second: Training alone, median over the epochs after the first (the first if it is the only one).
        best_epoch: Epoch, counted from 1, whose weights the model has now.
        stopped_early: Whether the patience ran out before the epochs did.
        hyperparameters: Optimizer with its configuration, batch size, epochs, patience, steps in one call.
        seed: Seed of the shuffling.
        started: Time of the start, ISO 8601, UTC.
        environment: Where it was trained, at last: backend, kind of device, device, versions, commit.
        others_by_epoch: Share of the processor that other processes took in each epoch, 0 to 1; None where unknown.
        frozen_part: What is said of frozen layers in front, as in `TrainingPlan`; None where there are none.
        setting: Digest of the experiment, as in `Identity`.
        identity: Digest of all that determines the run.
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
    others_by_epoch: list[float | None] = field(default_factory=list, repr=False)
    frozen_part: dict | None = None
    setting: str | None = None
    identity: str | None = None
    reused: bool = False

    @property
    def disturbed(self) -> bool | None:
        """Whether other processes took more of the processor than `QUIET_SHARE`; None where that is not known."""
        known = [share for share in self.others_by_epoch if share is not None]
        if len(known) < len(self.seconds_by_epoch) or not known:
            return None
        weighted = sum(share * second for share, second in zip(known, self.seconds_by_epoch, strict=True))
        return weighted / sum(self.seconds_by_epoch) > QUIET_SHARE

    def as_dict(self) -> dict:
        """The fields as plain values, for a record."""
        return asdict(self)


def join_results(parts: Sequence[TrainingResult]) -> TrainingResult:
    """One result of runs that continue each other, such as on small images first and on large ones then.

    Args:
        parts: Results of `fit`, in order, one or more; of quantities that not all of them have, none is kept.
    """
    epochs = [second for part in parts for second in part.seconds_by_epoch]
    common = [key for key in parts[-1].history if all(key in part.history for part in parts)]
    seconds_an_image = sum(len(part.seconds_by_epoch) / part.images_per_second for part in parts) / len(epochs)
    return replace(
        parts[-1],
        history={key: [value for part in parts for value in part.history[key]] for key in common},
        seconds_first_step=parts[0].seconds_first_step,
        seconds_by_epoch=epochs,
        seconds=sum(part.seconds for part in parts),
        images_per_second=1 / seconds_an_image,
        best_epoch=len(epochs) - len(parts[-1].seconds_by_epoch) + parts[-1].best_epoch,
        hyperparameters=parts[-1].hyperparameters | {"epochs": sum(p.hyperparameters["epochs"] for p in parts)},
        started=parts[0].started,
        others_by_epoch=[share for part in parts for share in part.others_by_epoch],
        reused=all(part.reused for part in parts),
    )
