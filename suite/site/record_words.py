"""What a record says, in words: a run, a candidate of a search, or something measured beside runs."""

from datetime import datetime

from markupsafe import Markup

from helpers.data import TITLES
from helpers.progress import format_seconds, format_time
from helpers.runs import MACHINE, epoch_seconds
from suite.site.curves import draw_curves


def describe_run(record: dict) -> dict:
    """A tested run in words."""
    test = record["test"]
    asked, epochs = record["hyperparameters"], len(record["seconds_by_epoch"])
    stopped = record["stopped_early"] or record["best_epoch"] != epochs
    tests = {f"accuracy, {name}": f"{further['accuracy']:.4f}" for name, further in record["tests"].items() if further}
    name = f"{record['variant'].replace('_', ' ')}, seed {record['seed']}"
    facts = {
        "test accuracy": f"{test['accuracy']:.4f} of {test['images']:,} images",
        "macro F1": f"{test['macro_avg']['f1-score']:.4f}",
        "test loss": f"{test['loss']:.4f} nats",
        **tests,
        "epochs": f"{epochs} of at most {asked['epochs']}, best {record['best_epoch']}" if stopped else str(epochs),
        **_cost(record),
        "parameters": f"{record['parameters']['total']:,}, {record['parameters']['trainable']:,} of them trained",
        "data": _data(record),
        **_origin(record),
    }
    return {
        "words": name,
        "seed": record["seed"],
        "accuracy": float(test["accuracy"]),
        "macro_f1": f"{test['macro_avg']['f1-score']:.3f}",
        "date": date_of(record["started"]),
        "facts": facts,
        "settings": _flat(asked),
        "curves": draw_curves(record["history"], record["best_epoch"] if stopped else None, name),
        "epochs": _epochs_table(record),
        "by_class": _class_table(test.get("by_class") or {}),
        "older": bool(record.get("older")),
        "command": _command(record),
    }


def describe_candidate(record: dict) -> dict:
    """A candidate in words: what it was chosen by, and what it was."""
    values = record["history"]["val_accuracy"]
    return {
        "seed": record["seed"],
        "best": f"{max(values):.3f}",
        "last": f"{values[-1]:.3f}",
        "epochs": len(values),
        "seconds": format_seconds(record["seconds"]),
        "date": date_of(record["started"]),
    }


def describe_measurement(record: dict) -> dict:
    """Something measured beside runs, in words."""
    value = record["value"] if isinstance(record["value"], dict) else {"value": record["value"]}
    settings = {"settings": _in_line(_flat(record["settings"]))}
    return {"facts": {key: _short(found) for key, found in value.items()} | settings | _origin(record)}


def _cost(record: dict) -> dict[str, str]:
    """What a run took, and whether the machine was its own."""
    frozen = record.get("frozen_part")
    found = {
        "training time": f"{record['seconds']:,.1f} s",
        "an epoch": f"{epoch_seconds(record):.2f} s, the median without the first",
        "images a second": f"{record['images_per_second']:,.0f}",
        "first steps": f"{record['seconds_first_step']:.1f} s",
        "machine meanwhile": MACHINE[record["disturbed"]],
    }
    if record.get("test_seconds"):
        found["test"] = f"{record['test_seconds']:.1f} s"
    if frozen:
        found["frozen part"] = f"{frozen['seconds']:.1f} s, in the training time: {frozen['about']}"
    return found


def _origin(record: dict) -> dict[str, object]:
    """Where and when something was recorded, by which code, and what tells it from others."""
    threads = f", {count} thread{'s' * (count > 1)}" if (count := record.get("threads")) else ""
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    ended = f", ended {format_time(record['ended'])}" if record.get("ended") else ""
    found = {"device": f"{record['device']}{threads}"}
    found |= {"precision": record["precision"].replace("_", " ")} if record.get("precision") else {}
    found |= {"software": f"{versions}; backend {record['backend']}", "commit": record["commit"]}
    found |= {"begun": f"{format_time(record['started'])}{ended}"}
    digests = {"identity": record["identity"], "setting": record["setting"], "digest of the record": record["sha256"]}
    return found | {label: Markup("<code>{}</code>").format(digest) for label, digest in digests.items()}


