"""What the dialogs of shipping ask of an order: how many of each line, and from where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.flows import Ask, LineChoice
from catalog.models import StockLocation

if TYPE_CHECKING:
    from orders.models import Order, OrderLine

SEVERAL = 2


def lines_to_send(order: Order) -> Sequence[LineChoice]:
    """Return every line of an order with what of it can go into a parcel now; all is preset."""
    inside = order.shipments.filter(status="packed").order_by().values("lines__line")
    packed = dict(inside.annotate(units=Sum("lines__quantity")).values_list("lines__line", "units"))
    return [_choice(line, packed.get(line.pk, 0)) for line in order.lines.order_by("pk")]


def _choice(line: OrderLine, packed: int) -> LineChoice:
    loose = line.committed - packed
    short = line.quantity - line.shipped - line.cancelled - line.committed
    said = (
        (packed, _("%(n)s packed")),
        (line.shipped, _("%(n)s shipped")),
        (line.cancelled, _("%(n)s cancelled")),
        (short, _("%(n)s without stock")),
    )
    return LineChoice(
        key=line.pk,
        title=line.name,
        detail=line.sku,
        most=loose,
        initial=loose,
        note=" · ".join(words % {"n": units} for units, words in said if units),
    )


def _places(_order: Any) -> Mapping[str, Any] | None:
    """Ask for a place only where there are several."""
    places = list(StockLocation.objects.filter(is_active=True).values_list("pk", "name"))
    if len(places) < SEVERAL:
        return None
    there = [(str(pk), name) for pk, name in places]
    return {"choices": [("", _("Where it is promised")), *there]}


TRACKING = Ask("tracking", gettext_lazy("Tracking number"), "line")
CARRIER = Ask(
    "carrier", gettext_lazy("Carrier"), "line", help=gettext_lazy("Blank: guessed from the number.")
)
NOTIFY = Ask("notify", gettext_lazy("Tell the customer by e-mail"), "flag", initial=True)
UNITS = Ask("lines", gettext_lazy("Units"), "lines", rows=lines_to_send)
PLACE = Ask("location_id", gettext_lazy("Leaves from"), "choice", about=_places)
