"""Records: read back as they were written; one that was cut short, altered, is newer or foreign is named, not used."""

import json
import re

import numpy as np
import pytest
from small_records import record_of

from helpers.records import FORMAT, RecordError, newest, read_record, read_records, read_summary, write_record
from helpers.runs import load_runs


@pytest.fixture
def written(tmp_path):
    """A record that was written: its file, and what `write_record` returned."""
    record = write_record(tmp_path / "03_cnn", "cnn-seed10", record_of())
    return tmp_path / "03_cnn" / f"cnn-seed10-{record['sha256'][:8]}.json", record


@pytest.fixture(autouse=True)
def _folder(tmp_path):
    (tmp_path / "03_cnn").mkdir()


def test_a_record_is_read_back_as_it_was_written(written):
    path, record = written
    assert read_record(path) == record
    assert record["format"] == FORMAT
    assert {key: record[key] for key in record_of()} == json.loads(json.dumps(record_of()))


def test_its_name_says_what_it_is_and_no_other_record_is_replaced(written, tmp_path):
    other = write_record(tmp_path / "03_cnn", "cnn-seed10", record_of(started="2026-04-01T00:00:00+00:00"))
    odd = write_record(tmp_path / "03_cnn", "with a/slash, and spaces-seed1", record_of(variant="with a/slash"))
    names = {path.name for path in (tmp_path / "03_cnn").iterdir()}
    assert names == {
        written[0].name,
        f"cnn-seed10-{other['sha256'][:8]}.json",
        f"with_a_slash_and_spaces-seed1-{odd['sha256'][:8]}.json",
    }


def test_the_same_record_written_twice_is_one_file(written, tmp_path):
    write_record(tmp_path / "03_cnn", "cnn-seed10", record_of())
    assert list((tmp_path / "03_cnn").iterdir()) == [written[0]]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), np.float32("nan")])
def test_what_is_no_plain_finite_value_is_refused_and_nothing_is_written(tmp_path, value):
    with pytest.raises((TypeError, ValueError)):
        write_record(tmp_path / "03_cnn", "cnn", record_of(loss=value))
    assert list((tmp_path / "03_cnn").iterdir()) == []


def test_records_are_read_oldest_first(tmp_path):
    starts = ["2026-03-01T00:00:00+00:00", "2026-01-01T00:00:00+00:00", "2026-02-01T00:00:00+00:00"]
    for started in starts:
        write_record(tmp_path / "03_cnn", "cnn", record_of(started=started))
    (tmp_path / "03_cnn" / "summary.json").write_text("{}")  # no record
    (tmp_path / "03_cnn" / "._cnn-seed10.json").write_bytes(b"\0\5\x16\7")  # nor is what macOS leaves beside a copy
    records, problems = read_records(tmp_path / "03_cnn")
    assert [record["started"] for record in records] == sorted(starts)
    assert problems == {}


def test_a_record_that_was_replaced_is_read_anew(written):
    path, record = written
    read_record(path)
    other = write_record(path.parent, "x", record_of(seed=11))
    (path.parent / f"x-{other['sha256'][:8]}.json").replace(path)
    assert read_record(path)["seed"] == 11
    assert record["seed"] == 10


# Damaged, foreign, newer.


