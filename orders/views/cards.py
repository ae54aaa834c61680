"""The card's form: what is typed goes to the tokeniser, and nowhere else.

No field's value is ever printed back, logged or kept; the order's verb sees a token.
"""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.refused import BadValue
from orders.integrations import sandbox
from orders.integrations.gateway import gateway

CARD_FIELDS = ("card_number", "expiry", "cvv", "token")
_EXPIRY = re.compile(r"\s*([0-9]{1,2})\s*[/-]\s*([0-9]{2}|[0-9]{4})\s*")
_CVV = re.compile(r"[0-9]{3,4}")
LAST_MONTH = 12
THIS_CENTURY = 2000


def takes_cards_here() -> bool:
    """Whether this page's own form takes card numbers: test cards, for the sandbox only."""
    return gateway().name == sandbox.SandboxGateway.name


class CardForm(forms.Form):
    """Number, expiry, security code; or the token that the gateway's own script made of them."""

    card_number = forms.CharField(
        label=_("Card number"),
        required=False,
        widget=forms.TextInput(
            {
                "autocomplete": "cc-number",
                "inputmode": "numeric",
                "placeholder": "4242 4242 4242 4242",
            }
        ),
    )
    expiry = forms.CharField(
        label=_("Expires"),
        required=False,
        widget=forms.TextInput({"autocomplete": "cc-exp", "placeholder": _("MM/YY")}),
    )
    cvv = forms.CharField(
        label=_("Security code"),
        required=False,
        widget=forms.TextInput(
            {"autocomplete": "cc-csc", "inputmode": "numeric", "placeholder": "123"}
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, label_suffix="", **kwargs)

    def token(self) -> str:
        """Return the card's token. Refuses: BadValue, without repeating what was typed."""
        if not takes_cards_here():
            return self._text("token")
        number, expiry, cvv = (self._text(name) for name in ("card_number", "expiry", "cvv"))
        if not number:
            raise BadValue(field=_("Card number"), problem=_("it is missing."))
        _require_future(expiry)
        if not _CVV.fullmatch(cvv):
            raise BadValue(field=_("Security code"), problem=_("three or four digits are needed."))
        return sandbox.tokenise(number)

    def _text(self, name: str) -> str:
        value: Any = self.data.get(name)
        return value.strip()[:100] if isinstance(value, str) else ""


def _require_future(expiry: str) -> None:
    found = _EXPIRY.fullmatch(expiry)
    if found is None or not 1 <= int(found[1]) <= LAST_MONTH:
        raise BadValue(field=_("Expires"), problem=_("month and year are needed, as 09/30."))
    year = int(found[2])
    year += THIS_CENTURY if year < 100 else 0  # noqa: PLR2004  (two digits)
    today = timezone.localdate()
    if (year, int(found[1])) < (today.year, today.month):
        raise BadValue(field=_("Expires"), problem=_("the card has expired."))
