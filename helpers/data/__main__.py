"""Fetch data sets before several notebooks ask for them at once: `python -m helpers.data cifar10 fashion_mnist`."""

import sys

from helpers.data import DamagedFileError, DataNotFoundError, load_dataset


def main(names: list[str]) -> None:
    """Load each data set once, downloading and decoding it if need be, and say what could not be had."""
    for name in names:
        try:
            images = load_dataset(name)[0].images
            print(f"Data: {name}, {len(images):,} images of {images.shape[1]}x{images.shape[2]}", flush=True)
        except (DataNotFoundError, DamagedFileError) as error:  # each notebook decides what that means for it
            print(f"Data: {error}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
