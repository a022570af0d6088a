"""Whether a record's tests are those that a notebook asks for now: of the same images, classes and figures."""

from helpers.fingerprints import digest_of_arrays


def other_images(record: dict, tests: dict) -> str:
    """What is wrong where a record's tests are not of these images and classes; empty where nothing is."""
    for name, (x, y, *_) in tests.items():
        if name and name not in record["tests"]:
            return f"its record has no test {name!r}"
        known = record["tests"][name] if name else record["test"]
        if record.get("older") and "images_sha256" not in known:
            continue  # written before records held that
        if (known.get("images_sha256"), known.get("labels_sha256")) != (digest_of_arrays(x), digest_of_arrays(y)):
            return "these are not the images that were tested"
    return ""


def says_the_same(record: dict, test: dict, tests: dict) -> bool:
    """Whether a record has these tests: of the same images and classes, and with the same confusion matrices."""
    asked, known = {"": test, **tests}, {"": record["test"], **record["tests"]}
    keys = ("images_sha256", "labels_sha256", "confusion_matrix")
    return all(name in known and all(known[name].get(key) == of.get(key) for key in keys) for name, of in asked.items())
