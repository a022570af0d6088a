"""The index: a card for each notebook, faults, audits and claims, and how it and the pages lead to each other."""

import json

import pytest
from made_up_notebooks import TABLE, make_summary, outcome, read, write_notebook
from nbformat.v4 import new_markdown_cell

from helpers.records import write_record
from suite.site.claims import describe_counts, readme_table
from suite.site.index import build_index
from suite.site.pages import build_page


def test_the_index_shows_answers_and_failures(full):
    partial = {"status": "failed", "seconds": 12.0, "error": "ValueError: got 1", "partial": "failed/04_rates.ipynb"}
    full.joinpath("03_cnn.html").write_text("the page")
    page = read(build_index(full, [outcome(), outcome("04_rates", summary=None, **partial)]))
    done, failed = page.select("section")
    assert done.select_one("h2 a")["href"] == "03_cnn.html"
    assert "And how much?" in done.text
    assert "done in 12 min" in done.select_one(".status").text
    assert [cell.text for cell in done.select("td")] == list(TABLE.to_numpy().ravel())
    assert done.table.parent["class"] == ["scroll"]
    assert "failed after 12 s" in failed.select_one(".status").text
    assert failed.select_one(".error").text == "ValueError: got 1"
    assert [link["href"] for link in failed.select("a")] == ["failed/04_rates.ipynb"]
    full.joinpath("04_rates.html").write_text("an earlier run's page")
    page = read(build_index(full, [outcome("04_rates", **partial)]))
    assert [link["href"] for link in page.select_one("#\\30 4_rates").select("a")] == [
        "04_rates.html",
        "failed/04_rates.ipynb",
    ]


def test_a_card_has_a_table_for_each_that_the_notebook_shows(full):
    rows = [{"net": "a", "points": 1}, {"net": "b", "points": None}, {"epoch": 3, "loss": 0.5}]
    tables = read(build_index(full, [outcome(summary=make_summary(table=rows))])).select_one("section").select("table")
    assert [[cell.text for cell in table.select("th")] for table in tables] == [["net", "points"], ["epoch", "loss"]]
    assert [[cell.text for cell in table.select("td")] for table in tables] == [["a", "1", "b", ""], ["3", "0.5"]]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "done in 12 min"),
        (
            {"missing": ["cnn, seed 11"], "runs": [{"variant": "cnn", "seed": 10, "record": "d"}]},
            "done in part with 12 min",
        ),
        ({"missing": ["cnn, seed 10"], "runs": []}, "not yet run"),
    ],
)
def test_a_card_tells_what_is_done_from_what_is_recorded_in_part_or_not_at_all(full, changes, said):
    card = read(build_index(full, [outcome(summary=make_summary(**changes))])).section
    assert " ".join(card.select_one(".status").text.split()) == said
    assert bool(card.select("table")) == (said != "not yet run")


def test_the_index_says_how_many_faults_were_survived_and_which(full):
    assert "faults" not in read(build_index(full, [outcome()])).text
    faults = [{"fault": "SIGKILL", "tried": 20, "survived": 20}, {"fault": "full disk", "tried": 2, "survived": 1}]
    note = {"finished": "2026-03-05T10:11:12+00:00", "commit": "e32d223a1b", "faults": faults}
    (full.parent / "faults.json").write_text(json.dumps(note))
    section = read(build_index(full, [outcome()])).select_one("#faults")
    assert "21 of 22 survived" in section.text
    assert "5 March 2026, commit e32d223a1b" in section.text
    assert [cell.text for cell in section.select("td")] == ["SIGKILL", "20", "20", "full disk", "2", "1"]


