"""What units of an order are worth, and what is left to give back for them. Pure: no database.

Everything is whole cents, and every allocation adds up to what was allocated: discounts of the
order are spread over its lines, a line's money over its units, in such a way that no unit is off
by more than a cent and the last one completes the whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from backoffice.refused import BadValue, Refused

ZERO = Decimal(0)
CENT = Decimal("0.01")
# No sum of ours is as large; rounding one that is would fail.
MOST = Decimal(10) ** 12


class MoreThanLeft(Refused):
    """facts: amount, left, currency."""

    sentence = _("{amount} {currency} are more than the {left} {currency} that are left to refund.")
    hint = _("Refund less.")
    http_status = 409


class MoreUnitsThanLeft(Refused):
    """facts: sku, wanted, left."""

    sentence = _("{sku}: {wanted} units to refund, but only {left} are not refunded yet.")
    hint = _("Refund fewer of it.")
    http_status = 409


class MoreShippingThanLeft(Refused):
    """facts: amount, left, currency."""

    sentence = _("{amount} {currency} of shipping; only {left} {currency} are left of it.")
    hint = _("Refund less shipping.")
    http_status = 409


class NothingChosen(Refused):
    sentence = _("Nothing is chosen to be refunded.")
    hint = _("Choose units, shipping, or an amount.")


def spread(amount: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Share an amount of money out by weights, in whole cents that add up to it.

    Weights of nothing share equally. Each running sum is rounded down, so that parts with the same
    weight differ by at most a cent.
    """
    cents = _cents(amount)
    units = [max(_cents(weight), 0) for weight in weights]
    if not any(units):
        units = [1] * len(weights)
    whole, passed, given = sum(units), 0, 0
    parts = []
    for unit in units:
        passed += unit
        reached = cents * passed // whole
        parts.append(_money(reached - given))
        given = reached
    return parts


def worth(whole: Decimal, units: int, *, gone: int, quantity: int) -> Decimal:
    """Return what the next `quantity` of a line's units are worth, when `gone` have gone before.

    whole: what all `units` of the line are worth together.
    """
    cents = _cents(whole)
    return _money(cents * (gone + quantity) // units - cents * gone // units)


@dataclass(frozen=True)
class LineMoney:
    """One line as a refund sees it. whole: its worth with every discount; gone: units refunded."""

    line_id: int
    sku: str
    units: int
    whole: Decimal
    gone: int = 0

    @property
    def left(self) -> int:
        return max(self.units - self.gone, 0)

    def worth(self, quantity: int) -> Decimal:
        return worth(self.whole, self.units, gone=self.gone, quantity=quantity)


@dataclass(frozen=True)
class Share:
    """What a refund gives for units of one line."""

    line_id: int
    quantity: int
    amount: Decimal


@dataclass(frozen=True)
class Sum:
    """What a refund comes to: money in the order's currency."""

    amount: Decimal
    lines: list[Share] = field(default_factory=list)
    shipping: Decimal = ZERO


@dataclass(frozen=True)
class Left:
    """What is left to refund of an order: money, shipping, and units per line."""

    money: Decimal
    shipping: Decimal
    currency: str
    lines: Mapping[int, LineMoney]

    def sum_of(
        self,
        units: Mapping[int, int],
        *,
        shipping: Decimal = ZERO,
        amount: Decimal | None = None,
    ) -> Sum:
        """Return what a refund of these units, this shipping and this amount comes to.

        amount: None is the worth of what is chosen; with nothing chosen, all that is left.
        Another amount is shared out over what is chosen; what it is above their worth belongs to
        no line.
        Refuses: BadValue; MoreUnitsThanLeft; MoreShippingThanLeft; MoreThanLeft; NothingChosen.
        """
        shares = [self._share(key, quantity) for key, quantity in units.items() if quantity]
        require_money(shipping, _("Shipping"), least=ZERO)
        if shipping > self.shipping:
            raise MoreShippingThanLeft(amount=shipping, left=self.shipping, currency=self.currency)
        chosen = sum((share.amount for share in shares), shipping)
        if amount is None:
            if not shares and not shipping:
                return self._whole()
            amount = chosen
        require_money(amount, _("Amount"), least=CENT)
        if amount > self.money:
            raise MoreThanLeft(amount=amount, left=self.money, currency=self.currency)
        if amount < chosen:
            weights = [*(share.amount for share in shares), shipping]
            *parts, shipping = spread(amount, weights)
            shares = [
                Share(share.line_id, share.quantity, part)
                for share, part in zip(shares, parts, strict=True)
            ]
        return Sum(amount, shares, shipping)

    def _share(self, line_id: int, quantity: int) -> Share:
        line = self.lines.get(line_id)
        if line is None:
            raise BadValue(field=_("Lines"), problem=_("one of them is not on this order."))
        if type(quantity) is not int or quantity < 0:
            raise BadValue(field=line.sku, problem=_("a whole number of units is needed."))
        if quantity > line.left:
            raise MoreUnitsThanLeft(sku=line.sku, wanted=quantity, left=line.left)
        return Share(line_id, quantity, line.worth(quantity))

    def _whole(self) -> Sum:
        """Everything that is left: the lines' worth as far as the money reaches, then shipping."""
        if self.money <= 0:
            raise NothingChosen
        shares = [self._share(line.line_id, line.left) for line in self.lines.values() if line.left]
        chosen = sum((share.amount for share in shares), self.shipping)
        if self.money >= chosen:
            return Sum(self.money, shares, self.shipping)
        return self.sum_of(
            {share.line_id: share.quantity for share in shares},
            shipping=self.shipping,
            amount=self.money,
        )


def require_money(amount: Decimal, what: object, *, least: Decimal) -> None:
    """Refuse with BadValue what is no amount of money in whole cents, or below `least`."""
    if not amount.is_finite() or abs(amount) >= MOST or amount != round(amount, 2):
        raise BadValue(field=what, problem=_("an amount of money in whole cents is needed."))
    if amount < least:
        raise BadValue(field=what, problem=_("an amount of money above zero is needed."))


def net_lines(
    lines: Sequence[tuple[int, str, int, Decimal, int]], *, discount: Decimal, tax: Decimal
) -> dict[int, LineMoney]:
    """Return what each line is worth once the order's own discount and tax are spread over them.

    lines: (key, SKU, units, total of the line, units refunded before).
    """
    totals = [total for *_rest, total, _gone in lines]
    off, on = spread(discount, totals), spread(tax, totals)
    return {
        key: LineMoney(key, sku, units, total - less + more, gone)
        for (key, sku, units, total, gone), less, more in zip(lines, off, on, strict=True)
    }


def _cents(amount: Decimal) -> int:
    return int((amount * 100).to_integral_value())


def _money(cents: int) -> Decimal:
    return Decimal(cents) / 100
