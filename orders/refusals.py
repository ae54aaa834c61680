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
