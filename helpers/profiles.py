"""How much of an experiment is run: `full` is the reports' own protocol, the others the same code on less."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Profile:
    """A share of the full protocol.

    Attributes:
        name: "full", "quick" or "smoke".
        max_train: Most training images; None for all.
        max_held_out: Most validation images, and most test images; None for all.
        max_batch: Most images a step, so that few images make many steps; None for the protocol's own number.
        epochs_share: Share of the protocol's epochs, rounded, at least one.
        allows_stand_in: Whether scikit-learn's digits may replace a data set that is unavailable.
        about: A phrase for the pages.
    """

    name: str
    max_train: int | None
    max_held_out: int | None
    max_batch: int | None
    epochs_share: float
    allows_stand_in: bool
    about: str

    def epochs(self, protocol: int) -> int:
        """The number of epochs to run where the protocol has so many."""
        return max(1, round(protocol * self.epochs_share))

    def batch(self, protocol: int) -> int:
        """The number of images a step where the protocol has so many."""
        return min(protocol, self.max_batch or protocol)

    def train(self, indices: np.ndarray) -> np.ndarray:
        """The training images to use: the first of the split's random order."""
        return indices[: self.max_train]

    def held_out(self, indices: np.ndarray) -> np.ndarray:
        """The validation or test images to use: the first of the split's random order."""
        return indices[: self.max_held_out]


PROFILES = {
    profile.name: profile
    for profile in (
        Profile("full", None, None, None, 1.0, False, "the whole protocol: all images, all epochs"),
        Profile("quick", 5_000, 2_000, 32, 0.1, True, "5,000 training and 2,000 test images, a tenth of the epochs"),
        Profile("smoke", 64, 60, None, 0.01, True, "64 training images, one epoch: a test that the code runs"),
    )
}