def test_the_index_says_how_many_records_were_audited_and_what_was_found(full):
    assert not read(build_index(full, [outcome()])).select("#audits")
    about = {"kind": "run", "notebook": "03_cnn", "profile": "full", "dataset": "cifar10", "setting": "s", "seed": 10}
    about |= {"identity": "i", "started": "2026-03-05T10:11:12+00:00", "history": {}, "seconds_by_epoch": [1.0]}
    about |= {"device": "a CPU", "versions": {}, "test": {}, "tests": {}}
    (full / "results" / "03_cnn").mkdir(parents=True)
    known = [write_record(full / "results" / "03_cnn", "cnn", about | {"variant": v}) for v in ("cnn", "dense", "mlp")]
    audits = [
        {
            "record": f"03_cnn/{record['variant']}.json", "sha256": record["sha256"], "verdict": "equal", "epochs": 40,
            "epochs_compared": 40 - k, "difference": 0.0, "same_machine": True, "device": "a CPU",
            "when": "2026-03-05T10:11:12+00:00",
        }
        for k, record in enumerate([*known[:2], {"variant": "gone", "sha256": "of a record that is gone"}])
    ]  # fmt: skip

    def section():
        (full.parent / "audit.json").write_text(json.dumps({"audits": audits}))
        return read(build_index(full, [outcome()])).select_one("#audits")

    assert section().select_one(".pill").text == "2 of 3 records audited, all equal"
    assert "1 of them by the first epochs alone" in section().text
    assert [cell.text for cell in section().select("tr:nth-of-type(2) td")][:4] == [
        "03_cnn/dense.json",
        "equal",
        "39 of 40",
        "0.00 (validation)",  # what there is of a run that was cut short
    ]
    write_record(full / "results" / "03_cnn", "old", about | {"variant": "old", "older": True})
    assert "by the first epochs alone; 1 older one lacks what an audit needs" in section().text
    audits[1] |= {"verdict": "differs", "difference": 0.031}
    assert section().select_one(".pill.against").text == "2 of 3 records audited, 1 equal, 1 differs"
    assert "3.10" in section().text
    assert "gone" not in section().text


def test_pages_lead_to_those_before_and_after_and_to_notebooks_that_they_name(full):
    names = ("02_dense", "03_cnn", "05_pooling")
    for name in names:
        said = new_markdown_cell("See `02_dense`, `03_cnn` and `04_missing`.")
        build_page(write_notebook(full, said, name=name, title=f"About {name} <x>"), full)
    outcomes = [outcome(name, title=f"About {name} <x>") for name in (*names, "04_missing")]
    for _ in range(2):
        build_index(full, outcomes)
        links = [
            [(a["rel"][0], a["href"]) for a in read(full / f"{name}.html").select(".neighbours a")] for name in names
        ]
        assert links == [
            [("next", "03_cnn.html")],
            [("prev", "02_dense.html"), ("next", "05_pooling.html")],
            [("prev", "03_cnn.html")],
        ]
        page = read(full / "03_cnn.html")
        assert page.select_one("[rel=next]").text == "About 05_pooling <x> \u2192"
        assert [a["href"] for a in page.select("a:has(> code)")] == ["02_dense.html"]


def test_an_older_page_says_so_and_why_until_it_is_made_anew(full):
    build_page(write_notebook(full), full)
    for reason in ("2 records are <newer>.", "", "Its code has changed."):
        index = read(build_index(full, [outcome(stale=reason)]))
        for part in (read(full / "03_cnn.html").header, index.section):
            assert (reason in part.text) if reason else not part.select(".stale aside")


@pytest.mark.parametrize(("profile", "command"), [("full", "make pages"), ("quick", "make pages PROFILE=quick")])
def test_the_command_that_makes_a_page_anew_names_the_profile(tmp_path, profile, command):
    folder = tmp_path / profile
    folder.mkdir()
    build_page(write_notebook(folder), folder)
    index = read(build_index(folder, [outcome(stale="It is old.")]))
    for part in (index, read(folder / "03_cnn.html")):
        assert part.select_one(".stale code").text == command


def test_the_scoreboard_has_a_row_a_claim_and_every_word_is_explained(full):
    page = read(build_index(full, [outcome()]))
    rows = page.select("table.scoreboard tbody tr")
    assert len(rows) == 33
    assert {row["data-report"] for row in rows} == set("ABCDE")
    explained = {term.text for term in page.select("#words dt")}
    assert {row["data-verdict"] for row in rows} <= explained
    assert {"supported", "contradicted", "no difference", "compatible with print"} <= explained
    assert {"look", "margin", "0.53 (0.52 to 0.54)"} <= explained
    assert all(term.find_next("dd").text.endswith(".") for term in page.select("#words dt"))
    assert "33 rows: 2 claims are judged in two readings each." in page.header.text
    assert not page.select("table.scoreboard td:nth-child(2) a")  # none of their pages is there


def test_how_many_undecided_claims_wait_for_their_first_test_is_counted():
    claims = [{"id": str(k), "before_first_look": k < 2, "verdict": "undecided"} for k in range(3)]
    assert describe_counts(claims) == {
        "rows": "3 rows",
        "before_first_look": "2 have fewer seeds than the first test takes",
    }
    assert readme_table(claims) == "3 rows. 3 undecided (2 have fewer seeds than the first test takes)."
    assert describe_counts(claims[2:])["before_first_look"] == ""
