"""What a step asks of a gateway, as its claim keeps it while it waits for its turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Move:
    """One thing to ask of the gateway for a step.

    charge: what it is done to; blank for an authorisation. is_needed: False when the step is
    taken even if the bank declines this (letting go of a reservation that nobody needs).
    shipping, lowers_due_by: of a refund, see `Refund`.
    """

    operation: str
    amount: Decimal
    charge: str = ""
    is_needed: bool = True
    shipping: Decimal = Decimal(0)
    lowers_due_by: Decimal = Decimal(0)

    def as_json(self) -> dict[str, Any]:
        return {
            "operation": str(self.operation),
            "amount": str(self.amount),
            "charge": self.charge,
            "is_needed": self.is_needed,
            "shipping": str(self.shipping),
            "lowers_due_by": str(self.lowers_due_by),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Move:
        sums = {"amount", "shipping", "lowers_due_by"} & set(value)
        return cls(**{**value, **{name: Decimal(value[name]) for name in sums}})
