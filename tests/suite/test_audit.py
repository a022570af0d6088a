"""Audits: a record that is true is found equal to the bit, one that was altered is found out."""

import json
import shutil
from types import SimpleNamespace

import pytest
from small_suite import call, make_suite, records

from helpers.records import write_record
from suite.audit import _draw, _share_of_time, audit_command, describe, note_audit
from suite.settings import read_settings
from suite.site.facts import describe_audits, describe_faults, read_note

pytestmark = pytest.mark.usefixtures("libraries_are_imported")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A suite whose only notebook has trained one run at smoke scale."""
    root = make_suite(tmp_path_factory.mktemp("audit") / "suite", "none")
    call(root, "reproduce")
    return root


@pytest.fixture
def root(made, tmp_path):
    """A copy of it."""
    return shutil.copytree(made, tmp_path / "suite")


def noted(root) -> list[dict]:
    """The audits that are noted."""
    return json.loads((root / "reports" / "audit.json").read_text())["audits"]


def test_a_record_that_is_trained_again_is_equal_to_the_bit(root):
    before = {path: path.read_bytes() for path in root.glob("reports/smoke/results/*/*.json")}
    said = call(root, "audit", "--draw", 0)
    assert "1 of 1 records, drawn with DRAW=0." in said
    assert "epoch 6/6" in said  # trained, not taken from its record or its weights
    assert "equal (6 of 6 epochs, on the same device and versions)" in said
    (audit,) = noted(root)
    assert (audit["notebook"], audit["variant"], audit["seed"]) == ("01_none", "net", 10)
    assert (audit["verdict"], audit["difference"], audit["epochs_equal"]) == ("equal", 0, 6)
    assert "1 of 1 records audited, all equal" in (root / "reports" / "smoke" / "index.html").read_text()
    assert {path: path.read_bytes() for path in before} == before
    assert not (root / "reports" / "smoke" / ".partial" / "audit").exists()


def test_a_record_that_was_altered_with_its_digest_is_found_out(root):
    results = root / "reports" / "smoke" / "results" / "01_none"
    record = records(root)["01_none", "net", 10]
    record["history"]["val_accuracy"][2] += 0.005
    (true,) = results.glob("net-seed10-*.json")
    true.unlink()
    write_record(results, "net-seed10", record)
    said = call(root, "audit", "--number", 1, expected=1)
    assert "differs, 0.00 points off in accuracy (6 of 6 epochs, on the same device and versions)" in said
    (audit,) = noted(root)
    assert audit["verdict"] == "differs"
    assert audit["epochs_equal"] == 2
    assert "1 of 1 records audited, 1 differs" in (root / "reports" / "smoke" / "index.html").read_text()


def test_records_from_before_predictions_were_kept_are_not_drawn(tmp_path):
    results = tmp_path / "results" / "01_none"
    results.mkdir(parents=True)
    fields = "profile dataset setting identity started variant history seconds_by_epoch device versions test tests"
    record = dict.fromkeys(fields.split(), "")
    for seed, older in ((1, {"older": True}), (2, {})):
        write_record(results, f"net-seed{seed}", record | {"kind": "run", "notebook": "01_none", "seed": seed} | older)
    assert [drawn["seed"] for _, drawn in _draw(tmp_path, {"01_none": tmp_path}, 0)] == [2]


@pytest.fixture
def twenty(tmp_path):
    """Twenty records of a notebook in a profile's folder, and the settings to audit them by."""
    settings = read_settings(tmp_path, profile="full")
    results = settings.folder / "results" / "01_none"
    results.mkdir(parents=True)
    settings.partial.mkdir()
    fields = "dataset setting identity started history seconds_by_epoch device versions test tests"
    record = dict.fromkeys(fields.split(), "") | {"kind": "run", "notebook": "01_none", "variant": "net"}
    for seed in range(20):
        write_record(results, f"net-seed{seed}", record | {"profile": "full", "seed": seed})
    return settings


def test_records_are_drawn_at_random_and_the_same_ones_with_the_same_seed(twenty):
    drawn = {seed: [file for file, _ in _draw(twenty.folder, {"01_none": twenty.folder}, seed)] for seed in (0, 1)}
    assert drawn[0] == [file for file, _ in _draw(twenty.folder, {"01_none": twenty.folder}, 0)]
    assert sorted(drawn[0]) == sorted(drawn[1])
    assert len(drawn[0]) == 20
    assert len({tuple(drawn[0]), tuple(drawn[1]), tuple(sorted(drawn[0]))}) == 3


