"""A printed figure: how it was rounded, what we call it, and whether it could be one more run of ours."""

import numpy as np

from helpers.claims.figures import COUNTS, EXACT, TIMES
from helpers.claims.intervals import prediction_interval
from helpers.claims.published import load_variants

FEWEST_SEEDS = 5  # where variants.csv does not say
WIDEST = 0.03  # half of a prediction interval, beyond which it says nothing: of shares, and of losses in nats
WIDEST_COUNT = 5  # likewise, of epochs
AGREEMENT = {
    "compatible with print": "The printed figure lies where one more run of ours would, with a probability of 95 %.",
    "ours higher": "Ours lies above the printed figure, further than one more run would.",
    "ours lower": "Ours lies below the printed figure, further than one more run would.",
    "too few seeds to say": "There are fewer seeds than the rules ask for, or they scatter too much; or the "
    "printed figure has too few digits, as 0.7 has.",
    "equal": "An exact figure, such as a number of parameters, is the same.",
    "not equal": "An exact figure is another.",
    "other hardware": "A time: the reports' computers are not known, so it is shown and never judged.",
}


def rounding_of(printed: str) -> float:
    """Half of the last printed digit: 0.005 of "0.70", which is not 0.7."""
    mantissa, _, exponent = printed.lower().partition("e")
    return 0.5 * 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))


def compare_with_print(values: list[float], printed: str, metric: str = "accuracy", fewest: int = FEWEST_SEEDS) -> str:
    """Say whether a printed figure could be one more run of ours.

    It could if it lies in the 95 % prediction interval of a single further run, widened by half of the figure's last
    printed digit.

    Args:
        values: Our figure, a value a seed.
        printed: The figure as it was printed, such as "0.70": its digits say how far it was rounded.
        metric: As in published.csv.
        fewest: Seeds that are needed.

    Returns:
        A key of `AGREEMENT`.
    """
    if metric in TIMES:
        return "other hardware"
    if metric in EXACT:
        return "equal" if all(value == float(printed) for value in values) else "not equal"
    low, high = prediction_interval(values, rounding_of(printed))
    if len(values) < fewest or (high - low) / 2 > (WIDEST_COUNT if metric in COUNTS else WIDEST):
        return "too few seeds to say"
    if low <= float(printed) <= high:
        return "compatible with print"
    return "ours higher" if float(printed) < low else "ours lower"


def fewest_seeds(report: str, experiment: str, variant: str) -> int:
    """Seeds from which on a net's printed figures are judged: 5, or 3 where one run takes over ten minutes."""
    of_net = "report == @report and experiment == @experiment and variant == @variant"
    return max(map(int, filter(None, load_variants().query(of_net)["fewest"])), default=FEWEST_SEEDS)


def renamed_metrics(report: str, experiment: str) -> dict[tuple[str, str], str]:
    """What we call the metrics of an experiment that the report calls otherwise, by variant and printed metric."""
    rows = load_variants().query("report == @report and experiment == @experiment")
    pairs = [(row["variant"], pair.split("=")) for _, row in rows.iterrows() for pair in row["metrics"].split(";")]
    return {(variant, pair[0]): pair[1] for variant, pair in pairs if len(pair) == 2}


def least_of(metric: str) -> float:
    """The least that a figure can be, where an interval would reach below: no net trains fewer than one epoch."""
    return 1 if metric in COUNTS else -np.inf
