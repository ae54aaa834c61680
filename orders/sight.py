"""How much of a customer's data somebody may read, and what the others see instead."""

from __future__ import annotations

from dataclasses import dataclass

from backoffice.models import User
from orders.models import Address, Contact

DOTS = "•••"


def mask_email(email: str) -> str:
    """Return the first letter and the domain: ada@example.com → a•••@example.com."""
    name, at, domain = email.partition("@")
    return f"{name[:1]}{DOTS}{at}{domain}" if at else DOTS * bool(email)


def mask_name(name: str) -> str:
    """Return the initials: Ada Lovelace → A••• L•••."""
    return " ".join(f"{word[:1]}{DOTS}" for word in name.split())


def mask_phone(phone: str) -> str:
    """Return the last two digits: enough to say “the one that ends in 42”."""
    return f"{DOTS}{phone[-2:]}" if phone else ""


@dataclass(frozen=True)
class Sight:
    """What one person may read of customers: all, a parcel's address, or masks."""

    sees_customer: bool
    sees_address: bool

    @classmethod
    def of(cls, user: User) -> Sight:
        reveals = user.has_perm("orders.reveal_customer")
        return cls(reveals, reveals or user.has_perm("orders.view_address"))

    def email(self, email: str) -> str:
        return email if self.sees_customer else mask_email(email)

    def name(self, name: str) -> str:
        if self.sees_customer:
            return name
        # A person without a name is called by their address.
        return mask_email(name) if "@" in name else mask_name(name)

    def phone(self, phone: str) -> str:
        return phone if self.sees_customer else mask_phone(phone)

    def contact(self, contact: Contact) -> str:
        return self.name(str(contact))

    def address_lines(self, address: Address | None) -> list[str]:
        """Return an address as it stands on a label, or the town alone."""
        if address is None:
            return []
        if self.sees_address:
            return address.printed_lines or [str(address)]
        return [DOTS, f"{address.city} {address.country}".strip()]

    def address(self, address: Address) -> str:
        return ", ".join(self.address_lines(address))
