"""Pictures of the sample catalogue, drawn from a few shapes: no photograph is ours to give away.

A sketch is a list of shapes on a sheet of 100 × 100; a shape is its kind, its points, its tone.
"""

from __future__ import annotations

import json
from functools import cache
from io import BytesIO
from typing import Any

from django.conf import settings
from PIL import Image, ImageDraw

SIDE = 480
SMOOTH = 2  # drawn so many times as large, then made smaller

Shape = tuple[Any, ...]

# ground, main, dark, light, accent
PALETTES = (
    ("#e3ebe4", "#2f6b52", "#1f4a38", "#f4f1e8", "#c08a3a"),
    ("#f0e6d6", "#b06f42", "#7d4a29", "#fbf6ec", "#2f5d62"),
    ("#dfe8ee", "#3f6f8f", "#284c65", "#f6f4ee", "#c9683f"),
    ("#efe0da", "#a2553f", "#733828", "#fbf3ee", "#5b7f6c"),
)


@cache
def sketches() -> dict[str, list[Shape]]:
    """Return the sketch of each kind of thing, by the name of its category."""
    text = (settings.BASE_DIR / "fixtures" / "sketches.json").read_text(encoding="utf-8")
    return json.loads(text)


@cache
def sketch(category: str, number: int) -> bytes | None:
    """Return the picture that products of a category share, in one of a few colours; or None."""
    shapes = sketches().get(category)
    if shapes is None:
        return None
    ground, main, dark, light, accent = PALETTES[number % len(PALETTES)]
    tones = {
        "ground": ground,
        "main": main,
        "dark": dark,
        "light": light,
        "accent": accent,
        "shadow": _darker(ground),
    }
    sheet = Image.new("RGB", (SIDE * SMOOTH, SIDE * SMOOTH), ground)
    pen = ImageDraw.Draw(sheet)
    for kind, points, tone, *more in shapes:
        _draw(pen, kind, [point * SIDE * SMOOTH / 100 for point in points], tones[tone], more)
    file = BytesIO()
    sheet.resize((SIDE, SIDE), Image.Resampling.LANCZOS).save(file, "WEBP", quality=82)
    return file.getvalue()


def _draw(pen: Any, kind: str, at: list[float], tone: str, more: list[float]) -> None:
    unit = SIDE * SMOOTH / 100
    if kind == "ellipse":
        pen.ellipse(at, fill=tone)
    elif kind == "ring":
        pen.ellipse(at, outline=tone, width=round(more[0] * unit))
    elif kind == "rect":
        pen.rectangle(at, fill=tone)
    elif kind == "round":
        pen.rounded_rectangle(at, radius=more[0] * unit, fill=tone)
    elif kind == "pie":
        pen.pieslice(at, *more, fill=tone)
    elif kind == "poly":
        pen.polygon(at, fill=tone)
    else:
        pen.line(at, fill=tone, width=round(more[0] * unit), joint="curve")


def _darker(colour: str) -> str:
    parts = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{round(part * 0.9):02x}" for part in parts)
