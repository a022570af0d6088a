"""A notebook's bookkeeping, in a few lines that are the same in all of them.

lab = Lab("03_cnn", globals(), dropout_rate_cnn=share())  # and the parameters that every notebook knows
(x_train, y_train), validation, (x_test, y_test) = lab.load(data.split_report_a)
for run in lab.runs({"dense": dense, "cnn": cnn}):  # every variant with every seed
    model = run.build()
    model.compile(keras.optimizers.Adam(learning_rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    run.fit(model, x_train, y_train, validation_data=validation, epochs=lab.epochs(epochs), batch_size=batch_size)
    run.test(x_test, y_test)
lab.compare("A", "dense_vs_cnn", {"accuracy": ".3f"}, claims=["A1", "A2"])
lab.finish(answer="...", discussion="...")
"""

from helpers.lab.notebook import Lab
from helpers.lab.parameters import (
    ParameterError,
    list_of,
    number,
    one_of,
    seed,
    share,
    text,
    whole_number,
    yes_or_no,
)
from helpers.lab.run import Phase, Run
from helpers.lab.summary import format_mean
from helpers.lab.untrained import UntrainedModelError

__all__ = [
    "Lab",
    "ParameterError",
    "Phase",
    "Run",
    "UntrainedModelError",
    "format_mean",
    "list_of",
    "number",
    "one_of",
    "seed",
    "share",
    "text",
    "whole_number",
    "yes_or_no",
]
