"""On Google Colab, where the helpers work beside what is installed there: whether that is new enough for them."""

from importlib import metadata

PACKAGE = "image-classification-coursework"


def find_too_old() -> list[str]:
    """What the helpers need newer than it is installed, or need at all, a line each: "keras 3.10.0, not >=3.13"."""
    from packaging.requirements import Requirement

    lacking = []
    for needed in map(Requirement, metadata.requires(PACKAGE) or ()):
        try:
            installed = metadata.version(needed.name)
        except metadata.PackageNotFoundError:
            lacking.append(f"{needed.name}, which is not installed")
            continue
        if not needed.specifier.contains(installed, prereleases=True):
            lacking.append(f"{needed.name} {installed}, not {needed.specifier}")
    return lacking


def prepare() -> None:
    """See to what the helpers need: say what is too old; put what Keras lacks beside what it has.

    Raises:
        ImportError: Something is too old. Nothing is upgraded: that might break what else is installed.
    """
    if lacking := find_too_old():
        raise ImportError(
            f"the helpers cannot work here, because of {'; '.join(lacking)}. Choose the newest version under "
            "Runtime, Change runtime type. Or install what is named by %pip install --upgrade, and restart the session."
        )
    from helpers.training.older_keras import provide_optimizers

    provide_optimizers()
