"""Lab: executed again in a live kernel, a page from records alone, and how a notebook ends."""

import json
import os

import keras
import numpy as np
import pytest

from helpers import data, machine
from helpers.lab import ParameterError, format_mean
from helpers.lab.summary import say_once, sources_of
from helpers.records import write_record


def summary_of(notebook) -> dict:
    """The summary that the notebook ended with."""
    return json.loads((notebook.lab.folder / "summary.json").read_text())


def damage(path) -> None:
    """Alter a record by one character."""
    path.write_text(path.read_text().replace('"seed": 10', '"seed": 11'))


def record_files(notebook):
    return sorted(path for path in notebook.lab.folder.glob("*.json") if path.name != "summary.json")


# In a live kernel.


def test_every_cell_can_be_executed_again_with_changed_parameters(notebook, capsys):
    notebook.start()
    notebook.train_all()
    notebook.start(seeds=[10, 11], learning_rate=0.1)
    notebook.train_all({"net": notebook.net, "wide": lambda: notebook.net(16)})
    rates = [record["hyperparameters"]["optimizer"]["learning_rate"] for record in notebook.lab.records]
    assert rates == pytest.approx([0.1] * 4)
    assert [(r["variant"], r["seed"]) for r in notebook.lab.records] == [
        ("net", 10), ("wide", 10), ("net", 11), ("wide", 11),
    ]  # fmt: skip
    assert notebook.lab.seeds_done == [10, 11]
    assert "seeds [10, 11]" in capsys.readouterr().out


def test_a_cell_executed_again_leaves_no_variant_of_its_old_names_behind(notebook):
    notebook.start()
    notebook.train_all({"third": notebook.net})
    notebook.train_all({"net": notebook.net, "wide": lambda: notebook.net(16)})
    notebook.train_all({"net": notebook.net, "wider": lambda: notebook.net(16)})
    assert [record["variant"] for record in notebook.lab.records] == ["third", "net", "wider"]
    assert notebook.lab.seeds_done == [10]


@pytest.mark.parametrize("changed", [{"seeds": [10, 11]}, {"profile": "full"}, {"dataset": "cifar10"}])
def test_a_parameter_changed_after_the_lab_was_made_is_not_ignored(recorded, never_trains, changed):
    never_trains()
    recorded._globals |= changed
    with pytest.raises(ParameterError, match=rf"{next(iter(changed))}: changed .* Execute the cell with Lab\(\.\.\.\)"):
        recorded.train_all()


def test_that_each_net_was_trained_once_is_not_said_where_one_was_not(notebook):
    lab = notebook.start()
    for run in lab.runs({"net": notebook.net, "wide": notebook.net}, {"wide": [11]}):
        notebook.fit(run)
        run.test(*notebook.test)
    lab.finish(answer=f"net {lab.text('net')}, wide {lab.text('wide')}.")
    answer = summary_of(notebook)["answer"]
    assert "(one run), wide not recorded." in answer
    assert "once" not in answer


def test_the_training_cell_can_be_executed_twice_in_a_row(recorded, never_trains):
    never_trains()
    recorded.train_all()
    assert len(recorded.lab.records) == 1


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ("# Parameters\nlearning_rates = 0.1", r"^learning_rates: unknown parameter, perhaps learning_rate\?$"),
        ("# Parameters\nbatch_size = 0", "batch_size: expected a whole number from 1 to 10000, got 0"),
        ("# Parameters\ndataset = 'cifar'", "dataset: expected one of 'cifar10', 'fashion_mnist', 'digits'"),
        ("# Parameters\nseeds = 3", "seeds: expected a list of 1 or more"),
        ("# Parameters\nprofile = 'fast'; epoch = 1", "profile: expected .*got 'fast'"),
        ("# Parameters\ndropout_rate_own = 1.5", "dropout_rate_own: expected a share, 0 or more and below 1"),
    ],
)
def test_a_wrong_parameter_is_refused_before_anything_is_loaded(notebook, more, problem):
    with pytest.raises(ParameterError, match=problem):
        notebook.start(more)
    assert not hasattr(notebook, "lab")


def test_other_names_of_an_earlier_execution_are_no_parameters(recorded):
    recorded._globals |= {"folder": "x", "x_train": np.zeros(3), "answer": 42}
    recorded.start()


