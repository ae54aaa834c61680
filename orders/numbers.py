"""What people call an order: a serial and a check digit; a slip of the tongue is noticed."""

from __future__ import annotations


def luhn_digit(digits: str) -> str:
    """Return the check digit of ISO/IEC 7812-1 (Luhn): it catches one wrong digit, and swaps."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        total += sum(divmod(int(digit) * (2 if place % 2 == 0 else 1), 10))
    return str(-total % 10)


def spell_number(digits: str) -> str:
    """Return plain digits (serial and check digit) as an order number: 104828 → SO-10482-8."""
    return f"SO-{digits[:-1]}-{digits[-1:]}"


def number_for(order_id: int) -> str:
    """Return the number that people read out on the phone: a serial and a check digit."""
    serial = str(10_000 + order_id)
    return spell_number(serial + luhn_digit(serial))
