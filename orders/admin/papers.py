"""Printing from the console: one paper of one order, or one file for a selection."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.http import content_disposition_header
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from backoffice.adminkit.console import ConsoleAdmin
from backoffice.adminkit.lists import keys_of
from backoffice.refused import NotAllowed, Refused, UnknownRow
from orders.models import Order
from orders.papers import PAPERS, Printed, print_orders
from orders.papers.printing import MOST_ORDERS

PRINT_PREFIX = "print_"
LOWER = {"packing_slip": _("packing slips"), "invoice": _("invoices")}


def answer_pdf(printed: Printed, *, is_head: bool = False) -> HttpResponse:
    """Show a file in the browser under its name; it holds addresses, so nobody keeps a copy."""
    response = HttpResponse(b"" if is_head else printed.content, content_type="application/pdf")
    # The number of an order from elsewhere is whatever the other shop calls it.
    name = printed.file_name.replace("/", "-").replace("\\", "-")
    response["Content-Disposition"] = content_disposition_header(as_attachment=False, filename=name)
    response["Cache-Control"] = "no-store, private"
    response["X-Content-Type-Options"] = "nosniff"
    return response


class PrintsPapers(ConsoleAdmin):
    """The part of OrderAdmin that prints. Looking is all it does, so a GET is enough for one."""

    def paper_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path(
                "<path:object_id>/papers/<slug:paper>/",
                wrap(self.paper_view),
                name="orders_order_paper",
            )
        ]

    def get_urls(self) -> list[URLPattern]:
        return [*self.paper_urls(), *super().get_urls()]

    def paper_view(self, request: HttpRequest, object_id: str, paper: str) -> HttpResponse:
        """Print one order's paper."""
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        ids = keys_of(Order, [object_id])
        try:
            printed = print_orders(paper=paper, order_ids=ids, by=request.user)
        except UnknownRow as refusal:
            raise Http404(str(refusal)) from refusal
        except NotAllowed as refusal:
            raise PermissionDenied(str(refusal)) from refusal
        except Refused as refusal:
            messages.error(request, str(refusal))
            return redirect(self.admin_path("change", ids[0]))
        return answer_pdf(printed)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Add a print button for each paper this person may have.

        No acts: nothing is changed, so nothing is asked, planned or confirmed; the list's form
        posts the selection, and the answer is the file.
        """
        actions = super().get_actions(request)
        if "_popup" in request.GET:
            return actions
        for paper in PAPERS.values():
            if request.user.has_perm(paper.permission):
                name = f"{PRINT_PREFIX}{paper.name}"
                label = format_lazy(_("Print {papers}"), papers=LOWER[paper.name])
                actions[name] = (partial(_print_selection, paper=paper.name), name, label)
        return actions

    def print_selection(
        self, request: HttpRequest, queryset: QuerySet[Order], paper: str
    ) -> HttpResponse | None:
        """Print the selection in the list's order; None shows the list again, with the sentence."""
        ids = list(queryset.values_list("pk", flat=True)[: MOST_ORDERS + 1])
        try:
            printed = print_orders(paper=paper, order_ids=ids, by=request.user)
        except Refused as refusal:
            messages.error(request, str(refusal))
            return None
        return answer_pdf(printed)


def _print_selection(
    model_admin: PrintsPapers, request: HttpRequest, queryset: QuerySet[Order], *, paper: str
) -> HttpResponse | None:
    return model_admin.print_selection(request, queryset, paper)
