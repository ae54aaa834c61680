"""The questions that staff ask of orders: each queue is one, and the search."""

from __future__ import annotations

from datetime import date
from typing import Self

from django.db.models import Exists, OuterRef, Q

from backoffice.history import GuardedQuerySet
from orders.numbers import spell_number


class OrderQuerySet(GuardedQuerySet):
    def open(self) -> Self:
        """Placed and neither completed nor cancelled."""
        return self.filter(status__in=("pending", "processing"))

    def to_process(self) -> Self:
        """Waiting for staff: pending and not held."""
        return self.filter(status="pending", is_held=False)

    def to_ship(self) -> Self:
        lines = self.model.lines.rel.related_model.objects  # type: ignore[attr-defined]
        promised = lines.filter(order=OuterRef("pk"), committed__gt=0)
        return self.filter(Exists(promised), status="processing", is_held=False)

    def held(self) -> Self:
        return self.open().filter(is_held=True)

    def follow_up_by(self, day: date) -> Self:
        """Somebody wanted to look at them again on that day, or before."""
        return self.filter(follow_up_on__lte=day)

    def tagged(self, name: str) -> Self:
        return self.filter(tags__name=name)

    def drafts(self) -> Self:
        return self.filter(status="draft")

    def placed(self) -> Self:
        return self.exclude(status="draft")

    def oldest_first(self) -> Self:
        return self.order_by("placed_at", "id")

    def longest_first(self) -> Self:
        """Whoever has been longest in the present state comes first: the order of the queues."""
        return self.order_by("state_since", "id")

    def search(self, words: str, *, by_name: bool = True) -> Self:
        """By number (with or without dashes), the customer's whole e-mail address, or a name.

        by_name: False for whoever sees names masked: letter by letter, a search tells them.
        """
        digits = "".join(c for c in words if c.isdigit())
        found = Q(contact__email__iexact=words)
        if by_name:
            found |= Q(contact__name__icontains=words)
        if digits and not set(words.upper()) - set("SO#-0123456789 "):
            found |= Q(number__icontains=digits) | Q(number=spell_number(digits))
        return self.filter(found)
