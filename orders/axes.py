"""The two computed axes of an order, in words and colours: how it is paid, how far it is sent."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from backoffice.flows import State


def _table(*states: State) -> dict[str, State]:
    return {state.name: state for state in states}


PAYMENT_STATES = _table(
    State("unpaid", _("Unpaid"), "warning"),
    State("authorised", _("Authorised"), "info"),
    State("partly_paid", _("Partly paid"), "warning"),
    State("paid", _("Paid"), "success"),
    State("partly_refunded", _("Partly refunded"), "neutral"),
    State("refunded", _("Refunded"), "neutral"),
)

FULFILMENT_STATES = _table(
    State("unfulfilled", _("Unfulfilled"), "neutral"),
    State("partly", _("Partly shipped"), "info"),
    State("fulfilled", _("Fulfilled"), "success"),
    State("partly_returned", _("Partly returned"), "warning"),
    State("returned", _("Returned"), "neutral"),
)
