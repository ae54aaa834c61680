"""Cells that hold several values: paths, words, and pairs of name and value. Pure and strict."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.imports.parse import Fault, free_text, shown


def path(value: Any, *, longest: int | None = None) -> tuple[str, ...]:
    """Return the levels of "Kitchen > Coffee", from the root."""
    text = free_text(value)
    if not text:
        return ()
    levels = tuple(" ".join(level.split()) for level in text.split(">"))
    if not all(levels):
        raise Fault(
            "empty_level",
            _("“{value}” has an empty level."),
            _("Write the levels parted by one “>”: Kitchen > Coffee."),
            value=shown(text),
        )
    for level in levels:
        if longest is not None and len(level) > longest:
            raise Fault(
                "too_long",
                _("The level “{value}” has {count} characters; {limit} are allowed."),
                value=shown(level),
                count=len(level),
                limit=longest,
            )
    return levels


def words(value: Any, *, longest: int | None = None) -> tuple[str, ...]:
    """Return words parted by commas, each once whatever its case, in alphabetical order."""
    found: dict[str, str] = {}
    for part in free_text(value).split(","):
        word = " ".join(part.split())
        if not word:
            continue
        if longest is not None and len(word) > longest:
            raise Fault(
                "too_long",
                _("“{value}” has {count} characters; {limit} are allowed."),
                value=shown(word),
                count=len(word),
                limit=longest,
            )
        found.setdefault(word.casefold(), word)
    return tuple(sorted(found.values(), key=lambda word: (word.casefold(), word)))


def pairs(value: Any, *, longest: int | None = None) -> dict[str, str]:
    r"""Return "Colour=Slate; Size=M" as a mapping; “;” and “=” inside are “\;” and “\=”."""
    found: dict[str, str] = {}
    for part in split(free_text(value), ";"):
        if not part.strip():
            continue
        name, *rest = split(part, "=")
        key, option = unescaped(name.strip(), ";="), unescaped("=".join(rest).strip(), ";=")
        if not key or not option:
            raise Fault(
                "bad_options",
                _("“{value}” is no option."),
                _("Write name and value: Colour=Slate; Size=M."),
                value=shown(part.strip()),
            )
        if longest is not None and max(len(key), len(option)) > longest:
            raise Fault(
                "too_long",
                _("The option “{value}” is longer than {limit} characters."),
                value=shown(key),
                limit=longest,
            )
        if key in found:
            raise Fault("option_twice", _("The option {value} is given twice."), value=shown(key))
        found[key] = option
    return found


def joined_pairs(options: Mapping[str, Any]) -> str:
    """Return what `pairs` reads back, sorted by name: a database keeps no order of keys."""
    return "; ".join(
        f"{escaped(name, ';=')}={escaped(str(option), ';=')}"
        for name, option in sorted(options.items())
    )


def split(text: str, mark: str) -> list[str]:
    """Split at a mark that is not escaped; the parts stay escaped."""
    parts, part, chars = [], "", iter(text)
    for char in chars:
        if char == "\\":
            part += char + next(chars, "")
        elif char == mark:
            parts.append(part)
            part = ""
        else:
            part += char
    return [*parts, part]


def escaped(text: str, marks: str) -> str:
    return "".join(f"\\{char}" if char in marks or char == "\\" else char for char in text)


def unescaped(text: str, marks: str) -> str:
    return re.sub(rf"\\([\\{re.escape(marks)}])", r"\1", text)
