"""A run is taken from its record, from its weights, or trained."""

import shutil

import keras
import numpy as np
import pytest

from helpers import data, metrics
from helpers.fingerprints import digest_of_arrays
from helpers.lab import Phase, UntrainedModelError
from helpers.profiles import PROFILES
from helpers.records import read_records
from helpers.training.batches import ShuffledBatches


def files_of(notebook):
    """The records in the notebook's folder."""
    return sorted(path for path in notebook.lab.folder.glob("*.json") if path.name != "summary.json")


# What a run leaves.


def test_a_run_that_was_trained_and_tested_leaves_one_record(notebook):
    notebook.start()
    assert notebook.train_all().trained_now
    (path,) = files_of(notebook)
    (record,), problems = read_records(notebook.lab.folder)
    assert path.name == f"net-seed10-{record['sha256'][:8]}.json"
    assert problems == {}
    assert notebook.lab["net"].record == record


def test_settings_that_no_record_can_hold_are_refused_before_anything_is_trained(notebook, never_trains):
    lab = notebook.start()
    (run,) = lab.runs({"net": notebook.net})
    with pytest.raises(ValueError, match=r"settings: expected plain values .*Nothing was trained"):
        notebook.fit(run, settings={"mean": np.zeros(3)})


def test_numbers_of_numpy_are_plain_values(notebook):
    lab = notebook.start()
    (run,) = lab.runs({"net": notebook.net})
    notebook.fit(run, settings={"width": np.int64(8), "share": np.float32(0.5)}, epochs=np.int64(1))
    assert run.trained


def test_the_record_says_what_was_run_on_what_and_where(recorded):
    record = recorded.lab["net"].record
    said = {key: record[key] for key in ("kind", "notebook", "variant", "seed", "profile", "dataset", "precision")}
    assert said == {
        "kind": "run", "notebook": "99_test", "variant": "net", "seed": 10, "profile": "smoke", "dataset": "digits",
        "precision": "float32",
    }  # fmt: skip
    assert record["split"]["name"] == recorded.lab.split.name
    assert record["parameters"]["total"] == 8 * 8 * 3 * 8 + 8 + 8 * 10 + 10
    assert record["hyperparameters"]["optimizer"]["name"] == "SGD"
    assert record["versions"]["keras"] == keras.__version__
    assert (len(record["identity"]), len(record["setting"])) == (32, 32)
    assert {"device", "device_kind", "backend", "commit", "started", "ended", "disturbed"} < set(record)


def test_the_record_holds_the_prediction_of_every_test_image(recorded):
    run = recorded.lab["net"]
    y_prob, predictions = metrics.predict(run.model, recorded.test[0]), run.predictions()
    np.testing.assert_array_equal(predictions.y_pred, y_prob.argmax(axis=1))
    np.testing.assert_allclose(predictions.confidence, y_prob.max(axis=1), atol=1e-5)
    test = run.record["test"]
    assert test["accuracy"] == pytest.approx((predictions.y_pred == recorded.test[1]).mean())
    assert test["images_sha256"] == digest_of_arrays(recorded.test[0])


def test_further_tests_of_a_net_are_recorded_by_their_names(recorded):
    half = recorded.test[0][:50], recorded.test[1][:50]
    recorded.start(seeds=[11])
    for run in recorded.lab.runs({"net": recorded.net}):
        recorded.fit(run)
        run.test(*recorded.test, more={"half": half, "certain": (*half, lambda model, x: np.eye(10)[half[1]])}, note=1)
    assert run.predictions("half").y_pred.tolist() == run.predictions().y_pred[:50].tolist()
    with pytest.raises(UntrainedModelError, match="There was no test 'third'"):
        run.predictions("third")
    assert run.record["tests"]["certain"]["accuracy"] == 1.0
    assert run.record["note"] == 1


