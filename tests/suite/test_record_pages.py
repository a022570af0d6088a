"""The pages of records: each record is described once, and every number that pages show leads to one."""

import json
import re
from collections import Counter
from urllib.parse import unquote

import nbformat
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from made_up_notebooks import facts_of, make_summary, outcome, read
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from helpers.records import write_record
from suite.site.curves import HEIGHT, WIDTH, draw_curves
from suite.site.index import build_index
from suite.site.pages import build_page

CLASSES = ("cat", "dog")
ROW = {"precision": 0.6, "recall": 0.7, "f1-score": 0.65, "support": 4500.0}
HOSTILE = '"><script>alert(1)</script>'


def make_run(variant="cnn", seed=10, accuracy=0.735, epochs=3, **changes):
    history = {
        name: [start - 0.1 * epoch / epochs for epoch in range(epochs)]
        for name, start in (("loss", 1.5), ("val_loss", 1.6), ("accuracy", 0.6), ("val_accuracy", 0.5))
    }
    right = round(9000 * accuracy)
    return {
        "kind": "run", "notebook": "03_cnn", "variant": variant, "seed": seed, "profile": "full",
        "dataset": "cifar10", "asked_dataset": "cifar10", "setting": "of the cnn", "identity": f"{variant} {seed}",
        "split": {"name": "report_a", "train": 45900, "validation": 5100, "test": 9000},
        "hyperparameters": {"optimizer": {"name": "Adam", "learning_rate": 0.001, "amsgrad": False}, "epochs": 40},
        "parameters": {"total": 573510, "trainable": 566910}, "backend": "jax", "device": "a CPU", "threads": 2,
        "versions": {"keras": "3.15.1"}, "commit": "4b7bf3686d", "history": history, "precision": "float32",
        "seconds": 30.0, "seconds_by_epoch": [10.0] * epochs, "seconds_first_step": 2.0, "images_per_second": 900.0,
        "others_by_epoch": [0.5] * epochs, "disturbed": True, "best_epoch": 2, "stopped_early": True,
        "frozen_part": None, "started": "2026-11-25T04:45:12+00:00", "ended": "2026-11-25T05:09:50+00:00",
        "test": {"accuracy": accuracy, "loss": 1.4, "images": 9000, "by_class": dict.fromkeys(CLASSES, ROW),
                 "macro_avg": ROW, "confusion_matrix": [[right, 9000 - right], [0, 0]]}, "tests": {}, **changes,
    }  # fmt: skip


CANDIDATE = {"kind": "candidate", "variant": "Adam 0.001, dropout 0.5", "seed": 0}
MEASUREMENT = {"kind": "measurement", "name": "rate_finder", "settings": {"steps": 200}, "value": {"rates": [0.1] * 99}}


def keep(folder, record, notebook="03_cnn"):
    """Write a record; its digest and its anchor."""
    results = folder / "results" / notebook
    results.mkdir(parents=True, exist_ok=True)
    name = f"{record['variant']}-seed{record['seed']}" if "variant" in record else record["name"]
    written = write_record(results, name, record)
    (path,) = results.glob(f"*-{written['sha256'][:8]}.json")
    return written["sha256"], path.stem


def show(folder, *runs, notebook="03_cnn", table=None, **changes):
    """The page, the index and the pages of records, where the notebook's page shows some runs and a table."""
    summary = {
        "notebook": notebook, "profile": folder.name, "dataset": "cifar10", "asked_dataset": "cifar10", "seeds": [10],
        "precision": "float32", "finished": "2026-11-26T10:11:12+00:00", "backend": "jax", "device": "a CPU",
        "versions": {"keras": "3.15.1"}, "commit": "e32d223a1b",
        "table": [] if table is None else table.to_dict("records"),
        "runs": [{"variant": variant, "seed": seed, "record": digest} for variant, seed, digest in runs], **changes,
    }  # fmt: skip
    (folder / "results" / notebook).mkdir(parents=True, exist_ok=True)
    (folder / "results" / notebook / "summary.json").write_text(json.dumps(summary))
    cells = [new_markdown_cell(f"# About {notebook}")]
    if table is not None:
        html = table.to_html(index=False)
        cells.append(new_code_cell("table", outputs=[new_output("execute_result", data={"text/html": html})]))
    nbformat.write(new_notebook(cells=cells), folder / f"{notebook}.ipynb")
    build_page(folder / f"{notebook}.ipynb", folder)
    done = {"title": f"About {notebook}", "question": "?", "status": "done", "seconds": 1.0, "error": None}
    build_index(folder, [done | {"notebook": notebook, "summary": summary, "partial": None}])
    return read(folder / "results" / notebook / "index.html") if any(folder.glob("results/*/*-*.json")) else None


