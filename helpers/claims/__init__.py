"""What the reports printed and claimed, held against what was measured, by rules fixed beforehand.

`judge_claims(read_results("reports/full"))` gives the verdict on every claim, `compare_all` every printed figure beside
ours. The rules: reports/published/RULES.md; the margins: margins.csv beside it; a claim is a row of claims.csv.
"""

from helpers.claims.evidence import Results, are_comparable, comparable_times, read_results
from helpers.claims.figures import Figure, figure, kinds
from helpers.claims.judging import NUM_LOOKS, VERDICTS, Judged, Step, evidence_table, judge_claims
from helpers.claims.printed import (
    AGREEMENT,
    compare_all,
    compare_by_class,
    compare_exactly,
    compare_with_print,
    compare_with_published,
)
from helpers.claims.published import (
    load_claim,
    load_claims,
    load_figures,
    load_histories,
    load_published,
    load_variants,
    published_folder,
)
from helpers.claims.statistics import difference_text, mean_interval, prediction_interval

__all__ = [
    "AGREEMENT",
    "NUM_LOOKS",
    "VERDICTS",
    "Figure",
    "Judged",
    "Results",
    "Step",
    "are_comparable",
    "comparable_times",
    "compare_all",
    "compare_by_class",
    "compare_exactly",
    "compare_with_print",
    "compare_with_published",
    "difference_text",
    "evidence_table",
    "figure",
    "judge_claims",
    "kinds",
    "load_claim",
    "load_claims",
    "load_figures",
    "load_histories",
    "load_published",
    "load_variants",
    "mean_interval",
    "prediction_interval",
    "published_folder",
    "read_results",
]
