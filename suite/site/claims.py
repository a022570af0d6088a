"""The verdicts on the reports' claims, as the index and the heads of pages show them: one judge for all."""

import re
from functools import partial
from pathlib import Path

from helpers.claims import AGREEMENT, VERDICTS, Judged, judge_claims, kinds, load_claims, printed_of, read_results
from helpers.files import replacing
from suite.site.catalogue import Catalogue, read_catalogue
from suite.site.record_links import claim_anchor
from suite.site.render import render_part
from suite.site.tidy import PILLS

IN_README = re.compile(r"(<!-- scoreboard -->).*?(<!-- /scoreboard -->)", re.DOTALL)
CLAIMS = re.compile(r'<div class="claims">.*?</div><!-- claims -->', re.DOTALL)
STALE = re.compile(r'<div class="stale">.*?</div><!-- stale -->', re.DOTALL)
NEIGHBOURS = re.compile(r'<nav [^>]*class="neighbours".*?</nav><!-- neighbours -->', re.DOTALL)
MENTIONED = re.compile(r'(?<!">)<code>(\d\d_\w+)</code>')


def describe_claims(profile_dir: Path, catalogue: Catalogue | None = None) -> list[dict]:
    """The verdict on each claim, for reading; none for a shortened profile, which is never judged.

    Args:
        profile_dir: The profile's folder.
        catalogue: Its records; default, read anew.

    Returns:
        By claim: name, id (without the reading), anchor, report, notebook, page (the notebook's, "" where it has none),
        claim, verdict, pill (how it is coloured), printed, steps (text and the difference with its interval), seeds, p
        (adjusted, "-" where it was not tested), before_first_look, records (by variant the seeds, and where each is
        described), note.
    """
    if profile_dir.name != "full":
        return []
    catalogue = catalogue or read_catalogue(profile_dir)
    pages = {path.stem: path.name for path in profile_dir.glob("*.html")}
    judged = judge_claims(read_results(profile_dir))
    return [_describe(one, catalogue) | {"page": pages.get(one.claim["notebook"], "")} for one in judged]


def count_verdicts(claims: list[dict]) -> list[tuple[str, str, int]]:
    """How many claims have each verdict: verdict, pill, count; verdicts that none has are left out."""
    counts = {word: sum(claim["verdict"] == word for claim in claims) for word in VERDICTS}
    return [(word, PILLS[word], count) for word, count in counts.items() if count]


def describe_counts(claims: list[dict]) -> dict[str, str]:
    """What counts of verdicts leave open, in words: rows; before_first_look, how many undecided ones are, "" if none.

    Args:
        claims: As `describe_claims` gives them.
    """
    twice = len(claims) - len({claim["id"] for claim in claims})
    readings = f": {twice} claim{'s are' if twice > 1 else ' is'} judged in two readings each" if twice else ""
    early = sum(claim["before_first_look"] for claim in claims)
    undecided = f"{early} {'have' if early > 1 else 'has'} fewer seeds than the first test takes" if early else ""
    return {"rows": f"{len(claims)} rows{readings}", "before_first_look": undecided}


def words() -> list[tuple[str, str, str]]:
    """The words of verdicts and of comparisons with print: word, pill, meaning; then, without a pill, some others."""
    known = [(word, PILLS[word], meaning) for word, meaning in (VERDICTS | AGREEMENT).items()]
    try:
        plans = sorted({tuple(map(int, looks.split())) for looks in load_claims()["looks"] if looks})
    except FileNotFoundError:  # a folder without the published tables judges no claim
        return known
    looks = ", or with ".join(" and ".join(", ".join(map(str, plan)).rsplit(", ", 1)) for plan in plans)
    others = {
        "look": f"A test of a claim. Its runs are looked at with {looks} seeds, as the rules say.",
        "margin": f"Below it a difference is none: {'; '.join(kind.meaning for kind in kinds().values())}.",
        "times that can be compared": "Of one computer, one precision and one number of threads, while nothing else "
        "used the processor, and without what was measured once for several seeds, such as what frozen layers give.",
        "+2.1 points": "A difference that is claimed is written so that it is above 0 where the claim is right, and a "
        "ratio of times so that it is above 1; of a claim that there is none it is near 0.",
        "net at 16x16": "The net, tested at another resolution than the one that it was trained at. TOTV is one net "
        "tested at all of them, TVTV a net for each.",
        "adjusted p": "The probability of a difference as large as the one found if there were none, made larger for "
        "three looks at each claim and for all claims together. Where it is claimed or found that there is none: the "
        "probability of one as small as found if it were as large as the margin. Undecided: the smaller of both.",
        "23 seeds would find": "About how many seeds of each net it would take to find a true difference as small as "
        "the margin; 'would show it': to show that there is none.",
        "permutation test": "A check beside the t test, from seven seeds on: how often runs that are assigned to "
        "the two nets at random differ as much. No verdict is by it, and none of no difference could be.",
        "one more run": "Where a single further run of ours would lie with a probability of 95 %.",
        "with other test images": "The interval that allows for another draw of test images as well as of seeds.",
        "seed": "The number from which first weights and the order of images are drawn. Another gives another run.",
        "nats": "The unit of cross entropy, the loss of all nets here, with natural logarithms.",
        "Welch's interval": "Of the difference of two means whose seeds need not scatter alike.",
        "0.53 (0.52 to 0.54)": "The mean over seeds, and the 95 % interval of that mean; one run has none.",
    }
    return known + [(word, "", meaning) for word, meaning in others.items()]


