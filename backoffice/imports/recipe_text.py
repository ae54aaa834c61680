"""A saved recipe as text that a person can read, keep and send: TOML, written strictly.

`read(write(x)) == x`; whatever else is in a text is refused with a sentence. Knows no database.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from backoffice.imports.choices import Choices
from backoffice.imports.parse import Text, shown
from backoffice.refused import Refused

FORMAT: Final = 1
MAX_CHARACTERS = 200_000
INTRODUCTION = (
    '# How a supplier\'s columns become ours: their name = our name, "" leaves one aside.'
)


class RecipeUnreadable(Refused):
    """facts: why (in words)."""

    sentence = _("The text is no recipe that can be read: {why}.")
    hint = _("Export a recipe and compare the two.")


@dataclass(frozen=True)
class RecipeText:
    """What a recipe says, whoever keeps it. choices: with the columns and how the file is read."""

    sheet: str
    name: str
    choices: Choices
    supplier: str = ""
    fingerprint: str = ""
    mode: str = ""
    policy: str = ""


@dataclass(frozen=True)
class _Table:
    """The values that a part of the text may have, by their type."""

    types: Mapping[str, type] = field(default_factory=dict)
    is_free: bool = False


_TOP: Final = _Table(
    {
        "format": int, "sheet": str, "name": str, "supplier": str, "fingerprint": str,
        "mode": str, "policy": str, "key": str, "ignore_unknown": bool, "stock_means": str,
        "columns": dict, "blanks": dict, "defaults": dict, "reading": dict,
    }
)  # fmt: skip
_READING: Final = _Table(
    {
        "encoding": str, "delimiter": str, "decimal": str, "sheet": str, "header_row": int,
        "header_rows": int,
    }
)  # fmt: skip


def write(recipe: RecipeText) -> str:
    """Return a recipe as text. Refuses: RecipeUnreadable for what no text can hold."""
    said = recipe.choices
    top = {
        "format": FORMAT,
        "sheet": recipe.sheet,
        "name": recipe.name,
        "supplier": recipe.supplier,
        "fingerprint": recipe.fingerprint,
        "mode": recipe.mode,
        "policy": recipe.policy,
        "key": said.key,
        "ignore_unknown": said.ignore_unknown,
        "stock_means": str(said.stock_means),
    }
    reading = {name: value for name, value in asdict(said.reading).items() if value is not None}
    parts = {
        "": top,
        "columns": said.mapping or {},
        "blanks": said.blanks,
        "defaults": said.defaults,
        "reading": reading,
    }
    blocks = []
    for title, values in parts.items():
        lines = [f"[{title}]"] if title else [INTRODUCTION]
        lines += [f"{_key(name)} = {_value(value)}" for name, value in values.items()]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def read(text: str) -> RecipeText:
    """Return what a text says. Refuses: RecipeUnreadable."""
    if len(text) > MAX_CHARACTERS:
        raise RecipeUnreadable(why=_("it is too long"))
    try:
        said = tomllib.loads(text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}"))
    except tomllib.TOMLDecodeError as error:
        raise RecipeUnreadable(why=shown(error, limit=80)) from error
    except (ValueError, RecursionError) as error:
        raise RecipeUnreadable(why=_("a value is beyond what can be read")) from error
    _require(said, _TOP)
    if said.get("format") != FORMAT:
        raise RecipeUnreadable(why=_words(_("format must be {format}"), format=FORMAT))
    for name in ("sheet", "name", "columns"):
        if not said.get(name):
            raise RecipeUnreadable(why=_words(_("{name} is missing"), name=name))
    for name in ("columns", "blanks", "defaults"):
        _require(said.get(name, {}), _Table(is_free=True))
    _require(said.get("reading", {}), _READING)
    kept = {name: said[name] for name in Choices.__dataclass_fields__ if name in said}
    return RecipeText(
        choices=Choices.from_json({**kept, "mapping": said["columns"]}),
        **{
            name: _text(said, name)
            for name in ("sheet", "name", "supplier", "fingerprint", "mode", "policy")
        },
    )


def _require(said: Mapping[str, Any], table: _Table) -> None:
    """Refuse names that mean nothing, and values of another type."""
    for name, value in said.items():
        wanted = str if table.is_free else table.types.get(name)
        if wanted is None:
            raise RecipeUnreadable(why=_words(_("{name} means nothing"), name=shown(name)))
        if type(value) is not wanted:
            raise RecipeUnreadable(
                why=_words(
                    _("{name} must be {kind}, and is {value}"),
                    name=shown(name),
                    kind=_KINDS[wanted],
                    value=shown(value),
                )
            )


_KINDS: Final[Mapping[type, Text]] = {
    str: _("a text in quotation marks"),
    int: _("a whole number"),
    bool: _("true or false"),
    dict: _("a part of its own, [in brackets]"),
}


def _text(said: Mapping[str, Any], name: str) -> str:
    return str(said.get(name, ""))


def _words(sentence: Text, **facts: Any) -> str:
    return str(sentence).format(**facts)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _value(name)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    text = str(value)
    if re.search("[\ud800-\udfff]", text):
        raise RecipeUnreadable(why=_("it has a broken character"))
    plain = text.replace("\\", "\\\\").replace('"', '\\"')
    # What TOML calls control characters; line ends and tabs too, so that a value is one line.
    escaped = re.sub("[\x00-\x1f\x7f]", lambda found: f"\\u{ord(found.group()):04x}", plain)
    return f'"{escaped}"'
