"""The metrics that a model is compiled with: their names, and what a run that was kept must have of them."""

import keras
import pytest
from interrupted import QUANTITIES, Interrupt

from helpers.training import fit, join_results


def certainty(y_true, y_pred):
    """A metric of a notebook's own."""
    return keras.ops.mean(y_pred, axis=-1)


def test_a_finished_run_without_a_metric_that_is_asked_for_now_is_trained_again(build_tiny, tiny_data, tmp_path):
    def run(*metrics, **options):
        model = build_tiny()
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=list(metrics))
        options = {"epochs": 2, "batch_size": 16, "seed": 0, "runs_dir": tmp_path} | options
        return fit(model, *tiny_data, validation_data=tiny_data, **options)

    class Mean(keras.metrics.MeanMetricWrapper):
        def __init__(self):
            super().__init__(certainty, name="mean_of")

    first = run("accuracy")
    assert run("accuracy").reused
    assert run().reused  # it has more than is asked for
    more = run("accuracy", Mean(), certainty)
    assert not more.reused
    assert {"mean_of", "val_mean_of", "certainty"} < set(more.history)
    assert more.identity == first.identity
    assert run("accuracy", Mean(), certainty).reused
    with pytest.raises(KeyboardInterrupt):
        run("accuracy", seed=1, callbacks=(Interrupt(6),))
    resumed = run("accuracy", Mean(), seed=1, callbacks=(Interrupt(100),))
    assert {len(values) for values in resumed.history.values()} == {2}
    with pytest.raises(KeyboardInterrupt):
        run("accuracy", Mean(), seed=2, callbacks=(Interrupt(6),))
    fewer = run("accuracy", seed=2, callbacks=(Interrupt(100),))  # begins anew
    assert set(fewer.history) == QUANTITIES
    assert {len(values) for values in fewer.history.values()} == {2}


def of_classes() -> keras.metrics.Metric:
    """A metric without a name of its own, which Keras numbers."""
    return keras.metrics.MeanIoU(4, sparse_y_pred=False)


def test_a_metric_without_a_name_is_called_the_same_whatever_was_trained_before(build_tiny, tiny_data, tmp_path):
    def run(seed: int, *metrics):
        model = build_tiny()
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy", *metrics])
        options = {"epochs": 1, "batch_size": 16, "seed": seed, "runs_dir": tmp_path}
        return fit(model, *tiny_data, validation_data=tiny_data, **options)

    first, second = run(0, of_classes()), run(1, of_classes())
    assert set(first.history) == set(second.history) == QUANTITIES | {"mean_io_u", "val_mean_io_u"}
    assert run(0, of_classes()).reused
    assert run(1, of_classes()).reused
    joined = join_results([first, second])
    assert joined.history["val_mean_io_u"] == first.history["val_mean_io_u"] + second.history["val_mean_io_u"]
    assert join_results([first, run(3)]).history.keys() == QUANTITIES


def test_several_metrics_of_a_kind_without_names_are_refused_before_anything_is_trained(build_tiny, tiny_data):
    keras.utils.clear_session()  # as in a process of its own
    model = build_tiny()
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy", of_classes(), of_classes()])
    with pytest.raises(ValueError, match=r"expected names for several of MeanIoU, such as MeanIoU\(..., name='mean"):
        fit(model, *tiny_data, validation_data=tiny_data, epochs=1, batch_size=16, seed=0)


class _Sure(keras.metrics.MeanMetricWrapper):
    """A metric without a name, of a class whose name Keras writes otherwise."""

    def __init__(self):
        super().__init__(certainty)


@pytest.mark.parametrize(
    ("metrics", "names"),
    [
        (lambda: [keras.metrics.SparseTopKCategoricalAccuracy(k) for k in (2, 3)],
         {"sparse_top_k_categorical_accuracy", "sparse_top_k_categorical_accuracy_1"}),
        (lambda: [keras.metrics.MeanIoU(4, name=f"mean_io_u_{k}", sparse_y_pred=False) for k in (1, 2)],
         {"mean_io_u_1", "mean_io_u_2"}),
        (lambda: [keras.metrics.SparseCategoricalAccuracy(name="right_1")], {"right_1"}),
        (lambda: [_Sure()], {"__sure"}),
        (lambda: [certainty], {"certainty"}),
        (lambda: [LowAndHigh()], {"low", "high"}),
    ],
    ids=["of one name", "named", "named otherwise", "own", "a function", "several figures"],
)  # fmt: skip
def test_what_has_a_name_keeps_it(build_tiny, tiny_data, metrics, names):
    for _ in range(2):
        model = build_tiny()
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy", *metrics()])
        history = fit(model, *tiny_data, validation_data=tiny_data, epochs=1, batch_size=16, seed=0).history
        assert set(history) == QUANTITIES | names | {f"val_{name}" for name in names}


class LowAndHigh(keras.metrics.Metric):
    """A metric that gives two figures."""

    def __init__(self):
        super().__init__(name="both")
        self.low = self.add_weight(shape=(), initializer="zeros", name="low")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.low.assign(keras.ops.min(keras.ops.cast(y_pred, "float32")))

    def result(self):
        return {"low": self.low.value, "high": self.low.value + 1}


def test_a_metric_that_gives_an_array_is_refused_by_its_name(build_tiny, tiny_data, tmp_path):
    model, labels = build_tiny(), keras.utils.to_categorical(tiny_data[1])
    model.compile("sgd", "categorical_crossentropy", metrics=["accuracy", keras.metrics.F1Score()])
    data = tiny_data[0], labels
    options = {"epochs": 1, "batch_size": 16, "seed": 0, "runs_dir": tmp_path}
    with pytest.raises(ValueError, match=r"expected one number of each; f1_score gives an array of shape \(4,\)"):
        fit(model, *data, validation_data=data, **options)
