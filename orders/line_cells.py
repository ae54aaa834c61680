"""An order's lines in one cell of a sheet: "2 × MUG-001 @ 12.50; 1 × CUP-3 @ 8.00 - 1.00".

Quantity, SKU (and the name in quotation marks, of a product that may not be here yet), price of one
unit, and what is taken off the whole line. Pure and strict.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.imports import compound, parse
from backoffice.imports.columns import StrictWidget
from backoffice.imports.parse import Fault

MARKS = '";@'
_LINE = re.compile(
    r"""(?P<quantity>[^\s×x*]+)\s*[×x*]\s*
        (?P<sku>(?:[^"@\\]|\\.)*?)
        \s*(?:"(?P<name>(?:[^"\\]|\\.)+)")?
        (?:\s*@\s*(?P<price>\S+?))?
        (?:\s+-\s+(?P<discount>\S+))?\s*""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class LineCell:
    """One line of an order. price: of one unit, None when the file does not say."""

    quantity: int
    sku: str = ""
    name: str = ""
    price: Decimal | None = None
    discount: Decimal = Decimal(0)

    @property
    def total(self) -> Decimal:
        return (self.price or Decimal(0)) * self.quantity - self.discount


def read_lines(value: Any) -> tuple[LineCell, ...]:
    """Return the lines of a cell. Raises Fault with the line's own words."""
    parts = compound.split(parse.free_text(value, lines=True), ";")
    return tuple(_read(part.strip()) for part in parts if part.strip())


def write_lines(lines: Iterable[LineCell]) -> str:
    """Return the cell that `read_lines` reads as these lines."""
    return "; ".join(_write(line) for line in lines)


def _read(text: str) -> LineCell:
    found = _LINE.fullmatch(text)
    if found is None or not (found["sku"].strip() or found["name"]):
        raise Fault(
            "bad_line",
            _("“{value}” is no order line."),
            _("Write quantity, SKU and price: 2 × MUG-001 @ 12.50."),
            value=parse.shown(text),
        )
    said: Mapping[str, str | None] = found.groupdict()
    line = LineCell(
        quantity=read_quantity(said["quantity"]),
        sku=compound.unescaped((said["sku"] or "").strip(), MARKS),
        name=compound.unescaped(said["name"] or "", MARKS),
        price=parse.money(said["price"]),
        discount=parse.money(said["discount"]) or Decimal(0),
    )
    if line.discount and line.total < 0:
        raise Fault(
            "discount_too_large",
            _("“{value}”: more is taken off than the line costs."),
            _("The discount is for the whole line."),
            value=parse.shown(text),
        )
    return line


def read_quantity(value: Any) -> int:
    """Return how many units a line has. Refuses what is no whole number from 1."""
    text = parse.as_text(value)
    if re.fullmatch(r"-[0-9]+|0+", text):
        raise Fault(
            "not_positive",
            _("The quantity is {value}; an order line has at least one unit."),
            _("Leave returned goods out: a return takes them back."),
            value=parse.shown(text),
        )
    units = parse.whole_number(text)
    if units is None:
        raise Fault("quantity_missing", _("A line has no quantity."), _("Write it before the SKU."))
    return units


def _write(line: LineCell) -> str:
    name = f'"{compound.escaped(line.name, MARKS)}"' if line.name else ""
    what = f"{compound.escaped(line.sku, MARKS)} {name}".strip()
    price = "" if line.price is None else f" @ {line.price:.2f}"
    discount = f" - {line.discount:.2f}" if line.discount else ""
    return f"{line.quantity} × {what}{price}{discount}"


class LinesWidget(StrictWidget):
    """The cell of an order's lines."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> tuple[LineCell, ...]:
        return read_lines(value)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return write_lines(value or ())
