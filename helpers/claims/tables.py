"""Verdicts and printed figures as tables for reading."""

import json
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from helpers.claims.evidence import Results, data_of
from helpers.claims.figures import COUNTS, EXACT, LABELS, TIMES
from helpers.claims.intervals import mean_interval
from helpers.claims.judging import Judged
from helpers.claims.printed import least_of
from helpers.claims.published import load_claims, published_folder
from helpers.claims.steps import Step, find_steps


def evidence_table(results: Results, claim_ids: Sequence[str], reading: str = "") -> pd.DataFrame:
    """What some runs say on claims, whatever their profile and number: the differences, but no verdict.

    A verdict counts all claims in, since they are adjusted together.

    Args:
        results: The runs.
        claim_ids: Ids in claims.csv.
        reading: Of claims that can be read in two ways, which one.

    Returns:
        Columns, all text: claim, printed, difference (with its 95 % interval over the seeds), seeds; and, where other
        test images can be drawn as well, the interval with these too.
    """
    claims, rows = load_claims(), []
    for _, claim in claims[claims["id"].isin(list(claim_ids)) & claims["reading"].isin(["", reading])].iterrows():
        data, own = data_of(claim["experiment"]), results.of_data_for(claim["experiment"])
        steps = find_steps(own, claim, judged=False)
        row = {"claim": f"{claim['id']}: {claim['claim']}", "printed": printed_of(claim)}
        none = f"not run on {data}" if _has_runs(results, claim) and not _has_runs(own, claim) else "not yet run"
        shown = [step.shown.replace("not yet run", none) for step in steps]
        row["ours"] = _named(steps, shown) or "against print: see above"
        row["with other test images"] = _with_images(steps)
        row["seeds"] = " and ".join(str(n) for n in sorted({step.num_seeds for step in steps} or {0}))
        rows.append(row)
    table = pd.DataFrame(rows)
    none = not len(table) or set(table["with other test images"]) <= {"", "-"}
    return table.drop(columns="with other test images", errors="ignore") if none else table


def _has_runs(results: Results, claim: pd.Series) -> bool:
    """Whether there is a run of a claim's notebook."""
    return any(by_seed for (notebook, _), by_seed in results.runs.items() if notebook == claim["notebook"])


def printed_of(claim: pd.Series) -> str:
    """The printed figures of a claim: "0.72 against 0.54"; of one printed alone, "0.92, the other not printed"."""
    printed = [text.replace("|", " and ") for text in claim[["published_better", "published_worse"]] if text]
    unit = " s" if claim["metric"] in TIMES else ""
    if len(printed) == 1 and claim["worse"]:
        return f"{printed[0]}{unit}, the other not printed"
    return (" against ".join(printed) + unit) if printed else "not printed"


def _with_images(steps: Sequence[Step]) -> str:
    """The intervals of several steps that also draw new test images; "-" where none is known."""
    shown = [step.shown_with_images for step in steps]
    return _named(steps, shown) if set(shown) - {"-"} else "-"


def _named(steps: Sequence[Step], shown: Sequence[str]) -> str:
    """What is shown of steps, each by its name where there are several; what is not known is left out."""
    pairs = [f"{step.text}: {text}" if len(steps) > 1 else text for step, text in zip(steps, shown, strict=True)]
    return "; ".join(pair for pair, text in zip(pairs, shown, strict=True) if text != "-")


def verdicts_table(judged: Iterable[Judged]) -> pd.DataFrame:
    """A row a claim, all text: claim, verdict, p, printed, ours, with other test images (if known), seeds, note.

    The verdict is by the p-value, adjusted for looks and for all claims; the intervals are each comparison's own.
    """
    rows = []
    for claim in judged:
        found = [step for step in claim.steps if step.difference or step.against_print]
        rows.append(
            {
                "claim": f"{claim.name}: {claim.claim['claim']}",
                "verdict": claim.verdict,
                "p, adjusted": claim.shown_p,
                "printed": printed_of(claim.claim),
                "ours, 95 % interval": _named(found, [step.shown for step in found]) or "-",
                "with other test images": _with_images(found),
                "seeds": claim.shown_seeds,
                "note": claim.reason,
            }
        )
    table = pd.DataFrame(rows)
    known = table["with other test images"].str.contains("points|images").any()
    return table if known else table.drop(columns="with other test images")


def printed_table(compared: pd.DataFrame) -> pd.DataFrame:
    """Rows of `compare_all` for reading: net, figure, printed, ours, one more run, seeds, agreement."""
    rows = []
    for _, row in compared.iterrows():
        values = list(row["values"].values())
        form = ",.0f" if row["metric"] in COUNTS or max(map(abs, values), default=0) >= 10 else ".3f"
        mean, low, high = mean_interval(values) if values else (np.nan,) * 3
        span = lambda a, b, m=row["metric"], f=form: f"{max(a, least_of(m)):{f}} to {b:{f}}"  # noqa: E731
        interval = "" if np.isnan(low) or low == high or row["metric"] in TIMES else f" ({span(low, high)})"
        none = np.isnan(row["low"]) or row["metric"] in EXACT
        at_end = f"{float(row['printed']):.3f}" in (f"{row['low']:.3f}", f"{row['high']:.3f}")  # is it in, or beyond?
        finer = ".4f" if form == ".3f" and at_end else form
        further = "-" if none else span(row["low"], row["high"], f=finer)
        label = LABELS.get(row["metric"], row["metric"].replace("_", " "))
        reading = f" ({row['reading']})" if row["reading"] else ""
        rows.append(
            {
                "report": row["report"],
                "net": f"{row['variant']}{reading}".replace("_", " "),
                "figure": label,
                "printed": row["printed"],
                "ours": f"{mean:{form}}{interval}" if values else "-",
                "one more run": further,
                "seeds": str(len(values)),
                "agreement": row["agreement"],
            }
        )
    return pd.DataFrame(rows)


def load_simulation() -> dict | None:
    """What `make simulate` found of the rules; None where it was not run."""
    path = published_folder().parent / "simulation.json"
    return json.loads(path.read_text()) if path.is_file() else None


def describe_simulation(found: dict | None) -> list[str]:
    """What the simulation found, a line each."""
    if not found:
        return ["The rules were not simulated here: make simulate."]
    points, looks = 100 * found["spread"], ", ".join(map(str, found["looks"]))
    return [
        f"{found['boards']:,} made-up scoreboards of {found['claims']} claims each, spread {points:g} points, looks at "
        f"{looks} seeds ({found['date']}):",
        f"  no effect anywhere: on {found['false_findings']:.1%} of them a claim is ever supported or contradicted "
        f"(at most 5 % wanted); with looks at {', '.join(map(str, found['looks_of_long']))} seeds, as of long runs, on "
        f"{found['false_findings_of_long']:.1%}",
        f"  one true effect of 2 points: {found['found']:.1%} supported at the first look (90 % wanted), "
        f"{found['wrong_way']:.1%} contradicted",
        f"  true effects of 0.1 points: {found['small_no_difference']:.1%} called no difference, "
        f"{found['small_found']:.1%} found",
        "  one true effect of 2 points, supported at a look, by the spread between seeds:",
        *(f"    {line}" for line in _power_lines(found["power"])),
    ]


def _power_lines(power: list[dict]) -> list[str]:
    """A line a spread: how often a true effect is found with how many seeds."""
    by_spread: dict[float, list[str]] = {}
    for row in power:
        by_spread.setdefault(row["spread"], []).append(f"{row['found']:.0%} with {row['seeds']} seeds")
    return [f"{100 * spread:g} points: {', '.join(shares)}" for spread, shares in by_spread.items()]
