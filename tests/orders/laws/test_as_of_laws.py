"""The law of “as of”: what the record tells of an instant is what a snapshot taken then had seen."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from backoffice import changes
from backoffice.as_of import Instant, Trace
from backoffice.history import UNTRACKED
from backoffice.models import ChangeSet
from catalog.models import StockLevel
from catalog.services import stock_as_of
from orders import services
from orders.as_of import OrderPast, OrderThen
from orders.facts import load_facts
from orders.models import (
    Cancellation,
    Order,
    OrderLine,
    OrderTag,
    Payment,
    Refund,
    Return,
    ReturnLine,
    Shipment,
    ShipmentLine,
)
from tests.orders.factories import CustomerFactory, ProductFactory, boss
from tests.orders.laws.street import STEPS, WHY, Street

MOVES = [*STEPS, "place", "pay and process", "pay and process", "ship", "ship", "request return"]
STEPS_AT_MOST = 10
pytestmark = pytest.mark.django_db


def columns(row: Any) -> dict[str, Any]:
    fields = [f.attname for f in row._meta.concrete_fields if f.name not in UNTRACKED]
    return {name: getattr(row, name) for name in fields}


def facts(order: Order) -> dict[str, Any]:
    found = asdict(order.facts)
    return {**found, "claim": order.facts.claim and order.facts.claim.pk}


def snapshot(pk: int) -> dict[str, Any] | None:
    """Return all that an order is now, asked of the live tables."""
    order = Order.objects.filter(pk=pk).first()
    if order is None:
        return None
    load_facts([order])

    def rows(model: Any, **of: Any) -> list[dict[str, Any]]:
        return [columns(row) for row in model.objects.filter(**of).order_by("pk")]

    return {
        "order": columns(order),
        "facts": facts(order),
        "lines": rows(OrderLine, order=pk),
        "tags": sorted(OrderTag.objects.filter(order=pk).values_list("name", flat=True)),
        "parcels": rows(Shipment, order=pk),
        "parcel_lines": rows(ShipmentLine, shipment__order=pk),
        "returns": rows(Return, order=pk),
        "return_lines": rows(ReturnLine, of_return__order=pk),
        "payments": rows(Payment, order=pk),
        "refunds": rows(Refund, order=pk),
        "cancellations": rows(Cancellation, order=pk),
    }


def told(then: OrderThen | None) -> dict[str, Any] | None:
    """Return the same of what the record tells."""
    if then is None:
        return None
    lists = {
        name: [columns(row) for row in getattr(then, name)]
        for name in vars(then)
        if name not in {"order", "tags", "facts"}
    }
    return {
        "order": columns(then.order),
        "facts": facts(then.order),
        "tags": list(then.tags),
        **lists,
    }


def shelf() -> dict[tuple[int, int], tuple[int, int, int]]:
    levels = StockLevel.objects.all()
    return {
        (level.product_id, level.location_id): (level.on_hand, level.committed, level.unavailable)
        for level in levels
    }


def shelf_as_of(street: Street, instant: Instant | None) -> dict[tuple[int, int], Any]:
    found = stock_as_of([product.pk for product in street.products], instant)
    return {key: (row.on_hand, row.committed, row.unavailable) for key, row in found.items()}


@dataclass
class Seen:
    """What was there at an instant."""

    at: datetime
    clicks: int
    orders: dict[int, Any]
    shelf: dict[Any, Any]


def look(street: Street) -> Seen:
    last = ChangeSet.objects.order_by("-pk").values_list("pk", flat=True)
    return Seen(timezone.now(), last[0], {pk: snapshot(pk) for pk in street.orders}, shelf())


def is_of_one_step(trace: Trace, before: Seen, after: Seen) -> bool:
    """Tell whether a click began and ended in this step: a settlement goes on with an older one."""
    return before.clicks < trace.change_set_id <= after.clicks and trace.at <= after.at


def tag(street: Street, which: int, units: int, *, flag: bool) -> None:
    verb = services.untag_orders if flag else services.tag_orders
    with changes.change(separate=True, by=street.by):
        order = street.order(which)  # which writes one in the same click, where there is none yet
        verb(order_ids=[order.pk], names=[f"tag {units}"], by=street.by, reason=WHY)


STEP = st.tuples(
    st.sampled_from([*MOVES, "tag"]), st.integers(0, 2), st.integers(0, 3), st.booleans()
)


@settings(
    max_examples=max(settings().max_examples // 25, 4),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@example(taken=[("tag", 0, 0, False), *[("place", 0, 0, False)] * 3])
@given(taken=st.lists(STEP, min_size=4, max_size=STEPS_AT_MOST))
def test_the_record_of_an_instant_is_the_snapshot_of_that_instant(taken):
    with transaction.atomic():
        # What moves money takes this block for a test case's.
        transaction.get_connection().atomic_blocks[-1]._from_testcase = True
        street = Street(
            by=boss(),
            customer=CustomerFactory(),
            products=[ProductFactory(stock=9), ProductFactory(stock=5)],
            most_orders=2,
        )
        seen = [look(street)]
        for name, which, units, flag in taken:
            if name == "tag":
                tag(street, which, units, flag=flag)
            else:
                street.take(name, which, units, flag=flag)
            seen.append(look(street))

        for pk in street.orders:
            past = OrderPast(pk)
            for moment in seen:
                assert told(past.at(Instant(moment.at))) == moment.orders.get(pk)
            assert told(past.at(None)) == seen[-1].orders[pk]
            for before, after in pairwise(seen):
                for trace in past.traces:
                    if is_of_one_step(trace, before, after):
                        assert told(past.at(trace.instant_before)) == before.orders.get(pk)
        for moment in seen:
            assert shelf_as_of(street, Instant(moment.at)) == moment.shelf
        transaction.set_rollback(True)
