"""Two steps of a return that need a page: inspecting at the bench, and choosing the exchange."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from backoffice.adminkit.flow_admin import FlowAdmin
from backoffice.flows import Step
from backoffice.idempotency import once
from backoffice.ids import uuid7
from backoffice.refused import Refused, StaleVersion
from orders import services
from orders.admin.return_forms import ExchangeForm, ExchangeLines, InspectForm, start_of
from orders.models import Return
from orders.return_page import ReturnPage, load_return, page_of
from orders.states import RETURN_FLOW
from orders.sums import in_words


class HandlesReturns(FlowAdmin):
    """The part of ReturnAdmin that serves `<pk>/inspect/` and `<pk>/exchange/`."""

    def page_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:object_id>/inspect/", wrap(self.inspect_view), name="orders_return_inspect"),
            path(
                "<int:object_id>/exchange/", wrap(self.exchange_view), name="orders_return_exchange"
            ),
        ]

    # --- Inspecting ----------------------------------------------------------------------------

    def inspect_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Three small numbers per line; they start at “all sellable”."""
        step = RETURN_FLOW["inspect"]
        row = self._row_for(request, step, object_id)
        if isinstance(row, HttpResponse):
            return row
        parts = list(row.lines.select_related("line__product").order_by("line_id"))
        form = InspectForm(parts, request.POST if request.method == "POST" else None, row=row)
        if request.method != "POST":
            return self._inspect_page(request, row, form)
        if not form.is_valid():
            return self._inspect_page(request, row, form, status=422)
        return self._sent(
            request,
            row,
            form,
            work=lambda: self._inspect(request, row, form),
            again=lambda refused: self._inspect_page(
                request, self._fresh(row), form, refused=refused, status=refused.http_status
            ),
        )

    def _inspect(self, request: HttpRequest, row: Return, form: InspectForm) -> str:
        done = services.inspect_return(
            return_id=row.pk,
            results=form.results,
            by=request.user,
            reason=form.cleaned_data["reason"],
            version=form.cleaned_data["version"],
        )
        messages.success(request, _("{row}: inspected; the stock is where it belongs.").format(
            row=done))  # fmt: skip
        return self.admin_path("change", row.pk)

    def _inspect_page(
        self,
        request: HttpRequest,
        row: Return,
        form: InspectForm,
        *,
        refused: Refused | None = None,
        status: int = 200,
    ) -> HttpResponse:
        title = _("Inspect {row}").format(row=row)
        return self._page(request, "orders/return_inspect.html", row, form, title, refused, status)

    # --- Exchanging ----------------------------------------------------------------------------

    def exchange_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Choose what the customer gets instead; what came back is the first proposal."""
        step = RETURN_FLOW["exchange"]
        row = self._row_for(request, step, object_id)
        if isinstance(row, HttpResponse):
            return row
        if request.method != "POST":
            form = ExchangeForm(initial=start_of(row))
            lines = ExchangeLines(initial=form.proposed(row), prefix="lines")
            return self._exchange_page(request, row, form, lines)
        form, lines = ExchangeForm(request.POST), ExchangeLines(request.POST, prefix="lines")
        if not (form.is_valid() and lines.is_valid()):
            return self._exchange_page(request, row, form, lines, status=422)
        return self._sent(
            request,
            row,
            form,
            work=lambda: self._exchange(request, row, form, lines),
            again=lambda refused: self._exchange_page(
                request, self._fresh(row), form, lines, refused=refused, status=refused.http_status
            ),
        )

    def _exchange(self, request: HttpRequest, row: Return, form: ExchangeForm, lines: Any) -> str:
        order = services.exchange_return(
            return_id=row.pk,
            lines=[
                services.LineDraft(cleaned["product"].pk, cleaned["quantity"])
                for cleaned in (line.cleaned_data for line in lines)
                if cleaned.get("product") and not cleaned.get("DELETE")
            ],
            shipping_fee=form.cleaned_data["shipping_fee"],
            by=request.user,
            reason=form.cleaned_data["reason"],
            version=form.cleaned_data["version"],
        )
        after = self._fresh(row)
        said = _("{row} is exchanged for {order}, {total}.").format(
            row=row, order=order, total=in_words(order.total, order.currency)
        )
        messages.success(request, said)
        if after.facts.due > 0:
            due = in_words(after.facts.due, order.currency)
            messages.warning(request, _("{due} are left to be refunded.").format(due=due))
        return self.admin_path("change", row.pk)

    def _exchange_page(
        self,
        request: HttpRequest,
        row: Return,
        form: ExchangeForm,
        lines: Any,
        *,
        refused: Refused | None = None,
        status: int = 200,
    ) -> HttpResponse:
        title = _("Exchange {row}").format(row=row)
        more = {"lines": lines, "media": self.media + form.media + lines.media}
        return self._page(
            request, "orders/return_exchange.html", row, form, title, refused, status, **more
        )

    # --- Both ----------------------------------------------------------------------------------

    def _row_for(self, request: HttpRequest, step: Step, object_id: int) -> Return | HttpResponse:
        """Return the return that somebody may take the step on; or where to go instead."""
        if request.method not in {"GET", "HEAD", "POST"}:
            return HttpResponseNotAllowed(["GET", "POST"])
        if not (self.has_view_permission(request) and request.user.has_perm(step.permission_name)):
            raise PermissionDenied
        row = load_return(object_id)
        if row is None:
            raise Http404
        if request.method != "POST" and (refused := step.refusal(row)) is not None:
            messages.error(request, str(refused))
            return redirect(self.admin_path("change", row.pk))
        return row

    def _fresh(self, row: Return) -> Return:
        fresh = load_return(row.pk)
        assert fresh is not None, "no return is ever deleted"
        return fresh

    def _sent(
        self,
        request: HttpRequest,
        row: Return,
        form: forms.Form,
        *,
        work: Callable[[], str],
        again: Callable[[Refused], HttpResponse],
    ) -> HttpResponse:
        """Do once what was sent; refused: the same page again, with the sentence."""
        sent = sorted(item for item in request.POST.lists() if item[0] != "csrfmiddlewaretoken")
        try:
            location = once(
                by=request.user,
                key=form.cleaned_data["idempotency_key"],
                content={"return": row.pk, "path": request.path, "sent": sent},
                work=work,
            )
        except Refused as refused:
            form.data = form.data.copy()
            form.data["idempotency_key"] = uuid7().hex
            if isinstance(refused, StaleVersion):
                form.data["version"] = refused.facts["theirs"]
            return again(refused)
        return redirect(location)

    def _page(
        self,
        request: HttpRequest,
        template: str,
        row: Return,
        form: forms.Form,
        title: str,
        refused: Refused | None,
        status: int,
        **more: Any,
    ) -> HttpResponse:
        page: ReturnPage = page_of(row, user=request.user)
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "original": row,
            "row": row,
            "page": page,
            "form": form,
            "refused": refused,
            "currency": row.order.currency,
            "back_url": self.admin_path("change", row.pk),
            **more,
        }
        return TemplateResponse(request, template, context, status=status)
