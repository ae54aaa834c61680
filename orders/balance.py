"""What an order costs against what is authorised and paid for it: too little, or too much."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from orders.models import Order

ZERO = Decimal(0)


@dataclass(frozen=True)
class Balance:
    """due: still to be authorised or paid. loose: authorised, but not needed. over: paid too much.

    At most one of due and the other two is above zero.
    """

    due: Decimal
    loose: Decimal
    over: Decimal
    currency: str

    @property
    def sentence(self) -> str:
        """What happens with the money, in words; blank when it fits."""
        if self.due:
            return _("%(sum)s more are to be paid.") % {"sum": self._sum(self.due)}
        parts = []
        if self.over:
            parts.append(
                _("%(sum)s are paid too much: refund them.") % {"sum": self._sum(self.over)}
            )
        if self.loose:
            parts.append(_("%(sum)s will not be captured.") % {"sum": self._sum(self.loose)})
        return " ".join(parts)

    def _sum(self, amount: Decimal) -> str:
        return f"{amount:,.2f} {self.currency}"


def balance_of(order: Order, total: Decimal | None = None) -> Balance:
    """Return the balance of an order whose facts are loaded. total: as if it cost that much."""
    facts = order.facts
    costs = order.total if total is None else total
    over = max(facts.net_paid - costs, ZERO)
    needed = max(costs - facts.net_paid, ZERO)
    return Balance(
        due=max(needed - facts.authorised, ZERO),
        loose=max(facts.authorised - needed, ZERO),
        over=over,
        currency=order.currency,
    )
