"""What the tests share: tiny images and models, the real data where they are there, and settings put back."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # before keras is imported
os.environ.setdefault("MPLBACKEND", "Agg")
# JAX compiles a small net once a run of the tests, not once a test. Who makes the folder removes it; other processes
# inherit its name.
if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
    compiled = tempfile.mkdtemp(prefix="coursework-compiled-")
    atexit.register(shutil.rmtree, compiled, ignore_errors=True)
    os.environ |= {"JAX_COMPILATION_CACHE_DIR": compiled, "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0.1"}
    os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "-1"

from typing import TYPE_CHECKING

import numpy as np
import pytest
from crashes import pytest_runtest_logfinish, pytest_runtest_logstart, pytest_testnodedown  # noqa: F401 - hooks

if TYPE_CHECKING:  # Keras and the helpers are imported by what needs them: who hands out the tests does not
    import keras

LONGEST = (
    "test_smoke.py",
    "test_reproduce.py",
    "test_suite_faults.py",
    "test_browser.py",
    "test_audit.py",
    "test_run_faults.py",
    "test_live_first.py",  # these two after the others: they need what test_smoke.py makes first
    "test_live_others.py",
)  # minutes each


def pytest_collection_modifyitems(items):
    """Put the files that take longest first: else one process ends on them while the others have nothing."""
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


@pytest.fixture(scope="session", autouse=True)
def _own_folders(tmp_path_factory):
    """Keep decoded images out of the user's cache, and lines of progress out of a log that he follows."""
    with pytest.MonkeyPatch.context() as patch:
        if "COURSEWORK_CACHE" not in os.environ:
            patch.setenv("COURSEWORK_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.delenv("COURSEWORK_PROGRESS", raising=False)
        yield


def _real(name: str, folder: str, load: str):
    """A published data set, or a skip that says which one is missing."""
    from helpers import data

    if not os.environ.get("COURSEWORK_DATA") or not (data.data_folder() / folder).is_dir():
        pytest.skip(f"{name} is not in $COURSEWORK_DATA")
    return getattr(data, load)()


@pytest.fixture(scope="session")
def cifar10(_own_folders):
    """CIFAR-10 itself; its tests are skipped where $COURSEWORK_DATA does not have it."""
    return _real("CIFAR-10", "cifar-10-batches-py", "load_cifar10")


@pytest.fixture(scope="session")
def fashion_mnist(_own_folders):
    """Fashion-MNIST itself; its tests are skipped where $COURSEWORK_DATA does not have it."""
    return _real("Fashion-MNIST", "fashion-mnist", "load_fashion_mnist")


@pytest.fixture(scope="session")
def _warm_server():
    """The address of a server of processes that have imported the libraries, which are most of what suites import."""
    from suite.warm import ADDRESS, LIBRARIES, warm_processes

    with warm_processes(Path(__file__).parents[1], (*LIBRARIES, "snakemake.cli")):
        yield os.environ.pop(ADDRESS, None)


@pytest.fixture(scope="module")
def libraries_are_imported(_warm_server):
    """Suites begin, and have their servers begin, with libraries from a process that has them already."""
    from suite.warm import ADDRESS

    with pytest.MonkeyPatch.context() as patch:
        if _warm_server:  # else there can be none on this system
            patch.setenv(ADDRESS, _warm_server)
        yield


@pytest.fixture
def keep_precision():
    """Put Keras's dtype policy back after a test that sets another."""
    import keras

    policy = keras.config.dtype_policy()
    yield
    keras.config.set_dtype_policy(policy)


@pytest.fixture(scope="session")
def tiny_data():
    """64 images 8x8 of four classes that differ in brightness: uint8 (64, 8, 8, 3), int64 (64,)."""
    rng = np.random.default_rng(0)
    labels = np.arange(64) % 4
    images = labels[:, None, None, None] * 60 + rng.integers(0, 60, (64, 8, 8, 3))
    return images.astype("uint8"), labels


@pytest.fixture(scope="session")
def build_tiny():
    """Make a compiled net, Flatten and Dense with dropout between, for `tiny_data`: build_tiny(seed, learning_rate)."""
    import keras

    def build(seed: int = 0, learning_rate: float = 0.05) -> "keras.Model":
        keras.utils.set_random_seed(seed)
        net = [
            keras.Input((8, 8, 3), dtype="uint8"),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.25),
            keras.layers.Dense(4, activation="softmax"),
        ]
        model = keras.Sequential(net)
        model.compile(keras.optimizers.SGD(learning_rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    return build


@pytest.fixture(scope="session")
def trained(build_tiny, tiny_data):
    """A tiny net trained for two epochs with seed 7, and what `fit` returned of it."""
    from helpers.training import fit

    model = build_tiny(seed=7)
    result = fit(model, *tiny_data, validation_data=tiny_data, epochs=2, batch_size=16, seed=7)
    return model, result


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache; gives its folder of features."""
    monkeypatch.setenv("COURSEWORK_CACHE", str(tmp_path))
    return tmp_path / "features"


@pytest.fixture(scope="session")
def build_base():
    """Make a base with a residual block, BatchNormalization and stochastic depth, and a head, for `tiny_data`."""
    import keras

    from helpers.transfer import freeze

    layers = keras.layers

    def build(depth=0, strides=2, seed=0) -> "keras.Model":
        keras.utils.set_random_seed(seed)
        images = keras.Input((8, 8, 3), dtype="uint8", name="images")
        x = layers.Rescaling(1 / 255, name="scale_pixels")(images)
        x = stem = layers.Conv2D(6, 3, strides=strides, activation="relu", name="stem")(x)  # 8x8 -> 3x3
        x = layers.Conv2D(6, 3, padding="same", name="inner")(x)
        x = layers.BatchNormalization(name="inner_norm")(x)
        x = layers.Dropout(0.5, name="stochastic_depth")(x)
        x = layers.Add(name="add")([stem, x])
        x = layers.Conv2D(8, 3, padding="same", activation="relu", name="last")(x)
        x = layers.BatchNormalization(name="last_norm")(x)
        x = layers.GlobalAveragePooling2D(name="head_pool")(x)
        x = layers.Dropout(0.25, name="head_dropout")(x)
        x = layers.Dense(4, activation="softmax", dtype="float32", name="probabilities")(x)
        model = keras.Model(images, x)
        freeze(model, depth)
        model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    return build
