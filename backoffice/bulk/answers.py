"""A dialog's answers on their way through JSON: they come back as the types they were."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

_MADE_FROM: dict[str, Callable[[str], Any]] = {
    "decimal": Decimal,
    "moment": datetime.fromisoformat,
    "date": date.fromisoformat,
    "uuid": UUID,
}


def encode(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return answers as JSON holds them."""
    return {name: _encoded(value) for name, value in answers.items()}


def decode(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return answers as the verb takes them."""
    return {name: _decoded(value) for name, value in stored.items()}


def _encoded(value: Any) -> Any:  # noqa: PLR0911  (one for each type)
    match value:
        case None | bool() | int() | str():
            return value
        case Decimal():
            return {"decimal": str(value)}
        case datetime():
            return {"moment": value.isoformat()}
        case date():
            return {"date": value.isoformat()}
        case UUID():
            return {"uuid": str(value)}
        case Mapping():
            return {"map": [[_encoded(key), _encoded(part)] for key, part in value.items()]}
        case list() | tuple() | set():
            return [_encoded(part) for part in value]
        case _:
            raise TypeError(f"An answer of type {type(value).__name__} cannot be kept.")


def _decoded(value: Any) -> Any:
    if isinstance(value, list):
        return [_decoded(part) for part in value]
    if not isinstance(value, dict):
        return value
    ((kind, text),) = value.items()
    if kind == "map":
        return {_decoded(key): _decoded(part) for key, part in text}
    return _MADE_FROM[kind](text)