def check_links(folder):
    """Every link of every page leads to a file that is there, and to a place on it; no place has two."""
    pages = {path.resolve(): read(path) for path in [*folder.glob("*.html"), *folder.glob("results/*/index.html")]}
    count = 0
    for path, page in pages.items():
        assert max(Counter(tag["id"] for tag in page.select("[id]")).values(), default=1) == 1
        for link in page.select("a[href]"):
            file, _, place = link["href"].partition("#")
            target = (path.parent / unquote(file)).resolve() if file else path
            if target.name == "16_scoreboard.html":
                continue  # it is made of all other pages, which these tests do not make
            assert target.exists(), link
            assert not place or pages[target].find(id=unquote(place)), link
            count += target in pages and path != target
    return count


def test_each_record_is_described_once_with_its_file(full):
    kept = [keep(full, make_run(seed=seed)) for seed in (11, 10)] + [keep(full, make_run("dense"))]
    others = [keep(full, make_run(**CANDIDATE)), keep(full, make_run() | MEASUREMENT | {"variant": "finder"})]
    page = show(full, *(("cnn", 10 + k, digest) for k, (digest, _) in enumerate(kept[1::-1])))
    anchors = [anchor for _, anchor in (kept[1], kept[0], kept[2])]
    assert [article["id"] for article in page.select("article")][:3] == anchors
    for _, anchor in kept + others:
        assert len(page.select(f'[id="{anchor}"]')) == 1
        assert page.find(id=anchor).select(f'a[href="{anchor}.json"]')
    assert [group.h2.text for group in page.select("section[id^=variant-]")] == ["cnn", "dense"]
    assert [row.a["href"] for row in page.select("header tbody tr")] == [f"#{anchor}" for anchor in anchors]
    assert page.select_one("#variant-cnn .evidence").text == "test accuracy 0.735 over 2 seeds"


def test_a_run_is_said_with_its_figures_times_and_origin_and_how_to_train_it_again(full):
    digest, anchor = keep(full, make_run())
    article = show(full, ("cnn", 10, digest)).find(id=anchor)
    facts = {fact.dt.text: fact.dd.text for fact in article.select(".facts div")}
    expected = {
        "test accuracy": "0.7350 of 9,000 images", "macro F1": "0.6500", "epochs": "3 of at most 40, best 2",
        "training time": "30.0 s", "images a second": "900", "machine meanwhile": "disturbed", "commit": "4b7bf3686d",
        "device": "a CPU, 2 threads", "software": "keras 3.15.1; backend jax", "identity": "cnn 10",
        "setting": "of the cnn", "digest of the record": digest,
        "data": "CIFAR-10; split report a: 45,900 train, 5,100 validation, 9,000 test",
    }  # fmt: skip
    assert expected.items() <= facts.items()
    settings = {row.th.text: row.td.text for row in article.select("details tr:has(th[scope])")}
    assert settings == {"optimizer, name": "Adam", "optimizer, learning rate": "0.001", "epochs": "40"}
    assert 'make report NB=03_cnn PROFILE=full SEEDS="10" FRESH=1' in article.text
    epochs = article.select_one("details table")
    assert [cell.text for cell in epochs.select("th")][:3] == ["epoch", "loss", "val loss"]
    assert len(epochs.select("tbody tr")) == 3
    assert len(article.select("svg")) == 2
    assert not article.select(".pill")


def test_curves_have_axes_with_labels_and_take_whatever_a_history_holds():
    history = make_run(epochs=40)["history"]
    drawn = BeautifulSoup(draw_curves(history, 24), "html.parser")
    loss, accuracy = drawn.select("svg")
    assert {"epoch", "loss, nats", "training", "validation", "best epoch", "1", "40"} <= {
        t.text for t in loss.select("text")
    }
    assert "accuracy" in {text.text for text in accuracy.select("text")}
    assert loss["aria-label"].startswith("loss, nats over 40 epochs: training 1.500 to")
    named = BeautifulSoup(draw_curves(history, 24, "cnn, seed 10"), "html.parser").svg["aria-label"]
    assert named == f"cnn, seed 10: {loss['aria-label']}"
    assert len(loss.select("polyline")) == 2
    training, validation = json.loads(drawn.select_one("script.values").string)["panels"][0]["series"]
    assert [value for _, value, _, _ in training["points"]] == [f"{value:.4g}" for value in history["loss"]]
    assert validation["points"][-1][0] == "40"
    at = loss.select("polyline")[0]["points"].split(",")[-1].split()
    long = BeautifulSoup(draw_curves({"loss": [1.0] * 150}), "html.parser").select_one("script.values")
    kept = [point[0] for point in json.loads(long.string)["panels"][0]["series"][0]["points"]]
    assert len(kept) <= 60
    assert kept[-2:] == ["147", "150"]
    assert training["points"][-1][2:] == [round(1000 * float(at[0]) / WIDTH), round(1000 * float(at[1]) / HEIGHT)]
    assert not draw_curves({"learning_rate": [0.1]})
    lone = BeautifulSoup(draw_curves({"loss": [None, 1.5], "accuracy": [None]}), "html.parser")
    assert len(lone.select("svg circle.train")) == 1
    for values in ([0.0], [0.5, 0.5], [1e9, 1e-9], [-1.0, 2.0]):
        assert "nan" not in draw_curves({"loss": values})


