"""One variant trained again for an audit: nothing else is, and what serves to choose is as it was recorded."""

import pytest

from helpers.machine import environment


@pytest.fixture
def only_net(monkeypatch):
    """Say that only the variant "net" is to be trained."""
    monkeypatch.setenv("COURSEWORK_ONLY", "net")


def choose(notebook):
    """A search over one candidate."""
    for run in notebook.lab.candidates({"wide": 16}, seed=3):
        model = run.build(notebook.net, run.options)
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
        run.fit(model, *notebook.train, validation_data=notebook.validation, epochs=1, batch_size=64)


def test_only_this_variant_is_trained(notebook, only_net):
    notebook.start()
    notebook.train_all({"net": notebook.net, "wide": lambda: notebook.net(16)})
    assert [record["variant"] for record in notebook.lab.records] == ["net"]


def test_candidates_and_measurements_are_taken_from_their_records_also_from_another_machine(
    notebook, only_net, monkeypatch, never_trains
):
    monkeypatch.delenv("COURSEWORK_ONLY")
    notebook.start()
    choose(notebook)
    notebook.lab.measure("rate_finder", lambda: 0.5, steps=3)
    elsewhere = environment() | {"versions": {"keras": "9.0"}}
    monkeypatch.setattr("helpers.training.identity.versions", lambda: elsewhere["versions"])
    monkeypatch.setattr("helpers.lab.measurement.environment", lambda: elsewhere)
    monkeypatch.setenv("COURSEWORK_ONLY", "net")
    never_trains()
    notebook.start()
    choose(notebook)
    assert [record["variant"] for record in notebook.lab.candidate_records] == ["wide"]
    assert notebook.lab.measure("rate_finder", lambda: pytest.fail("it was measured"), steps=3) == 0.5
    assert notebook.lab.missing == []


def test_candidates_and_measurements_that_are_not_recorded_are_not_made(notebook, only_net, never_trains):
    never_trains()
    notebook.start()
    choose(notebook)
    assert notebook.lab.measure("rate_finder", lambda: pytest.fail("it was measured"), steps=3) is None
    assert notebook.lab.missing == ["wide, seed 3", "rate finder"]