# What a page is made from.


def test_runs_are_found_by_variant_and_seed(notebook):
    lab = notebook.start(seeds=[10, 11])
    notebook.train_all({"net": notebook.net, "wide": lambda: notebook.net(16)})
    assert [record["seed"] for record in lab.of("wide")] == [10, 11]
    assert lab["wide"] is lab.run("wide", 10)
    assert lab.run("net", 11).seed == 11
    assert lab.of("absent") == []
    assert [run.name for run in lab.first_runs] == ["net, seed 10", "wide, seed 10"]


def test_a_variant_may_have_seeds_of_its_own_and_settings_in_place_of_a_function(notebook):
    lab = notebook.start(seeds=[10, 11])
    plan = [(run.variant, run.seed, run.options) for run in lab.runs({"a": {"rate": 1}, "b": 2}, {"b": [11]})]
    assert plan == [("a", 10, {"rate": 1}), ("a", 11, {"rate": 1}), ("b", 11, 2)]
    assert [(run.variant, run.seed) for run in lab.runs(["a"], [5])] == [("a", 5)]
    assert [(run.variant, run.seed) for run in lab.runs(["a"], {})] == [("a", 10), ("a", 11)]
    assert [run.seed for run in lab.runs(["a"], {"a": [11, 99]})] == [11]


def test_a_difference_in_points_is_of_the_seeds_that_both_have(notebook):
    lab = notebook.start(seeds=[10, 11])
    accuracies = {"net": {10: 0.5, 11: 0.6, 12: 0.9}, "wide": {11: 0.65, 10: 0.57}}
    lab.of = lambda name: [{"seed": k, "test": {"accuracy": a}} for k, a in accuracies.get(name, {}).items()]
    assert lab.difference("wide", "net").startswith("+6.0 (")
    assert lab.difference("net", "absent") == "not recorded"
    assert lab.difference("wide", "net", "+.2f", lambda run: run["test"]["accuracy"]).startswith("+0.06 (")


def test_nets_whose_channels_come_first_are_refused_before_anything_is_built(notebook):
    keras.config.set_image_data_format("channels_first")
    try:
        with pytest.raises(ValueError, match=r"image_data_format: expected channels_last, got channels_first.*correct"):
            notebook.start()
    finally:
        keras.config.set_image_data_format("channels_last")


def test_a_removed_variant_or_seed_is_not_among_the_records(notebook, in_suite):
    notebook.start(seeds=[10, 11])
    notebook.train_all({"net": notebook.net, "wide": lambda: notebook.net(16)})
    notebook.start()
    notebook.train_all()
    assert [(record["variant"], record["seed"]) for record in notebook.lab.records] == [("net", 10)]


def test_a_figure_in_words_is_a_mean_with_its_interval(recorded):
    lab = recorded.lab
    assert lab.text("net") == f"{lab['net'].record['test']['accuracy']:.3f} (one run)"
    assert lab.text("net", lambda record: record["seed"], ".0f") == "10 (one run)"
    assert lab.text("absent") == "not recorded"
    assert format_mean([1.0, 2.0, 3.0], ".2f") == "2.00 (-0.48 to 4.48)"  # 2 +- 4.303 x 1 / sqrt(3)


def test_what_holds_for_all_figures_of_a_page_is_said_once(recorded):
    lab = recorded.lab
    lab.finish(answer=f"It is right on {lab.text('net')}.")
    right = lab["net"].record["test"]["accuracy"]
    assert summary_of(recorded)["answer"] == f"It is right on {right:.3f}. Each net was trained once."


def test_where_a_net_has_more_runs_than_one_each_figure_says_how_many_it_is_of():
    answer, discussion = "0.70 (one run), +2.0 (too few runs for an interval)", "0.80 (one run)"
    assert say_once(answer, discussion, [1, 1]) == ("0.70, +2.0 Each net was trained once.", "0.80")
    assert say_once(answer, discussion, [1, 2]) == (answer, discussion)
    assert say_once("All are right.", discussion, [1]) == ("All are right.", discussion)


# From records alone.