def test_tested_on_other_images_or_in_another_way_a_run_is_recorded_anew_and_that_record_counts(recorded):
    def tested(images, **options):
        recorded.start()
        for run in recorded.lab.runs({"net": recorded.net}):
            recorded.fit(run)
            run.test(images, recorded.test[1], **options)
        assert not run.trained_now
        return run.record

    first, (images, classes) = recorded.lab["net"].record, recorded.test
    assert tested(images) == first
    darker = tested(images // 4)
    assert (darker["test"]["images_sha256"], darker["started"]) == (digest_of_arrays(images // 4), first["started"])
    certain = tested(images, predict=lambda model, x: np.eye(10)[classes])
    assert certain["test"]["accuracy"] == 1.0
    more = tested(images, more={"half": (images[:50], classes[:50])})
    assert set(more["tests"]) == {"half"}
    assert recorded.lab.records == [more]
    assert len(files_of(recorded)) == 4


def test_a_run_is_of_the_data_that_it_is_tested_on_and_not_of_the_last_that_was_loaded(recorded, monkeypatch):
    images, labels, names = data.load_dataset("digits", False)[0]
    another = (images, (labels + 1) % 10, [f"other {k}" for k in range(10)]), "another"
    recorded.start(seeds=[11])
    with monkeypatch.context() as patch:
        patch.setattr("helpers.lab.notebook.data.load_dataset", lambda *_: another)
        recorded.lab.load(data.split_report_a, "another")
    record = recorded.train_all().record
    assert (record["dataset"], record["asked_dataset"]) == ("digits", "digits")
    assert list(record["test"]["by_class"]) == list(names)


def test_a_run_without_loaded_data_is_refused_before_it_is_trained(notebook, never_trains):
    notebook.start()
    notebook.lab._datasets.clear()  # as if lab.load had not been called
    never_trains()
    with pytest.raises(ValueError, match=r"lab\.load\(split\)"):
        notebook.train_all()


def test_of_runs_that_are_recorded_one_seeds_net_is_kept(recorded, in_suite):
    recorded.start(seeds=[10, 11])
    recorded.train_all()
    recorded.start(seeds=[10, 11])
    recorded.train_all()
    assert [recorded.lab.run("net", seed).model is None for seed in (10, 11)] == [False, True]


# From its record.


def test_in_the_suite_a_run_is_taken_from_its_record_and_nothing_is_trained(recorded, in_suite, never_trains, capsys):
    before, files = recorded.lab.records, files_of(recorded)
    shutil.rmtree(recorded.lab.runs_dir)  # no weights
    never_trains()
    recorded.start()
    run = recorded.train_all()
    assert recorded.lab.records == before
    assert not run.trained
    assert files_of(recorded) == files
    assert "net, seed 10: 1 of 1 epochs" in (said := capsys.readouterr().out)
    assert "from its record of" in said


def test_a_record_of_another_notebook_will_do_under_the_name_that_the_run_has_here(
    recorded, make_notebook, in_suite, never_trains
):
    never_trains()
    other = make_notebook("98_other")
    other.start()
    other.train_all({"our_net": other.net})
    assert [record["variant"] for record in other.lab.records] == ["our_net"]
    assert files_of(other) == []


def test_another_setting_is_another_run(recorded, in_suite):
    recorded.start(learning_rate=0.01)
    assert recorded.train_all().trained
    recorded.start(learning_rate=0.01)
    recorded.train_all({"net": lambda: recorded.net(units=9)})
    assert len(files_of(recorded)) == 3


def test_a_record_from_before_a_time_is_not_used(recorded, in_suite, monkeypatch):
    monkeypatch.setenv("COURSEWORK_FRESH", "2999-01-01T00:00:00+00:00")
    recorded.start()
    assert recorded.train_all().trained


def test_classes_in_a_column_are_refused_before_anything_is_written(recorded):
    recorded.start(seeds=[11])
    for run in recorded.lab.runs({"net": recorded.net}):
        recorded.fit(run)
        for tests in ((recorded.test[1][:, None], {}), (recorded.test[1], {"half": (recorded.test[0], np.eye(10))})):
            with pytest.raises(ValueError, match=r"classes of shape \(n,\), got shape"):
                run.test(recorded.test[0], tests[0], more=tests[1])
    assert len(files_of(recorded)) == 1


def test_a_record_with_the_tests_that_are_asked_for_counts_before_a_newer_one(
    recorded, make_notebook, in_suite, never_trains
):
    half = recorded.test[0][:50], recorded.test[1][:50]
    shutil.rmtree(recorded.lab.folder)
    for name, more in (("99_test", {"half": half}), ("98_other", {})):
        other = make_notebook(name)
        other.start()
        for run in other.lab.runs({"net": other.net}):
            other.fit(run, weights=True)
            run.test(*other.test, more=more)
    files = files_of(recorded)
    never_trains()
    recorded.start()
    for run in recorded.lab.runs({"net": recorded.net}):
        recorded.fit(run)
        run.test(*recorded.test, more={"half": half})
    assert set(run.record["tests"]) == {"half"}
    assert files_of(recorded) == files


def test_a_record_without_a_metric_that_is_asked_for_now_is_not_used(recorded, in_suite):
    def trained(*metrics_asked):
        recorded.start()
        for run in recorded.lab.runs({"net": recorded.net}):
            model = recorded.compiled(run)
            model.compile(model.optimizer, model.loss, metrics=list(metrics_asked))
            options = {"validation_data": recorded.validation, "epochs": 1, "batch_size": 64}
            run.fit(model, *recorded.train, **options)
            run.test(*recorded.test)
        return run

    assert not trained("accuracy").trained
    more = trained("accuracy", "sparse_top_k_categorical_accuracy")
    assert more.trained_now
    assert "sparse_top_k_categorical_accuracy" in more.record["history"]
    assert not trained("accuracy", "sparse_top_k_categorical_accuracy").trained


@pytest.mark.parametrize("changed", [0, 1], ids=["images", "classes"])
def test_a_test_of_other_images_is_refused(recorded, in_suite, changed):
    recorded.start()
    other = [recorded.test[0].copy(), recorded.test[1].copy()]
    other[changed][0] += 1
    for run in recorded.lab.runs({"net": recorded.net}):
        recorded.fit(run)
        with pytest.raises(UntrainedModelError, match="These are not the images that were tested"):
            run.test(*other)
        with pytest.raises(UntrainedModelError, match="record has no test 'half'"):
            run.test(*recorded.test, more={"half": recorded.test})
    assert recorded.lab.records == []


# With trained weights.


def test_who_works_in_a_kernel_ends_with_trained_weights_and_no_second_record(recorded, never_trains):
    never_trains()  # the weights are there as well
    recorded.start()
    run = recorded.train_all()
    assert run.trained
    assert metrics.predict(run.model, recorded.test[0]).argmax(axis=1).tolist() == run.predictions().y_pred.tolist()
    assert len(files_of(recorded)) == 1
    assert recorded.lab.progress.reused == 1


def test_where_only_the_record_is_there_a_kernel_has_it_trained_again_to_the_same_predictions(recorded):
    before = recorded.lab["net"].predictions()
    shutil.rmtree(recorded.lab.runs_dir)
    recorded.start()
    run = recorded.train_all()
    assert run.trained
    np.testing.assert_array_equal(run.predictions().y_pred, before.y_pred)


def test_in_the_full_profile_a_record_is_enough_unless_weights_are_asked_for(notebook):
    lab = notebook.start()
    assert lab.needs_weights
    lab._profile = PROFILES["full"]
    assert not lab.needs_weights


# Several phases.


def phases_of(notebook, run) -> list[Phase]:
    """Two phases that train the same layers with one optimizer, the second on batches of its own."""
    model = notebook.compiled(run)
    second = ShuffledBatches(*notebook.train, 64, run.seed, first_epoch=1)
    return [Phase(model, *notebook.train, epochs=1), Phase(model, second, None, epochs=2)]


def test_a_run_of_several_phases_is_one_record(notebook, in_suite, never_trains):
    def execute():
        notebook.start()
        for run in notebook.lab.runs({"net": notebook.net}):
            phases = phases_of(notebook, run)
            run.fit_phases(phases, validation_data=None, batch_size=64, settings={"small": 16})
            run.test(*notebook.test)
        return run

    run = execute()
    assert run.trained
    assert len(run.record["history"]["loss"]) == 3
    assert run.record["hyperparameters"]["epochs"] == 3
    assert run.record["hyperparameters"]["small"] == 16
    never_trains()
    again = execute()
    assert (again.trained, again.record) == (False, run.record)
