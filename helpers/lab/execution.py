"""`Execution`: in which profile a notebook is executed, and what of it is trained."""

import os

from helpers import variables
from helpers.profiles import Profile


class Execution:
    """What one execution of a notebook is for.

    Args:
        profile: How much of the experiment is run.
    """

    def __init__(self, profile: Profile):
        self._profile = profile

    @property
    def from_records(self) -> bool:
        """Whether the page is made from records alone: nothing is trained or measured."""
        return os.environ.get(variables.FROM_RECORDS) == "1"

    @property
    def only(self) -> str | None:
        """The variant that an audit trains again, alone: what serves to choose its settings is as it was recorded."""
        return os.environ.get(variables.ONLY) or None

    def trains(self, candidate: bool = False) -> bool:
        """Whether runs that are not recorded are trained; candidates are not where one variant is trained again."""
        return not (self.from_records or (candidate and self.only))

    @property
    def needs_weights(self) -> bool:
        """Whether runs end with trained weights where a notebook does not say: for whoever goes on in its kernel.

        In the full profile a record is enough, since training takes hours: `run.fit(..., weights=True)` asks for more.
        """
        return os.environ.get(variables.SUITE) != "1" and self._profile.name != "full"

    @property
    def is_full(self) -> bool:
        """Whether it is the reports' whole protocol."""
        return self._profile.name == "full"

    @property
    def is_smoke(self) -> bool:
        """Whether it is only a test that the code runs."""
        return self._profile.name == "smoke"

    def epochs(self, protocol: int) -> int:
        """The number of epochs to run in this profile where the protocol has so many."""
        return self._profile.epochs(protocol)

    def batch(self, protocol: int) -> int:
        """The number of images a step in this profile where the protocol has so many."""
        return self._profile.batch(protocol)
