"""Geometry of the charts as plain numbers; the macros draw it (no script, no inline style)."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

HEIGHT = 216
PLOT = 192
"""Pixels of the plot; the rest carries the labels of the x axis."""
GAP = 1.5
LEAST_PARKED = 3.0


@dataclass(frozen=True, slots=True)
class Series:
    """One band of a bar chart, or one line. ``tone`` is the class suffix (done, same, parked …)."""

    key: str
    label: str
    values: Sequence[float]
    total: str = ""


@dataclass(frozen=True, slots=True)
class Rect:
    """A bar segment: x and width in percent, y and height in pixels."""

    x: float
    y: float
    width: float
    height: float
    key: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One column with its segments and the words of its tooltip."""

    x: float
    width: float
    tip: str
    parts: tuple[Rect, ...]


@dataclass(frozen=True, slots=True)
class Tick:
    """A label at a position: pixels on the y axis, percent on the x axis."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """All that the chart macros need."""

    title: str
    finding: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    y: tuple[Tick, ...]
    x: tuple[Tick, ...]
    bars: tuple[Bar, ...] = ()
    lines: tuple[tuple[str, str], ...] = ()
    unit: str = ""
    height: int = HEIGHT
    plot: int = PLOT


def nice_top(highest: float) -> float:
    """Return a round axis end at or above ``highest`` that splits into three or four steps."""
    if highest <= 0:
        return 3.0
    step = highest / 3
    power = 10.0 ** floor(log10(step))
    for factor in (1, 2, 2.5, 5, 10):
        if factor * power >= step:
            step = factor * power
            break
    return float(max(step, 1.0) * 3)


def short(value: float, unit: str = "") -> str:
    """Return an axis figure."""
    text = f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"
    return f"{text} {unit}" if unit else text


def _y_ticks(top: float, unit: str) -> tuple[Tick, ...]:
    return tuple(
        Tick(PLOT - PLOT * part / 3 * 0.96, short(top * part / 3, unit)) for part in range(4)
    )


def _x_ticks(labels: Sequence[str], most: int = 6) -> tuple[Tick, ...]:
    every = max(1, ceil(len(labels) / most))
    width = 100 / max(1, len(labels))
    return tuple(
        Tick(round((index + 0.5) * width, 3), label)
        for index, label in enumerate(labels)
        if index % every == 0
    )


def bar_chart(
    title: str, finding: str, labels: Sequence[str], series: Sequence[Series], unit: str = ""
) -> Chart:
    """Lay out stacked columns, first series at the bottom.

    ``finding`` is the sentence a screen reader hears ("Most parked at 12:00").
    """
    columns = [[band.values[index] for band in series] for index in range(len(labels))]
    top = nice_top(max((sum(column) for column in columns), default=0))
    slot = 100 / max(1, len(labels))
    bars = []
    for index, column in enumerate(columns):
        x, width, base = slot * index + slot * 0.13, slot * 0.74, float(PLOT)
        parts = []
        for band, value in zip(series, column, strict=True):
            if value <= 0:
                continue
            height = value / top * PLOT * 0.96
            height = max(height, LEAST_PARKED if band.key == "parked" else 1.0)
            parts.append(
                Rect(
                    round(x, 3),
                    round(base - height, 2),
                    round(width, 3),
                    round(height, 2),
                    band.key,
                )
            )
            base -= height + GAP
        said = [
            f"{band.label} {short(value, unit)}"
            for band, value in zip(series, column, strict=True)
            if value
        ]
        tip = "\n".join([labels[index], *said]) if said else f"{labels[index]}\nNothing"
        bars.append(Bar(round(slot * index, 3), round(slot, 3), tip, tuple(parts)))
    return Chart(
        title, finding, tuple(labels), tuple(series), _y_ticks(top, unit), _x_ticks(labels),
        bars=tuple(bars), unit=unit,
    )  # fmt: skip


def line_chart(
    title: str, finding: str, labels: Sequence[str], series: Sequence[Series], unit: str = ""
) -> Chart:
    """Lay out one or two lines over the same labels; the points are in a 0–1000 × PLOT box."""
    top = nice_top(max((max(band.values, default=0) for band in series), default=0))
    slot = 1000 / max(1, len(labels))
    lines = []
    for band in series:
        points = " ".join(
            f"{(index + 0.5) * slot:.1f},{PLOT - value / top * PLOT * 0.96:.1f}"
            for index, value in enumerate(band.values)
        )
        lines.append((band.key, points))
    return Chart(
        title, finding, tuple(labels), tuple(series), _y_ticks(top, unit), _x_ticks(labels),
        lines=tuple(lines), unit=unit,
    )  # fmt: skip


def sparkline(values: Sequence[float], parked: Sequence[float] = ()) -> tuple[Rect, ...]:
    """Lay out at most 24 small bars in a 96 × 24 box; ``parked`` marks bars red."""
    top = max(values, default=0) or 1
    slot = 96 / max(1, len(values))
    bad = list(parked) + [0] * (len(values) - len(parked))
    return tuple(
        Rect(
            round(index * slot, 2),
            round(24 - max(1.5, value / top * 22), 2),
            round(slot * 0.66, 2),
            round(max(1.5, value / top * 22), 2),
            "p" if bad[index] else "",
        )
        for index, value in enumerate(values)
    )
