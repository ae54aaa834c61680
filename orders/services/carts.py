"""Carts: what is laid aside, by a customer or by a visitor who has not signed in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.models import User
from backoffice.refused import BadValue, Refused, UnknownRow
from catalog.models import Product, StockLevel
from catalog.services.allocation import NotEnoughStock
from orders.models import Cart, CartLine
from orders.services.lines import refused_products

MOST_LINES = 100


class CartCheckedOut(Refused):
    """facts: order (its number)."""

    sentence = _("This cart became the order {order}.")
    hint = _("Look at the order, or begin a new cart.")
    http_status = 409


class CartFull(Refused):
    """facts: most (lines)."""

    sentence = _("A cart holds at most {most} different products.")
    hint = _("Check out first, or take something out.")


class TooManyUnits(Refused):
    """facts: sku, most (units)."""

    sentence = _("{sku}: at most {most} units can be ordered at once.")
    hint = _("Write to us about larger orders.")


def find_cart(*, by: User | None, session_key: str = "") -> Cart | None:
    """Return the open cart of a customer or of a visitor, or None; nothing is written."""
    carts = Cart.objects.open()
    if _is_signed_in(by):
        return carts.filter(customer=by).first()
    return carts.filter(customer=None, session_key=session_key).first() if session_key else None


def cart_of(*, by: User | None, session_key: str = "") -> Cart:
    """Return the open cart of a customer, or of a visitor; begin one when there is none.

    by: None, or somebody anonymous: the visitor with session_key (see `cart_keys`).
    Refuses: BadValue for a visitor without a key.
    Atomic: at most one row; of two who begin at once, both get the same.
    """
    for _try in range(2):
        if (cart := find_cart(by=by, session_key=session_key)) is not None:
            return cart
        if not _is_signed_in(by) and not session_key:
            raise BadValue(field=_("Cart"), problem=_("a visitor needs a session."))
        owner = {"customer": by} if _is_signed_in(by) else {"session_key": session_key}
        try:
            with transaction.atomic():
                return Cart.objects.create(**owner)
        except IntegrityError:
            continue
    raise UnknownRow(what=Cart._meta.verbose_name, key="")


def add_to_cart(*, cart_id: int, product_id: int, units: int, by: User | None) -> CartLine:
    """Lay units of a product into a cart; the same product again adds up.

    units: whole pieces, 1 or more.
    Refuses: UnknownRow (no such open cart of theirs; no such product on sale); CartCheckedOut;
    SoldThroughVariants; OtherCurrency; BadValue; TooManyUnits; CartFull; NotEnoughStock.
    Atomic: locks the cart; one line.
    """
    _require_whole(units, least=1)
    with _open_cart(cart_id, by) as cart:
        product = _require_on_sale(product_id)
        line = cart.lines.filter(product=product).first()
        if line is None and cart.lines.count() >= MOST_LINES:
            raise CartFull(most=MOST_LINES)
        line = line or CartLine(cart=cart, product=product, units=0)
        line.units = _require_free(product, line.units + units)
        line.save()
    return line


def set_units(*, cart_id: int, product_id: int, units: int, by: User | None) -> CartLine | None:
    """Say how many units of a product that lies in a cart are wanted; 0 takes it out.

    Refuses: UnknownRow (also for a product that does not lie in it); CartCheckedOut; BadValue;
    TooManyUnits; NotEnoughStock, when more are wanted than before.
    Atomic: locks the cart; one line.
    """
    _require_whole(units, least=0)
    with _open_cart(cart_id, by) as cart:
        line = cart.lines.select_related("product").filter(product=product_id).first()
        if line is None:
            raise UnknownRow(what=CartLine._meta.verbose_name, key="")
        if units == 0:
            line.delete()
            return None
        if units > line.units:
            _require_free(line.product, units)
        line.units = units
        line.save(update_fields=["units"])
    return line


def remove_from_cart(*, cart_id: int, product_id: int, by: User | None) -> None:
    """Take a product out of a cart; one that is not in it is out already.

    Refuses: UnknownRow (no such open cart of theirs); CartCheckedOut.
    Atomic: locks the cart.
    """
    with _open_cart(cart_id, by) as cart:
        cart.lines.filter(product=product_id).delete()


@transaction.atomic
def merge_carts(*, session_key: str, by: User) -> Cart | None:
    """Give what a visitor had laid aside to the customer that they turned out to be.

    The same product adds up, as far as a line goes; what the cart cannot hold stays out. Stock is
    looked at when the cart is shown.
    Refuses: nothing: a sign-in never fails for a cart.
    Atomic: locks both carts in key order; the visitor's is gone afterwards.
    """
    if not session_key:
        return find_cart(by=by)
    visitors = find_cart(by=None, session_key=session_key)
    if visitors is None:
        return find_cart(by=by)
    mine = cart_of(by=by)
    locked = Cart.objects.select_for_update().open().filter(pk__in=(visitors.pk, mine.pk))
    carts = {cart.pk: cart for cart in locked.order_by("pk")}
    if len(carts) < 2:  # noqa: PLR2004  (both; one was checked out or merged in between)
        return mine
    lines = {line.product_id: line for line in mine.lines.all()}
    for line in visitors.lines.all():
        if (there := lines.get(line.product_id)) is not None:
            there.units = min(there.units + line.units, CartLine.MOST_UNITS)
            there.save(update_fields=["units"])
        elif len(lines) < MOST_LINES:
            lines[line.product_id] = CartLine.objects.create(
                cart=mine, product_id=line.product_id, units=line.units
            )
    visitors.delete()
    _touch(mine)
    return mine


def forget_carts(*, now: datetime, at_most: int = 5_000) -> int:
    """Throw away carts that nobody touched for CART_KEEP_DAYS; return how many they were.

    Carts that became orders go, too: the order tells what was bought.
    Atomic: one statement for the lines and one for the carts.
    """
    old = Cart.objects.filter(updated_at__lt=now - timedelta(days=settings.CART_KEEP_DAYS))
    ids = list(old.order_by("updated_at").values_list("pk", flat=True)[:at_most])
    # Whoever touched theirs in this very moment keeps it.
    return old.filter(pk__in=ids).delete()[1].get("orders.Cart", 0)


def most_free(product_ids: list[int]) -> dict[int, int]:
    """Return how many units of each product one line can have: it is served whole, from one place.

    A product that lies nowhere is not among them.
    """
    free = F("on_hand") - F("committed") - F("unavailable")
    rows = StockLevel.objects.filter(product__in=product_ids, location__is_active=True)
    return dict(rows.order_by().values("product").annotate(m=Max(free)).values_list("product", "m"))


def lock_cart(cart_id: int, by: User | None) -> Cart:
    """Lock a cart, open or not. Refuses: UnknownRow, also for somebody else's."""
    cart = Cart.objects.select_for_update(of=("self",)).filter(pk=cart_id).first()
    owner = by.pk if by is not None and _is_signed_in(by) else None
    if cart is None or cart.customer_id != owner:
        raise UnknownRow(what=Cart._meta.verbose_name, key="")
    return cart