def test_names_from_records_are_escaped(full):
    changes = {"device": HOSTILE, "commit": HOSTILE, "hyperparameters": {HOSTILE: HOSTILE, "epochs": 3}}
    digest, _ = keep(full, make_run(HOSTILE, **changes))
    keep(full, make_run(**CANDIDATE | {"variant": HOSTILE}))
    keep(full, {**make_run(), **MEASUREMENT, "variant": "x", "settings": {HOSTILE: HOSTILE}})
    table = pd.DataFrame({"variant": [HOSTILE], "ours, mean": ["0.7"]})
    page = show(full, (HOSTILE, 10, digest), table=table)
    assert HOSTILE in page.text
    for path in [*full.glob("*.html"), *full.glob("results/*/index.html")]:
        assert "<script>alert" not in path.read_text()
    assert [script.get("class") for script in page.select("script")] == [["values"], ["values"], None]  # its own
    assert check_links(full)


def test_a_damaged_record_is_named_and_the_others_are_there(full):
    digest, anchor = keep(full, make_run())
    (full / "results" / "03_cnn" / "cnn-seed11-<b>.json").write_text('{"format": 1')
    page = show(full, ("cnn", 10, digest))
    assert "cnn-seed11-<b>.json cannot be read as JSON" in page.select_one("header .banner").text
    assert page.find(id=anchor)
    assert read(full / "index.html").select_one('section .status a[href^="results/"]').text == "1 run"


def test_what_is_whole_but_not_as_records_are_is_there_with_its_file(full):
    digest, anchor = keep(full, make_run(history=None, parameters=[]))
    _, other = keep(full, make_run(kind="poem"))
    page = show(full, ("cnn", 10, digest))
    assert "TypeError" in page.find(id=anchor).text
    assert page.find(id=other).select(f'a[href="{other}.json"]')


def test_a_run_that_the_page_does_not_show_says_why(full):
    shown, anchor = keep(full, make_run())
    hidden = {
        "a removed variant": keep(full, make_run("old_net")),
        "another record of this variant and seed": keep(full, make_run(accuracy=0.7)),
        "recorded after the page was made": keep(full, make_run(seed=12, ended="2026-11-27T00:00:00+00:00")),
        "without this seed": keep(full, make_run(seed=13, older=True)),
    }
    page = show(full, ("cnn", 10, shown))
    assert "4 of 5 runs are not on the notebook's page" in page.select_one("header .banner").text
    for why, (_, place) in hidden.items():
        assert why in page.find(id=place).text
        assert page.find(id=place).select_one(".pill").text == "not on the page"
    assert "older format" in page.find(id=hidden["without this seed"][1]).text
    assert "Not on the" not in page.find(id=anchor).text


def test_a_run_of_another_notebook_is_on_both_pages_under_the_name_that_each_gives_it(full):
    digest, anchor = keep(full, make_run("with_pooling", notebook="05_pooling"), "05_pooling")
    page = show(full, ("cnn", 10, digest))
    article = page.select_one("#variant-cnn article")
    assert article["id"] == anchor
    assert "Recorded by 05_pooling" in article.text
    assert "calls it with pooling" in article.text
    assert article.select(f'a[href="../05_pooling/{anchor}.json"]')
    assert "NB=05_pooling" in article.text
    own = read(full / "results" / "05_pooling" / "index.html").find(id=anchor)
    assert "page was not made yet" in own.text


