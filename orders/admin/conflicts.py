"""Two people edited one order: what each of them changed, part by part, and the choice."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from backoffice.adminkit.editing import Conflict
from orders.admin.order_form import as_typed, draft_in, is_wanted, line_as_text
from orders.discounts import Discount, discount_of
from orders.models import Order, OrderLine
from orders.services import LineDraft
from orders.sums import in_words

NOTHING = "–"
CARRIED = ("shipping_fee", "discount", "customer", "channel")


@dataclass(frozen=True)
class Part:
    """One thing that both could have changed: how it was read, how it is, how it was sent."""

    name: str
    label: str
    base: str
    theirs: str
    mine: str

    @property
    def is_same(self) -> bool:
        return self.theirs == self.mine

    def as_conflict(self) -> Conflict:
        return Conflict(
            name=self.name,
            label=self.label,
            base=self.base,
            theirs=self.theirs,
            mine=self.mine,
            i_changed=self.mine != self.base,
            they_changed=self.theirs != self.base,
        )


def conflicts_of(order: Order, form: Any, lines: Any) -> list[Conflict]:
    """Return what is not the same in the order now and in the valid forms that were sent.

    order: as it is now.
    """
    parts = [*_line_parts(order, lines), *_order_parts(order, form)]
    return [part.as_conflict() for part in parts if not part.is_same]


def merged_lines(order: Order, lines: Any, mine: Collection[str]) -> list[LineDraft]:
    """Return the lines with this person's parts where they are named, else as they are now."""
    sent = {form.cleaned_data.get("line_id"): form for form in lines if form.cleaned_data}
    drafts = []
    for row in order.lines.order_by("pk"):
        form = sent.get(row.pk)
        if form is None or _line_key(row.pk) not in mine:
            drafts.append(LineDraft(row.product_id, row.quantity, line_id=row.pk))
        elif is_wanted(form):
            drafts.append(draft_in(form))
    there = {draft.line_id for draft in drafts} | set(order.lines.values_list("pk", flat=True))
    for at, form in enumerate(lines):
        if (
            is_wanted(form)
            and _key_of(at, form) in mine
            and form.cleaned_data["line_id"] not in there
        ):
            product, quantity = form.cleaned_data["product"], form.cleaned_data["quantity"]
            drafts.append(LineDraft(product.pk, quantity, form.discount))
    return drafts


def merged_changes(form: Any, mine: Collection[str]) -> dict[str, Any]:
    """Return what the verbs take beside lines: this person's parts only."""
    names = {"customer": "customer_id"}
    wanted = {names.get(name, name) for name in mine}
    return {name: value for name, value in form.order_changes.items() if name in wanted}


# --- Parts ---------------------------------------------------------------------------------------


def _line_parts(order: Order, lines: Any) -> list[Part]:
    now: dict[int, OrderLine] = {row.pk: row for row in order.lines.order_by("pk")}
    parts = []
    for at, form in enumerate(lines):
        if not form.cleaned_data.get("product"):
            continue
        row = now.pop(form.cleaned_data.get("line_id") or 0, None)
        mine = NOTHING
        if is_wanted(form):
            mine = line_as_text(form.cleaned_data["quantity"], form.discount)
            if row is not None and row.product_id != form.cleaned_data["product"].pk:
                mine = f"{form.cleaned_data['product'].sku} · {mine}"
        parts.append(
            Part(
                name=_key_of(at, form),
                label=row.sku if row else form.cleaned_data["product"].sku,
                base=form.cleaned_data.get("was") or NOTHING,
                theirs=_line_now(row) if row else NOTHING,
                mine=mine,
            )
        )
    # What they added is in no form of ours: it stays.
    parts += [
        Part(_line_key(row.pk), row.sku, NOTHING, _line_now(row), NOTHING) for row in now.values()
    ]
    return parts


def _order_parts(order: Order, form: Any) -> list[Part]:
    sent = form.cleaned_data
    base = order.history.filter(version=sent.get("version")).order_by("-history_id").first()
    said: dict[str, tuple[Callable[[Any], str], str]] = {
        "shipping_fee": (
            lambda row: in_words(row.shipping_fee, order.currency),
            in_words(sent["shipping_fee"], order.currency),
        ),
        "discount": (lambda row: _discount_text(discount_of(row)), _discount_text(form.discount)),
    }
    if "customer" in sent:
        said["customer"] = (lambda row: str(row.customer_id), str(sent["customer"].pk))
        said["channel"] = (lambda row: row.get_channel_display(), _channel_label(sent["channel"]))
    return [
        Part(name, str(form[name].label), tell(base) if base else NOTHING, tell(order), mine)
        for name, (tell, mine) in said.items()
    ]


def _channel_label(channel: str) -> str:
    return str(Order.Channel(channel).label)


def _line_now(row: OrderLine) -> str:
    return line_as_text(row.quantity, discount_of(row))


def _discount_text(discount: Discount) -> str:
    typed = as_typed(discount)
    return f"−{typed} ({discount.reason})" if typed else str(_("none"))


def _line_key(pk: int) -> str:
    return f"line-{pk}"


def _key_of(at: int, form: Any) -> str:
    line_id = form.cleaned_data.get("line_id")
    return _line_key(line_id) if line_id else f"new-{at}"