def fill_pages(profile_dir: Path, claims: list[dict], notebooks: list[dict]) -> None:
    """Put into all pages what depends on others: verdicts, the pages before and after, links to notebooks named.

    Args:
        profile_dir: The profile's folder.
        claims: As `describe_claims` gives them.
        notebooks: In order, by notebook: notebook, title, and stale, why its page is older than what there is.
    """
    pages = [
        n | {"page": f"{n['notebook']}.html"} for n in notebooks if (profile_dir / f"{n['notebook']}.html").is_file()
    ]
    for before, page, after in zip([None, *pages], pages, [*pages[1:], None], strict=False):
        path = profile_dir / page["page"]
        html = path.read_text()
        own = [claim for claim in claims if claim["notebook"] == path.stem]
        filled = CLAIMS.sub(lambda _, own=own: render_part("claims_of_page", own), html, count=1)
        stale = render_part("stale", page.get("stale", ""), profile_dir.name)
        filled = STALE.sub(lambda _, stale=stale: stale, filled, count=1)
        links = render_part("neighbours", before, after)
        filled = NEIGHBOURS.sub(lambda _, links=links: links, filled, count=1)
        filled = MENTIONED.sub(partial(_link, [p["notebook"] for p in pages if p is not page]), filled)
        if filled != html:
            with replacing(path) as file:
                file.write(filled.encode())


def _link(known: list[str], found: re.Match) -> str:
    """A notebook's name in a text as a link to its page, where there is one."""
    return f'<a href="{found[1]}.html">{found[0]}</a>' if found[1] in known else found[0]


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
        caveat = f" ({claim['caveat']})" if claim["caveat"] else ""
        verdict = f"**{claim['verdict']}**{caveat}"
        rows.append(f"| {claim['name']}: {claim['claim']} | {claim['report']} | {verdict} | {claim['seeds']} |")
    about = describe_counts(claims)
    early = {"undecided": f" ({about['before_first_look']})"} if about["before_first_look"] else {}
    counts = ", ".join(f"{count} {word}{early.get(word, '')}" for word, _, count in count_verdicts(claims))
    return "\n".join([f"{about['rows']}. {counts}.", "", *(rows if judged else [])]).rstrip()


def _describe(judged: Judged, catalogue: Catalogue) -> dict:
    """A judged claim in words."""
    found = [step for step in judged.steps if step.difference or (step.against_print and step.first)]
    steps = [{"text": step.text if len(judged.steps) > 1 else "", "found": step.shown} for step in found]
    return {
        "name": judged.name,
        "id": judged.claim["id"],
        "anchor": claim_anchor(judged.name),
        "report": judged.claim["report"],
        "notebook": judged.claim["notebook"],
        "claim": judged.claim["claim"],
        "verdict": judged.verdict,
        "pill": PILLS[judged.verdict],
        "rank": list(VERDICTS).index(judged.verdict),
        "printed": printed_of(judged.claim),
        "steps": steps,
        "p": judged.shown_p,
        "before_first_look": judged.before_first_look,
        "seeds": judged.shown_seeds,
        "records": _records_of(judged, catalogue),
        "note": judged.reason,
        "caveat": judged.claim["note"] if any(step.against_print for step in judged.steps) else "",
    }


def _records_of(judged: Judged, catalogue: Catalogue) -> dict[str, dict[int, str]]:
    """Where the runs are described that a claim was judged by: by variant in words, the address of each seed."""
    found: dict[str, dict[int, str]] = {}
    for digest in dict.fromkeys(digest for step in judged.steps for digest in step.records):
        variant, seed, address = catalogue.describe(digest, judged.claim["notebook"])
        found.setdefault(variant.replace("_", " "), {})[seed] = address
    return found
