"""The values that a chart shows, beside its drawing: for the table behind it, and for readers who point at it.

A notebook's charts are drawn as SVG, and what they show goes with them as JSON; figures of images stay PNG.
"""

import re
from collections.abc import Iterable

import matplotlib.pyplot as plt
import numpy as np
from IPython import get_ipython
from IPython.core.pylabtools import print_figure
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.category import StrCategoryFormatter
from matplotlib.collections import PathCollection, QuadMesh
from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FuncFormatter

MIME = "application/vnd.coursework.chart+json"
MOST_POINTS = 60  # of a series; of a longer one so many, evenly spaced
MARGIN = 0.1  # inches around a figure that is shown: matplotlib's savefig.pad_inches
_UNNAMED = re.compile(r"_(child|line|container|nolegend|collection)?\d*_?")  # what matplotlib calls what has no label
NAMED = (FixedFormatter, FuncFormatter, StrCategoryFormatter)  # of ticks with labels, which may be numbers too
_NUMBER = re.compile(r"[-+\u2212]?[\d.,]+(e[-+\u2212]?\d+)?\s?%?|")


def show_charts_with_values() -> None:
    """Have a notebook show charts as SVG with their values; elsewhere than in a kernel do nothing."""
    shell = get_ipython()
    if shell is None or not hasattr(shell, "kernel"):
        return
    import matplotlib_inline.backend_inline  # noqa: F401 - its own formats are set when it is imported, ours then

    if "inline" in plt.get_backend():
        plt.switch_backend(plt.get_backend())  # now: the first figure would install the hook again
        plt.uninstall_repl_displayhook()  # it draws every figure once more, for a window that there is not
    plt.rcParams["svg.hashsalt"] = "coursework"  # the same figure is the same file
    formatters = shell.display_formatter.formatters
    shell.display_formatter.mimebundle_formatter.for_type(Figure, draw_chart)
    as_image = lambda figure: None if _is_empty(figure) or is_chart(figure) else print_figure(figure)  # noqa: E731
    formatters["image/png"].for_type(Figure, as_image)


def is_chart(figure: Figure) -> bool:
    """Whether a figure shows values and no images."""
    return not any(ax.images for ax in figure.axes) and any(_series(ax) for ax in figure.axes)


def _is_empty(figure: Figure) -> bool:
    """Whether nothing is drawn in a figure's axes, but perhaps a rule: a line without points is nothing."""
    return not any(_series(ax) or ax.images or ax.patches or ax.collections or ax.texts for ax in figure.axes)


def draw_chart(figure: Figure, **_) -> dict:
    """A chart by MIME type: its drawing as SVG, its values as `chart_values` gives them; nothing of other figures.

    Of a figure in which nothing is drawn, on a page whose runs are not recorded, it is said so.
    """
    if _is_empty(figure):
        return {"text/markdown": "*A figure belongs here; what it shows is not recorded yet.*"}
    if not is_chart(figure):
        return {}
    drawing = print_figure(figure, fmt="svg", metadata={"Date": None})
    return {"image/svg+xml": drawing, MIME: chart_values(figure)}


def chart_values(figure: Figure) -> dict:
    """What a chart shows, panel by panel; also where, so that whoever points at it can be told.

    Args:
        figure: Drawn already: only then its layout is known.

    Returns:
        {"panels": [...]}, a panel an ax: title, x and y (labels of the axes), rows ("x" or "y": which of both names
        the rows of its table), shown (only where a series is longer: of how many of its points there are values), and
        series, each with a name ("" of an only one) and points [x, y, left, top]: the values in words, the place in
        thousandths of the drawing's width and height; of a heat map [x, y, left, top, value].
    """
    box = figure.get_tightbbox(figure.canvas.get_renderer()).padded(MARGIN)  # inches, as it is cut out
    panels = []
    for ax in figure.axes:
        x_names = _categories(other.xaxis for other in ax.get_shared_x_axes().get_siblings(ax))
        y_names = _categories(other.yaxis for other in ax.get_shared_y_axes().get_siblings(ax))
        series: dict[str, list] = {}
        longest = 0
        for name, xs, ys, values in _series(ax):
            longest = max(longest, len(xs))
            places = ax.transData.transform(np.column_stack([xs, ys]))
            places = np.clip(places, ax.bbox.min, ax.bbox.max) / figure.dpi  # of what lies outside, at the edge
            for k in np.unique(np.linspace(0, len(xs) - 1, min(len(xs), MOST_POINTS)).round().astype(int)):
                right, up = places[k]
                left, top = (right - box.x0) / box.width, 1 - (up - box.y0) / box.height
                point = [_word(xs[k], x_names), _word(ys[k], y_names), round(1000 * left), round(1000 * top)]
                series.setdefault(name, []).append(point + ([values[k]] if values else []))
        if series:
            rows = "y" if y_names and (not x_names or _is_matrix(ax)) else "x"
            about = {"title": ax.get_title(), "x": ax.get_xlabel(), "y": ax.get_ylabel(), "rows": rows}
            about |= {"shown": MOST_POINTS} if longest > MOST_POINTS else {}
            panels.append(about | {"series": [{"name": name, "points": points} for name, points in series.items()]})
    return {"panels": panels}


