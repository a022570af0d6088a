"""Learning curves as small drawings within a page: they load nothing, and take the colours of its theme.

Their values go with them as those of a notebook's charts do, so that page.js reads both alike.
"""

from collections.abc import Callable, Sequence

from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup, escape
from matplotlib.ticker import MaxNLocator

WIDTH, HEIGHT = 380, 240  # of a drawing, in its own units
LEFT, RIGHT, TOP, BOTTOM = 56, 10, 26, 40  # of the room around the curves
MOST_VALUES = 60  # of a curve, for readers who point at it; the table of epochs has all
CURVES = (("training", "{}", "train"), ("validation", "val_{}", "val"))  # in words, in a history, as a class


def draw_curves(history: dict[str, list], best_epoch: int | None = None, run: str = "") -> Markup:
    """Loss and accuracy by epoch, side by side; nothing of what a history lacks.

    Args:
        history: Values by epoch of loss, val_loss, accuracy and val_accuracy.
        best_epoch: The epoch whose weights were taken, counted from 1; None where it is not to be marked.
        run: Whose they are, in words, for those who hear the page.
    """
    drawings = []
    for quantity, label in (("loss", "loss, nats"), ("accuracy", "accuracy")):
        curves = [(words, history.get(key.format(quantity)) or [], of) for words, key, of in CURVES]
        curves = [(words, values, of) for words, values, of in curves if any(v is not None for v in values)]
        if curves:
            drawings.append(_draw(label, curves, best_epoch, run))
    return Markup('<div class="curves">') + Markup("").join(drawings) + Markup("</div>") if drawings else Markup("")


def _draw(label: str, curves: Sequence[tuple[str, list, str]], best_epoch: int | None, run: str) -> Markup:
    """A drawing of one quantity."""
    known = [value for _, values, _ in curves for value in values if value is not None]
    epochs = max(len(values) for _, values, _ in curves)
    ticks = _ticks(min(known), max(known))
    low, high = ticks[0], ticks[-1]

    def x(epoch: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * ((epoch - 1) / (epochs - 1) if epochs > 1 else 0.5)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - low) / (high - low)

    ends = "; ".join(f"{words} {_first(values):.3f} to {_last(values):.3f}" for words, values, _ in curves)
    words = escape(f"{run + ': ' if run else ''}{label} over {epochs} epochs: {ends}")
    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{words}">']
    for tick in ticks:
        parts.append(f'<path class="grid" d="M{LEFT} {y(tick):.1f}H{WIDTH - RIGHT}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y(tick) + 4:.1f}" class="end">{tick:.4g}</text>')
    for epoch in _whole_ticks(epochs):
        parts.append(f'<text x="{x(epoch):.1f}" y="{HEIGHT - BOTTOM + 17}" class="middle">{epoch}</text>')
    if best_epoch and best_epoch < epochs:
        parts.append(f'<path class="best" d="M{x(best_epoch):.1f} {TOP}V{HEIGHT - BOTTOM}"/>')
        parts.append(f'<path class="best" d="M{LEFT + 220} 12h22"/><text x="{LEFT + 248}" y="16">best epoch</text>')
    for number, (words, values, of) in enumerate(curves):
        points = [f"{x(epoch):.1f} {y(value):.1f}" for epoch, value in enumerate(values, 1) if value is not None]
        dot = f'<circle class="{of}" cx="{points[0].split()[0]}" cy="{points[0].split()[1]}" r="3"/>'
        parts.append(dot if len(points) == 1 else f'<polyline class="{of}" points="{",".join(points)}"/>')
        at = LEFT + 110 * number
        parts.append(f'<path class="{of}" d="M{at} 12h22"/><text x="{at + 28}" y="16">{escape(words)}</text>')
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 6}" class="middle">epoch</text>')
    middle = (TOP + HEIGHT - BOTTOM) / 2
    parts.append(f'<text transform="translate(12 {middle}) rotate(-90)" class="middle">{escape(label)}</text></svg>')
    series = [
        {"name": words, "points": [_point(x, y, *known) for known in _some(values)]} for words, values, _ in curves
    ]
    panel = {"title": "", "x": "epoch", "y": label, "rows": "x", "series": series}
    json = htmlsafe_json_dumps({"panels": [panel]}, separators=(",", ":"))
    return Markup(f'<figure>{"".join(parts)}<script type="application/json" class="values">{json}</script></figure>')


def _some(values: list) -> list[tuple[int, float]]:
    """The epochs of a curve whose values go with it: all, or of a long one some, evenly spaced, with the last."""
    known = [(epoch, value) for epoch, value in enumerate(values, 1) if value is not None]
    step = -(-len(known) // MOST_VALUES)
    return known[::-step][::-1]


def _point(x: Callable[[float], float], y: Callable[[float], float], epoch: int, value: float) -> list:
    """An epoch and its value in words, and where they are in thousandths of the drawing."""
    return [str(epoch), f"{value:.4g}", round(1000 * x(epoch) / WIDTH), round(1000 * y(value) / HEIGHT)]


def _ticks(low: float, high: float) -> list[float]:
    """Round values from below the least to above the most."""
    if high - low < 1e-9:
        low, high = low - 0.05, high + 0.05
    return [float(tick) for tick in MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)]


def _whole_ticks(epochs: int) -> list[int]:
    """Epochs to write below a drawing."""
    if epochs == 1:
        return [1]
    ticks = MaxNLocator(6, integer=True).tick_values(1, epochs)
    whole = [int(tick) for tick in ticks if 1 < tick <= epochs and tick == int(tick)]
    return [1, *(tick for tick in whole if tick - 1 > (epochs - 1) / 15)]  # none written over the first


def _first(values: list) -> float:
    """The first value that is known."""
    return next(value for value in values if value is not None)


def _last(values: list) -> float:
    """The last value that is known."""
    return _first(values[::-1])
