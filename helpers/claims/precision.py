"""In which precisions runs that are counted together were computed."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from helpers.claims.evidence import Results
from helpers.claims.judging import Judged


def count_runs(runs: Sequence[dict]) -> str:
    """The number of runs; of those in several precisions also of each: "5 (2 in bfloat16, 3 in float32)"."""
    counts = Counter(map(_precision_of, runs))
    each = ", ".join(f"{count} in {precision}" for precision, count in sorted(counts.items()))
    return f"{len(runs)} ({each})" if len(counts) > 1 else str(len(runs))


def mixed_claims(judged: Iterable[Judged], results: Results) -> list[str]:
    """The names of claims that compare runs of one seed in different precisions."""
    by_digest = {run["sha256"]: run for by_seed in results.runs.values() for run in by_seed.values()}
    return [claim.name for claim in judged if any(_is_mixed(step.records, by_digest) for step in claim.steps)]


def _is_mixed(digests: Iterable[str], by_digest: dict[str, dict]) -> bool:
    """Whether some runs have a seed in several precisions."""
    precisions = defaultdict(set)
    for run in map(by_digest.get, digests):
        precisions[run["seed"]].add(_precision_of(run))
    return any(len(of_seed) > 1 for of_seed in precisions.values())


def _precision_of(run: dict) -> str:
    """A run's precision, as pages call it."""
    return run.get("precision", "unknown precision").removeprefix("mixed_")
