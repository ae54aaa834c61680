"""Letters: what went out to whom, one letter with its tries, and previews of any of them."""

from __future__ import annotations

from typing import Any

import django_filters
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice.adminkit.acts import Act
from backoffice.adminkit.console import ConsoleAdmin, Queue, badge
from backoffice.adminkit.filters import ConsoleFilterSet, DayRangeFilter
from backoffice.adminkit.lists import keys_of
from backoffice.adminkit.timeline import in_words
from backoffice.flows import Ask
from backoffice.refused import Refused
from orders import services
from orders.admin.payments import order_link
from orders.models import Message, Order
from orders.services.letters import write_letter
from orders.sight import Sight


class MessageFilterSet(ConsoleFilterSet):
    template = django_filters.MultipleChoiceFilter(
        label=_("Letter"), choices=Message.Template.choices
    )
    at = DayRangeFilter(label=_("When"), field_name="at")

    class Meta:
        model = Message
        fields: list[str] = []


def was_erased(letter: Message) -> Refused | None:
    """its words are erased"""
    return None if letter.text else services.LetterErased()


@admin.register(Message)
class MessageAdmin(ConsoleAdmin):
    """Every letter with what became of it; nobody writes one here but by an act."""

    list_display = ("letter", "order_number", "receiver", "when", "state_label")
    list_display_links = ("letter",)
    list_select_related = ("order",)
    search_fields = ("order__number",)
    search_help_text = _("Number of the order")
    ordering = ("-id",)
    filterset_class = MessageFilterSet
    queues = (
        Queue(
            "failed",
            _("Not sent"),
            lambda letters: letters.filter(state__in=("failed", "refused")),
            tone="danger",
        ),
        Queue("waiting", _("Waiting"), lambda letters: letters.filter(state="queued")),
    )
    acts = (
        Act(
            "resend",
            _("Send again"),
            "orders.resend_message",
            asks=(Ask("reason", _("Remark"), help=_("It stands in the order's timeline.")),),
            one=services.resend_message,
            refusal=was_erased,
            icon="forward_to_inbox",
            effect=_("the same words, to the order's contact of now"),
            done=_("{row}: on its way again."),
        ),
    )

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        return super().get_queryset(request).with_state()

    def prepare_page(self, request: HttpRequest, rows: Any) -> Any:
        rows = list(super().prepare_page(request, rows))
        sight = Sight.of(request.user)
        for row in rows:
            row.shown_to = sight.email(row.to)
        return rows

    # --- Columns -------------------------------------------------------------------------------

    @admin.display(description=_("Letter"), ordering="template")
    def letter(self, row: Message) -> str:
        again = gettext(" (again)") if row.resend_of_id else ""
        return f"{row}{again}"

    @admin.display(description=_("Order"), ordering="order__number")
    def order_number(self, row: Message) -> SafeString:
        return order_link(row.order)

    @admin.display(description=_("To"), empty_value="–")
    def receiver(self, row: Message) -> str | None:
        return row.shown_to or None

    @admin.display(description=_("When"), ordering="id")
    def when(self, row: Message) -> str:
        return in_words(row.at)

    @admin.display(description=_("State"))
    def state_label(self, row: Message) -> SafeString:
        state = badge(row.state_label, row.state_tone)
        if not row.why_not:
            return state
        return format_html('{} <span class="bo-faint">{}</span>', state, row.why_not)

    # --- One letter, and what one would say ----------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        preview = path(
            "preview/<int:order_id>/<slug:template>/",
            self.admin_site.admin_view(self.preview_view),
            name="orders_message_preview",
        )
        return [preview, *super().get_urls()]

    def row_to_show(self, request: HttpRequest, object_id: str) -> Message | None:
        key = next(iter(keys_of(Message, [object_id])), None)
        rows = self.get_queryset(request).select_related("order", "change_set__origin", "resend_of")
        return rows.filter(pk=key).first() if key is not None else None

    def row_page(self, request: HttpRequest, letter: Message) -> HttpResponse:
        """Show a letter as it was written, and each try to send it."""
        sight = Sight.of(request.user)
        context = {
            "title": f"{letter} · {letter.order}",
            "original": letter,
            "letter": letter,
            "order": letter.order,
            "to": sight.email(letter.to),
            "subject": letter.subject,
            "text": letter.text,
            # Its words greet the customer by name, and tell where they live.
            "html": body_of(letter.html) if sight.sees_customer else "",
            "is_masked": not sight.sees_customer,
            "deliveries": letter.deliveries.all(),
            "offers": self.row_offers(request, letter),
        }
        return self._letter_page(request, context)

    def preview_view(self, request: HttpRequest, order_id: int, template: str) -> HttpResponse:
        """Show what a letter would say about an order now; nothing is kept or sent. GET only."""
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET"])
        may_look = request.user.has_perm("orders.view_order")
        if not (may_look and self.has_view_permission(request)):
            raise PermissionDenied
        key = next(iter(keys_of(Order, [str(order_id)])), None)
        orders = Order.objects.select_related("contact")
        order = orders.filter(pk=key).first() if key is not None else None
        if order is None or template not in Message.Template.values:
            raise Http404
        sight = Sight.of(request.user)
        written = write_letter(order, template)
        context = {
            "title": gettext("Preview: {letter} · {order}").format(
                letter=Message.Template(template).label, order=order
            ),
            "is_preview": True,
            "order": order,
            "to": sight.email(order.contact.email) if order.contact else "",
            "subject": written.subject,
            "text": written.text,
            "html": body_of(written.html) if sight.sees_customer else "",
            "is_masked": not sight.sees_customer,
        }
        return self._letter_page(request, context)

    def _letter_page(self, request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
        page = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        return TemplateResponse(request, "orders/letter.html", page)


def body_of(html: str) -> SafeString:
    """Return what stands inside a letter's body, for a page of ours.

    Safe: our own templates wrote it, and they escape every word that came from outside.
    """
    _head, _tag, rest = html.partition("<body")
    return mark_safe(rest.partition(">")[2].partition("</body>")[0])  # noqa: S308
