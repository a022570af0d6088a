"""What is frozen of a net, what training changed of it, and what each depth of training costs, as tables."""

from collections.abc import Iterable

import keras
import pandas as pd

from helpers.runs import epoch_seconds
from helpers.times import machines
from helpers.transfer.freezing import FreezeCheck, freeze


def depths_table(model: keras.Model, depths: dict[str, int | str]) -> pd.DataFrame:
    """Freeze a net's base to each of several depths in turn, check it, and say what trains.

    Args:
        model: A base and a head, as `pretrained_classifier` makes them; it is left frozen to the last depth.
        depths: What trains of the base, as in `trainable_layers`, by variant.

    Returns:
        The tables of all checks, one below the other, as `FreezeCheck.table` makes them; `part` names the variant.

    Raises:
        FreezeError: Something trains that should be frozen, or the other way round.
    """
    tables = []
    for variant, depth in depths.items():
        freeze(model, depth)
        table = FreezeCheck(model, depth).table().drop(columns="changed in training")
        tables.append(table.assign(part=f"{variant.replace('_', ' ')}: " + table["part"]))
    return pd.concat(tables, ignore_index=True)


def changes_table(records: Iterable[dict]) -> pd.DataFrame:
    """How many layers of the base changed in training, a row for each group of layers that a variant treats alike.

    Args:
        records: Of runs whose `freeze_check` holds the rows of `FreezeCheck.after_training`.

    Returns:
        Columns: trainable (the variant), layers, state, with weights (layers), runs; and of the layers with weights how
        many changed in the run that changed fewest, and in the one that changed most. Empty of no records.
    """
    rows = [{"trainable": record["variant"].replace("_", " ")} | row for record in records for row in _check(record)]
    if not rows:
        return pd.DataFrame()
    columns = ["trainable", "layers", "state", "with weights"]
    changed = pd.DataFrame(rows).query("part == 'base'").groupby(columns, sort=False)["changed in training"]
    return changed.agg(**{"runs": "count", "changed, fewest": "min", "changed, most": "max"}).reset_index()


def depth_costs(records: Iterable[dict]) -> pd.DataFrame:
    """What each run cost: the frozen part once, then the epochs.

    Args:
        records: Of runs.

    Returns:
        By column, for reading: trainable (the variant), seed, machine (as in `times.outcomes`), parameters trained,
        test accuracy, frozen part (s), shared ("yes" where other runs have the frozen part's time too), an epoch (s),
        in all (s).
    """
    rows, records = [], list(records)
    for record, machine in zip(records, machines(records), strict=True):
        part = record["frozen_part"] or {"seconds": 0.0, "shared": False}
        rows.append(
            {
                "trainable": record["variant"].replace("_", " "),
                "seed": record["seed"],
                "machine": machine,
                "parameters trained": f"{record['parameters']['trainable']:,}",
                "test accuracy": f"{record['test']['accuracy']:.3f}",
                "frozen part, s": f"{part['seconds']:,.1f}",
                "shared": "yes" if part["shared"] else "",
                "an epoch, s": f"{epoch_seconds(record):,.1f}",
                "in all, s": f"{record['seconds']:,.1f}",
            }
        )
    return pd.DataFrame(rows)


def _check(record: dict) -> list[dict]:
    """The rows of a run's freeze check; none where it has none, as a run of another notebook."""
    return record.get("freeze_check") or []
