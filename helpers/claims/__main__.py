"""Is my number normal? `python -m helpers.claims my_results.csv [--page check.html]`.

The CSV has the columns of reports/published/published.csv. Exit status: 0 nothing is wrong, 1 something is found, 2 the
CSV is malformed.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from helpers.claims.checking import UNUSUAL, VERDICTS, Checked, check_table, unusual_figures
from helpers.claims.consistency import SEVERITIES, Finding, find_inconsistencies
from helpers.claims.evidence import read_results
from helpers.claims.published import published_folder
from helpers.claims.results_table import Problem, TableError, read_table
from helpers.files import replacing


def summary(findings: Sequence[Finding], rows: Sequence[Checked]) -> str:
    """The line that sums up."""
    kinds = Counter(finding.severity for finding in findings)
    verdicts = Counter(row.verdict for row in rows)
    said = ", ".join(f"{verdicts[verdict]} {verdict}" for verdict in VERDICTS if verdicts[verdict])
    return f"{kinds['inconsistent']} inconsistent, {kinds['remarkable']} remarkable. Of {len(rows)} figures: {said}."


def not_compared(rows: Sequence[Checked]) -> str:
    """How many rows were not compared, by reason; "" if all were."""
    reasons = Counter(row.reason for row in rows if row.verdict == "not compared")
    return "; ".join(f"{count}: {reason}" for reason, count in reasons.items())


def report(findings: Sequence[Finding], rows: Sequence[Checked]) -> str:
    """The whole check as text: what is found, the figures beside ours, and the line that sums up."""
    blocks = []
    for severity, meaning in SEVERITIES.items():
        if found := [finding for finding in findings if finding.severity == severity]:
            blocks.append([f"{severity.capitalize()}. {meaning}", *(f"  {f.net}: {f.text}" for f in found)])
    for group in unusual_figures(rows):
        named = ", ".join(f"{row.words} {row.printed}" for row in group)
        blocks.append([f"{group[0].verdict.capitalize()}. {group[0].net}: {named}"])
        blocks[-1] += [f"  Usual causes: {'; '.join(group[0].causes)}."] if group[0].causes else []
    blocks = blocks or [["Nothing is found."]]
    lines = [("net", "figure", "yours", "ours, mean", "one more run of ours", "seeds", "verdict")]
    compared = [row for row in rows if row.verdict != "not compared"]
    lines += [(r.net, r.words, r.printed, *r.shown, str(r.num_seeds), r.verdict) for r in compared]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    table = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines] if compared else []
    rest = not_compared(rows)
    blocks += [table, [f"Not compared, {rest}."] if rest else [], [summary(findings, rows)]]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def render_page(
    name: str, findings: Sequence[Finding], rows: Sequence[Checked], problems: Sequence[Problem] = ()
) -> str:
    """The same as one HTML page that needs no other file.

    Args:
        name: Of the table.
        findings, rows: As `find_inconsistencies` and `check_table` give them.
        problems: What is malformed in the table, which is then not checked.
    """
    import jinja2  # only a page needs it

    loader = jinja2.FileSystemLoader(Path(__file__).parent)
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("check.html.jinja").render(
        name=name,
        findings={kind: [f for f in findings if f.severity == kind] for kind in SEVERITIES},
        severities=SEVERITIES,
        unusual=unusual_figures(rows),
        rows=[row for row in rows if row.verdict != "not compared"],
        verdicts=VERDICTS,
        not_compared=not_compared(rows),
        problems=problems,
        summary="The table cannot be checked." if problems else summary(findings, rows),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Check a table; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m helpers.claims", description=__doc__.partition("\n")[0])
    parser.add_argument("results", type=Path, help="a CSV with the columns of reports/published/published.csv")
    parser.add_argument("--page", type=Path, help="an HTML page to write as well")
    parser.add_argument("--profile", default="full", help="whose runs are ours: reports/PROFILE (full)")
    asked = parser.parse_args(arguments)
    if asked.page and asked.page.suffix != ".html":
        parser.error(f"--page: expected a name that ends in .html, got {asked.page}")
    if asked.page and not asked.page.parent.is_dir():
        parser.error(f"--page: expected a folder that is there, got {asked.page.parent}")
    if not (published_folder().parent / asked.profile).is_dir():
        parser.error(f"--profile: expected a folder of {published_folder().parent}, got {asked.profile!r}")
    try:
        table = read_table(asked.results)
    except TableError as error:
        print(error, file=sys.stderr)
        _write_page(asked.page, asked.results.name, [], [], error.problems)
        return 2
    findings = find_inconsistencies(table)
    rows = check_table(table, read_results(published_folder().parent / asked.profile))
    print(report(findings, rows))
    _write_page(asked.page, asked.results.name, findings, rows)
    return 1 if findings or any(row.verdict in UNUSUAL for row in rows) else 0


def _write_page(path: Path | None, *of_page) -> None:
    """Write a page where one is asked for: what follows is `render_page`'s."""
    if path:
        with replacing(path) as file:
            file.write(render_page(*of_page).encode())


if __name__ == "__main__":
    sys.exit(main())
