"""What a page says first: how its results were obtained, the answer, what is missing, and what failed."""

import pytest
from made_up_notebooks import (
    RUNS,
    SOURCES,
    facts_of,
    failed_cell,
    make_summary,
    outcome,
    read,
    write_notebook,
    write_summary,
)
from nbformat.v4 import new_markdown_cell

from helpers.profiles import PROFILES
from suite.outcomes import read_outcomes
from suite.site.catalogue import read_catalogue
from suite.site.index import build_index
from suite.site.pages import build_page


def test_the_header_says_how_the_results_were_obtained(full):
    write_summary(full, runs=RUNS, sources=SOURCES, training={"runs": 4, "reused": 1, "seconds": 2000.0})
    page = read(build_page(write_notebook(full), full))
    facts = facts_of(page)
    assert facts == {
        "profile": f"full: {PROFILES['full'].about}", "data": "CIFAR-10", "device": "a CPU; a GPU",
        "seeds": "1 to 2 seeds a net: 10, 11", "precision": "mixed bfloat16",
        "training time": "33 min in 3 runs and 1 candidate",
        "wall time": "12 min, 1 of 4 trainings finished before", "date": "1 March 2026; 2 March 2026",
        "software": "keras 3.15.1; backend jax", "commit": "e32d; f95a",
    }  # fmt: skip
    assert page.html["lang"] == "en"
    assert page.title.text == "Does a CNN help? · Image classification coursework"
    assert page.select_one("footer a")["href"] == "03_cnn.ipynb"
    assert not page.select(".banner")


def test_device_date_software_and_commit_are_those_of_the_records(full):
    made = make_summary(beside=["fashion_mnist"])  # without records: when it was made, not on what
    other = make_summary(sources=SOURCES | {"devices": ["a GPU", "a TPU"], "dates": ["28 February 2026"]})
    outcomes = [
        outcome("01_data", summary=made),
        outcome(summary=make_summary(sources=SOURCES)),
        outcome("04_rates", summary=other),
    ]
    facts = facts_of(read(build_index(full, outcomes)))
    assert (facts["device"], facts["commit"]) == ("a CPU; a GPU; a TPU", "e32d; f95a")
    assert facts["date"] == "28 February 2026; 1 March 2026; 2 March 2026"
    assert (facts["software"], facts["data"]) == ("keras 3.15.1; backend jax", "CIFAR-10; Fashion-MNIST")
    write_summary(full)
    facts = facts_of(read(build_page(write_notebook(full), full)))
    assert facts.keys() == {"profile", "data", "page made"}
    assert facts["page made"] == "5 March 2026, commit e32d223a1b"


def test_the_dates_of_a_page_are_in_order(full):
    write_summary(full, sources=SOURCES | {"dates": ["2 March 2026", "28 February 2026"]})
    assert facts_of(read(build_page(write_notebook(full), full)))["date"] == "28 February 2026; 2 March 2026"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "mixed bfloat16"),
        ({"precisions": {"float32": 3}}, "float32"),
        ({"precisions": {"float32": 1, "mixed_bfloat16": 2}}, "mixed bfloat16 in 2 runs, float32 in 1"),
    ],
)
def test_of_several_precisions_it_is_said_how_many_runs_had_each(full, changes, said):
    write_summary(full, runs=RUNS, **changes)
    assert facts_of(read(build_page(write_notebook(full), full)))["precision"] == said


def test_the_answer_stands_below_the_title_and_on_the_card(full):
    write_summary(full, answer="The CNN is right on 0.72 <of> the images.")
    page = read(build_page(write_notebook(full), full))
    assert page.h1.find_next_sibling().text == "The CNN is right on 0.72 <of> the images."
    card = read(build_index(full, [outcome(summary=make_summary(answer="The CNN <is>."))])).section
    assert card.select_one(".answer").text == "The CNN <is>."


def test_what_is_not_recorded_and_what_cannot_be_used_is_named_on_the_page_and_on_the_card(full):
    changes = {
        "missing": ["cnn, seed 11", "rate finder"],
        "unusable_records": {"cnn-seed12-ab.json": "was altered <x>"},
    }
    write_summary(full, **changes)
    card = read(build_index(full, [outcome(summary=make_summary(**changes))])).section
    for part in (read(build_page(write_notebook(full), full)).header, card):
        missing, unusable = part.select(".banner")
        assert missing.text == "Records still to be made: cnn, seed 11; rate finder."
        assert unusable.text == "Records that cannot be used: cnn-seed12-ab.json was altered <x>."
    assert not read(build_index(full, [outcome()])).section.select(".banner")


def test_many_that_are_missing_are_counted_and_folded(full):
    write_summary(full, missing=[f"cnn, seed {seed}" for seed in range(7)])
    banner = read(build_page(write_notebook(full), full)).select_one("header .banner")
    assert banner.summary.text == "Records still to be made: 7"
    assert "cnn, seed 0; cnn, seed 1" in banner.details.text


