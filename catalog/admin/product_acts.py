"""What can be done to products beside their flow: an act asks, then calls a verb.

The functions here only turn a dialog's answers into a verb's keywords.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.adminkit.acts import Act
from backoffice.flows import Ask
from backoffice.models import User
from backoffice.refused import BadValue, Refused, Text
from backoffice.steps import Outcome
from catalog import services
from catalog.models import PriceChange, Product, StockLocation, StockMovement
from catalog.refusals import UnknownProduct, unknown_among
from catalog.services.prices import PriceChangeOver, Repricing

REASON = Ask(
    "reason", _("Reason"), required=True, help=_("One sentence for whoever asks next month.")
)
OPTIONAL_REASON = Ask("reason", _("Reason"), help=REASON.help)

PRICE = "catalog.change_price_product"
STOCK = "catalog.adjust_stock_product"
FEATURE = "catalog.feature_product"
SATURDAY = 5
MAIN = "main"


def active_locations() -> list[tuple[str, Text]]:
    """The places to choose from; before the first delivery only the one that it will make."""
    rows = StockLocation.objects.filter(is_active=True)
    return [(str(row.pk), row.name) for row in rows] or [(MAIN, _("Main warehouse"))]


def first_location() -> str:
    """Preselect the place that orders take from first."""
    return active_locations()[0][0]


def location_id(answer: str) -> int | None:
    return None if answer == MAIN else int(answer)


LOCATION = Ask(
    "location", _("Location"), "choice", required=True, choices=active_locations,
    initial=first_location,
)  # fmt: skip


# --- Featured ---------------------------------------------------------------------------------


def feature_one(*, product_id: int, by: User, reason: str, is_featured: bool) -> Product:
    outcome = services.feature_products(
        product_ids=[product_id], by=by, reason=reason, is_featured=is_featured
    )
    for _row, error in outcome.refused:
        raise error
    return outcome.done[0]


# --- Prices -----------------------------------------------------------------------------------


def change_price(
    *, product_id: int, by: User, reason: str, version: int | None, way: str, value: Decimal
) -> Product:
    """way: "percent", "amount" or "price", the verb's own keyword for `value`."""
    return services.change_price(
        product_id=product_id, by=by, reason=reason, version=version, **{way: value}
    )


def change_prices(
    *, product_ids: Sequence[int], by: User, reason: str, way: str, value: Decimal
) -> Outcome[Product]:
    return services.change_prices(product_ids=product_ids, by=by, reason=reason, **{way: value})


def moments_of(
    period: str, starts_at: datetime | None, ends_at: datetime | None, *, now: datetime
) -> tuple[datetime, datetime | None]:
    """Return from and until of a preset, in the person's own time zone, or the typed moments."""
    if period == "own":
        if starts_at is None:
            raise BadValue(field=_("From"), problem=_("say when it starts, or choose a preset."))
        return starts_at, ends_at
    today = timezone.localtime(now).date()
    zone = timezone.get_current_timezone()
    if period == "week":
        return now, datetime.combine(today + timedelta(days=8), time.min, zone)
    saturday = today + timedelta(days=SATURDAY - today.weekday())
    monday = datetime.combine(saturday + timedelta(days=2), time.min, zone)
    # On a Sunday the weekend has begun already.
    return max(now, datetime.combine(saturday, time.min, zone)), monday


def schedule_price(
    *,
    product_id: int,
    by: User,
    reason: str,
    way: str,
    value: Decimal,
    period: str,
    starts_at: datetime | None,
    ends_at: datetime | None,
) -> PriceChange:
    """period: a preset, or "own" for the two moments. A percentage is of the list price."""
    starts_at, ends_at = moments_of(period, starts_at, ends_at, now=timezone.now())
    product = Product.objects.get_or_none(pk=product_id)
    if product is None:
        raise UnknownProduct(key=product_id)
    return services.schedule_price(
        product_id=product_id,
        price=Repricing(**{way: value}).applied_to(product),
        starts_at=starts_at,
        ends_at=ends_at,
        by=by,
        reason=reason,
    )


def schedule_prices(
    *, product_ids: Sequence[int], by: User, reason: str, **answers: Any
) -> Outcome[Product]:
    """Each product in key order, the order of locks; one that is refused leaves the others."""
    products = list(Product.objects.filter(pk__in=product_ids).order_by("pk"))
    outcome: Outcome[Product] = Outcome(refused=unknown_among(product_ids, products))
    with transaction.atomic():
        for product in products:
            try:
                with transaction.atomic():
                    schedule_price(product_id=product.pk, by=by, reason=reason, **answers)
            except Refused as error:
                outcome.refused.append((product, error))
            else:
                outcome.done.append(product)
    return outcome


# --- Stock ------------------------------------------------------------------------------------


def adjust_stock(
    *, product_id: int, by: User, reason: str, way: str, units: int, location: str
) -> StockMovement | None:
    """way: "counted" or "difference", the verb's own keyword for `units`."""
    return services.adjust_stock(
        product_id=product_id, by=by, reason=reason, location_id=location_id(location),
        **{way: units},
    )  # fmt: skip


