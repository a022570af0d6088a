"""Is it fast? Ours against the other methods, net by net, over all rounds of all runs on a machine."""

import numpy as np

from benchmarks.throughput import TRAINING

KERAS, IN_16_BITS, PYTORCH = "plain Keras", "plain Keras bfloat16", ("PyTorch float32", "PyTorch bfloat16")
FASTEST = "Keras's fastest round, either precision"
OTHERS = (KERAS, IN_16_BITS, FASTEST, *PYTORCH)
MARGIN = 1.05  # what is called faster; rounds of one method differ by more now and then


def ratios_by_net(found: dict[str, list[dict]]) -> dict[str, dict[str, float]]:
    """Speed of ours over that of each of `OTHERS`, by net; nets and methods without figures are left out.

    Args:
        found: All runs of each comparison on one machine, by title.
    """
    trained = {title.removeprefix(TRAINING): runs for title, runs in found.items() if title.startswith(TRAINING)}
    ratios = {net: _ratios([run["values"] for run in runs]) for net, runs in trained.items()}
    return {net: by_method for net, by_method in ratios.items() if by_method}


def _ratios(runs: list[dict[str, list[float]]]) -> dict[str, float]:
    """The same of one net, from each run's figures by method: medians of the ratios of each round.

    Keras's fastest round is known where both precisions were measured.
    """
    ratios = {}
    in_both = any(run.get(IN_16_BITS) for run in runs)
    fastest = max((figure for run in runs for name in (KERAS, IN_16_BITS) for figure in run.get(name, ())), default=0)
    for other in (KERAS, IN_16_BITS, *PYTORCH):
        if both := [(values["ours"], values[other]) for values in runs if values.get("ours") and values.get(other)]:
            ours, theirs = (np.concatenate(figures) for figures in zip(*both, strict=True))
            ratios[other] = float(np.median(ours / theirs))
            ratios |= {FASTEST: float(np.median(ours) / fastest)} if other == KERAS and in_both else {}
    return ratios


def answer(machine: dict) -> str:
    """A sentence: how many nets ours trains faster than the others do, and how much; empty where none was compared.

    Args:
        machine: Its name, the precision of ours, the days of its runs, and what `ratios_by_net` returned.
    """
    nets = machine["ratios"].values()
    keras, fastest = ([ratios[other] for ratios in nets if other in ratios] for other in (KERAS, FASTEST))
    pytorch = [min(found) for ratios in nets if (found := [ratios[other] for other in PYTORCH if other in ratios])]
    parts = []
    if keras:
        parts.append(f"{_faster(keras)} nets faster than plain Keras in float32 ({_times(keras)} as fast)")
    if fastest:
        parts.append(f"{_faster(fastest)} faster than its fastest round in either precision ({_times(fastest)})")
    if pytorch:
        parts.append(f"{_faster(pytorch)} faster than PyTorch's faster method ({_times(pytorch)})")
    where = f"In {machine['precision']} ({machine['name'].lower()}, measured {machine['days']})"
    counted = f"counting {100 * (MARGIN - 1):.0f} % or more, ours trains {'; '.join(parts)}."
    return f"{where}, {counted}" if parts else ""


def _faster(ratios: list[float]) -> str:
    """How many are clearly above one."""
    return f"{sum(ratio >= MARGIN for ratio in ratios)} of {len(ratios)}"


def _times(ratios: list[float]) -> str:
    """Their range."""
    return f"{min(ratios):.2f} to {max(ratios):.2f} times"
