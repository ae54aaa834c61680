"""What this console asks of any payment gateway: its protocol, its answers, and how it fails."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string

from backoffice.refused import Text


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


class GatewayTimeout(Exception):  # noqa: N818  (the trade's word)
    """The question was sent and the answer was lost: nobody here knows whether money moved."""


class GatewayDown(Exception):  # noqa: N818
    """The question was certainly never sent: no money moved."""


class KeyReused(RuntimeError):  # noqa: N818
    """One idempotency key with two contents: a bug of the caller."""


class PaymentGateway(Protocol):
    """A bank's door. Each call carries an idempotency key: the same key, the same answer.

    Raises GatewayTimeout, GatewayDown, KeyReused; never call it inside a database transaction.
    """

    name: str
    label: Text

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


def gateway() -> PaymentGateway:
    """Return the gateway that the setting names."""
    made: PaymentGateway = import_string(settings.PAYMENT_GATEWAY)()
    return made


def require_no_transaction() -> None:
    """Refuse to go on inside a database transaction (a test case's own does not count).

    A gateway call in there would hold locks while a bank thinks, and a rollback would forget money
    that has moved.
    """
    blocks = connection.atomic_blocks
    if blocks and not getattr(blocks[-1], "_from_testcase", False):
        raise RuntimeError("Money moves outside of database transactions: leave the atomic block.")
