"""What the reports printed and claimed, held against what was measured, by rules fixed beforehand.

`judge_claims(read_results("reports/full"))` gives the verdict on every claim, `compare_all` every printed figure beside
ours, `python -m helpers.claims` checks a table of one's own. Notebook 16 states the rules. In reports/published: claims
(claims.csv, a row each), margins (margins.csv), and which of our runs a printed variant is held against (variants.csv).
"""

from helpers.claims.asking import check
from helpers.claims.beside_print import (
    compare_all,
    compare_by_class,
    compare_classes,
    compare_exactly,
    compare_with_published,
)
from helpers.claims.consistency import find_inconsistencies, findings_table, published_table
from helpers.claims.evidence import Results, are_comparable, comparable_times, read_results
from helpers.claims.figures import Figure, figure, kinds
from helpers.claims.intervals import NO_INTERVAL, difference_text, mean_interval, prediction_interval
from helpers.claims.judging import VERDICTS, Judged, judge_claims
from helpers.claims.nets import nets_table
from helpers.claims.precision import mixed_claims
from helpers.claims.printed import AGREEMENT, compare_with_print
from helpers.claims.published import (
    load_claim,
    load_claims,
    load_figures,
    load_histories,
    load_published,
    load_variants,
    published_folder,
)
from helpers.claims.steps import NUM_LOOKS, Step, other_notebooks
from helpers.claims.tables import (
    describe_simulation,
    evidence_table,
    load_simulation,
    printed_of,
    printed_table,
    verdicts_table,
)

__all__ = [
    "AGREEMENT",
    "NO_INTERVAL",
    "NUM_LOOKS",
    "VERDICTS",
    "Figure",
    "Judged",
    "Results",
    "Step",
    "are_comparable",
    "check",
    "comparable_times",
    "compare_all",
    "compare_by_class",
    "compare_classes",
    "compare_exactly",
    "compare_with_print",
    "compare_with_published",
    "describe_simulation",
    "difference_text",
    "evidence_table",
    "figure",
    "find_inconsistencies",
    "findings_table",
    "judge_claims",
    "kinds",
    "load_claim",
    "load_claims",
    "load_figures",
    "load_histories",
    "load_published",
    "load_simulation",
    "load_variants",
    "mean_interval",
    "mixed_claims",
    "nets_table",
    "other_notebooks",
    "prediction_interval",
    "printed_of",
    "printed_table",
    "published_folder",
    "published_table",
    "read_results",
    "verdicts_table",
]
