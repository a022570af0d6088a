"""Fetch data sets before several notebooks ask for them at once: `python -m helpers.data cifar10 fashion_mnist`."""

import argparse

from helpers.data import DamagedFileError, DataNotFoundError, load_dataset


def main(names: list[str], stand_in: bool) -> None:
    """Load each data set once, downloading and decoding it if need be, and say how it went."""
    for name in names:
        try:
            (images, _, _), used = load_dataset(name, stand_in)
        except (DataNotFoundError, DamagedFileError) as error:  # each notebook decides what that means for it
            print(f"Data: {error}", flush=True)
            continue
        if used == name:
            print(f"Data: {name}, {len(images):,} images of {images.shape[1]}x{images.shape[2]}", flush=True)
        else:
            print(f"Data: {name} is unavailable, locally and by download: scikit-learn's digits stand in.", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="+")
    parser.add_argument("--stand-in", action="store_true", help="let the bundled digits replace what is unavailable")
    asked = parser.parse_args()
    main(asked.names, asked.stand_in)
