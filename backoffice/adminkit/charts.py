"""Charts as SVG drawn by the server: no script, readable by a screen reader, sharp in print."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import formats

from backoffice.cards import Series

WIDTH, HEIGHT = 640, 200
LEFT, RIGHT, TOP, BOTTOM = 52, 8, 12, 24
GRID_LINES = 4
LABELS_UP_TO = 8


@dataclass(frozen=True)
class Point:
    x: float
    y: float
    width: float
    height: float
    label: str
    value: str

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 1)


@dataclass(frozen=True)
class GridLine:
    y: float
    label: str


@dataclass(frozen=True)
class AxisLabel:
    x: float
    text: str


@dataclass(frozen=True)
class Drawing:
    kind: str
    points: list[Point]
    grid: list[GridLine]
    axis: list[AxisLabel]
    line: str
    area: str
    total: str
    is_empty: bool
    summary: str
    view_box: str = f"0 0 {WIDTH} {HEIGHT}"
    left: int = LEFT
    right: int = WIDTH - RIGHT
    baseline: int = HEIGHT - BOTTOM


def draw(series: Series, kind: str) -> Drawing:
    """Return the geometry of a chart; the template writes the SVG."""
    values = [Decimal(value or 0) for value in series.values]
    labels = [_label(label) for label in series.labels]
    count = max(len(values), 1)
    top = nice_ceiling(max(values, default=Decimal(0)))
    room = HEIGHT - BOTTOM - TOP
    slot = (WIDTH - LEFT - RIGHT) / count
    points = []
    for index, (value, label) in enumerate(zip(values, labels, strict=True)):
        height = float(value / top) * room if top else 0.0
        gap = 0.25 if kind == "bars" else 0.0
        points.append(
            Point(
                x=round(LEFT + slot * (index + gap / 2), 1),
                y=round(HEIGHT - BOTTOM - height, 1),
                width=round(slot * (1 - gap), 1),
                height=round(height, 1),
                label=label,
                value=_amount(value, series.unit),
            )
        )
    path = " ".join(f"{p.middle},{p.y}" for p in points)
    total = sum(values, Decimal(0))
    return Drawing(
        kind=kind,
        points=points,
        grid=[
            GridLine(
                y=round(HEIGHT - BOTTOM - room * step / GRID_LINES, 1),
                label=_short(top * step / GRID_LINES),
            )
            for step in range(GRID_LINES + 1)
        ],
        axis=_axis(points, labels),
        line=path,
        area=f"{LEFT + slot / 2:.1f},{HEIGHT - BOTTOM} {path} "
        f"{LEFT + slot * (count - 0.5):.1f},{HEIGHT - BOTTOM}",
        total=_amount(total, series.unit),
        is_empty=not any(values),
        summary="; ".join(f"{p.label}: {p.value}" for p in points),
    )


def nice_ceiling(value: Decimal) -> Decimal:
    """Return a round number at or above the value that four grid lines divide well."""
    if value <= 0:
        return Decimal(GRID_LINES)
    power = Decimal(10) ** (value.adjusted())
    for step in ("1", "1.2", "1.6", "2", "2.4", "3.2", "4", "6", "8", "10"):
        if Decimal(step) * power >= value and Decimal(step) * power >= GRID_LINES:
            return Decimal(step) * power
    return Decimal(GRID_LINES)


def _axis(points: list[Point], labels: list[str]) -> list[AxisLabel]:
    """Name every nth point, so that labels do not touch."""
    every = max(1, -(-len(points) // LABELS_UP_TO))
    return [
        AxisLabel(x=point.middle, text=label)
        for index, (point, label) in enumerate(zip(points, labels, strict=True))
        if (len(points) - 1 - index) % every == 0
    ]


def _label(label: Any) -> str:
    return formats.date_format(label, "j M") if isinstance(label, date) else str(label)


def _amount(value: Decimal, unit: str) -> str:
    places = 2 if unit else 0
    number = formats.number_format(value, places, use_l10n=True, force_grouping=True)
    return f"{number} {unit}".strip()


def _short(value: Decimal) -> str:
    """Return an axis value in few characters: 800, 1.2k, 3M."""
    for limit, mark in ((1_000_000, "M"), (1_000, "k")):
        if value >= limit:
            return f"{(value / limit).normalize():f}{mark}"
    return f"{value.normalize():f}"