def cut_short(content: bytes) -> bytes:
    return content[: len(content) // 2]


def cut_by_the_last_bracket(content: bytes) -> bytes:
    return content.rstrip()[:-1]


def with_another_seed(content: bytes) -> bytes:
    return content.replace(b'"seed": 10', b'"seed": 11')


def with_another_prediction(content: bytes) -> bytes:
    return re.sub(rb'("y_pred": ")(.)', rb"\1z", content)


def without_its_digest(content: bytes) -> bytes:
    return re.sub(rb',\s*"sha256": "\w+"', b"", content)


def with_more(content: bytes) -> bytes:
    return content.replace(b'"seed": 10', b'"seed": 10, "note": "better"')


def with_nan(content: bytes) -> bytes:
    return content.replace(b'"seed": 10', b'"seed": NaN')


def from_a_newer_version(content: bytes) -> bytes:
    return content.replace(b'"format": %d' % FORMAT, b'"format": %d' % (FORMAT + 1))


DAMAGES = {
    cut_short: "cannot be read as JSON",
    cut_by_the_last_bracket: "cannot be read as JSON",
    with_another_seed: "was altered or damaged: its digest is another",
    with_another_prediction: "was altered or damaged",
    without_its_digest: "was altered or damaged",
    with_more: "was altered or damaged",
    with_nan: "NaN is no number of JSON",
    from_a_newer_version: f"is of format {FORMAT + 1}; this version reads formats up to {FORMAT}",
}
FOREIGN = {
    b"": "cannot be read as JSON",
    b"\xff\xfe\x00": "cannot be read as JSON",
    b"[" * 200_000: "cannot be read as JSON",
    b"[1, 2]": "is no record: it says no format",
    b'"a string"': "is no record: it says no format",
    b'{"accuracy": 0.5}': "is no record: it says no format",
    b'{"format": "one"}': "is of format 'one'",
    b'{"format": 1}': "was altered or damaged",
}


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_record_that_is_not_as_it_was_written_is_named_and_not_used(written, damage):
    path, _ = written
    content = path.read_bytes()
    assert damage(content) != content
    path.write_bytes(damage(content))
    with pytest.raises(RecordError, match=re.escape(DAMAGES[damage])):
        read_record(path)
    records, problems = read_records(path.parent)
    assert records == []
    assert DAMAGES[damage] in problems[path.name]
    assert load_runs(path.parent).empty


@pytest.mark.parametrize("content", FOREIGN, ids=lambda content: content[:20].decode(errors="replace"))
def test_what_is_no_record_is_named_and_the_others_are_used(written, content):
    path, record = written
    (path.parent / "foreign.json").write_bytes(content)
    records, problems = read_records(path.parent)
    assert records == [record]
    assert list(problems) == ["foreign.json"]
    assert FOREIGN[content] in problems["foreign.json"]


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"started": 5}, "holds something else than text in started"),
        ({"kind": ["run"]}, "holds something else than text in kind"),
    ],
)
def test_a_record_whose_fields_are_not_what_they_should_be_is_named(tmp_path, changed, problem):
    write_record(tmp_path / "03_cnn", "cnn", record_of(**changed))
    records, problems = read_records(tmp_path / "03_cnn")
    assert (records, [*problems.values()]) == ([], [problem])


@pytest.mark.parametrize("field", ["identity", "started", "test", "history", "seed"])
def test_a_record_that_lacks_what_a_page_needs_is_named(tmp_path, field):
    record = record_of()
    del record[field]
    write_record(tmp_path / "03_cnn", "cnn", record)
    _, problems = read_records(tmp_path / "03_cnn")
    assert list(problems.values()) == [f"lacks {field}"]


def test_a_number_too_large_to_be_one_is_named(written, tmp_path):
    path = next(tmp_path.rglob("*.json"))
    path.write_text(path.read_text().replace('"format": 1', '"format": 1, "more": 1e999', 1))
    records, problems = read_records(path.parent)
    assert records == []
    assert "1e999 is no number of JSON" in problems[path.name]


def test_a_folder_in_a_records_place_is_named(tmp_path):
    (tmp_path / "03_cnn" / "cnn.json").mkdir()
    records, problems = read_records(tmp_path / "03_cnn")
    assert records == []
    assert "cannot be read" in problems["cnn.json"]


def test_no_folder_holds_no_records(tmp_path):
    assert read_records(tmp_path / "absent") == ([], {})


def test_of_several_records_of_a_run_the_newest_counts():
    records = [{"started": "2026-01"}, {"started": "2026-03"}, {"started": "2026-02"}]
    assert newest(records) == records[1]
    again = [{"started": "2026-03", "ended": end} for end in ("2026-04", "2026-05", "2026-03")]
    assert newest(again) == again[1]  # one training, tested again
    assert newest([]) is None


def test_reading_many_records_again_takes_no_time(written, monkeypatch):
    path, _ = written
    read_record(path)
    monkeypatch.setattr(json, "loads", lambda *_, **__: pytest.fail("it was parsed again"))
    read_record(path)


@pytest.mark.parametrize("content", [None, "", "<<<<<<< ours\n{}", "[1]", "{"])
def test_a_summary_that_is_absent_or_damaged_is_as_none(tmp_path, content):
    if content is not None:
        (tmp_path / "summary.json").write_text(content)
    assert read_summary(tmp_path) == {}
    (tmp_path / "summary.json").write_text('{"answer": "yes"}')
    assert read_summary(tmp_path) == {"answer": "yes"}
