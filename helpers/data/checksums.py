"""The published checksums, and the check that comes before anything in a file is unpickled or used."""

import gzip
import hashlib
import io
import zlib
from pathlib import Path

# https://www.cs.toronto.edu/~kriz/cifar.html publishes the archive; these are the MD5s of its files.
CIFAR10_MD5 = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
}
# https://github.com/zalandoresearch/fashion-mnist, section "Get the Data", publishes the MD5 of each .gz. Mirrors
# compress the same bytes anew, so the MD5 of the bytes inside counts as well.
FASHION_MNIST_MD5 = {
    "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
}
LARGEST_BYTES = 47_040_016  # of the uncompressed files: 60,000 images of 28x28, and a header
UNCOMPRESSED_MD5 = {
    "8d4fb7e6c68d591d4c3dfef9ec88bf0d": "f4a8712d7a061bf5bd6d2ca38dc4d50a",
    "25c81989df183df01b3e8a0aad5dffbe": "9018921c3c673c538a1fc5bad174d6f9",
    "bef4ecab320f06d8554ea6380940ec79": "8181f5470baa50b63fa0f6fddb340f0a",
    "bb300cfdad3c16e7a12a480ee83cd310": "15d484375f8d13e6eb1aabb0c3f46965",
}


class DamagedFileError(ValueError):
    """A data file is not, byte for byte, the published one."""


def read_verified(path: Path, md5: str) -> bytes:
    """Read a file and return its bytes, a .gz file's uncompressed, only if they are the published ones.

    Args:
        path: The file.
        md5: The published MD5 of the file, 32 hexadecimal digits.

    Raises:
        DamagedFileError: The bytes differ: cut short, altered, or another file.
    """
    content = path.read_bytes()
    found = _md5(content)
    verified = found == md5
    if path.suffix == ".gz":
        content = _uncompressed(content)
        verified = verified or _md5(content) == UNCOMPRESSED_MD5.get(md5)
    if not verified:
        raise DamagedFileError(
            f"{path} is not the published file: expected MD5 {md5}, found {found} ({path.stat().st_size:,} bytes). "
            "It was cut short or altered, and nothing in it was used. Delete it and fetch it again; "
            "if Keras downloaded it, delete its folder and archive under ~/.keras/datasets."
        )
    return content


def is_published(path: Path, md5: str) -> bool:
    """Whether a file's bytes are the published ones, as for `read_verified`."""
    try:
        return bool(read_verified(path, md5))
    except DamagedFileError:
        return False


def _md5(content: bytes) -> str:
    """The MD5 as hexadecimal digits."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _uncompressed(content: bytes) -> bytes:
    """What a gzip file holds, cut at the largest published size; nothing where it is damaged."""
    try:
        with gzip.open(io.BytesIO(content)) as file:
            return file.read(LARGEST_BYTES)
    except (OSError, EOFError, zlib.error):
        return b""
