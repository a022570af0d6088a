"""The scoreboard's tables and figures, and the verdicts on pages, from made-up runs."""

from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from bs4 import BeautifulSoup
from made_up import make_run, make_test, matrix_of, results_of

from helpers import claim_plots
from helpers.claims import (
    compare_all,
    describe_simulation,
    findings_table,
    judge_claims,
    load_simulation,
    nets_table,
    printed_table,
    verdicts_table,
)
from suite.site.claims import count_verdicts, describe_claims, fill_pages, fill_readme, readme_table
from suite.site.render import render_part

ROOT = Path(__file__).parents[2]
CLOSE = (-0.002, -0.001, 0.0, 0.001, 0.002)


@pytest.fixture
def results():
    """Five runs each of report A's two nets, as printed or nearly so."""
    more = {"hyperparameters": {"train_images": 45_900, "batch_size": 128, "optimizer": {"name": "Adam"}}}
    more |= {"split": {"name": "report A"}}
    runs = [
        make_run(variant, seed, mean + off, **more)
        for variant, mean in (("cnn", 0.72), ("dense", 0.53))
        for seed, off in zip(range(10, 15), CLOSE, strict=True)
    ]
    return results_of(n03_cnn=runs)


def test_a_verdict_stands_beside_its_evidence(results):
    table = verdicts_table(judge_claims(results)).set_index("claim")
    row = table.loc["A1: The CNN is more accurate than the dense net"]
    assert (row["verdict"], row["printed"], row["seeds"]) == ("supported", "0.72 against 0.54", "5")
    assert row["ours, 95 % interval"].startswith("+19.00 (+18.")
    assert "with other test images" not in table  # made-up runs keep no predictions
    assert table.loc["C2: The CNN with batch norm beats the plain CNN", "verdict"] == "not yet run"


def test_printed_figures_and_nets_are_listed_for_reading(results):
    compared = compare_all(results)
    table = printed_table(compared[compared["values"].map(len) > 0])
    row = table.query("net == 'cnn' and figure == 'accuracy'").iloc[0]
    assert row.tolist() == ["A", "cnn", "accuracy", "0.72", "0.720 (0.718 to 0.722)", "0.710 to 0.730", "5",
                            "compatible with print"]  # fmt: skip
    just_beyond = compared.query("variant == 'cnn' and metric == 'accuracy'").assign(low=0.7204, high=0.7304)
    assert printed_table(just_beyond)["one more run"].tolist() == ["0.7204 to 0.7304"]  # 0.720 would hold 0.72
    parameters = table.query("net == 'cnn' and figure == 'parameters'").iloc[0]
    assert (parameters["ours"], parameters["agreement"]) == ("573,510", "equal")
    nets = nets_table(results).set_index("net")
    assert nets.loc["dense", ["test accuracy", "seeds", "trained on", "optimizer", "an epoch, s"]].tolist() == [
        "0.530 (0.528 to 0.532)", "5", "45,900", "Adam", "50.0",
    ]  # fmt: skip


def test_the_epochs_of_a_notebooks_nets_are_timed_on_one_computer_where_they_ran_on_it():
    about = {"hyperparameters": {}, "split": {}}
    on = lambda net, seed, device, seconds: make_run(net, seed, device=device, seconds=seconds, **about)  # noqa: E731
    plain = [on("cnn_plain", seed, "slow", 160.0) for seed in (10, 11)] + [on("cnn_plain", 12, "fast", 60.0)]
    results = results_of(n10_batch_norm=[*plain, on("cnn_batch_norm", 10, "fast", 80.0), on("alone", 10, "old", 200.0)])
    times = nets_table(results).set_index("net")[["an epoch, s", "measured on"]].T.to_dict("list")
    known = "unknown precision"
    assert times == {
        "cnn plain": ["30.0", f"fast, {known}"],  # though more of its own runs are on the slow one
        "cnn batch norm": ["40.0", f"fast, {known}"],
        "alone": ["100.0", f"old, {known}"],  # which ran nowhere else
    }


def test_of_two_tests_of_the_same_runs_each_seeds_own_difference_is_drawn():
    tests = lambda gain: {"16x16": make_test(matrix_of(gain)), "8x8": make_test(matrix_of(gain - 0.2))}  # noqa: E731
    runs = [make_run("tvtv_32x32", s, 0.6 + s / 100, tests=tests(0.5 + s / 100)) for s in (10, 11, 12)]
    judged = [claim for claim in judge_claims(results_of(n08_resolution=runs), draws=0) if claim.name == "B1"]
    (drawn,) = claim_plots.evidence(judged)
    dots = [line.get_xdata().tolist() for line in drawn.axes[0].lines if line.get_marker() == "o"]
    assert dots == [pytest.approx([10.0] * 3), pytest.approx([20.0] * 3)]


