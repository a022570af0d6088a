"""The page to look into nets: what it holds is what the records say, and its pictures are the test images."""

import base64
import json
import zlib

import numpy as np
import pytest
from bs4 import BeautifulSoup
from PIL import Image

from helpers.fingerprints import digest_of_arrays
from helpers.metrics import summarise_test
from helpers.predictions import keep_images, keep_labels, pack_predictions, read_images
from helpers.records import write_record
from suite.site import explore
from suite.site.explore import COLUMNS, build_explore, most_disputed, sheet_of
from suite.site.render import script_hash

RNG = np.random.default_rng(0)
NAMES = ["cat", "dog", "</script><b>ship</b>"]
Y_TRUE = np.arange(60) % 3
IMAGES = RNG.integers(0, 256, (60, 8, 8, 1), dtype="uint8").repeat(3, axis=3)


def make_outcome(folder, *variants, images=IMAGES, seed=10):
    """Write a record of each variant, with made-up predictions, and say that the notebook's page shows them."""
    runs = []
    for variant in variants:
        y_prob = RNG.dirichlet(np.ones(3), len(images)).astype("float32")
        digests = {"images_sha256": digest_of_arrays(images), "labels_sha256": digest_of_arrays(Y_TRUE)}
        test = summarise_test(Y_TRUE, y_prob, NAMES) | digests | {"predictions": pack_predictions(y_prob)}
        record = {
            "kind": "run", "notebook": "03_cnn", "variant": variant, "seed": seed, "profile": "full",
            "dataset": "cifar10", "setting": "s", "identity": "i", "started": "2026-03-05T10:11:12+00:00",
            "device": "a processor", "versions": {}, "history": {}, "seconds_by_epoch": [1.0], "test": test,
            "tests": {},
        }  # fmt: skip
        (folder / "results" / "03_cnn").mkdir(parents=True, exist_ok=True)
        record = write_record(folder / "results" / "03_cnn", f"{variant[:3]}-seed{seed}", record)
        runs.append({"variant": variant, "seed": seed, "record": record["sha256"]})
    return {"notebook": "03_cnn", "summary": {"runs": runs}}


@pytest.fixture
def folder(tmp_path):
    """A profile's folder with the classes of the test images."""
    keep_labels(tmp_path / "full" / "labels", Y_TRUE)
    return tmp_path / "full"


def data_of(path):
    return json.loads(BeautifulSoup(path.read_text(), "html.parser").select_one("#data").string)


def unpack(text):
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), "u1")


def test_the_page_holds_what_the_records_that_pages_show_say(folder):
    outcome = make_outcome(folder, "cnn", "dense")
    make_outcome(folder, "removed")  # no page shows it
    (found,) = data_of(build_explore(folder, [outcome]))
    assert [run["name"] for run in found["runs"]] == ["03 cnn, seed 10", "03 dense, seed 10"]
    np.testing.assert_array_equal(unpack(found["labels"]), Y_TRUE)
    for run in found["runs"]:
        y_pred = unpack(run["y_pred"])
        assert run["accuracy"] == pytest.approx((y_pred == Y_TRUE).mean(), abs=1e-4)
        assert len(unpack(run["second"])) == 60
        assert all(33 <= percent <= 100 for percent in unpack(run["percent"]))  # of the likeliest of three
    told = np.array([unpack(run["y_pred"]) for run in found["runs"]])
    assert found["num_disputed"] == (told[0] != told[1]).sum()
    assert found["title"] == "CIFAR-10: 60 test images (notebook 03)"


def test_only_runs_on_the_very_same_images_stand_together(folder):
    other = IMAGES[::-1].copy()
    outcomes = [make_outcome(folder, "cnn", "dense"), make_outcome(folder, "low", images=other)]
    found = data_of(build_explore(folder, outcomes))
    assert [len(one["runs"]) for one in found] == [2, 1]
    assert found[1]["title"] == "CIFAR-10: 60 test images (notebook 03: low)"  # else it is called as the other is


def test_nets_without_predictions_take_no_place_and_the_page_says_how_many_are_left_out(folder, monkeypatch):
    outcome = make_outcome(folder, "a_dense", "cnn", "dense")
    older = json.loads(next((folder / "results" / "03_cnn").glob("a_d*")).read_text())
    del older["test"]["predictions"]
    outcome["summary"]["runs"][0]["record"] = write_record(folder / "results" / "03_cnn", "old", older)["sha256"]
    monkeypatch.setattr(explore, "MOST_RUNS", 2)
    path = build_explore(folder, [outcome])
    assert [run["name"] for run in data_of(path)[0]["runs"]] == ["03 cnn, seed 10", "03 dense, seed 10"]
    assert "2 of the 3 runs that the pages show are here: 1 older record holds no predictions." in path.read_text()
    monkeypatch.setattr(explore, "MOST_RUNS", 1)
    assert "1 more is left out, 1 being the most" in build_explore(folder, [outcome]).read_text()


