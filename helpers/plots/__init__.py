"""The figures: each function takes data and an ax (or makes its own figure), and gives it back."""

from helpers.plots.classes import (
    class_bars,
    confusion_matrices,
    confusion_matrix,
    f1_range,
    mark_cells,
    most_confused,
    recall_bars,
)
from helpers.plots.curves import beside_printed, learning_curves, rate_test, schedules_and_curves
from helpers.plots.images import (
    answers_grid,
    class_grid,
    image_grid,
    mosaic,
    only_first_right,
    split_strips,
    surest_mistakes,
)
from helpers.plots.style import PAPER_OF_IMAGES, use_style
from helpers.plots.values import accuracy_dots, counts_and_chance, metric_bars, metric_dots

__all__ = [
    "PAPER_OF_IMAGES",
    "accuracy_dots",
    "answers_grid",
    "beside_printed",
    "class_bars",
    "class_grid",
    "confusion_matrices",
    "confusion_matrix",
    "counts_and_chance",
    "f1_range",
    "image_grid",
    "learning_curves",
    "mark_cells",
    "metric_bars",
    "metric_dots",
    "mosaic",
    "most_confused",
    "only_first_right",
    "rate_test",
    "recall_bars",
    "schedules_and_curves",
    "split_strips",
    "surest_mistakes",
    "use_style",
]