def adjust_stocks(
    *, product_ids: Sequence[int], by: User, reason: str, way: str, units: int, location: str
) -> Outcome[Product]:
    return services.adjust_stocks(
        product_ids=product_ids, by=by, reason=reason, location_id=location_id(location),
        **{way: units},
    )  # fmt: skip


def receive_stock(
    *, product_id: int, by: User, reason: str, units: int, location: str
) -> StockMovement:
    return services.receive_stock(
        product_id=product_id, units=units, by=by, reason=reason,
        location_id=location_id(location),
    )  # fmt: skip


# --- The table --------------------------------------------------------------------------------


def _feature(name: str, label: Any, icon: str, effect: Any, *, is_featured: bool) -> Act:
    one: Callable[..., Any] = partial(feature_one, is_featured=is_featured)
    many: Callable[..., Any] = partial(services.feature_products, is_featured=is_featured)
    return Act(
        name,
        label,
        FEATURE,
        asks=(OPTIONAL_REASON,),
        one=one,
        many=many,
        icon=icon,
        effect=effect,
        is_atomic=True,
    )


PRODUCT_ACTS = (
    Act(
        "change_price", _("Change price"), PRICE, one=change_price, many=change_prices,
        icon="price_change", is_atomic=True, effect=_("changes the list price, from now on"),
        asks=(
            Ask(
                "way", _("How"), "choice", required=True, initial="percent",
                choices=[
                    ("percent", _("By percent")), ("amount", _("By an amount")),
                    ("price", _("To a price")),
                ],
            ),
            Ask(
                "value", _("Value"), "money", required=True,
                help=_("With a minus sign it goes down: −10 by percent is a tenth less."),
            ),
            REASON,
        ),
    ),
    Act(
        "schedule_price", _("Schedule price"), PRICE, one=schedule_price, many=schedule_prices,
        icon="schedule", is_atomic=True,
        effect=_("another price for a while; the list price stays as it is"),
        asks=(
            Ask(
                "way", _("How"), "choice", required=True, initial="percent",
                choices=[("percent", _("By percent")), ("price", _("To a price"))],
            ),
            Ask(
                "value", _("Value"), "money", required=True,
                help=_("−20 by percent is a fifth less than the list price."),
            ),
            Ask(
                "period", _("When"), "choice", required=True, initial="weekend",
                choices=[
                    ("weekend", _("This weekend")), ("week", _("Now, for 7 full days")),
                    ("own", _("Own dates")),
                ],
            ),
            Ask("starts_at", _("From"), "moment", initial=timezone.now),
            Ask("ends_at", _("Until"), "moment", help=_("Blank: until it is withdrawn.")),
            REASON,
        ),
    ),
    Act(
        "adjust_stock", _("Adjust stock"), STOCK, one=adjust_stock, many=adjust_stocks,
        icon="inventory", is_atomic=True,
        effect=_("corrects what is on hand, after a count or a breakage"),
        asks=(
            Ask(
                "way", _("How"), "choice", required=True, initial="counted",
                choices=[("counted", _("Counted now")), ("difference", _("More or fewer"))],
            ),
            Ask(
                "units", _("Units"), "number", required=True,
                help=_("Counted now: what lies on the shelf. More or fewer: −2 takes two off."),
            ),
            LOCATION,
            REASON,
        ),
    ),
    Act(
        "receive_stock", _("Receive stock"), STOCK, one=receive_stock,
        icon="move_to_inbox", effect=_("puts a delivery on the shelf"),
        asks=(
            Ask("units", _("Units"), "number", required=True, help=_("Pieces, not cartons.")),
            LOCATION,
            OPTIONAL_REASON,
        ),
    ),
    _feature(
        "feature", _("Feature"), "star", _("puts it on the shop's first page"), is_featured=True
    ),
    _feature(
        "unfeature", _("Do not feature"), "star_outline", _("takes it off the shop's first page"),
        is_featured=False,
    ),
)  # fmt: skip


def withdraw_many(
    *, price_change_ids: Sequence[int], by: User, reason: str
) -> Outcome[PriceChange]:
    """Each in key order; one that is refused leaves the others."""
    found = PriceChange.objects.in_bulk(price_change_ids)
    outcome: Outcome[PriceChange] = Outcome()
    with transaction.atomic():
        for pk in sorted(price_change_ids):
            try:
                with transaction.atomic():
                    change = services.withdraw_price_change(
                        price_change_id=pk, by=by, reason=reason
                    )
            except Refused as error:
                outcome.refused.append((found.get(pk, pk), error))
            else:
                outcome.done.append(change)
    return outcome


def over(change: PriceChange) -> Refused | None:
    """Closed when it is withdrawn, or has ended by the clock."""
    is_over = change.withdrawn_at or (change.ends_at and change.ends_at <= timezone.now())
    return PriceChangeOver() if is_over else None


WITHDRAW = Act(
    "withdraw", _("Withdraw"), PRICE, one=services.withdraw_price_change, many=withdraw_many,
    key="price_change", refusal=over,
    tone="danger", dismiss=_("Keep scheduled price"), asks=(REASON,), icon="event_busy",
    effect=_("ends it now, or keeps it from starting; the list price applies again"),
    done=_("{row}: withdrawn."),
)  # fmt: skip
