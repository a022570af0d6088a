"""What usually makes a figure unusually high or low."""

from helpers.claims.figures import Figure
from helpers.claims.printed_nets import AVERAGES, OF_CLASS

SHARES = (
    "train_accuracy",
    "val_accuracy",
    "precision",
    "recall",
    "f1",
    "class_accuracy",
    *AVERAGES,
    *OF_CLASS.values(),
)
TOO_GOOD = (
    "test images among the training images",
    "test images used for early stopping or for choosing settings",
    "the best epoch's validation figure given in place of the test's",
    "another split",
    "augmentation, or more epochs than the protocol has",
)
TOO_BAD = (
    "fewer epochs than the protocol has",
    "another learning rate",
    "labels shuffled, or not those of the images",
    "pixels scaled twice or not at all",
    "the model in training mode at test time, with dropout on",
    "another split",
)
NO_RESTRAINT = ("dropout, augmentation or weight decay left out", "more epochs than the protocol has")
EPOCHS = ("another patience, limit of epochs or learning rate",)
CAUSES = {name: {"unusually high": TOO_GOOD, "unusually low": TOO_BAD} for name in SHARES} | {
    "loss": {
        "unusually high": (*TOO_BAD, "more epochs: the loss of a net that overfits rises again"),
        "unusually low": TOO_GOOD,
    },
    "train_accuracy": {"unusually high": NO_RESTRAINT, "unusually low": TOO_BAD},
    "generalisation_gap": {"unusually high": NO_RESTRAINT, "unusually low": TOO_BAD},
    "epochs_run": {"unusually high": EPOCHS, "unusually low": EPOCHS},
    "best_epoch": {"unusually high": EPOCHS, "unusually low": EPOCHS},
}
OF_CLASSES = ("the classes' names in another order", "precision and recall exchanged")
OTHER_NET = ("a layer of another size, one more or one fewer, other padding or another input size",)
OTHER_IMAGES = ("another split: other test images",)


def causes_of(of: Figure, verdict: str) -> tuple[str, ...]:
    """What usually makes a figure lie outside on one side."""
    return CAUSES.get(of.name, {}).get(verdict, ()) + (OF_CLASSES if of.name in OF_CLASS.values() else ())
