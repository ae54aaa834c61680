"""The order's page: the workspace in place of the generic form, with a button for each act."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from backoffice.adminkit.acts import Act
from backoffice.adminkit.answers import answer_redirect
from backoffice.adminkit.flow_admin import FlowAdmin
from backoffice.adminkit.lists import keys_of
from backoffice.flows import Offer
from backoffice.ids import uuid7
from backoffice.refused import Text
from orders.facts import ZERO, OrderFacts
from orders.models import Order
from orders.panels import PANELS, Asked, Button, shown
from orders.sight import Sight
from orders.timeline import FILTERS
from orders.workspace import Workspace, in_words, load_order, workspace_of

MONEY_ACTS = ("take_payment", "record_payment", "return_by_hand")
DRAFT_ACTS = ("give_contact", "give_address")


class ShowsWorkspace(FlowAdmin):
    """The part of OrderAdmin that shows one order, to people who may see orders; GET only."""

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the workspace. What changes an order has an address of its own."""
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        key = next(iter(keys_of(Order, [object_id])), None)
        order = load_order(key) if key is not None else None
        if order is None:
            raise Http404
        shown = request.GET.get("timeline", "all")
        ws = workspace_of(order, user=request.user, shown=shown if shown in FILTERS else "all")
        context = {
            **self.admin_site.each_context(request),
            "title": str(order),
            "opts": self.opts,
            "original": order,
            "order": order,
            "ws": ws,
            **self._buttons(request, ws),
            **(extra_context or {}),
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
            "main_panels": panels["main"],
            "side_panels": panels["side"],
            "primary": primary,
            "beside": beside,
            "more": [self._button(order, offer) for offer in ws.buttons.more],
            "closed": [button for button in beside if not button.is_open],
            "money_buttons": [button for button in money if button is not primary],
            "ask_bank": None if ask_bank is primary else ask_bank,
            "draft_buttons": open_ones(DRAFT_ACTS),
            "assign_button": offered.get("assign"),
            "take_url": offered["take"].url
            if "take" in offered and order.assignee_id != user.pk
            else "",
            "note_url": offered["add_note"].url if "add_note" in offered else "",
            "note_key": uuid7().hex,
            "take_key": uuid7().hex,
            "is_processor": user.has_perm("orders.process_order"),
            "edit_url": self.admin_path("edit", order.pk)
            if ws.is_draft and user.has_perm("orders.change_order")
            else "",
            "customer_url": reverse("admin:orders_customer_change", args=[order.customer_id])
            if user.has_perm("orders.view_customer")
            else "",
            "change_sets": user.has_perm("backoffice.view_changeset"),
        }

    def _button(self, order: Order, offer: Offer) -> Button:
        step = offer.step
        return Button(
            step.name,
            step.label,
            step.tone,
            self.admin_path("act", order.pk, step.name),
            step.effect,
            offer.refusal,
        )

    # --- What the dialogs say -------------------------------------------------------------------

    def act_facts(self, request: HttpRequest, act: Act, rows: Any) -> list[tuple[Text, Any]]:
        """Say above the questions what the act is about, in sums."""
        orders = [row for row in rows if hasattr(row, "facts")]
        if act.name == "cancel" and len(orders) == 1:
            return money_back(orders[0])
        if act.name in MONEY_ACTS and len(orders) == 1:
            due = orders[0].total - orders[0].facts.covered
            return [(_("Due"), in_words(max(due, ZERO), orders[0].currency))]
        return []

    def act_button(self, request: HttpRequest, act: Act, rows: Any) -> Text:
        """Name both effects on the button of a cancellation: “… and return 48.00 EUR”."""
        orders = [row for row in rows if hasattr(row, "facts")]
        if act.name == "cancel" and len(orders) == 1:
            return cancel_button(orders[0])
        return super().act_button(request, act, rows)


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
