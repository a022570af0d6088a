"""The figures of a test: the familiar classification report, by class and on average, and the confusion matrix."""

from collections.abc import Iterable, Sequence

import keras
import numpy as np
import pandas as pd
from sklearn.metrics import classification_report, confusion_matrix, log_loss

from helpers.claims import comparable_times
from helpers.training.frozen import predict


def metrics_report(
    model, x_test: np.ndarray, y_test: np.ndarray, class_names: Sequence[str] | None = None
) -> pd.DataFrame:
    """Print the classification report of a model's predictions, and return the same figures.

    Args:
        model: A Keras model, uint8 images -> probabilities; or a run of a notebook's, such as `lab["cnn"]`, which
            knows its predictions of the test images from its record.
        x_test: uint8 (n, height, width, channels).
        y_test: Integer classes (n,).
        class_names: Names by class; default those of a run's data, else "0", "1", ...

    Returns:
        Rows: the classes, then "accuracy", "macro avg", "weighted avg". Columns: precision, recall, f1-score (0 to 1)
        and support (images). In the accuracy row only f1-score holds a figure: the accuracy, as in the printed table.

    Raises:
        ValueError: No images, not as many classes as images, classes that are not of shape (n,), or another number of
            names than the model has classes.
    """
    if not len(x_test) == len(y_test) or not len(y_test):
        raise ValueError(f"expected as many images as classes, and some: got {len(x_test)} and {len(y_test)}")
    check_classes(y_test)
    if isinstance(model, keras.Model):
        y_prob = predict(model, x_test)
        y_pred, known = y_prob.argmax(axis=1), [str(k) for k in range(y_prob.shape[1])]
    else:
        y_pred, known = model.predicted_classes(x_test), model.class_names
    names = list(class_names or known)
    if len(names) != len(known):
        raise ValueError(f"class_names: expected a name for each of the model's {len(known)} classes, got {len(names)}")
    table = report_table(y_test, y_pred, names)
    print(format_report(table), end="\n\n")
    return table


def check_classes(y_test: np.ndarray) -> None:
    """Refuse classes of another shape, such as (n, 1), in which keras.datasets gives them.

    Raises:
        ValueError: They are not of shape (n,).
    """
    if np.ndim(y_test) != 1:
        raise ValueError(f"y_test: expected integer classes of shape (n,), got shape {np.shape(y_test)}")


def report_table(y_true: np.ndarray, y_pred: np.ndarray, class_names: Sequence[str]) -> pd.DataFrame:
    """The table that `metrics_report` returns, from true and predicted classes (n,)."""
    names = list(class_names)
    report = classification_report(
        y_true, y_pred, labels=range(len(names)), target_names=names, output_dict=True, zero_division=0
    )
    # scikit-learn leaves the accuracy out where a class is in neither the truth nor the predictions.
    averages = {"accuracy": {"f1-score": float(np.mean(y_true == y_pred)), "support": len(y_true)}}
    averages |= {name: report[name] for name in ("macro avg", "weighted avg")}
    return pd.DataFrame({name: report[name] for name in names} | averages).T[
        ["precision", "recall", "f1-score", "support"]
    ]


def who_is_right(pairs: dict, y_true: np.ndarray, first: str, second: str) -> pd.DataFrame:
    """Shares of the test images that both nets get right, only one of them, and neither.

    Args:
        pairs: By seed, the `predictions.Predictions` of two nets.
        y_true: Integer classes (n,).
        first, second: What to call the nets, such as "the CNN".

    Returns:
        A row a seed; four columns, 0 to 1.
    """
    rows = {}
    for seed, (one, other) in pairs.items():
        a, b = one.y_pred == y_true, other.y_pred == y_true
        groups = {"both right": a & b, f"only {first}": a & ~b, f"only {second}": b & ~a, "neither": ~a & ~b}
        rows[seed] = {name: group.mean() for name, group in groups.items()}
    columns = ["both right", f"only {first}", f"only {second}", "neither"]
    return pd.DataFrame(rows.values(), pd.Index(list(rows), name="seed"), columns)


