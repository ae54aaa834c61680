"""Sample customers and orders: ninety days of trade, told through the same verbs that staff use."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.conf import settings
from django.utils import timezone

from backoffice import approvals, changes, demo, saved_views
from backoffice.models import Approval, ApprovalRule, User
from catalog.models import Product
from orders import services
from orders.models import Customer, Order
from orders.states import CANCEL_REASONS

FIXTURES = settings.BASE_DIR / "fixtures"
DAYS = 90
ORDERS = 190
GROWTH = 1.7
RECENT_DAYS = 4
DRAFTS = 4
# Action, above, currency ("" where rows are counted): what the house asks a second person for.
DEFAULT_RULES = (
    ("orders.refund", Decimal(200), settings.CURRENCY),
    ("orders.cancel_many", Decimal(100), ""),
)
CARRIERS = (("DHL", "JJD0140"), ("DPD", "0550"), ("GLS", "ZX"))


@demo.part("customers")
def load_customers() -> str:
    if Customer.objects.exists():
        return "already there"
    by = demo.account("support")
    made = 0
    moment = timezone.now() - timedelta(days=DAYS + 5)
    with (FIXTURES / "customers.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            with changes.change(action="demo.customer", by=by, separate=True, at=moment):
                first, _, last = row["name"].partition(" ")
                customer = services.create_customer(
                    email=row["email"], first_name=first, last_name=last, by=by, reason=""
                )
                services.record_contact(
                    customer_id=customer.pk,
                    name=row["name"],
                    email=row["email"],
                    phone=row["phone"],
                    by=by,
                    reason="",
                )
                services.record_address(
                    customer_id=customer.pk,
                    by=by,
                    reason="",
                    **{k: v for k, v in row.items() if k not in {"email", "phone"}},
                )
            made += 1
    return f"{made} made"


@demo.part("orders")
def load_orders() -> str:
    if Order.objects.exists():
        return "already there"
    story = Story()
    # Trade grows: more orders in the last weeks than in the first.
    ages = [DAYS * story.dice.random() ** GROWTH for _ in range(ORDERS)]
    for days in sorted(ages, reverse=True):
        story.tell(timezone.now() - timedelta(days=days))
    for _ in range(DRAFTS):
        story.write(timezone.now() - timedelta(hours=story.dice.uniform(1, 30)))
    story.leave_in_doubt(timezone.now() - timedelta(minutes=25))
    return f"{Order.objects.count()} over {DAYS} days"


@demo.part("views of orders")
def load_views() -> str:
    return saved_views.load_sample(
        label="orders.order",
        name="Paid, waiting more than two days",
        query="payment=paid&waits_days=2&o=2",
        role="support",
        by=demo.account("manager"),
    )


@demo.part("four eyes")
def load_four_eyes() -> str:
    """Make the rules of the house, and leave one refund that waits for a manager."""
    missing = [
        rule for rule in DEFAULT_RULES if not ApprovalRule.objects.filter(action=rule[0]).exists()
    ]
    for action, above, currency in missing:
        by = demo.account("admin")
        with changes.change(action="demo.rule", by=by, separate=True):
            approvals.make_rule(
                action=action, above=above, currency=currency, by=by, reason="Agreed with finance"
            )
    if not missing and Approval.objects.exists():
        return "already there"
    return f"{len(missing)} rules, {_ask_for_a_refund()} request"


def _ask_for_a_refund() -> int:
    """Have support ask for the money of the dearest order that was paid lately."""
    paid = Order.objects.filter(status="completed", total__gt=DEFAULT_RULES[0][1])
    order = paid.order_by("-total", "pk").first()
    if order is None:
        return 0
    by = demo.account("support")
    with (
        changes.change(channel="admin", by=by, separate=True),
        suppress(approvals.ApprovalAsked),
    ):
        services.refund_order(
            order_id=order.pk,
            by=by,
            reason_code="damaged",
            reason="Arrived broken; photos are with the carrier.",
            amount=order.total,
        )
    return Approval.objects.filter(state="waiting").count()


@dataclass
class Story:
    """Makes up one order after the other; the same dice every time, so the same data."""

    dice: random.Random = field(default_factory=lambda: random.Random(1707))  # noqa: S311

    @cached_property
    def remarks(self) -> dict[str, list[str]]:
        return json.loads((FIXTURES / "order_remarks.json").read_text(encoding="utf-8"))

    @cached_property
    def customers(self) -> list[Any]:
        return list(Customer.objects.order_by("email").values_list("pk", flat=True))

    @cached_property
    def staff(self) -> dict[str, User]:
        return {
            role: demo.account(role) for role in ("support", "fulfilment", "finance", "manager")
        }

    @contextmanager
    def at(self, moment: datetime, role: str) -> Iterator[dict[str, Any]]:
        """Open one click of a person at a moment; yields the keywords that every verb takes."""
        by = self.staff[role]
        with changes.change(channel="admin", by=by, separate=True, at=min(moment, timezone.now())):
            yield {"by": by, "reason": ""}

    def remark(self, kind: str) -> str:
        return self.dice.choice(self.remarks[kind])

    def basket(self) -> list[services.LineDraft]:
        """Choose what is on the shelf in numbers, so that no sample order is refused."""
        shelf = list(
            Product.objects.published()
            .sellable()
            .with_stock()
            .filter(available__gte=12, price__gt=0)
            .order_by("sku")
            .values_list("pk", flat=True)
        )
        chosen = self.dice.sample(shelf, k=self.dice.choices((1, 2, 3, 4), (5, 6, 3, 1))[0])
        return [services.LineDraft(pk, self.dice.choices((1, 2, 3), (7, 2, 1))[0]) for pk in chosen]

    def write(self, moment: datetime) -> Order:
        channel = self.dice.choices(("web", "phone", "email", "counter"), (12, 4, 2, 1))[0]
        with self.at(moment, "support") as who:
            return services.write_order(
                customer_id=self.dice.choice(self.customers),
                lines=self.basket(),
                shipping_fee=Decimal(self.dice.choice(("0.00", "4.90", "4.90", "7.90"))),
                channel=channel,
                **who,
            )

    def tell(self, placed_at: datetime) -> None:
        """Take one order as far as its age and the dice let it come."""
        order = self.write(placed_at - timedelta(minutes=self.dice.uniform(2, 30)))
        is_old = timezone.now() - placed_at > timedelta(days=RECENT_DAYS)
        with self.at(placed_at, "support") as who:
            # Only what is fresh writes to its customer: a mailbox of ninety days helps nobody.
            services.place_order(order_id=order.pk, notify=not is_old, **who)
        roll = self.dice.random()
        if roll < (0.02 if is_old else 0.18):
            self._hold(order, placed_at)
        elif roll < (0.10 if is_old else 0.24):
            self._cancel(order, placed_at)
        elif is_old or roll < 0.62:  # noqa: PLR2004
            self._fulfil(order, placed_at, is_old=is_old)
        elif roll < 0.92:  # noqa: PLR2004
            self._pay(order, placed_at)

    def leave_in_doubt(self, placed_at: datetime) -> None:
        """Place an order whose bank took the money and then fell silent."""
        order = self.write(placed_at)
        with self.at(placed_at, "support") as who:
            services.place_order(order_id=order.pk, **who)
        with self.at(placed_at, "support") as who, suppress(services.PaymentInDoubt):
            services.take_payment(order_id=order.pk, token="tok_charged_timeout", **who)  # noqa: S106

    def _pay(self, order: Order, placed_at: datetime) -> None:
        """Take a card; one in twelve is declined first."""
        moment = placed_at + timedelta(minutes=self.dice.uniform(1, 9))
        if self.dice.random() < 0.08:  # noqa: PLR2004
            with self.at(moment, "support") as who, suppress(services.PaymentDeclined):
                services.take_payment(order_id=order.pk, token="tok_declined", **who)  # noqa: S106
            moment += timedelta(minutes=4)
        with self.at(moment, "support") as who:
            services.take_payment(order_id=order.pk, token="tok_visa", **who)  # noqa: S106

    def _begin_to_ship(self, order: Order, moment: datetime) -> None:
        """Leave some orders half way: the first line packed, or sent ahead of the rest."""
        first, *others = order.lines.all()
        units = {first.pk: first.quantity}
        if others and order.pk % 3 == 0:
            with self.at(moment, "fulfilment") as who:
                services.ship_order(
                    order_id=order.pk, lines=units, tracking="RR123456785GB", notify=False, **who
                )
        elif order.pk % 3 == 1:
            with self.at(moment, "fulfilment") as who:
                services.pack_order(order_id=order.pk, lines=units, **who)

    def _fulfil(self, order: Order, placed_at: datetime, *, is_old: bool) -> None:
        self._pay(order, placed_at)
        moment = placed_at + timedelta(hours=self.dice.uniform(0.5, 20))
        if moment > timezone.now():
            return
        if self.dice.random() < 0.3:  # noqa: PLR2004
            with self.at(moment - timedelta(minutes=9), "support") as who:
                services.add_note(order_id=order.pk, body=self.remark("notes"), by=who["by"])
        with self.at(moment, "support") as who:
            services.process_order(order_id=order.pk, **who)
        moment += timedelta(hours=self.dice.uniform(2, 40))
        if moment > timezone.now():
            return
        if not is_old and self.dice.random() < 0.6:  # noqa: PLR2004
            self._begin_to_ship(order, moment)
            return
        carrier, stem = self.dice.choice(CARRIERS)
        with self.at(moment, "fulfilment") as who:
            services.ship_order(
                order_id=order.pk,
                carrier=carrier,
                tracking=f"{stem}{self.dice.randrange(10**9, 10**10)}",
                notify=not is_old,
                **who,
            )

    def _hold(self, order: Order, placed_at: datetime) -> None:
        with self.at(placed_at + timedelta(hours=self.dice.uniform(0.2, 3)), "support") as who:
            services.hold_order(order_id=order.pk, by=who["by"], reason=self.remark("hold_reasons"))

    def _cancel(self, order: Order, placed_at: datetime) -> None:
        if self.dice.random() < 0.7:  # noqa: PLR2004
            self._pay(order, placed_at)
        code = self.dice.choice(tuple(code for code, _label in CANCEL_REASONS))
        with self.at(placed_at + timedelta(hours=self.dice.uniform(1, 30)), "support") as who:
            services.cancel_order(
                order_id=order.pk,
                by=who["by"],
                reason=self.remark("cancel_notes"),
                reason_code=code,
                restock=True,
                refund=True,
                notify=False,
            )


from orders import edit_demo as _edits  # noqa: E402, F401
from orders import people_demo as _people  # noqa: E402, F401
from orders import return_demo as _returns  # noqa: E402, F401  (its part comes after the orders)
from orders import review_demo as _reviews  # noqa: E402, F401
