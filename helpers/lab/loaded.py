"""A data set as a notebook loads it: cut by a split, and as much of each part as the profile uses."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers import data
from helpers.profiles import Profile

Labelled = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class LoadedData:
    """A data set in three parts.

    Attributes:
        asked: The data set that was asked for.
        name: What was loaded; another where the digits stand in.
        class_names: Names by class.
        split: The whole cut.
        parts: Training, validation and test images with their classes, as much of each as the profile uses.
    """

    asked: str
    name: str
    class_names: list[str]
    split: data.Split
    parts: tuple[Labelled, Labelled, Labelled]

    @property
    def counts(self) -> pd.DataFrame:
        """How many images of each class each part has."""
        counts = [np.bincount(labels, minlength=len(self.class_names)) for _, labels in self.parts]
        names = ["train", "validation", "test"]
        return pd.DataFrame(counts, names, self.class_names).assign(all=np.sum(counts, axis=1))

    @property
    def about(self) -> dict:
        """What a record says of it."""
        split = {"name": self.split.name, "fingerprint": self.split.fingerprint, **self.split.sizes}
        return {"dataset": self.name, "asked_dataset": self.asked, "split": split}


def load_parts(
    asked: str, split: Callable[[int], data.Split], profile: Profile, quick_images: int | None = None
) -> LoadedData:
    """Load a data set and split it.

    Args:
        asked: A data set's name.
        split, quick_images: As for `Lab.load`.
        profile: Says how much of each part is used.
    """
    (images, labels, class_names), name = data.load_dataset(asked, profile.allows_stand_in)
    cut = split(len(images))
    used = profile.train(cut.train), profile.held_out(cut.validation), profile.held_out(cut.test)
    used = [part[: quick_images if profile.name == "quick" else None] for part in used]
    return LoadedData(asked, name, class_names, cut, tuple((images[part], labels[part]) for part in used))
