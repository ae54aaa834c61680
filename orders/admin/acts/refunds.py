"""Refunding from a dialog: lines, shipping, an amount; the sum is shown before it is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice import approvals
from backoffice.adminkit.acts import Act
from backoffice.adminkit.forms import ActForm
from backoffice.flows import Ask, LineChoice
from backoffice.models import User
from backoffice.refused import Refused, Text
from orders import services
from orders.admin.acts.selections import SELECTIONS
from orders.facts import ZERO
from orders.models import Order
from orders.services.amounts import NothingChosen
from orders.services.refund import REFUND
from orders.services.refund_plan import left_of
from orders.sums import in_words

CODE, NOTE, RESTOCK, NOTIFY = REFUND.asks


def refund_chosen(
    *,
    order_id: int,
    by: User,
    lines: Mapping[int, int],
    amount: Decimal | None = None,
    shipping: Decimal | None = None,
    **answers: Any,
) -> Order:
    """Refund what the dialog says; nothing chosen is a slip here, never “everything”."""
    if not lines and not shipping and amount is None:
        raise NothingChosen
    return services.refund_order(
        order_id=order_id,
        by=by,
        lines=lines,
        shipping=shipping or ZERO,
        amount=amount,
        **answers,
    )


def lines_to_refund(order: Order) -> Sequence[LineChoice]:
    """Return every line with the units that are not refunded yet, and what one is worth."""
    money = left_of(order).lines
    return [
        LineChoice(
            key=line.pk,
            title=line.name,
            detail=line.sku,
            most=money[line.pk].left,
            price=money[line.pk].worth(1) if money[line.pk].left else ZERO,
            worth=(money[line.pk].whole, line.quantity, money[line.pk].gone),
            note=_note(line, money[line.pk].gone),
        )
        for line in order.lines.order_by("pk")
    ]


def _note(line: Any, gone: int) -> str:
    unsent = line.quantity - line.shipped - line.cancelled
    said = (
        (gone, _("%(n)s refunded")),
        (line.returned, _("%(n)s came back")),
        (unsent if line.shipped else 0, _("%(n)s not sent")),
    )
    return " · ".join(words % {"n": units} for units, words in said if units)


def _shipping(order: Order) -> Mapping[str, Any] | None:
    left = left_of(order).shipping
    return {"help": _left(left, order)} if left > 0 else None


def _amount(order: Order) -> Mapping[str, Any]:
    blank = _("Blank: the sum of what is chosen.")
    return {"help": f"{blank} {_left(order.facts.returnable, order)}"}


def _left(amount: Decimal, order: Order) -> str:
    return _("Left: {amount}.").format(amount=in_words(amount, order.currency))


def _restock(order: Order) -> Mapping[str, Any] | None:
    """Only units that have not left the house can be kept here."""
    if order.status not in {"pending", "processing"} or not order.facts.open_units:
        return None
    return {"initial": True}


QUESTIONS = (
    Ask("lines", gettext_lazy("Lines"), "lines", rows=lines_to_refund),
    Ask("shipping", gettext_lazy("Shipping"), "money", about=_shipping),
    Ask("amount", gettext_lazy("Another amount"), "money", about=_amount),
)


# --- The sum ------------------------------------------------------------------------------------


def sum_asked(request: HttpRequest, order: Order) -> Decimal | None:
    """Return what the dialog's answers so far come to; None while they make no sense."""
    given = request.POST if request.method == "POST" else request.GET
    form = ActForm(QUESTIONS, given, row=order)
    form.is_valid()
    said = form.cleaned_data
    if not said.get("lines") and not said.get("shipping") and said.get("amount") is None:
        return ZERO
    try:
        return (
            left_of(order)
            .sum_of(
                said.get("lines") or {},
                shipping=said.get("shipping") or ZERO,
                amount=said.get("amount"),
            )
            .amount
        )
    except Refused:
        return None


def refund_facts(request: HttpRequest, order: Order) -> list[tuple[Text, Any]]:
    """Return what is left and what this refund comes to; refund.js keeps the second one true."""
    left, money = left_of(order), order.facts.returnable
    now = sum_asked(request, order)
    live = format_html(
        '<output data-refund-sum data-left="{}" data-shipping="{}" data-limit="{}" '
        'data-currency="{}" data-refund="{}" data-ask="{}" data-nothing="{}" '
        'data-too-much="{}">{}</output> '
        '<button type="button" class="bo-link" data-refund-all hidden>{}</button>',
        _cents(money),
        _cents(left.shipping),
        _limit(order),
        order.currency,
        _("Refund {amount}"),
        _("Request refund of {amount}"),
        _("Refund"),
        _("more than is left"),
        "–" if now is None else in_words(now, order.currency),
        _("Everything"),
    )
    return [
        (gettext_lazy("Left to refund"), in_words(money, order.currency)),
        (gettext_lazy("This refund"), live),
    ]


def refund_button(request: HttpRequest, order: Order) -> str:
    """Name the effect on the button: the sum, and whether a second person is asked."""
    now = sum_asked(request, order)
    if not now:
        return _("Refund")
    words = _("Request refund of {amount}") if _needs_another(order, now) else _("Refund {amount}")
    return words.format(amount=in_words(now, order.currency))


def _needs_another(order: Order, amount: Decimal) -> bool:
    rule = approvals.rule_for(action=REFUND.action, measure=amount, currency=order.currency)
    return rule is not None


def _limit(order: Order) -> str:
    """Return the largest refund that needs nobody else, in cents; "": there is no such rule."""
    money = order.facts.returnable
    rule = approvals.rule_for(action=REFUND.action, measure=money, currency=order.currency)
    return _cents(rule.above) if rule is not None else ""


def _cents(amount: Decimal) -> str:
    return str(int(amount * 100))


ACTS: tuple[Act, ...] = (
    replace(
        Act.from_step(
            REFUND,
            one=refund_chosen,
            icon="undo",
            preview=gettext_lazy("Work out the sum"),
            **SELECTIONS["refund"],
            done=gettext_lazy("{row}: the money is on its way back."),
        ),
        asks=(*QUESTIONS, CODE, replace(RESTOCK, about=_restock), NOTE, NOTIFY),
    ),
)
