"""Downloads by `keras.utils.get_file`, which keeps them, after a look whether there is a network at all."""

import os
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from helpers.data.decoded import cache_folder
from helpers.files import lock

CONNECT_SECONDS = 5


class DownloadError(OSError):
    """A file could not be fetched."""


def keras_folder() -> Path:
    """The folder that Keras keeps its downloads in; as Keras does, one for temporary files where it is read-only."""
    folder = Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser()
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    temporary = Path("/tmp") if Path("/tmp").is_dir() else Path(tempfile.gettempdir())
    return folder if os.access(folder, os.W_OK) else temporary / ".keras"


def fetch(fname: str, url: str, **options) -> Path:
    """Fetch a file once, or find it where Keras keeps its downloads; processes that want it at once take turns.

    Args:
        fname: The name to keep it under.
        url: Where it is published.
        **options: More of `keras.utils.get_file`'s, such as file_hash.

    Raises:
        DownloadError: No network, or the download failed.
    """
    import keras  # here, so that finding local data needs no backend

    with alone(fname):  # Keras writes to the file's own name: another process would take a part for the whole
        try:
            return Path(keras.utils.get_file(fname, origin=url, cache_dir=str(keras_folder()), **options))
        except Exception as error:  # get_file raises bare Exception for every failure of the network
            raise DownloadError(f"{url} could not be fetched ({error})") from error


@contextmanager
def alone(name: str) -> Iterator[None]:
    """Keep the user's other processes from fetching what has the same name meanwhile, or looking whether it is there.

    Args:
        name: Of a file, or of several that are fetched together. Within a block, never the same one again.
    """
    with ExitStack() as stack:
        path = cache_folder() / f"{name}.lock"
        with suppress(PermissionError):  # another user's lock, in a folder that both use
            file = stack.enter_context(path.open("a"))
            lock(file, lambda: print(f"Another process fetches {name}; waiting for it.", flush=True))
        yield


def check_reachable(url: str) -> None:
    """Fail within seconds where there is no network: Keras's download itself has no time limit.

    Raises:
        DownloadError: The address does not answer.
    """
    try:
        urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=CONNECT_SECONDS).close()
    except (urllib.error.URLError, OSError) as error:
        raise DownloadError(f"{url} could not be fetched ({error})") from error