def _series(ax: Axes) -> list[tuple[str, np.ndarray, np.ndarray, list[str]]]:
    """Each series of an ax: its name, its points in the ax's own units, and of a heat map the words in its cells."""
    found = []
    for container in ax.containers:
        if isinstance(container, BarContainer) and len(container):
            sideways = container.orientation == "horizontal"
            middles = [(p.get_x() + p.get_width() / 2, p.get_y() + p.get_height() / 2) for p in container]
            ends = [(p.get_x() + p.get_width(), p.get_y() + p.get_height()) for p in container]
            points = [(e[0], m[1]) if sideways else (m[0], e[1]) for m, e in zip(middles, ends, strict=True)]
            found.append((_name(container.get_label(), container[0].get_facecolor(), ax), *_known(points), []))
    caps = {
        id(cap): bars.get_label() for bars in ax.containers if isinstance(bars, ErrorbarContainer) for cap in bars[1]
    }
    for line in ax.lines:
        if line.get_transform().contains_branch_seperately(ax.transData) == (True, True):  # no rule across the ax
            points = _known(np.column_stack([line.get_xdata(orig=False), line.get_ydata(orig=False)]))
            label = caps.get(id(line), line.get_label())  # an error bar's ends are lines without a name of their own
            found.append((_name(label, line.get_color(), ax), *points, []))
    for collection in ax.collections:
        if isinstance(collection, PathCollection):
            found.append((_name(collection.get_label(), None, ax), *_known(collection.get_offsets()), []))
    return [series for series in [*found, *_cells(ax)] if len(series[1])]


def _cells(ax: Axes) -> list[tuple[str, np.ndarray, np.ndarray, list[str]]]:
    """A heat map's cells, a series a column."""
    if not _is_matrix(ax):
        return []
    words = {tuple(np.floor(text.get_position()).astype(int)): text.get_text() for text in ax.texts}
    found = []
    for column, label in enumerate(ax.get_xticklabels()):
        rows = sorted(row for at, row in words if at == column)
        middles = np.array(rows, dtype="float64") + 0.5
        found.append(
            (label.get_text(), np.full(len(rows), column + 0.5), middles, [words[column, row] for row in rows])
        )
    return found


def _is_matrix(ax: Axes) -> bool:
    """Whether an ax shows a heat map."""
    return any(isinstance(collection, QuadMesh) for collection in ax.collections)


def _known(points) -> tuple[np.ndarray, np.ndarray]:
    """The x and the y of points whose values are known."""
    points = np.asarray(np.ma.filled(np.ma.asarray(points, dtype="float64"), np.nan)).reshape(-1, 2)
    points = points[np.isfinite(points).all(axis=1)]
    return points[:, 0], points[:, 1]


def _name(label, color, ax: Axes) -> str:
    """A series' name: its label, with a line below in front where no legend is to show it; else its colour's."""
    if label and not _UNNAMED.fullmatch(str(label)):
        return str(label).removeprefix("_")
    legends = [*ax.figure.legends, *filter(None, [ax.get_legend()])]
    for legend in legends if color is not None else ():
        for handle, text in zip(legend.legend_handles, legend.get_texts(), strict=False):
            shown = getattr(handle, "get_facecolor", getattr(handle, "get_color", lambda: None))()
            if shown is not None and plt.matplotlib.colors.same_color(shown, color):
                return text.get_text()
    return ""


def _categories(axes: Iterable[Axis]) -> dict[float, str]:
    """The words at an axis by their place; none where its ticks are numbers, and not given as labels.

    Args:
        axes: It, and those that it shares its scale with: one of them has the words.
    """
    for axis in axes:
        labels = [" ".join(label.get_text().split()) for label in axis.get_ticklabels()]
        named = isinstance(axis.get_major_formatter(), NAMED)
        if any(label and "$" not in label and (named or not _NUMBER.fullmatch(label)) for label in labels):
            return {float(at): label for at, label in zip(axis.get_ticklocs(), labels, strict=False) if label}
    return {}


def _word(value: float, categories: dict[float, str]) -> str:
    """A value in words: the nearest of an axis's categories, else four digits of it."""
    if categories:
        return categories[min(categories, key=lambda at: abs(at - value))]
    return f"{value:.4g}"