def test_its_script_alone_may_run_and_nothing_in_the_data_ends_its_element(folder):
    path = build_explore(folder, [make_outcome(folder, "<b>cnn</b>")])
    page = BeautifulSoup(path.read_text(), "html.parser")
    data, script = page.select("script")
    assert data["type"] == "application/json"
    assert f"script-src '{script_hash(script.string)}';" in page.select_one("[http-equiv]")["content"]
    assert json.loads(data.string)[0]["classes"] == NAMES
    assert not page.select("b")
    assert "innerHTML" not in script.string


def test_without_predictions_there_is_no_page_and_an_earlier_one_goes(folder):
    (folder / "explore.html").write_text("an earlier one")
    assert build_explore(folder, [{"notebook": "01_data", "summary": None}]) is None
    assert not (folder / "explore.html").exists()


def test_sheets_of_images_that_no_page_shows_any_more_go(folder):
    (folder / "figures").mkdir(exist_ok=True)
    orphan = folder / "figures" / "explore_00000000_11111111.jpg"
    orphan.touch()
    keep_images(folder / ".images", IMAGES)
    (found,) = data_of(build_explore(folder, [make_outcome(folder, "cnn", "dense")]))
    assert [path.name for path in (folder / "figures").glob("explore_*")] == [found["sheet"].removeprefix("figures/")]


def test_the_most_disputed_images_come_first_and_those_all_agree_on_not_at_all():
    y_pred = np.array([[0, 0, 0, 1], [0, 1, 1, 1], [0, 1, 2, 0], [0, 1, 1, 0]])
    assert most_disputed(y_pred, 3).tolist() == [2, 3, 1]
    assert most_disputed(y_pred, 3, most=1).tolist() == [2]


def test_without_the_images_the_page_has_no_pictures_and_says_so(folder):
    assert data_of(build_explore(folder, [make_outcome(folder, "cnn", "dense")]))[0]["sheet"] is None


def test_pictures_are_the_images_named_and_stay_where_the_images_are_not_at_hand(folder):
    outcome = make_outcome(folder, "cnn", "dense")
    keep_images(folder / ".images", IMAGES)
    (found,) = data_of(build_explore(folder, [outcome]))
    sheet = np.asarray(Image.open(folder / found["sheet"]))
    assert found["pictured"][: found["num_disputed"]]
    for place, index in enumerate(found["pictured"]):
        row, column = divmod(place, COLUMNS)
        shown = sheet[8 * row : 8 * row + 8, 8 * column : 8 * column + 8]
        assert np.abs(shown.astype(int) - IMAGES[index]).mean() < 20  # JPEG, of noise
    next((folder / ".images").iterdir()).unlink()
    assert data_of(build_explore(folder, [outcome]))[0]["sheet"] == found["sheet"]
    more = make_outcome(folder, "mlp", seed=11)
    assert data_of(build_explore(folder, [outcome, more]))[0]["sheet"] is None  # it would be of other images


@pytest.mark.parametrize("channels", [1, 3])
def test_a_sheet_has_an_image_a_tile(channels):
    images = RNG.integers(0, 256, (COLUMNS + 1, 4, 5, channels), dtype="uint8")
    sheet = sheet_of(images)
    assert sheet.shape == (8, 5 * COLUMNS, 3)
    np.testing.assert_array_equal(sheet[4:8, 0:5], np.broadcast_to(images[COLUMNS], (4, 5, 3)))
    np.testing.assert_array_equal(sheet[0:4, 10:15], np.broadcast_to(images[2], (4, 5, 3)))


def test_images_are_kept_once_by_their_digest_and_not_used_if_altered(tmp_path):
    keep_images(tmp_path, IMAGES)
    keep_images(tmp_path, IMAGES.astype("float32"))  # not as they are on the disk: not kept
    (path,) = tmp_path.iterdir()
    digest = digest_of_arrays(IMAGES)
    np.testing.assert_array_equal(read_images(tmp_path, digest), IMAGES)
    np.save(path, IMAGES[::-1])
    assert read_images(tmp_path, digest) is None
    assert read_images(tmp_path, None) is None