def test_names_in_tables_lead_to_records_and_other_words_do_not(full):
    runs = [("big_cnn", seed, *keep(full, make_run("big_cnn", seed))) for seed in (10, 11)]
    _, candidate = keep(full, make_run(**CANDIDATE))
    table = pd.DataFrame(
        {
            "net": ["big cnn", "big_cnn", "cat", CANDIDATE["variant"]],
            "seed": ["11", "", "10", ""],
            "figure": ["accuracy", "big cnn", "accuracy", "accuracy"],
            "record": ["", runs[0][2][:8], "", ""],
        }
    )
    show(full, *(run[:3] for run in runs), table=table)
    here = "results/03_cnn/index.html"
    expected = {
        ("big cnn", f"{here}#{runs[1][3]}"), ("big_cnn", f"{here}#variant-big_cnn"),
        (CANDIDATE["variant"], f"{here}#{candidate}"), (runs[0][2][:8], f"{here}#{runs[0][3]}"),
    }  # fmt: skip
    for name, tables in (("03_cnn.html", ".rendered"), ("index.html", "section.card")):
        page = read(full / name)
        assert {(link.text, link["href"]) for link in page.select(f"{tables} td a")} == expected
        assert "2 runs, 1 candidate" in page.text
    assert check_links(full) > 8


def test_a_printed_name_leads_to_the_run_that_it_is_held_against(full):
    runs = [
        (v, 10, keep(full, make_run(v, notebook="12_depth"), "12_depth")[0]) for v in ("model_1", "model_1_published")
    ]
    table = pd.DataFrame({"variant": ["model_1", "model_2"], "printed": ["0.72", "0.70"]})
    show(full, *runs, notebook="12_depth", table=table)
    links = {link.text: link["href"] for link in read(full / "12_depth.html").select(".rendered td a")}
    assert links == {"model_1": "results/12_depth/index.html#variant-model_1_published"}
    show(full, *runs, notebook="12_depth", table=table.rename(columns={"printed": "ours"}))
    links = {link.text: link["href"] for link in read(full / "12_depth.html").select(".rendered td a")}
    assert links == {"model_1": "results/12_depth/index.html#variant-model_1"}


@pytest.mark.parametrize(
    ("columns", "linked"),
    [
        (["seed", "cnn", "dense"], ["cnn", "dense"]),  # a run a column
        (["cnn", "as bfloat16"], []),  # one alone may be another word
        (["layer", "parameters"], []),
    ],
)
def test_a_word_in_another_place_of_a_table_is_no_run(full, columns, linked):
    runs = [(v, 10, keep(full, make_run(v))[0]) for v in ("cnn", "dense")]
    show(full, *runs, table=pd.DataFrame([["dense"] * len(columns)], columns=columns))
    assert [link.text for link in read(full / "03_cnn.html").select(".rendered a")] == linked


def test_a_claim_leads_to_the_record_of_each_seed_that_it_is_judged_by(full):
    kept = {
        (v, s): keep(full, make_run(v, s, a + s / 1000))
        for v, a in (("cnn", 0.7), ("dense", 0.5))
        for s in range(10, 15)
    }
    table = pd.DataFrame({"claim": ["A1: The CNN is more accurate than the dense net"], "verdict": ["supported"]})
    show(full, *((v, s, digest) for (v, s), (digest, _) in kept.items()), table=table)
    box = read(full / "03_cnn.html").find(id="claim-A1")
    places = {f"results/03_cnn/index.html#{anchor}" for _, anchor in kept.values()}
    assert {link["href"] for link in box.select("a")} == places
    assert "records: cnn 10 11 12 13 14, dense 10 11" in re.sub(r"\s+", " ", box.text)
    row = next(row for row in read(full / "index.html").select("tr.claim") if row.strong.text == "A1")
    assert places <= {link["href"] for link in row.select("a")}
    assert read(full / "03_cnn.html").select_one(".rendered td a")["href"] == "03_cnn.html#claim-A1"
    assert check_links(full) > 20


def test_a_notebook_without_records_has_no_page_of_them_and_no_link_to_one(full):
    (full / "results" / "03_cnn").mkdir(parents=True)
    (full / "results" / "03_cnn" / "index.html").write_text("of records that were removed")
    show(full)
    assert not (full / "results" / "03_cnn" / "index.html").exists()
    assert "results/" not in (full / "03_cnn.html").read_text() + (full / "index.html").read_text()


def test_a_page_of_many_long_runs_is_small(full):
    runs = [
        (f"variant_{k}", seed, keep(full, make_run(f"variant_{k}", seed, epochs=100))[0])
        for k in range(10)
        for seed in range(10, 15)
    ]
    show(full, *runs)
    assert (full / "results" / "03_cnn" / "index.html").stat().st_size < 1.5e6


def test_a_run_that_two_pages_show_counts_once_in_the_training_time_of_all(full):
    digest, _ = keep(full, make_run())
    shown = {"runs": [{"variant": "cnn", "seed": 10, "record": digest}]}
    shown |= {"training": {"runs": 1, "reused": 0, "seconds": 30.0}}
    outcomes = [outcome(name, summary=make_summary(notebook=name, **shown)) for name in ("03_cnn", "05_pooling")]
    assert facts_of(read(build_index(full, outcomes)))["training time"] == "30 s in 1 run"