def test_a_page_is_made_from_records_and_nothing_is_trained(recorded, from_records):
    from_records()
    recorded.start()
    recorded.train_all()
    recorded.lab.finish(answer="So it is.")
    assert [record["seed"] for record in recorded.lab.records] == [10]
    summary = summary_of(recorded)
    assert (summary["missing"], summary["unusable_records"]) == ([], {})
    assert summary["training"] == {"runs": 1, "reused": 1, "seconds": recorded.lab.records[0]["seconds"]}


def test_what_is_not_recorded_is_named_and_left_out(recorded, from_records):
    from_records()
    recorded.start(seeds=[10, 11])
    recorded.train_all({"net": recorded.net, "wide": lambda: recorded.net(16)})
    for _ in recorded.lab.candidates({"slow": 0.001}, seed=0):
        pass
    recorded.lab.finish()
    assert [(record["variant"], record["seed"]) for record in recorded.lab.records] == [("net", 10)]
    assert summary_of(recorded)["missing"] == ["wide, seed 10", "net, seed 11", "wide, seed 11"]
    with pytest.raises(KeyError, match="wide: no run of it is recorded; there are runs of: net"):
        recorded.lab["wide"]
    assert recorded.lab.seeds_done == []  # no seed has both
    assert recorded.lab.text("wide") == "not recorded"


def test_a_run_that_was_missing_and_is_recorded_later_is_missed_no_more(recorded, from_records, monkeypatch):
    lab = recorded.start(seeds=[10, 11])
    monkeypatch.setenv("COURSEWORK_FROM_RECORDS", "1")
    recorded.train_all()
    assert lab.missing == ["net, seed 11"]
    monkeypatch.delenv("COURSEWORK_FROM_RECORDS")
    recorded.train_all()
    assert lab.missing == []
    assert len(lab.records) == 2


def test_on_another_machine_its_records_are_used_whatever_precision_and_software_they_come_from(
    notebook, from_records, monkeypatch
):
    monkeypatch.setattr(machine, "_native_precision", lambda: ("mixed_bfloat16", "a test"))
    notebook.start(precision="auto")
    notebook.train_all()
    before = notebook.lab.records
    assert before[0]["precision"] == "mixed_bfloat16"
    monkeypatch.setattr(machine, "_native_precision", lambda: ("float32", "a test"))
    monkeypatch.setattr("helpers.training.identity.versions", lambda: {"keras": "9.99"})
    from_records()
    notebook.start(precision="auto")
    notebook.train_all()
    assert notebook.lab.records == before
    notebook.start(precision="float32")  # another question: it was asked for
    notebook.train_all()
    assert notebook.lab.missing == ["net, seed 10"]


def test_of_several_records_of_a_run_a_page_takes_the_newest_whatever_machine_makes_it(recorded, from_records):
    from_records()
    own = recorded.lab.records[0]
    for started in ("2020-01-01T00:00:00+00:00", "2999-01-01T00:00:00+00:00"):
        write_record(recorded.lab.folder, "net-seed10", own | {"started": started, "identity": "another"})
    recorded.start()
    recorded.train_all()
    assert recorded.lab.records[0]["started"].startswith("2999")


def test_a_run_that_is_trained_takes_its_own_record_and_no_newer_one_of_another_machine(recorded):
    own = recorded.lab.records[0]
    other = own | {"started": "2999-01-01T00:00:00+00:00", "identity": "another"}
    write_record(recorded.lab.folder, "net-seed10", other)
    recorded.start()
    recorded.train_all()
    assert recorded.lab.records == [own]


def test_a_damaged_record_is_named_not_used_and_counted(recorded, from_records, capsys):
    from_records()
    (path,) = record_files(recorded)
    damage(path)
    recorded.start()
    recorded.train_all()
    recorded.lab.finish()
    assert recorded.lab.records == []
    summary = summary_of(recorded)
    assert summary["missing"] == ["net, seed 10"]
    assert summary["unusable_records"] == {path.name: "was altered or damaged: its digest is another"}
    assert f"{path.name} was altered or damaged: its digest is another: not used" in capsys.readouterr().out


def test_a_record_of_other_test_images_is_named_and_left_out(recorded, from_records, capsys):
    from_records()
    recorded.start()
    recorded.test[0][0] ^= 1
    recorded.train_all()
    assert recorded.lab.records == []
    assert recorded.lab.missing == ["net, seed 10"]
    assert "net, seed 10: these are not the images that were tested: not used" in capsys.readouterr().out


