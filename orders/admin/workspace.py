"""The order's page: the workspace in place of the generic form, with a button for each act."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from backoffice.adminkit.acts import Act
from backoffice.adminkit.answers import answer_redirect
from backoffice.adminkit.as_of import ShowsAsOf
from backoffice.adminkit.flow_admin import FlowAdmin
from backoffice.adminkit.lists import keys_of
from backoffice.flows import Offer, Step
from backoffice.ids import uuid7
from backoffice.refused import Text
from orders.admin.acts.refunds import refund_button, refund_facts
from orders.facts import ZERO, OrderFacts
from orders.models import Order
from orders.panels import PANELS, Asked, Button, shown
from orders.sight import Sight
from orders.states import ORDER_FLOW
from orders.sums import in_words
from orders.timeline import FILTERS, steps_of
from orders.workspace import Workspace, load_order, workspace_of

EDIT = ORDER_FLOW["edit"]
CAPTURE_ACTS = ("capture_payment", "void_payment")
MONEY_ACTS = ("take_payment", "record_payment", *CAPTURE_ACTS, "return_by_hand")
ADDRESS_ACTS = ("give_contact", "give_address", "give_billing_address")
# Acts that stand under “More” beside the steps there.
MORE_ACTS = ("request_return", "discount", "discount_line", "duplicate", "merge")


class ShowsWorkspace(ShowsAsOf, FlowAdmin):
    """The part of OrderAdmin that shows one order, to people who may see orders; GET only."""

    def row_to_show(self, request: HttpRequest, object_id: str) -> Order | None:
        key = next(iter(keys_of(Order, [object_id])), None)
        return load_order(key) if key is not None else None

    def row_page(self, request: HttpRequest, order: Order) -> HttpResponse:
        """Show the workspace. What changes an order has an address of its own."""
        shown = request.GET.get("timeline", "all")
        ws = workspace_of(order, user=request.user, shown=shown if shown in FILTERS else "all")
        context = {
            **self.admin_site.each_context(request),
            "title": str(order),
            "opts": self.opts,
            "original": order,
            "order": order,
            "ws": ws,
            "as_of": self.as_of_menu(order.pk, steps_of(order)),
            **self._buttons(request, ws),
        }
        return TemplateResponse(request, "orders/workspace.html", context)

    # --- Its history pages name customers, so they are for those who may read them --------------

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return self._own_timeline(request, object_id) or super().history_view(
            request, object_id, extra_context
        )

    def history_form_view(
        self, request: HttpRequest, object_id: str, history_id: int
    ) -> HttpResponse:
        return self._own_timeline(request, object_id) or super().history_form_view(
            request, object_id, history_id
        )

    def history_compare_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._own_timeline(request, object_id) or super().history_compare_view(
            request, object_id
        )

    def _own_timeline(self, request: HttpRequest, object_id: str) -> HttpResponse | None:
        """Send people who see masks to the workspace's timeline, which masks."""
        is_read = request.method in {"GET", "HEAD"} and self.has_view_permission(request)
        if not is_read or Sight.of(request.user).sees_customer:
            return None
        return answer_redirect(request, f"{self.admin_path('change', object_id)}#timeline")

    # --- Buttons -------------------------------------------------------------------------------

    def _buttons(self, request: HttpRequest, ws: Workspace) -> dict[str, Any]:
        order, user = ws.order, request.user
        offered = {
            offer.act.name: Button(
                offer.act.name,
                offer.act.label,
                offer.act.tone,
                offer.url,
                offer.act.effect,
                offer.refusal,
            )
            for offer in self.row_offers(request, order)
        }

        def open_ones(names: Iterable[str]) -> list[Button]:
            found = [offered[name] for name in names if name in offered]
            return [button for button in found if button.is_open]

        primary = ws.buttons.primary and self._button(order, ws.buttons.primary)
        beside = [self._button(order, offer) for offer in ws.buttons.beside]
        money = open_ones(MONEY_ACTS)
        ask_bank = next(iter(open_ones(["ask_bank"])), None)
        if primary is None and ask_bank is not None and ws.is_in_doubt:
            primary = ask_bank
        elif primary is None and order.status == "pending" and money:
            # What stands in the way of processing is the payment: the way out comes first.
            primary = money[0]
        panels = shown(PANELS, Asked(ws, user, offered))
        return {
            "top_panels": panels["top"],
            "main_panels": panels["main"],
            "side_panels": panels["side"],
            "primary": primary,
            "beside": beside,
            "more": [
                *self._page_buttons(request, order),
                *(offered[name] for name in MORE_ACTS if name in offered),
                *(
                    self._button(order, offer)
                    for offer in ws.buttons.more
                    if offer.step.name not in MORE_ACTS
                ),
            ],
            "closed": [button for button in beside if not button.is_open],
            "money_buttons": [button for button in money if button is not primary],
            "refund_url": offered["refund"].url
            if "refund" in offered and offered["refund"].is_open
            else "",
            "ask_bank": None if ask_bank is primary else ask_bank,
            "address_buttons": open_ones(ADDRESS_ACTS),
            "assign_button": offered.get("assign"),
            "take_url": offered["take"].url
            if "take" in offered and order.assignee_id != user.pk
            else "",
            "note_url": offered["add_note"].url if "add_note" in offered else "",
            "note_key": uuid7().hex,
            "take_key": uuid7().hex,
            "is_processor": user.has_perm("orders.process_order"),
            "edit_url": self._edit_url(request, order),
            "customer_url": reverse("admin:orders_customer_change", args=[order.customer_id])
            if user.has_perm("orders.view_customer")
            else "",
            "change_sets": user.has_perm("backoffice.view_changeset"),
        }

    def _edit_url(self, request: HttpRequest, order: Order) -> str:
        """Where the order's form is, while it can be used."""
        may = request.user.has_perm(EDIT.permission_name)
        is_open = order.status == "draft" or EDIT.refusal(order) is None
        return self.admin_path("edit", order.pk) if may and is_open else ""

    def _page_buttons(self, request: HttpRequest, order: Order) -> list[Button]:
        url = self._edit_url(request, order)
        if not url:
            return []
        return [Button(EDIT.name, EDIT.label, EDIT.tone, url, EDIT.effect, is_page=True)]

    def _button(self, order: Order, offer: Offer) -> Button:
        step = offer.step
        return Button(
            step.name,
            step.label,
            step.tone,
            self.admin_path("act", order.pk, step.name),
            step.effect,
            offer.refusal,
            uuid7().hex if acts_at_once(step) else "",
        )

    # --- What the dialogs say -------------------------------------------------------------------

    def act_facts(self, request: HttpRequest, act: Act, rows: Any) -> list[tuple[Text, Any]]:
        """Say above the questions what the act is about, in sums."""
        orders = [row for row in rows if hasattr(row, "facts")]
        if act.name == "cancel" and len(orders) == 1:
            return money_back(orders[0])
        if act.name == "refund" and len(orders) == 1:
            return refund_facts(request, orders[0])
        if act.name in CAPTURE_ACTS and len(orders) == 1:
            authorised = orders[0].facts.authorised
            return [(_("Authorised"), in_words(authorised, orders[0].currency))]
        if act.name in MONEY_ACTS and len(orders) == 1:
            due = orders[0].facts.due - orders[0].facts.authorised
            return [(_("Due"), in_words(max(due, ZERO), orders[0].currency))]
        return []

    def act_button(self, request: HttpRequest, act: Act, rows: Any) -> Text:
        """Name both effects on the button of a cancellation: “… and return 48.00 EUR”."""
        orders = [row for row in rows if hasattr(row, "facts")]
        if act.name == "cancel" and len(orders) == 1:
            return cancel_button(orders[0])
        if act.name == "refund" and len(orders) == 1:
            return refund_button(request, orders[0])
        return super().act_button(request, act, rows)


