"""A short record of a product and an order, made click by click, and browsers of all roles."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace

import pytest

from backoffice import changes
from backoffice.models import AuditEvent
from catalog import services as catalog
from orders import services as orders
from tests.catalog.factories import ProductFactory
from tests.orders.factories import OrderFactory, pay


def click(by, action, *, channel="admin", ip="10.1.2.3", request_id=""):
    caller = changes.Caller(ip=ip, request_id=request_id)
    return changes.change(separate=True, by=by, action=action, channel=channel, caller=caller)


@pytest.fixture
def record(db, merchandiser, support, manager):
    """Who did what: a price that moved twice, a renamed product, an order that was cancelled."""
    lamp = ProductFactory(sku="LAMP", name="Lamp", price=Decimal("20.00"), stock=50)
    say = {"product_id": lamp.pk, "by": merchandiser}
    with click(merchandiser, "catalog.change_price", request_id="req-dear"):
        catalog.edit_product(**say, changes={"price": Decimal("25.00")}, reason="Dearer clay")
    with click(merchandiser, "catalog.edit_product", ip="10.9.9.9"):
        catalog.edit_product(**say, changes={"name": "Lantern"}, reason="Renamed")
    with click(merchandiser, "catalog.change_price", channel="api") as cheaper:
        catalog.edit_product(**say, changes={"price": Decimal("22.00")}, reason="Sale")
    order = OrderFactory()
    pay(order)
    with click(support, "orders.cancel") as cancelled:
        orders.cancel_order(
            order_id=order.pk,
            reason_code="changed_mind",
            notify=False,
            by=support,
            reason="She rang",
        )
    with click(manager, "samples"):
        AuditEvent.record("report_read", subject=lamp, rows=3)
    return SimpleNamespace(lamp=lamp, order=order, cheaper=cheaper.row(), cancelled=cancelled.row())


@pytest.fixture
def look(sign_in, auditor):
    """Ask the desk as somebody (an auditor), and return what the page shows."""

    def look(query="", *, user=None, status=200):
        answer = sign_in(user or auditor).get(f"/admin/audit/{query}")
        assert answer.status_code == status, answer.content[:500]
        return answer

    return look


def lines(answer):
    return [row["line"] for row in answer.context["rows"]]


def titles(answer):
    return [(str(line.kind), str(line.entry.title)) for line in lines(answer)]


def moved(answer):
    return [(c.label, c.old, c.new) for line in lines(answer) for c in line.entry.changes]
