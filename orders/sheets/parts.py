"""How the rows of the sheet of orders are judged and written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import F, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.imports.parse import Fault, shown
from backoffice.imports.row_sheet import Part, Plan, Work
from backoffice.imports.rows import Row
from backoffice.imports.table_checks import not_allowed
from backoffice.imports.tables import Note
from backoffice.models import User
from backoffice.refused import Refused
from catalog.models import Product, StockLevel
from catalog.services import ProductDraft, create_products
from catalog.services.allocation import NotEnoughStock
from orders.line_cells import write_lines
from orders.models import Order
from orders.services.customers import EmailTaken
from orders.services.intake import (
    COMMITTED_IN,
    GUEST_EMAIL,
    IncomingLine,
    IncomingOrder,
    take_in_orders,
)
from orders.sheets.named_lines import products_of, with_prices, with_sku

ZERO = Decimal(0)
# Before it no shop kept orders in a file: an earlier date is a broken one.
FIRST_YEAR = 1970
# A shop elsewhere may write its own time without saying so.
A_CLOCK_AHEAD = timedelta(days=1)
LONGEST_NAME_CHARS = 200
NAMED = 5
ADDRESS = {
    "company": "company",
    "street": "line1",
    "addition": "line2",
    "postal_code": "postal_code",
    "city": "city",
    "region": "region",
    "country": "country",
}


class OrderPart(Part):
    """One row is one order; what is here already is never changed by a sheet."""

    # --- Before rows are compared ----------------------------------------------------------------

    def prepare(self, plan: Plan) -> None:
        """Give lines their SKU and their price, so that they read as the table tells them."""
        lines = [line for row in plan.rows for line in row.values.get("lines", ())]
        plan.facts["products"] = products = products_of(lines)
        by_name = {product.name.casefold(): product.sku for product in products.values()}
        is_spread = False
        for row in plan.rows:
            if not row.values.get("lines"):
                continue
            named = [with_sku(line, by_name, products) for line in row.values["lines"]]
            priced = with_prices(named, _goods(row))
            is_spread = is_spread or priced != named
            row.values["lines"] = tuple(priced)
            row.texts["lines"] = write_lines(priced)
            if "email" in row.texts:
                row.texts["email"] = row.values["email"] = row.texts["email"].lower()
        if is_spread:
            plan.notes.append(
                Note(
                    "prices_spread",
                    str(_("The file has no price for each line: its total is spread evenly.")),
                )
            )

    # --- Verdicts --------------------------------------------------------------------------------

    def judge(self, plan: Plan) -> None:
        free = _free_units(plan)
        unknown: dict[str, str] = {}
        emails = {row.texts["email"] for row in plan.rows if row.texts.get("email")}
        staff = User.objects.filter(is_staff=True, email__in=emails)
        colleagues = set(staff.values_list("email", flat=True))
        for row in plan.rows:
            if row.current is not None:
                self._judge_known(row)
                continue
            if row.faults:
                continue
            self._judge_moment(row)
            self._judge_sums(row)
            self._judge_people(row, colleagues)
            self._judge_products(row, plan, unknown)
            if not row.faults:
                self._judge_stock(row, plan, free)
        if unknown:
            plan.notes.append(Note("new_products", _named(unknown.values())))
        plan.facts["unknown"] = unknown

    def _judge_known(self, row: Row) -> None:
        if row.changes:
            label = ", ".join(sorted(row.changes))
            row.refuse(
                "number",
                Fault(
                    "order_differs",
                    _("{key} is here already, with another {label}."),
                    _("A sheet creates orders; a step on the order's page changes them."),
                    key=shown(row.key),
                    label=label,
                ),
            )

    def _judge_moment(self, row: Row) -> None:
        placed_at = row.values["placed_at"]
        if not (placed_at.year >= FIRST_YEAR and placed_at <= timezone.now() + A_CLOCK_AHEAD):
            row.refuse(
                "placed_at",
                Fault(
                    "not_a_past_moment",
                    _("No order was placed on {value} yet, or ever."),
                    _("Correct the date."),
                    value=placed_at.date().isoformat(),
                ),
            )

    def _judge_sums(self, row: Row) -> None:
        parts = sum((line.total for line in row.values["lines"]), ZERO)
        parts += _money(row, "shipping") + _money(row, "tax") - _money(row, "discount")
        total, paid, refunded = (_money(row, name) for name in ("total", "paid", "refunded"))
        if parts != total:
            row.refuse(
                "total",
                Fault(
                    "does_not_add_up",
                    _("Lines, discount, shipping and tax make {parts}; the total says {total}."),
                    _("Correct what differs."),
                    parts=f"{parts:.2f}",
                    total=f"{total:.2f}",
                ),
            )
        if paid > total:
            row.refuse("paid", Fault("paid_too_much", _("More is paid than the order costs.")))
        if refunded > paid:
            row.refuse(
                "refunded", Fault("refunded_too_much", _("More went back than was ever paid."))
            )

    def _judge_people(self, row: Row, colleagues: set[str]) -> None:
        email = row.texts.get("email", "")
        try:
            validate_email(email or GUEST_EMAIL)
        except ValidationError:
            row.refuse(
                "email",
                Fault(
                    "bad_email",
                    _("“{value}” is no e-mail address."),
                    _("Correct it, or leave the cell blank."),
                    value=shown(email),
                ),
            )
        if email in colleagues:
            row.refuse_by(EmailTaken(), "email")
        if any(row.texts.get(name) for name in ADDRESS) and not (
            row.texts.get("street") and row.texts.get("city")
        ):
            row.refuse(
                "street",
                Fault("half_address", _("An address needs street and city."), _("Fill both in.")),
            )

    def _judge_products(self, row: Row, plan: Plan, unknown: dict[str, str]) -> None:
        for line in row.values["lines"]:
            product = plan.facts["products"].get(line.sku)
            if product is not None:
                continue
            if not line.name:
                row.refuse(
                    "lines",
                    Fault(
                        "unknown_sku",
                        _("There is no product {sku}."),
                        _("Create it first, or correct the SKU."),
                        sku=shown(line.sku),
                    ),
                )
            elif not line.sku or len(line.name) > LONGEST_NAME_CHARS:
                row.refuse("lines", _no_product_of(line.name))
            elif not plan.allows("catalog.add_product"):
                row.refuse("lines", not_allowed(what=_("create a"), noun=_("product")))
            elif row.values["status"] in COMMITTED_IN:
                row.refuse(
                    "lines",
                    Fault(
                        "unknown_product",
                        _("There is no product “{name}”, so an open order cannot be promised it."),
                        _("Create the product and its stock first."),
                        name=shown(line.name),
                    ),
                )
            else:
                unknown[line.sku] = line.name

    def _judge_stock(self, row: Row, plan: Plan, free: Counter[int]) -> None:
        """Promise the shelf in the file's order; whoever comes too late is told."""
        if row.values["status"] not in COMMITTED_IN:
            return
        wanted: Counter[int] = Counter()
        for line in row.values["lines"]:
            wanted[plan.facts["products"][line.sku].pk] += line.quantity
        skus = {product.pk: product.sku for product in plan.facts["products"].values()}
        for pk, units in wanted.items():
            if units > free[pk]:
                short = NotEnoughStock(sku=skus[pk], wanted=units, free=free[pk])
                row.refuse_by(short, "lines")
                return
        free.subtract(wanted)

    # --- Writing ---------------------------------------------------------------------------------

    def apply(self, work: Work) -> None:
        new = work.new
        if not new:
            return
        products = dict(work.plan.facts["products"])
        products.update(self._missing_products(work, new))
        incoming = [_incoming(row, products) for row in new]
        try:
            orders = take_in_orders(orders=incoming, by=work.by, reason=work.reason)
        except NotEnoughStock as short:
            # Somebody was faster since the rows were judged: the open orders with it are refused.
            work.refused += _with_product(new, str(short.facts["sku"]), short)
            return
        work.made.update({order.number or "": order.pk for order in orders})

    def _missing_products(self, work: Work, new: Iterable[Row]) -> dict[str, Product]:
        missing = {
            line.sku: (line, row)
            for row in new
            for line in row.values["lines"]
            if line.sku in work.plan.facts["unknown"]
        }
        made = create_products(
            drafts=[
                ProductDraft(
                    sku=sku,
                    name=line.name,
                    price=line.price or ZERO,
                    currency=row.values["currency"],
                    status="archived",
                )
                for sku, (line, row) in sorted(missing.items())
            ],
            by=work.by,
            reason=work.reason,
        )
        return {product.sku: product for product in made}