def _data(record: dict) -> str:
    """The data and their split."""
    split, used = record["split"], record["dataset"]
    trained = record["hyperparameters"].get("train_images")
    held_out = split.get("validation")
    if held_out and trained == split.get("train", 0) + held_out:  # nothing was chosen by validation
        split = {key: size for key, size in split.items() if key != "validation"} | {"train": trained}
    sizes = ", ".join(f"{split[part]:,} {part}" for part in ("train", "validation", "test") if part in split)
    stands_in = f" in place of {record['asked_dataset']}" if record["asked_dataset"] != used else ""
    name = str(split.get("name", "not named")).replace("_", " ")
    return f"{TITLES.get(used, used)}{stands_in}; split {name}" + (f": {sizes}" if sizes else "")


def _epochs_table(record: dict) -> dict:
    """The history with the seconds of each epoch and the share that other processes took: columns and rows of text."""
    first = ("loss", "val_loss", "accuracy", "val_accuracy")
    history = record["history"]
    columns = {name: history[name] for name in sorted(history, key=lambda n: (first.index(n) if n in first else 4, n))}
    columns |= {"seconds": record["seconds_by_epoch"], "processor taken by others (0 to 1)": record["others_by_epoch"]}
    columns = {name: values for name, values in columns.items() if values}
    longest = max(map(len, columns.values()))
    rows = [
        [str(epoch + 1), *(_in_epoch(name, values[epoch : epoch + 1]) for name, values in columns.items())]
        for epoch in range(longest)
    ]
    return {"columns": ["epoch", *(name.replace("_", " ") for name in columns)], "rows": rows}


def _in_epoch(name: str, value: list) -> str:
    """A value of an epoch, such as its loss; "" where there is none."""
    form = {"learning_rate": ".4g", "seconds": ".2f"}.get(name, ".4f")
    return f"{value[0]:{form}}" if value and value[0] is not None else ""


def _class_table(by_class: dict) -> dict:
    """Precision, recall and F1 of each class: columns and rows of text."""
    rows = [
        [name, *(f"{of[key]:.3f}" for key in ("precision", "recall", "f1-score")), f"{of['support']:.0f}"]
        for name, of in by_class.items()
    ]
    return {"columns": ["class", "precision", "recall", "F1", "images"], "rows": rows}


def _flat(settings: dict, above: str = "") -> dict[str, str]:
    """Nested settings as names and values in words, without those that are off."""
    found = {}
    for key, value in settings.items():
        name = f"{above}{key}".replace("_", " ")
        if isinstance(value, dict) and {"class_name", "config"} <= set(value):  # as Keras serialises an object
            value = f"{value['class_name']} {_in_line(_flat(value['config']))}"
        if isinstance(value, dict):
            found |= _flat(value, f"{name}, ")
        elif value is not None and value is not False:
            found[name] = _short(value)
    return found


def _in_line(settings: dict[str, str]) -> str:
    """Names and values in a line."""
    return "; ".join(f"{name} {value}" for name, value in settings.items())


def _short(value: object) -> str:
    """A plain value in words; of a long list its length and its ends."""
    if isinstance(value, list) and len(value) > 8:
        return f"{len(value)} values, from {_short(value[0])} to {_short(value[-1])}"
    if isinstance(value, list):
        return ", ".join(map(_short, value))
    if isinstance(value, dict):
        return _in_line(_flat(value))
    if value is None or isinstance(value, bool):
        return {True: "yes", False: "no", None: "not known"}[value]
    return _number(value)


def _number(value: object) -> str:
    """A number in few digits; anything else as it is."""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1e5 else f"{value:.5g}"
    return "" if value is None else f"{value:,}" if isinstance(value, int) and abs(value) >= 1e5 else str(value)


def _command(record: dict) -> str:
    """What trains a run again, with all others of its notebook and seed."""
    digits = " DATASET=digits" if record["asked_dataset"] == "digits" else ""
    return f'make report NB={record["notebook"]} PROFILE={record["profile"]} SEEDS="{record["seed"]}" FRESH=1{digits}'


def date_of(time: str) -> str:
    """A time as "5 March 2026"."""
    date = datetime.fromisoformat(time)
    return f"{date.day} {date:%B %Y}"
