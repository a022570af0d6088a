"""Notebook 07's own net is the helpers', and its tables say what each run did."""

import json
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from keras import layers

from helpers import transfer
from helpers.training import fit, identify_run
from helpers.transfer import FreezeCheck, changes_table, depth_costs, depths_table

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "07_frozen_vs_unfrozen.ipynb"


def test_the_net_on_the_page_is_the_pretrained_classifier_with_the_same_settings():
    cells = ["".join(cell["source"]) for cell in json.loads(NOTEBOOK.read_text())["cells"]]
    lab = SimpleNamespace(from_records=True, input_shape=(32, 32, 3), class_names=list("abcdefghij"))
    page = {"lab": lab, "keras": keras, "layers": layers, "transfer": transfer}
    page |= {"base": "VGG16", "image_size": 32, "dropout_rate": 0.5}
    exec(next(cell for cell in cells if "def classifier" in cell), page)
    settings = []
    for model in (page["classifier"](2), transfer.pretrained_classifier(transfer.BASES["VGG16"], None, 2)):
        model.compile("adam", "sparse_categorical_crossentropy")
        x, y = np.zeros((4, 32, 32, 3), "uint8"), np.zeros(4, "int64")
        settings.append(identify_run(model, x, y, validation_data=None, epochs=1, batch_size=4, seed=0).setting)
    assert settings[0] == settings[1]


def test_each_depth_is_checked_and_shown(build_base):
    table = depths_table(build_base(), {"all_frozen": 0, "everything": "everything"})
    assert table["part"].tolist() == ["all frozen: base", "all frozen: head", "everything: base", "everything: head"]
    assert table["state"].tolist() == ["frozen", "trains", "trains", "trains"]


@pytest.fixture
def records(cache, build_base, tiny_data):
    """Records of a run behind frozen layers and of one with everything trainable, as far as the tables need them."""
    found = []
    for variant, depth in (("last_layer", 1), ("everything", "everything")):
        model = build_base(depth)
        check = FreezeCheck(model, depth)
        result = fit(model, *tiny_data, validation_data=tiny_data, epochs=2, batch_size=16, seed=0)
        own = {"variant": variant, "test": {"accuracy": 0.5}, "parameters": {"trainable": 1234}}
        own |= {"backend": "tensorflow", "device": "this one", "disturbed": variant == "last_layer"}
        rows = check.after_training().to_dict("records")
        found.append(json.loads(json.dumps(result.as_dict() | own | {"freeze_check": rows})))
    return found


def test_the_table_of_changes_counts_the_layers_that_changed_in_a_run(records):
    table = changes_table([*records, records[0]]).set_index(["trainable", "state"])
    assert table["runs"].to_dict() == {
        ("last layer", "frozen"): 2,
        ("last layer", "trains"): 2,
        ("everything", "trains"): 1,
    }
    assert table["changed, most"].to_dict()["last layer", "frozen"] == 0
    assert table["changed, fewest"].to_dict()["last layer", "trains"] == 1
    assert changes_table([]).empty


def test_the_table_of_costs_has_the_frozen_part_once_and_says_where_it_was_shared(records):
    table = depth_costs(records).set_index("trainable")
    assert table["shared"].tolist() == ["yes", ""]  # training and validation images are the same
    assert table.loc["everything", "frozen part, s"] == "0.0"
    assert table["machine"].tolist() == ["disturbed", "quiet"]
    assert table.loc["last layer", "parameters trained"] == "1,234"
    assert depth_costs([]).empty
