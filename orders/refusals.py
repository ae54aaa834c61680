"""Why orders refuse, where more than one verb says so."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from backoffice.refused import Refused


class NotForSale(Refused):
    """facts: sku, state (of the product)."""

    sentence = _("{sku} is {state}; only published products can be sold.")
    hint = _("Publish it first, or take the line out.")
    http_status = 409


class SoldThroughVariants(Refused):
    """facts: sku."""

    sentence = _("{sku} is only sold through its variants.")
    hint = _("Choose one of them.")


class OtherCurrency(Refused):
    """facts: sku, currency (of the product), wanted (of the order)."""

    sentence = _("{sku} is priced in {currency}; the order is in {wanted}.")
    hint = _("Write a separate order for it.")


class PaymentDeclined(Refused):
    """facts: operation, amount, currency, words (the bank's)."""

    sentence = _("The bank declined to {operation} {amount} {currency}: {words}")
    hint = _("Take another payment, or try again later.")
    http_status = 409


class PartlyReturned(PaymentDeclined):
    """Money has moved already, so the order stays claimed. facts also: left (still to return)."""

    hint = _(
        "The order stays reserved for this step, and {left} {currency} are still to go back. "
        "Ask the bank again from the order's page, or return the money by hand."
    )


class PaymentInDoubt(Refused):
    """facts: operation, amount, currency."""

    sentence = _("The bank did not answer; it may or may not {operation} {amount} {currency}.")
    hint = _(
        "The order stays reserved until that is known. Ask the bank again from the order's page: "
        "nothing is charged twice."
    )
    http_status = 409