@contextmanager
def _open_cart(cart_id: int, by: User | None) -> Iterator[Cart]:
    with transaction.atomic():
        cart = lock_cart(cart_id, by)
        if cart.checked_out_at is not None:
            raise CartCheckedOut(order=cart.order)
        yield cart
        _touch(cart)


def _touch(cart: Cart) -> None:
    cart.updated_at = timezone.now()
    cart.save(update_fields=["updated_at"])


def _is_signed_in(by: User | None) -> bool:
    return by is not None and by.is_authenticated


def _require_whole(units: int, *, least: int) -> None:
    if isinstance(units, bool) or not isinstance(units, int) or units < least:
        problem = _("a whole number is needed, {least} or more.").format(least=least)
        raise BadValue(field=_("Units"), problem=problem)


def _require_on_sale(product_id: int) -> Product:
    """Return a product that can be bought. Drafts and archived ones do not exist for a visitor."""
    product = Product.objects.published().filter(pk=product_id).first()
    if product is None:
        raise UnknownRow(what=_("product on sale"), key="")
    for refusal in refused_products([product_id], currency=settings.CURRENCY).values():
        raise refusal
    return product


def _require_free(product: Product, units: int) -> int:
    if units > CartLine.MOST_UNITS:
        raise TooManyUnits(sku=product.sku, most=CartLine.MOST_UNITS)
    free = most_free([product.pk]).get(product.pk, 0)
    if units > free:
        raise NotEnoughStock(sku=product.sku, wanted=units, free=free)
    return units
