"""The nets that are written in a notebook's cell are those of `helpers.models`, layer by layer."""

import ast
import contextlib
import io
import json
import types

import keras
import nbformat
import numpy as np
import pytest
from notebook_cells import code_cells, parameters_at, parsed

from helpers import models
from helpers.training import identify_run
from suite.jobs import ROOT

MEAN, STD = np.array([0.49, 0.48, 0.45]), np.array([0.25, 0.24, 0.26])


def names_of_page(stem: str, input_shape=(32, 32, 3), **given) -> dict:
    """What the cell with a notebook's nets defines, executed with the notebook's parameters and imports alone."""
    cells = code_cells(nbformat.read(ROOT / "notebooks" / f"{stem}.ipynb", as_version=4))
    lab = types.SimpleNamespace(input_shape=input_shape, class_names=[*"abcdefghij"], is_full=True)
    names = {"lab": lab, "mean": MEAN, "std": STD} | given
    imports = [s for cell in cells for s in parsed(cell) if isinstance(s, ast.Import | ast.ImportFrom)]
    exec(compile(ast.Module(imports, []), stem, "exec"), names)
    names["display"] = lambda *_: None
    parameters = cells[parameters_at(types.SimpleNamespace(cells=cells))].source
    page = next(cell.source for cell in cells if "keras.Input(" in cell.source)
    with contextlib.redirect_stdout(io.StringIO()):
        for source in (parameters, page):
            exec(compile(source, stem, "exec"), names)
    return names


def layers_of(model: keras.Model) -> list[tuple]:
    """The kind, the configuration and the shape of each layer; names, precisions and initial seeds aside."""
    found = []
    for layer in model.layers:
        if not isinstance(layer, keras.layers.InputLayer):
            config = {key: value for key, value in layer.get_config().items() if key not in ("name", "dtype", "seed")}
            found.append((type(layer).__name__, json.dumps(config, sort_keys=True, default=str), layer.output.shape))
    return found


PAGES = {
    "02 dense": ("02_dense_baseline", lambda page: page["dense"](0.5), lambda: models.report_a_dense(dropout_rate=0.5)),
    "02 mlp": ("02_dense_baseline", lambda page: page["mlp"](), lambda: models.report_c_mlp(mean=MEAN, std=STD)),
    "03 dense": ("03_cnn", lambda page: page["dense"](), lambda: models.report_a_dense(dropout_rate=0.5)),
    "03 cnn": ("03_cnn", lambda page: page["cnn"](0.5), lambda: models.report_a_cnn(dropout_rate=0.5)),
    "05 with": ("05_pooling", lambda page: page["cnn"](), lambda: models.report_a_cnn(dropout_rate=0.3)),
    "05 without": (
        "05_pooling",
        lambda page: page["cnn"](pooling=False),
        lambda: models.report_a_cnn(dropout_rate=0.3, pooling=False),
    ),
    **{
        f"06 {name}": (
            "06_strides",
            lambda page, name=name: page["cnn"](**page["variants"][name]),
            lambda options=options: models.report_a_cnn(dropout_rate=0.3, **options),
        )
        for name, options in {
            "cnn": {},
            "pool_stride_1": {"pool_stride": 1},
            "pool_stride_4": {"pool_stride": 4},
            "conv_stride_2": {"conv_strides": (2, 1, 1)},
            "conv_stride_4": {"conv_strides": (4, 1, 1)},
        }.items()
    },
    "08 valid": ("08_resolution", lambda page: page["convnet"]((32, 32, 3)), models.report_b_convnet),
    "09 arc2": ("09_fashion_mnist", lambda page: page["arc2"](0.25), lambda: models.report_b_arc2((32, 32, 3))),
    "09 arc3": ("09_fashion_mnist", lambda page: page["arc3"](0.25), lambda: models.report_b_arc3((32, 32, 3))),
    **{
        f"10 {name}": (
            "10_batch_norm",
            lambda page, name=name: page["cnn"](*page["variants"][name]),
            lambda options=options: models.report_c_cnn(mean=MEAN, std=STD, **options),
        )
        for name, options in {
            "cnn_plain": {},
            "cnn_batch_norm": {"batch_norm": True, "dropout_rate": 0.5},
            "batch_norm_alone": {"batch_norm": True},
        }.items()
    },
    "12 model 1": ("12_depth", lambda page: page["model_1"](), models.report_d_model_1),
    "12 model 2": ("12_depth", lambda page: page["model_2"](), models.report_d_model_2),
    "12 model 3": ("12_depth", lambda page: page["model_3"](), models.report_d_model_3),
    **{
        f"13 {activation}": (
            "13_optimizer_activation",
            lambda page, activation=activation: page["convnet"](activation),
            lambda activation=activation: models.report_e_convnet(activation=activation),
        )
        for activation in ("leaky_relu", "tanh")
    },
}


@pytest.mark.parametrize("which", PAGES)
def test_a_net_on_a_page_is_the_one_that_others_use(which):
    stem, on_page, in_helpers = PAGES[which]
    ours, theirs = on_page(names_of_page(stem)), in_helpers()
    assert layers_of(ours) == layers_of(theirs)
    assert models.count_parameters(ours) == models.count_parameters(theirs)


@pytest.mark.parametrize(
    ("first", "second"),
    [("02 dense", "03 dense"), ("05 with", "06 cnn"), ("03 cnn", "05 with")],
)
def test_the_same_net_on_two_pages_has_its_record_in_common(first, second):
    images, labels = np.zeros((8, 32, 32, 3), "uint8"), np.zeros(8, int)
    settings = []
    for stem, on_page, _ in (PAGES[first], PAGES[second]):
        keras.utils.set_random_seed(1)
        model = on_page(names_of_page(stem, dropout_rate_cnn=0.3))
        next(layer for layer in model.layers if isinstance(layer, keras.layers.Dropout)).rate = 0.3
        model.compile(keras.optimizers.Adam(0.001), "sparse_categorical_crossentropy", metrics=["accuracy"])
        settings.append(identify_run(model, images, labels, validation_data=None, epochs=1, batch_size=4, seed=1))
    assert settings[0] == settings[1]
