"""Candidates only serve to choose a setting: compared on validation images, recorded, never tested."""

import json

import pytest

from helpers.records import write_record


def choose(notebook):
    """A search over two candidates."""
    for run in notebook.lab.candidates({"narrow": 4, "wide": 16}, seed=3):
        model = run.build(notebook.net, run.options)
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
        run.fit(model, *notebook.train, validation_data=notebook.validation, epochs=1, batch_size=64)
    return notebook.lab.candidate_table()


def test_candidates_are_compared_by_their_best_validation_accuracy_and_never_tested(notebook):
    notebook.start()
    table = choose(notebook)
    assert sorted(table["candidate"]) == ["narrow", "wide"]
    assert table["best val accuracy"].is_monotonic_decreasing
    assert notebook.lab.records == []
    assert [(r["kind"], r["seed"], r["test"]) for r in notebook.lab.candidate_records] == [("candidate", 3, {})] * 2


def test_the_best_epoch_of_a_candidate_counts_not_its_last(notebook):
    notebook.start()
    choose(notebook)
    for run, accuracies in zip(notebook.lab._candidates.values(), ([0.6, 0.7], [0.9, 0.5]), strict=True):
        run.record = run.record | {"history": {"val_accuracy": accuracies}}
    table = notebook.lab.candidate_table()
    assert table.values.tolist() == [["wide", 0.9], ["narrow", 0.7]]


def test_candidates_are_taken_from_their_records_too(notebook, from_records):
    notebook.start()
    before = choose(notebook)
    from_records()
    notebook.start()
    assert choose(notebook).equals(before)


@pytest.mark.parametrize("change", [{"precision": "mixed_bfloat16"}, {"backend": "another"}, {"training_version": 0}])
def test_what_was_chosen_on_another_kind_of_machine_stands(notebook, change, never_trains):
    notebook.start()
    before = choose(notebook)
    as_if_made_elsewhere(notebook, change)
    never_trains()
    notebook.start()
    assert choose(notebook).equals(before)


@pytest.mark.parametrize("change", [{}, {"threads": 64}, {"device": "another of its kind"}])
def test_one_of_another_code_on_the_same_kind_of_machine_is_trained_again(notebook, change):
    notebook.start()
    choose(notebook)
    as_if_made_elsewhere(notebook, change)
    notebook.start()
    choose(notebook)
    assert len(list(notebook.lab.folder.glob("*-seed3-*.json"))) == 4


def as_if_made_elsewhere(notebook, change: dict) -> None:
    """Have the records be of runs of another identity, and some of what they say of how they were made changed."""
    for path in notebook.lab.folder.glob("*-seed3-*.json"):
        record = json.loads(path.read_text())
        path.unlink()
        write_record(path.parent, path.name.rpartition("-")[0], record | change | {"identity": "of other code"})


def test_a_candidate_is_no_run_even_where_all_is_the_same(recorded, from_records):
    from_records()
    recorded.start()
    for run in recorded.lab.candidates({"net": recorded.net}, seed=10):
        recorded.fit(run)
    assert recorded.lab.missing == ["net, seed 10"]
