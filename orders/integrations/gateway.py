"""What this console asks of any payment gateway: its protocol, its answers, and how it fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from backoffice.refused import Refused, Text


@dataclass(frozen=True)
class Approved:
    """Done. charge: what the gateway calls the charge; message: its words."""

    charge: str
    message: str = ""


@dataclass(frozen=True)
class Declined:
    """Refused by the bank, for certain. code: for machines; message: the bank's words."""

    code: str
    message: str


Answer = Approved | Declined


@dataclass(frozen=True)
class ChargeState:
    """How a charge stands at its gateway now; money in the charge's currency."""

    authorised: Decimal  # reserved and not yet captured
    captured: Decimal
    refunded: Decimal
    key: str = ""  # the idempotency key that it was made with


class GatewayTimeout(Exception):  # noqa: N818  (the trade's word)
    """The question was sent and the answer was lost: nobody here knows whether money moved."""


class GatewayDown(Exception):  # noqa: N818
    """The question was certainly never sent: no money moved."""


class KeyReused(RuntimeError):  # noqa: N818
    """One idempotency key with two contents: a bug of the caller."""


class UnknownGateway(Refused):
    """facts: name."""

    sentence = _("The payment gateway “{name}” is no longer set up here.")
    hint = _("Set it up again, or return the money by hand.")
    http_status = 409


class TellsOfCharges(Protocol):
    """A gateway that tells of charges by itself, and can be asked how one stands."""

    name: str
    label: Text

    def look_at(self, *, charge: str, currency: str) -> ChargeState:
        """Return how a charge stands now. Raises GatewayTimeout, GatewayDown."""


class PaymentGateway(Protocol):
    """A bank's door. Each call carries an idempotency key: the same key, the same answer.

    Raises GatewayTimeout, GatewayDown, KeyReused; never call it inside a database transaction.
    """

    name: str
    label: Text
    # What “Take a payment” asks for: tokens to choose from (test cards), or none: it is typed in.
    token_label: Text
    token_choices: Sequence[tuple[str, Text]]

    def authorise(self, *, key: str, card_token: str, amount: Decimal, currency: str) -> Answer:
        """Reserve money on a card."""

    def capture(self, *, key: str, charge: str, amount: Decimal, currency: str) -> Answer:
        """Take what is reserved, or a part of it; the rest is let go."""

    def void(self, *, key: str, charge: str, amount: Decimal, currency: str) -> Answer:
        """Let go of what is reserved."""

    def refund(self, *, key: str, charge: str, amount: Decimal, currency: str) -> Answer:
        """Give back what was taken, or a part of it."""

    def lookup(self, *, key: str) -> Answer | None:
        """Return what was answered to a key, or None when the gateway never did anything for it."""


# Every gateway that a charge may have been made with, by the name that stands on it.
GATEWAYS = {
    "sandbox": "orders.integrations.sandbox.SandboxGateway",
    "stripe": "orders.integrations.stripe_gateway.StripeGateway",
}


def gateway() -> PaymentGateway:
    """Return the gateway that the setting names: the one that makes new charges."""
    made: PaymentGateway = import_string(settings.PAYMENT_GATEWAY)()
    return made


def gateway_named(name: str) -> PaymentGateway:
    """Return the gateway that a charge was made with, whichever makes new ones by now.

    Refuses: UnknownGateway.
    """
    configured = gateway()
    if configured.name == name:
        return configured
    if name not in GATEWAYS:
        raise UnknownGateway(name=name)
    made: PaymentGateway = import_string(GATEWAYS[name])()
    return made


def require_no_transaction() -> None:
    """Refuse to go on inside a database transaction (a test case's own does not count).

    A gateway call in there would hold locks while a bank thinks, and a rollback would forget money
    that has moved.
    """
    blocks = connection.atomic_blocks
    if blocks and not getattr(blocks[-1], "_from_testcase", False):
        raise RuntimeError("Money moves outside of database transactions: leave the atomic block.")
