"""The verdicts on the reports' claims, as the index and the heads of pages show them: one judge for all."""

import re
from pathlib import Path

from helpers.claims import VERDICTS, Judged, judge_claims, printed_of, read_results
from helpers.files import replacing
from suite.site.render import render_part
from suite.site.tidy import PILLS

IN_README = re.compile(r"(<!-- scoreboard -->).*?(<!-- /scoreboard -->)", re.DOTALL)
PLACE = re.compile(r'<div class="claims">.*?</div><!-- claims -->', re.DOTALL)


def describe_claims(profile_dir: Path) -> list[dict]:
    """The verdict on each claim, for reading; none for a shortened profile, which is never judged.

    Args:
        profile_dir: The profile's folder.

    Returns:
        By claim: name, report, notebook, claim, verdict, pill (how it is coloured), printed, steps (text and the
        difference with its interval), seeds, note.
    """
    if profile_dir.name != "full":
        return []
    return [_describe(judged) for judged in judge_claims(read_results(profile_dir), draws=0)]


def count_verdicts(claims: list[dict]) -> list[tuple[str, str, int]]:
    """How many claims have each verdict: verdict, pill, count; verdicts that none has are left out."""
    counts = {word: sum(claim["verdict"] == word for claim in claims) for word in VERDICTS}
    return [(word, PILLS[word], count) for word, count in counts.items() if count]


def fill_pages(profile_dir: Path, claims: list[dict]) -> None:
    """Put the verdicts into the heads of all pages, so that none is older than another's.

    Args:
        profile_dir: The profile's folder.
        claims: As `describe_claims` gives them.
    """
    for path in profile_dir.glob("*.html"):
        html = path.read_text()
        own = [claim for claim in claims if claim["notebook"] == path.stem]
        filled = PLACE.sub(lambda _, own=own: render_part("claims_of_page", own), html, count=1)
        if filled != html:
            with replacing(path) as file:
                file.write(filled.encode())


def fill_readme(path: Path, claims: list[dict]) -> None:
    """Put the scoreboard between the marks in a README; one without marks stays as it is.

    Args:
        path: The README.
        claims: As `describe_claims` gives them.
    """
    text = path.read_text() if path.is_file() else ""
    filled = IN_README.sub(lambda found: f"{found[1]}\n{readme_table(claims)}\n{found[2]}", text)
    if filled != text:
        with replacing(path) as file:
            file.write(filled.encode())


def readme_table(claims: list[dict]) -> str:
    """The scoreboard in Markdown: what is judged, then how many claims of each report have which verdict."""
    rows = ["| claim | of report | verdict | seeds |", "| --- | --- | --- | --- |"]
    judged = [claim for claim in claims if claim["verdict"] not in ("not yet run", "undecided")]
    for claim in judged:
        rows.append(
            f"| {claim['name']}: {claim['claim']} | {claim['report']} | **{claim['verdict']}** | {claim['seeds']} |"
        )
    counts = ", ".join(f"{count} {word}" for word, _, count in count_verdicts(claims))
    said = f"{len(claims)} rows, since some claims can be read in two ways: {counts}."
    return "\n".join([said, "", *(rows if judged else [])]).rstrip()


def _describe(judged: Judged) -> dict:
    """A judged claim in words."""
    steps = [{"text": step.text if len(judged.steps) > 1 else "", "found": step.shown} for step in judged.steps]
    return {
        "name": judged.name,
        "report": judged.claim["report"],
        "notebook": judged.claim["notebook"],
        "claim": judged.claim["claim"],
        "verdict": judged.verdict,
        "pill": PILLS[judged.verdict],
        "printed": printed_of(judged.claim),
        "steps": [step for step in steps if step["found"] != "not yet run"],
        "seeds": judged.num_seeds or max((step.num_seeds for step in judged.steps), default=0),
        "note": judged.reason,
    }