def compare_by_seed(runs: list[dict], first: str, second: str) -> pd.DataFrame:
    """Two variants with the same seeds: their accuracies, and how many times as fast the first trained.

    Args:
        runs: Records of runs.
        first, second: The variants.

    Returns:
        A row for each seed that both have. Columns: seed; the accuracy of each, 0 to 1, by its name; "difference,
        points"; and "times as fast", NaN where `claims.comparable_times` has not both; of
        either precision, which may be what is compared.
    """
    by_seed = [{run["seed"]: run for run in runs if run["variant"] == variant} for variant in (first, second)]
    rows = []
    for seed in sorted(set.intersection(*map(set, by_seed))):
        pair = [runs_of_variant[seed] for runs_of_variant in by_seed]
        one, other = (run["test"]["accuracy"] for run in pair)
        speeds = [run["images_per_second"] for run in comparable_times(pair, one_precision=False)]
        rows.append([seed, one, other, 100 * (one - other), speeds[0] / speeds[1] if len(speeds) == 2 else np.nan])
    return pd.DataFrame(rows, columns=["seed", first, second, "difference, points", "times as fast"])


def hardest_classes(runs: Iterable[dict]) -> pd.DataFrame:
    """The class with the lowest F1 of each run, the next lowest, and what images of the hardest are taken for.

    Classes without a test image, as small parts may have, do not count.

    Args:
        runs: Records of runs.

    Returns:
        A row a run, for reading. Columns: net, seed, hardest, F1, next, its F1, most often taken for, of its images
        (the share of the hardest class's images that are).
    """
    rows = []
    for run in runs:
        by_class = run["test"]["by_class"]
        f1 = pd.Series({name: of_class["f1-score"] for name, of_class in by_class.items() if of_class["support"]})
        (hardest, lowest), (following, next_lowest) = f1.nsmallest(2).items()
        answers = pd.Series(run["test"]["confusion_matrix"][list(by_class).index(hardest)], list(by_class))
        wrong = answers.drop(hardest)
        row = {"net": run["variant"].replace("_", " "), "seed": run["seed"], "hardest": hardest, "F1": f"{lowest:.3f}"}
        taken_for = wrong.idxmax() if wrong.max() else "-"
        row |= {"next": following, "its F1": f"{next_lowest:.3f}", "most often taken for": taken_for}
        rows.append(row | {"of its images": f"{wrong.max() / max(answers.sum(), 1):.1%}"})
    return pd.DataFrame(rows)


def format_report(table: pd.DataFrame) -> str:
    """The table as text, laid out as scikit-learn prints it."""
    width = max(map(len, table.index))
    lines = [f"{'':>{width}}  precision    recall  f1-score   support", ""]
    for name, row in table.iterrows():
        if name == "accuracy":
            lines.append("")
        figures = "".join(f"{'' if np.isnan(row[c]) else format(row[c], '.2f'):>10}" for c in table.columns[:3])
        lines.append(f"{name:>{width}} {figures}{int(row['support']):>10}")
    return "\n".join(lines)


def summarise_test(y_true: np.ndarray, y_prob: np.ndarray, class_names: Sequence[str]) -> dict:
    """All figures of a test, as plain values for a record.

    Args:
        y_true: Integer classes (n,).
        y_prob: Probabilities (n, classes).
        class_names: Names by class.

    Returns:
        accuracy, loss (cross entropy, nats), images, by_class, macro_avg, weighted_avg, and confusion_matrix (rows:
        true class, columns: predicted class).
    """
    labels = range(len(class_names))
    exact = y_prob.astype("float64")  # float32 rows miss a sum of 1 by a rounding, of which scikit-learn warns
    y_pred = y_prob.argmax(axis=1)
    table = report_table(y_true, y_pred, class_names)
    by_row = {name: row.dropna().to_dict() for name, row in table.iterrows()}
    return {
        "accuracy": float(table.loc["accuracy", "f1-score"]),
        "loss": float(log_loss(y_true, exact / exact.sum(axis=1, keepdims=True), labels=labels)),
        "images": len(y_true),
        "by_class": {name: by_row[name] for name in class_names},
        "macro_avg": by_row["macro avg"],
        "weighted_avg": by_row["weighted avg"],
        "confusion_matrix": confusion_matrix(y_true, y_pred, labels=labels).tolist(),
    }