@pytest.mark.parametrize(("number", "minutes", "audited"), [("", "", 3), ("5", "", 5), ("50", "", 20), ("", "10", 20)])
def test_three_are_audited_or_as_many_as_asked_for_or_as_fit_into_the_time(
    twenty, tmp_path, monkeypatch, number, minutes, audited
):
    equal = {"verdict": "equal", "epochs": 1, "epochs_compared": 1, "same_machine": True}
    limits, found = [], iter([*[equal] * 19, {"verdict": "no epoch in time"}])

    def audit(notebook, record, settings, limit):
        limits.append(limit)
        return next(found)

    monkeypatch.setattr("suite.audit.audit_record", audit)
    for name in ("fetch_data", "build_index"):
        monkeypatch.setattr(f"suite.audit.{name}", lambda *_: None)
    settings = read_settings(tmp_path, profile="full", number=number, minutes=minutes)
    assert audit_command([tmp_path / "01_none.ipynb"], [], settings) == 0
    assert len(limits) == audited
    assert [limit.seconds is None for limit in limits] == [not minutes] * audited
    assert all(0 < limit.seconds <= 600 for limit in limits if minutes)
    assert len(json.loads((tmp_path / "audit.json").read_text())["audits"]) == min(audited, 19)  # one had no epoch


def test_an_audit_ends_when_its_time_is_up(twenty, tmp_path, monkeypatch):
    monkeypatch.setattr("suite.audit.audit_record", lambda *_: pytest.fail("there was no time for it"))
    for name in ("fetch_data", "build_index"):
        monkeypatch.setattr(f"suite.audit.{name}", lambda *_: None)
    settings = read_settings(tmp_path, profile="full", minutes="0.0000001")
    assert audit_command([tmp_path / "01_none.ipynb"], [], settings) == 0


@pytest.mark.parametrize(("minutes", "waiting", "seconds"), [(None, 4, None), (10, 4, 135.0), (10, 1, 540.0)])
def test_each_record_has_a_like_part_of_the_time_that_is_left(monkeypatch, minutes, waiting, seconds):
    monkeypatch.setattr("time.time", lambda: 1060.0)  # a minute after the start
    assert _share_of_time(minutes, 1000.0, waiting) == seconds


def test_an_audit_takes_the_place_of_an_earlier_one_of_the_same_record(tmp_path):
    path = tmp_path / "audit.json"
    for verdict, sha256 in (("equal", "b"), ("differs", "a"), ("equal", "a")):
        note_audit(path, {"record": f"03_cnn/{sha256}.json", "sha256": sha256, "verdict": verdict})
    found = json.loads(path.read_text())["audits"]
    assert [(audit["sha256"], audit["verdict"]) for audit in found] == [("a", "equal"), ("b", "equal")]


def test_an_audit_is_described_in_a_line():
    found = {"verdict": "within tolerance", "epochs": 40, "epochs_compared": 3, "same_machine": False}
    found |= {"device": "a GPU", "difference": 0.0123}
    assert describe(found) == "within tolerance, 1.23 points off in accuracy (3 of 40 epochs, on a GPU)"
    assert describe({"verdict": "not trained", "error": "no such run"}) == "not trained: no such run"


@pytest.mark.parametrize("content", ['{"audits": [\n<<<<<<< HEAD\n', "[]", "{}", ""])
def test_a_note_that_a_merge_damaged_is_left_out_of_pages_and_stops_an_audit_before_it_trains(
    tmp_path, monkeypatch, capsys, content
):
    note = tmp_path / "audit.json"
    note.write_text(content)
    assert read_note(note) == {}
    assert describe_faults(note) is None
    assert describe_audits(note, tmp_path / "full") is None
    monkeypatch.setattr("suite.audit.audit_record", lambda *_: pytest.fail("it was trained"))
    assert audit_command([], [], SimpleNamespace(reports=tmp_path)) == 2
    said = capsys.readouterr().err
    assert "Nothing was audited." in said
    assert said.count("audit.json cannot be read and is left out") == 4
