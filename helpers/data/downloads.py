"""Downloads by `keras.utils.get_file`, which keeps them, after a look whether there is a network at all."""

import os
import urllib.error
import urllib.request
from pathlib import Path

CONNECT_SECONDS = 5


class DownloadError(OSError):
    """A file could not be fetched."""


def keras_folder() -> Path:
    """The folder that Keras keeps its downloads in."""
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")


def fetch(fname: str, url: str, **options) -> Path:
    """Fetch a file once, or find it where Keras keeps its downloads.

    Args:
        fname: The name to keep it under.
        url: Where it is published.
        **options: More of `keras.utils.get_file`'s, such as file_hash.

    Raises:
        DownloadError: No network, or the download failed.
    """
    import keras  # here, so that finding local data needs no backend

    try:
        return Path(keras.utils.get_file(fname, origin=url, cache_dir=str(keras_folder()), **options))
    except Exception as error:  # get_file raises bare Exception for every failure of the network
        raise DownloadError(f"{url} could not be fetched ({error})") from error


def check_reachable(url: str) -> None:
    """Fail within seconds where there is no network: Keras's download itself has no time limit.

    Raises:
        DownloadError: The address does not answer.
    """
    try:
        urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=CONNECT_SECONDS).close()
    except (urllib.error.URLError, OSError) as error:
        raise DownloadError(f"{url} could not be fetched ({error})") from error