def test_a_stand_in_for_data_looked_at_beside_is_announced_as_well(full):
    write_summary(full, stand_ins=["fashion_mnist"])
    banner = read(build_page(write_notebook(full), full)).select_one("header .banner.stand-in").text
    assert "not Fashion-MNIST" in banner
    assert "not CIFAR-10" not in banner


@pytest.mark.parametrize("asked", ["cifar10", "fashion_mnist", "digits"])
def test_stand_in_data_is_announced_first_on_page_and_index(full, asked):
    changes = {"dataset": "digits", "asked_dataset": asked}
    write_summary(full, **changes)
    index = build_index(full, [outcome(summary=make_summary(**changes)), outcome("04_rates")])
    for path in (build_page(write_notebook(full), full), index):
        banner = read(path).select_one("header .banner.stand-in").text
        assert "Nothing here can be compared with the published figures" in banner
        assert {"cifar10": "not CIFAR-10", "fashion_mnist": "not Fashion-MNIST", "digits": "as asked"}[asked] in banner
    assert "Some of these notebooks" in read(index).select_one(".stand-in").text


def test_pretrained_weights_that_are_unavailable_are_announced_first_on_the_page_and_on_the_card(full):
    changes = {"unavailable": "VGG16's ImageNet weights are unavailable <here>.", "table": []}
    write_summary(full, **changes)
    page = read(build_page(write_notebook(full), full))
    assert page.select_one("header .banner").text.strip().endswith(changes["unavailable"])
    card, other = read(build_index(full, [outcome(summary=make_summary(**changes)), outcome("04_rates")])).select(
        "section"
    )
    assert changes["unavailable"] in card.select_one(".banner").text
    assert not other.select(".banner")


def test_a_shortened_run_is_called_one(tmp_path):
    (tmp_path / "smoke").mkdir()
    pages = build_page(write_notebook(tmp_path / "smoke"), tmp_path / "smoke"), build_index(tmp_path / "smoke", [])
    assert all("A shortened run: 64 training images" in read(page).select_one(".banner").text for page in pages)


def test_a_partly_executed_notebook_says_what_failed_and_shows_no_earlier_summary(full):
    write_summary(full, dataset="digits")
    notice = new_markdown_cell("An Exception was encountered", metadata={"tags": ["papermill-error-cell-tag"]})
    page = read(build_page(write_notebook(full, notice, failed_cell()), full))
    banner = page.select_one("header .banner.failed").text
    assert "This notebook failed: ValueError: expected 3 channels, got 1" in " ".join(banner.split())
    assert page.select_one("#failure")
    assert "a library's warning" in page.text
    assert "An Exception was encountered" not in page.text
    assert not page.select(".stand-in")


def test_a_notebook_that_was_stopped_says_so_though_no_cell_failed_and_shows_no_earlier_answer(full):
    write_summary(full, answer="The CNN is better.")
    (full / ".partial").mkdir()
    page = read(build_page(write_notebook(full / ".partial"), full))
    assert "This notebook failed: Stopped: it did not reach its end" in " ".join(
        page.select_one(".failed").text.split()
    )
    assert not page.select(".failed a, #failure, .answer")
    assert not read(build_page(write_notebook(full), full)).select(".failed")


@pytest.mark.parametrize("content", ["<<<<<<< ours\n{}\n>>>>>>> theirs", "[1]", "\x00"])
def test_a_damaged_summary_is_like_none_and_breaks_neither_page_nor_index(full, content):
    write_summary(full, answer="The CNN is better.")
    (full / "results" / "03_cnn" / "summary.json").write_text(content)
    assert not read(build_page(write_notebook(full), full)).select(".answer")
    assert read_catalogue(full).summaries == {}
    assert read_outcomes([full / "03_cnn.ipynb"], full) == []
    build_index(full, [])


def test_training_time_is_told_apart_from_the_time_that_the_page_took(full):
    trained = {"runs": 7, "reused": 5, "seconds": 2000.0}
    write_summary(full, training=trained)
    header = read(build_page(write_notebook(full), full)).header.text
    assert "33 min in 7 candidates" in header
    assert "12 min, 5 of 7 trainings finished before" in header
    index = read(build_index(full, [outcome(summary=make_summary(training=trained))] * 2))
    assert "67 min in 14 candidates" in index.header.text
    assert "33 min of training" in index.select_one(".status").text


def test_where_nothing_was_trained_the_time_that_a_page_took_is_not_said(full):
    write_summary(full, training={"runs": 7, "reused": 7, "seconds": 2000.0})
    assert "wall time" not in facts_of(read(build_page(write_notebook(full), full)))
