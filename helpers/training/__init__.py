"""Training: `fit`, Keras's own loop with timing, early stopping, exact resume and one line of progress."""

from helpers.progress import Progress
from helpers.training.callbacks import TrainingDivergedError
from helpers.training.loop import fit, identify_run
from helpers.training.result import TrainingResult, join_results

__all__ = ["Progress", "TrainingDivergedError", "TrainingResult", "fit", "identify_run", "join_results"]