def test_the_evidence_is_drawn_with_each_seed(results):
    judged = judge_claims(results, draws=0)
    accuracies, times = claim_plots.evidence(judged)
    dots = [line for line in accuracies.axes[0].lines if line.get_marker() == "o"]
    assert [len(line.get_xdata()) for line in dots] == [5, 5]
    assert sorted(dots[0].get_xdata()) == pytest.approx([18.8, 18.9, 19.0, 19.1, 19.2])
    assert [line.get_label() for line in dots] == ["_a seed of the side said to be larger", "_a seed of the other side"]
    assert [label.get_text() for label in accuracies.axes[0].get_yticklabels()] == ["A1 supported: cnn - dense"]
    assert accuracies.axes[0].get_title() == "claims by difference, points"
    assert times.axes[0].get_xscale() == "log"
    assert times.axes[0].get_xlabel() == "ratio of times, as claimed to the right"
    assert not any(label.get_text() for label in times.axes[0].get_xticklabels(minor=True))
    assert accuracies.axes[0].get_xlabel() == "difference, points, as claimed to the right"
    shares = compare_all(results, [("A", "dense_vs_cnn")]).query("metric == 'accuracy'")
    crosses = [line for line in claim_plots.printed_beside_ours(shares).axes[0].lines if line.get_marker() == "x"]
    assert sorted(float(line.get_xdata()[0]) for line in crosses) == [0.54, 0.72]
    plt.close("all")


def test_what_was_simulated_is_said_with_what_was_promised():
    found = load_simulation()
    assert found["boards"] >= 2000
    assert found["false_findings"] <= 0.05
    assert found["found"] >= 0.9
    assert found["small_no_difference"] > found["small_found"]
    assert found["false_findings_of_long"] <= 0.05
    lines = describe_simulation(found)
    assert "2,000 made-up scoreboards of 32 claims" in lines[0]
    few = next(row["found"] for row in found["power"] if (row["spread"], row["seeds"]) == (0.01, 3))
    assert any(line.startswith(f"    1 points: {few:.0%} with 3 seeds, ") for line in lines)
    assert describe_simulation(None) == ["The rules were not simulated here: make simulate."]


NOTEBOOKS = [{"notebook": name, "title": name} for name in ("01_data_and_splits", "03_cnn")]


def test_verdicts_are_put_into_the_heads_of_pages_each_time_anew(tmp_path):
    folder = tmp_path / "full"
    folder.mkdir()
    place = render_part("claims_of_page", [])
    for name in ("03_cnn", "01_data_and_splits"):
        (folder / f"{name}.html").write_text(f"<header><h1>x</h1>{place}</header><div>y</div>")
    claims = describe_claims(folder)
    assert count_verdicts(claims) == [("not yet run", "open", 33)]
    claims[0] |= {"verdict": "supported", "claim": "The <CNN> \\1 wins"}
    for _ in range(2):
        fill_pages(folder, claims, NOTEBOOKS)
    page = (folder / "03_cnn.html").read_text()
    assert page.count("The &lt;CNN&gt; \\1 wins") == 1
    assert page.endswith("</header><div>y</div>")
    assert "A3" not in page
    assert (folder / "01_data_and_splits.html").read_text().count("claim") == place.count("claim")
    assert describe_claims(tmp_path / "quick") == []


def test_the_readme_shows_the_same_verdicts_between_its_marks(tmp_path):
    claims = describe_claims(tmp_path / "full")
    claims[0] |= {"verdict": "supported", "seeds": 5}
    readme = tmp_path / "README.md"
    readme.write_text("above\n<!-- scoreboard -->\nolder\n<!-- /scoreboard -->\nbelow\n")
    fill_readme(readme, claims)
    text = readme.read_text()
    assert text.startswith("above\n<!-- scoreboard -->\n33 rows")
    assert "| A1: The CNN is more accurate than the dense net | A | **supported** | 5 |" in text
    assert text.endswith("<!-- /scoreboard -->\nbelow\n")
    assert "older" not in text
    readme.write_text("no marks")
    fill_readme(readme, claims)
    assert readme.read_text() == "no marks"


def test_the_committed_readme_and_index_are_not_older_than_the_records():
    claims = describe_claims(ROOT / "reports" / "full")
    assert readme_table(claims) in (ROOT / "README.md").read_text()
    index = BeautifulSoup((ROOT / "reports" / "full" / "index.html").read_text(), "html.parser")
    shown = [(div.strong.text, div.select_one(".pill").text) for div in index.select(".scoreboard .claim")]
    assert sorted(shown) == sorted((claim["name"], claim["verdict"]) for claim in claims)
    for path in (ROOT / "reports" / "full").glob("[01]*.html"):
        page = BeautifulSoup(path.read_text(), "html.parser")
        own = [(c["name"], c["verdict"]) for c in claims if c["notebook"] == path.stem]
        assert [(div.strong.text, div.select_one(".pill").text) for div in page.select(".claims .claim")] == own


def test_what_the_published_tables_cannot_be_is_listed_by_experiment():
    assert len(findings_table()) > len(findings_table("C", "mlp")) == 1
    assert findings_table("C", "mlp").iloc[0, 0] == "inconsistent"
    assert len(findings_table("A", "dense_vs_cnn")) == 0
