"""How much faster a bulk step is than the loop, and how fast the last units are promised."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from statistics import median
from typing import Any
from uuid import uuid4

from django.db import connection, connections, transaction
from django.utils import timezone

from backoffice import changes
from backoffice.benchmarks import Measured, benchmark, seconds
from backoffice.models import User
from catalog.models import Product, StockLevel, StockMovement
from catalog.services import ProductDraft, create_products
from catalog.services.allocation import NotEnoughStock, Wanted, commit_stock
from orders import services
from orders.models import Order
from orders.services.intake import IncomingLine, IncomingOrder, take_in_orders

ORDERS = 1_000
PRODUCTS = 200
LINES_PER_ORDER = 2
WORKERS = 16
SALES_EACH = 60
ROUNDS = 3
REASON = "Measured"

Sell = Callable[[int], bool]


@benchmark("orders")
def measure_orders() -> Measured:
    """Bulk steps over 1,000 orders against the loop, and 16 workers who buy the same product."""
    measured = Measured()
    with changes.change(separate=True, action="benchmark"):
        by = User.objects.create_superuser("benchmark@example.com", None)
        _measure_bulk(measured, by)
        _measure_reserving(measured, by)
    return measured


# --- Bulk steps -------------------------------------------------------------------------------


def _measure_bulk(measured: Measured, by: User) -> None:
    products = create_products(
        drafts=[
            ProductDraft(
                sku=f"P{n}", name=f"Product {n}", price=Decimal(10), status="published",
                stock=100_000,
            )
            for n in range(PRODUCTS)
        ],
        by=by,
        reason=REASON,
    )  # fmt: skip
    for name, one, many in (
        ("hold", services.hold_order, services.hold_orders),
        ("cancel", services.cancel_order, services.cancel_orders),
    ):
        said = {"by": by, "reason": REASON}
        if name == "cancel":
            said["reason_code"] = "other"
        looped = [order.pk for order in _unpaid_orders(products, f"L-{name}", by)]
        at_once = [order.pk for order in _unpaid_orders(products, f"B-{name}", by)]
        measured.compare(
            f"bulk_vs_loop_{name}",
            ours=_timed(partial(many, order_ids=at_once, **said)),
            other=_timed(partial(_one_by_one, one, looped, said)),
        )
        changed = Order.history.filter(step=name).values("id").distinct().count()
        measured.facts[f"bulk_vs_loop_{name}"]["orders_changed"] = changed
    both = (measured.ratios["bulk_vs_loop_hold"], measured.ratios["bulk_vs_loop_cancel"])
    measured.ratios["bulk_vs_loop"] = min(both)


def _unpaid_orders(products: Sequence[Product], stem: str, by: User) -> list[Order]:
    def lines(n: int) -> list[IncomingLine]:
        chosen = [products[(n * LINES_PER_ORDER + at) % PRODUCTS] for at in range(LINES_PER_ORDER)]
        return [IncomingLine(product=p, quantity=1, unit_price=p.price) for p in chosen]

    return take_in_orders(
        orders=[
            IncomingOrder(
                number=f"{stem}-{n}", placed_at=timezone.now(), status="pending", currency="EUR",
                email=f"buyer{n % 50}@example.com", name="Ada Lindqvist", lines=lines(n),
            )
            for n in range(ORDERS)
        ],
        by=by,
        reason=REASON,
    )  # fmt: skip


def _one_by_one(verb: Callable[..., Any], order_ids: Sequence[int], said: Any) -> None:
    for order_id in order_ids:
        verb(order_id=order_id, **said)


def _timed(work: Callable[[], Any]) -> float:
    """Measure one click: a change set of its own."""
    with changes.change(separate=True, action="benchmark"):
        return seconds(work)


# --- The last units ---------------------------------------------------------------------------


def _measure_reserving(measured: Measured, by: User) -> None:
    if connection.vendor != "postgresql":
        measured.facts["reserving"] = "Only PostgreSQL has more than one writer."
        return
    units = WORKERS * SALES_EACH
    ways: dict[str, Sell] = {
        "ours": _sell,
        "select_for_update": _sell_with_lock,
        "without_lock": _sell_without_lock,
    }
    took: dict[str, list[float]] = {name: [] for name in ways}
    oversold = dict.fromkeys(ways, 0)
    for turn in range(ROUNDS):
        for name, sell in ways.items():
            product = _hot_product(f"{name}-{turn}", units, by)
            took[name].append(_crowd(sell, product.pk))
            # Half of what is asked for: here the workers also meet the empty shelf.
            last = _hot_product(f"{name}-{turn}-last", units // 2, by)
            _crowd(sell, last.pk)
            oversold[name] += _oversold(product, units) + _oversold(last, units // 2)
    measured.compare(
        "reserve_vs_select_for_update",
        ours=median(took["ours"]),
        other=median(took["select_for_update"]),
    )
    measured.facts |= {f"oversold_{name}": count for name, count in oversold.items()}
    measured.facts["reserve_vs_select_for_update"] |= {"workers": WORKERS, "units": units}


def _hot_product(name: str, units: int, by: User) -> Product:
    draft = ProductDraft(
        sku=f"HOT-{name}", name=name, price=Decimal(10), status="published", stock=units
    )
    return create_products(drafts=[draft], by=by, reason=REASON)[0]


def _crowd(sell: Sell, product_id: int) -> float:
    """Let processes that start together sell one unit after the other; return the seconds."""
    context = multiprocessing.get_context("fork")
    start, connected = context.Event(), context.Barrier(WORKERS + 1)
    connections.close_all()
    workers = [
        context.Process(target=_work, args=(sell, product_id, connected, start))
        for _ in range(WORKERS)
    ]
    for worker in workers:
        worker.start()
    connected.wait()

    def run() -> None:
        start.set()
        for worker in workers:
            worker.join()

    return seconds(run)


def _work(sell: Sell, product_id: int, connected: Any, start: Any) -> None:
    with changes.change(separate=True, action="benchmark"):
        changes.require()
        connected.wait()
        start.wait()
        for _ in range(SALES_EACH):
            sell(product_id)
    connections.close_all()


def _sell(product_id: int) -> bool:
    try:
        commit_stock(wanted=[Wanted(product_id, 1, "benchmark", uuid4())])
    except NotEnoughStock:
        return False
    return True


def _sell_with_lock(product_id: int) -> bool:
    """What everybody writes: read under a lock, check, save."""
    with transaction.atomic():
        return _take_one(StockLevel.objects.select_for_update().get(product=product_id))


def _sell_without_lock(product_id: int) -> bool:
    """The control: it must oversell, or the others prove nothing."""
    with transaction.atomic():
        return _take_one(StockLevel.objects.get(product=product_id))


def _take_one(level: StockLevel) -> bool:
    if level.available < 1:
        return False
    level.committed += 1
    level.save(update_fields=["committed"])
    StockMovement.objects.create(
        product_id=level.product_id,
        location_id=level.location_id,
        kind=StockMovement.Kind.COMMIT,
        committed_delta=1,
        cause_kind="benchmark",
        cause_uuid=uuid4(),
        at=changes.moment(),
        change_set=changes.require(),
    )
    return True


def _oversold(product: Product, units: int) -> int:
    sold = StockMovement.objects.filter(product=product, kind=StockMovement.Kind.COMMIT).count()
    return max(sold - units, 0)