def _free_units(plan: Plan) -> Counter[int]:
    levels = StockLevel.objects.filter(
        product__in=[product.pk for product in plan.facts["products"].values()],
        location__is_active=True,
    )
    free = F("on_hand") - F("committed") - F("unavailable")
    sums = levels.order_by().values("product").annotate(free=Sum(free))
    return Counter(dict(sums.values_list("product", "free")))


def _goods(row: Row) -> Decimal:
    """Return what the lines must come to, by the order's own sums."""
    extras = _money(row, "shipping") + _money(row, "tax") - _money(row, "discount")
    return _money(row, "total") - extras


def _money(row: Row, name: str) -> Decimal:
    return row.values.get(name) or ZERO


def _incoming(row: Row, products: dict[str, Product]) -> IncomingOrder:
    said = row.texts
    address = {ours: said[name] for name, ours in ADDRESS.items() if said.get(name)}
    return IncomingOrder(
        number=row.key,
        placed_at=row.values["placed_at"],
        status=row.values["status"],
        currency=row.values["currency"],
        lines=[
            IncomingLine(
                product=products[line.sku],
                quantity=line.quantity,
                unit_price=line.price or ZERO,
                discount=line.discount,
            )
            for line in row.values["lines"]
        ],
        email=said.get("email", "").lower(),
        name=said.get("name", ""),
        phone=said.get("phone", ""),
        address=address,
        shipping_fee=_money(row, "shipping"),
        discount=_money(row, "discount"),
        tax=_money(row, "tax"),
        paid=_money(row, "paid"),
        refunded=_money(row, "refunded"),
        channel=Order.Channel.SHEET,
    )


def _no_product_of(name: str) -> Fault:
    return Fault(
        "name_unfit",
        _("“{name}” names no product here, and no SKU can be made of it."),
        _("Create the product by hand and write its SKU in the file."),
        name=shown(name),
    )


def _with_product(rows: Iterable[Row], sku: str, refusal: Refused) -> list[tuple[Row, Refused]]:
    return [
        (row, refusal)
        for row in rows
        if row.values["status"] in COMMITTED_IN
        and any(line.sku == sku for line in row.values["lines"])
    ]


def _named(names: Iterable[str]) -> str:
    some: list[Any] = sorted(names)
    more = "…" if len(some) > NAMED else ""
    return str(_("Not in the catalogue, made as archived products ({count}): {names}.")).format(
        count=len(some), names=", ".join(some[:NAMED]) + more
    )
