"""The console's filters of orders, and of them those that a customer asks of their own."""

from __future__ import annotations

from typing import Any

import django_filters as filters

from orders.filters import OrderFilterSet
from orders.sight import Sight

SEARCH_LENGTH = 200
# What the house notes about orders cannot be guessed through a filter.
OF_THE_HOUSE = ("assignee", "held", "tag", "follow_up", "channel")


class OrderQuery(OrderFilterSet):
    q = filters.CharFilter(
        label="Number, or the customer's e-mail address or name",
        method="by_words",
        max_length=SEARCH_LENGTH,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        user = getattr(self.request, "user", None)
        if user is not None and not user.is_staff:
            for name in OF_THE_HOUSE:
                self.filters.pop(name, None)

    def by_words(self, orders: Any, _name: str, words: str) -> Any:
        return orders.search(words, by_name=Sight.of(self.request.user).sees_customer)
