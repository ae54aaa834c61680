"""Where colleagues meet in the console: the inbox, who is at work, what is offered to type."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice.adminkit.answers import answer_redirect
from backoffice.adminkit.display import badge
from backoffice.adminkit.flow_admin import FlowAdmin
from backoffice.adminkit.lists import keys_of
from backoffice.refused import Refused
from orders import services
from orders.clock import in_words
from orders.inbox import inbox_of
from orders.mentions import handles_among, handles_of
from orders.models import Mention, Order, OrderTag, Presence
from orders.panels.people import follow_up_tone, follow_up_word
from orders.panels.presence import seen

TAGS_OFFERED = 200


class ShowsPeople(FlowAdmin):
    """The part of OrderAdmin that is about colleagues; what it writes is traffic, without history.

    A mention is the reader's own business and a presence says only that a page is open, so these
    addresses are for everybody who may see orders.
    """

    def people_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("mentions/", wrap(self.mentions_view), name="mentions"),
            path("mentions/read/", wrap(self.read_mentions_view), name="read_mentions"),
            path("offers/people/", wrap(self.mentionable_view), name="mentionable"),
            path("offers/tags/", wrap(self.used_tags_view), name="used_tags"),
            path("<path:object_id>/here/", wrap(self.here_view), name="order_here"),
        ]

    # --- The inbox -----------------------------------------------------------------------------

    def mentions_view(self, request: HttpRequest) -> HttpResponse:
        """Show in which notes colleagues meant the reader: what is unread first."""
        self._require(request, "GET")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Mentions"),
            "inbox": inbox_of(request.user, page=request.GET.get("p", "")),
        }
        return TemplateResponse(request, "orders/mentions.html", context)

    def read_mentions_view(self, request: HttpRequest) -> HttpResponse:
        """Take the mentions named in `ids` out of the reader's inbox; without any, all of them."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        self._require(request, "POST")
        ids = request.POST.getlist("ids")
        count = services.read_mentions(
            by=request.user, mention_ids=keys_of(Mention, ids) if ids else None
        )
        if count:
            text = ngettext("%(count)s mention is read.", "%(count)s mentions are read.", count)
            messages.success(request, text % {"count": count})
        return answer_redirect(request, reverse("admin:mentions"))

    # --- Presence ------------------------------------------------------------------------------

    def here_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Hear a page's sign of life; answer with who is seen at work on the order.

        word: "open" reads the reader's mentions on it; "take_over" and "leave" say so.
        """
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        self._require(request, "POST")
        key = next(iter(keys_of(Order, [object_id])), None)
        user, word, now = request.user, request.POST.get("word", ""), timezone.now()
        may_work = user.has_perm(services.PRESENCE_PERMISSION)
        if key is None:
            return HttpResponse(status=404)
        if word == "leave":
            services.leave(order_id=key, by=user, now=now)
            return HttpResponse(status=204)
        if word == "open":
            services.read_mentions(by=user, order_id=key)
        try:
            if may_work:
                verb = services.take_over if word == "take_over" else services.be_present
                presence = verb(order_id=key, by=user, now=now)
            else:
                presence = services.presence_of(key, now)
        except Refused as refused:
            return HttpResponse(str(refused), status=refused.http_status, content_type="text/plain")
        p = {"may_work": may_work, **seen(presence, reader=user)}
        return TemplateResponse(request, "orders/workspace/present.html", {"p": p})

    # --- What is offered to type ---------------------------------------------------------------

    def mentionable_view(self, request: HttpRequest) -> HttpResponse:
        """Offer whom a note can name: active colleagues who may see what it is about."""
        self._require(request, "GET")
        is_customer = request.GET.get("about") == "customer"
        found = list(
            services.colleagues("orders.view_customer" if is_customer else "orders.view_order")
        )
        handles = handles_among(found)
        offers: list[dict[str, Any]] = []
        for person in found:
            known = [handle for handle in handles_of(person) if handle in handles]
            if known and person.pk != request.user.pk:
                offers.append({"handle": known[0], "name": str(person)})
        return JsonResponse(offers, safe=False, headers={"Cache-Control": "no-store"})

    def used_tags_view(self, request: HttpRequest) -> HttpResponse:
        """Offer the tags that are in use, the most used first."""
        self._require(request, "GET")
        names = (
            OrderTag.objects.order_by()
            .values("name")
            .annotate(n=Count("pk"))
            .order_by("-n", "name")
            .values_list("name", flat=True)[:TAGS_OFFERED]
        )
        return JsonResponse(list(names), safe=False, headers={"Cache-Control": "no-store"})

    def _require(self, request: HttpRequest, method: str) -> None:
        allowed = {"GET", "HEAD"} if method == "GET" else {method}
        if request.method not in allowed or not self.has_view_permission(request):
            raise PermissionDenied


def dot(presence: Presence | None) -> SafeString | str:
    """Return the sign that somebody is at work on an order."""
    if presence is None:
        return ""
    since = in_words(timezone.now() - presence.since)
    title = _("%(who)s has been working on this for %(span)s") % {
        "who": presence.user,
        "span": since,
    }
    return format_html(
        '<span class="ol-dot" role="img" title="{}" aria-label="{}"></span>', title, title
    )


def follow_up_badge(on: date | None) -> SafeString | str:
    if on is None:
        return ""
    today = timezone.localdate()
    title = f"{follow_up_word(on, today)} {date_format(on, 'j M Y')}"
    return badge(date_format(on, "j M"), follow_up_tone(on, today), title=title)
