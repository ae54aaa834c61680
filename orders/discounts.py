"""Money off a line or off a whole order: an amount, or a share that follows the sum it is off."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from backoffice.refused import BadValue, Refused

if TYPE_CHECKING:
    from orders.models import Order, OrderLine

CENT = Decimal("0.01")
LONGEST_REASON_CHARS = 200
WHOLE = Decimal(100)
LARGEST_AMOUNT = Decimal(10) ** 9


class DiscountTooLarge(Refused):
    """facts: what (a SKU, or the order), discount, most, currency."""

    sentence = _("{what}: a discount of {discount} {currency} is more than the {most} it is off.")
    hint = _("Give less, or take the discount away.")


class DiscountUnexplained(Refused):
    sentence = _("A discount needs a reason.")
    hint = _("Write why the customer pays less; it stands beside the sum.")


@dataclass(frozen=True)
class Discount:
    """amount: in the order's currency; percent: of the sum, from 0 to 100; neither: none."""

    amount: Decimal | None = None
    percent: Decimal | None = None
    reason: str = ""

    @property
    def is_none(self) -> bool:
        return not self.amount and not self.percent

    def is_on(self, row: Order | OrderLine) -> bool:
        """Tell whether this is what the row has already."""
        if self.is_none:
            return not row.discount and not row.discount_percent
        if self.reason.strip() != row.discount_reason:
            return False
        if self.percent:
            return row.discount_percent == self.percent
        return row.discount_percent is None and row.discount == self.amount

    def put_on(self, row: Order | OrderLine) -> None:
        """Set the row's columns; what a share amounts to is for `add_up` to compute.

        Refuses: BadValue; DiscountUnexplained.
        """
        self._require_sane()
        row.discount = Decimal(0) if self.is_none else self.amount or Decimal(0)
        row.discount_percent = self.percent or None
        row.discount_reason = "" if self.is_none else self.reason.strip()

    def _require_sane(self) -> None:
        if self.amount and self.percent:
            raise BadValue(field=_("Discount"), problem=_("give an amount or a percentage."))
        if self.amount is not None:
            _require_number(self.amount, LARGEST_AMOUNT, _("an amount of money is needed."))
        if self.percent is not None:
            _require_number(self.percent, WHOLE, _("between 0 and 100 percent."))
        if not self.is_none and not self.reason.strip():
            raise DiscountUnexplained
        if len(self.reason.strip()) > LONGEST_REASON_CHARS:
            raise BadValue(
                field=_("Reason of the discount"),
                problem=_("at most {most} characters.").format(most=LONGEST_REASON_CHARS),
            )


def discount_of(row: Order | OrderLine) -> Discount:
    """Return the discount that a row has."""
    if row.discount_percent is not None:
        return Discount(percent=row.discount_percent, reason=row.discount_reason)
    return Discount(amount=row.discount or None, reason=row.discount_reason)


def share(of: Decimal, percent: Decimal) -> Decimal:
    """Return a percentage of a sum in whole cents, half a cent rounded up."""
    return (of * percent / WHOLE).quantize(CENT, ROUND_HALF_UP)


def in_short(row: Order | OrderLine) -> str:
    """Return why a row costs less, for beside the sum: “10 %: loyal customer”."""
    if row.discount_percent is None:
        return row.discount_reason
    percent = f"{row.discount_percent.normalize():f} %"
    return f"{percent}: {row.discount_reason}" if row.discount_reason else percent


def _require_number(value: Decimal, most: Decimal, problem: object) -> None:
    if not value.is_finite() or not 0 <= value <= most or value != value.quantize(CENT):
        raise BadValue(field=_("Discount"), problem=problem)
