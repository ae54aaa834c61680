"""Sums of money as the console prints them."""

from __future__ import annotations

from decimal import Decimal


def in_words(amount: Decimal, currency: str) -> str:
    """Return a sum as the console prints it: 1,248.00 EUR, −5.00 EUR."""
    return f"{plain(amount)} {currency}"


def plain(amount: Decimal) -> str:
    """Return a sum without its currency, with a minus as wide as a digit."""
    return f"{amount:,.2f}".replace("-", "−")
