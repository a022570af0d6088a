"""Candidates only serve to choose a setting: compared on validation images, recorded, never tested."""


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


def test_a_candidate_is_no_run_even_where_all_is_the_same(recorded, from_records):
    from_records()
    recorded.start()
    for run in recorded.lab.candidates({"net": recorded.net}, seed=10):
        recorded.fit(run)
    assert recorded.lab.missing == ["net, seed 10"]