# The end.


def test_a_notebook_ends_by_writing_its_summary(recorded, capsys):
    recorded.lab.finish(answer="The net is right on most.", discussion="- It is small.", figure=np.float64(1.5))
    summary = summary_of(recorded)
    said = {key: summary[key] for key in ("notebook", "profile", "dataset", "asked_dataset", "seeds", "precision")}
    assert said == {
        "notebook": "99_test", "profile": "smoke", "dataset": "digits", "asked_dataset": "digits", "seeds": [10],
        "precision": "float32",
    }  # fmt: skip
    assert (summary["answer"], summary["figure"]) == ("The net is right on most.", 1.5)
    assert summary["sources"]["devices"] == [recorded.lab.records[0]["device"]]
    assert f"keras {keras.__version__}" in summary["sources"]["software"][0]
    assert "unavailable" not in summary


def test_a_page_of_two_data_sets_is_of_the_one_in_its_parameters(recorded, monkeypatch):
    digits = data.load_digits()
    monkeypatch.setattr(data, "load_dataset", lambda asked, allows_stand_in: (digits, asked))
    recorded.lab.load(data.split_report_a, "fashion_mnist")
    about = recorded.lab.about_data(None)
    assert (about["dataset"], about["asked_dataset"]) == ("fashion_mnist", "fashion_mnist")
    recorded.lab.finish()
    assert (summary_of(recorded)["dataset"], summary_of(recorded)["asked_dataset"]) == ("digits", "digits")


def test_a_summary_goes_elsewhere_where_that_is_asked_for(recorded, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEWORK_SUMMARY", str(tmp_path / "seed10.json"))
    recorded.lab.finish()
    assert json.loads((tmp_path / "seed10.json").read_text())["notebook"] == "99_test"
    assert not (recorded.lab.folder / "summary.json").exists()


def test_by_hand_a_page_of_the_suite_and_what_it_is_judged_by_stay(recorded, capsys):
    place = recorded.lab.folder / "summary.json"
    recorded.lab.finish(answer="There is no page yet.")
    assert json.loads(place.read_text())["answer"] == "There is no page yet."
    page = recorded.lab.folder.parents[1] / f"{recorded.lab.notebook}.html"
    page.write_text("a page")
    recorded.lab.finish(answer="By hand, with other parameters.")
    assert json.loads(place.read_text())["answer"] == "There is no page yet."
    assert f"stay as they are: make report NB={recorded.lab.notebook} PROFILE=smoke" in capsys.readouterr().out


def test_what_is_unavailable_is_on_the_summary(notebook):
    notebook.start()
    notebook.lab.unavailable("no pretrained weights")
    notebook.lab.finish()
    summary = summary_of(notebook)
    assert summary["unavailable"] == "no pretrained weights"
    assert summary["training"] is None


def test_the_sources_name_every_device_version_and_day_that_the_page_is_made_from(recorded, from_records):
    from_records()
    own = recorded.lab.records[0]
    elsewhere = {"device": "a GPU", "seed": 11, "commit": "abc", "started": "2026-03-05T14:30:00+00:00"}
    write_record(recorded.lab.folder, "net-seed11", own | elsewhere | {"setting": "another"})
    lab = recorded.start()
    recorded.train_all()
    lab.finish()
    assert summary_of(recorded)["sources"]["devices"] == [own["device"]]  # the other is of no run of this page
    assert sources_of([own, own | elsewhere])["devices"] == [own["device"], "a GPU"]
    assert "5 March 2026" in sources_of([own, own | elsewhere])["dates"]


def test_a_folder_that_cannot_be_written_is_refused_before_anything_is_trained(notebook, tmp_path):
    (tmp_path / "reports").write_text("no folder")
    with pytest.raises(OSError, match="Nothing was trained"):
        notebook.start()
    assert os.listdir(tmp_path) == ["reports"]  # noqa: PTH208


def test_comparing_with_a_report_without_any_record_is_no_error(recorded, from_records):
    from_records()
    lab = recorded.start(seeds=[11])
    recorded.train_all()
    assert len(lab.compare("A", "dense_vs_cnn", {"accuracy": ".3f"}, claims=["A1"])) == 0
    lab.finish()
