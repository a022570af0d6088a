"""The parameters that mean the same in every notebook, and what each must be."""

from helpers import data
from helpers.lab.parameters import Check, list_of, number, one_of, seed, share, text, whole_number
from helpers.machine import PRECISIONS
from helpers.profiles import PROFILES

KNOWN: dict[str, Check] = {
    "profile": one_of(*PROFILES),
    "dataset": one_of(*data.LOADERS),
    "fashion_dataset": one_of("fashion_mnist", "digits"),
    "reports_dir": text(),
    "runs_dir": text(empty=True),
    "precision": one_of(*PRECISIONS),
    "seeds": list_of(seed()),
    "search_seed": seed(),
    "learning_rate": number(above=0, up_to=10),
    **dict.fromkeys(("dropout_rate", "momentum", "weight_decay"), share()),
    **dict.fromkeys(("epochs", "patience", "search_epochs"), whole_number(1, 1000)),
    "batch_size": whole_number(1, 10_000),
}
REQUIRED = ("profile", "reports_dir")  # of these, what every notebook has