def acts_at_once(step: Step) -> bool:
    """Tell whether a step's button needs no dialog: all it would ask for is an optional remark."""
    is_harmless = step.tone in {"info", "success"}
    return is_harmless and all(ask.name == "reason" and not ask.required for ask in step.asks)


def money_back(order: Order) -> list[tuple[Text, SafeString | str]]:
    """Return the sums that a cancellation gives back or lets go of."""
    facts: OrderFacts = order.facts
    rows: list[tuple[Text, SafeString | str]] = []
    if facts.net_paid > 0:
        rows.append((_("To return"), in_words(facts.net_paid, order.currency)))
    if facts.authorised > 0:
        rows.append((_("To release"), in_words(facts.authorised, order.currency)))
    if not rows:
        return [(_("To return"), _("nothing: no money has come in"))]
    label, total = rows[0]
    # workspace.js puts this on the button when “Return the money” is switched off.
    rows[0] = (
        label,
        format_html('<span data-button-without-refund="{}">{}</span>', _("Cancel order"), total),
    )
    return rows


def cancel_button(order: Order) -> str:
    """Return what the button of the cancel dialog says while the money goes back."""
    facts: OrderFacts = order.facts
    if facts.net_paid > 0:
        amount = in_words(facts.net_paid, order.currency)
        return str(_("Cancel order and return {amount}")).format(amount=amount)
    if facts.authorised > 0:
        amount = in_words(facts.authorised, order.currency)
        return str(_("Cancel order and release {amount}")).format(amount=amount)
    return str(_("Cancel order"))
