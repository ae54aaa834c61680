"""Writing and editing an order: one form, for a new draft, a draft and a pending order."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from backoffice.adminkit import timeline
from backoffice.adminkit.acts import Act
from backoffice.idempotency import once
from backoffice.ids import uuid7
from backoffice.refused import Refused, StaleVersion
from orders import services
from orders.admin.conflicts import conflicts_of, merged_changes, merged_lines
from orders.admin.lookups import LooksUp
from orders.admin.order_form import EditForm, LineFormSet, drafts_in, form_class_of, forms_of
from orders.balance import balance_of
from orders.facts import load_facts
from orders.models import Order
from orders.previews import EditPreview, preview_edit
from orders.states import ORDER_FLOW
from orders.sums import in_words

EDIT = ORDER_FLOW["edit"]
NEVER_CARRIED = {"version", "csrfmiddlewaretoken", "merge", "mine", "idempotency_key"}


class WritesOrders(LooksUp):
    """The part of OrderAdmin that writes: `add/`, `<pk>/edit/` and its preview."""

    hidden_steps = ("edit", "merge")

    def writing_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            *self.lookup_urls(),
            path("<int:object_id>/edit/", wrap(self.edit_view), name="orders_order_edit"),
            path(
                "<int:object_id>/edit/preview/",
                wrap(self.preview_view),
                name="orders_order_preview",
            ),
        ]

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return request.user.has_perm("orders.add_order")

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Write a new draft."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        return self._form_view(request, None)

    def edit_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Write a draft anew, or edit a pending order; anything else is done by acts."""
        order = self._order_to_edit(request, object_id)
        if order.status != "draft" and (refused := EDIT.refusal(order)) is not None:
            messages.error(request, str(refused))
            return redirect(self.admin_path("change", order.pk))
        return self._form_view(request, order)

    def preview_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Say what the form, as it stands, would change: a part of the page, nothing is saved."""
        order = self._order_to_edit(request, object_id)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        form, lines = _sent_forms(request, order)
        # A draft has nothing to compare with; neither has what an edit is closed for.
        preview, refused = None, EDIT.refusal(order)
        if refused is None and form.is_valid() and lines.is_valid():
            try:
                preview = _preview(order, form, lines)
            except Refused as error:
                refused = error
        context = {
            "preview": preview,
            "refused": refused or (preview and preview.shortage),
            "is_incomplete": preview is None and refused is None,
        }
        return TemplateResponse(request, "orders/edit_preview.html", context)

    def act_landing(self, request: HttpRequest, act: Act, row: Any, result: Any) -> str | None:
        """A duplicate leads to the new draft, and says what it leaves out."""
        if not isinstance(result, services.Duplicate):
            return super().act_landing(request, act, row, result)
        messages.success(request, _("A draft with the same products, at the prices of today."))
        for sentence in result.left_out:
            messages.warning(request, sentence)
        return self.admin_path("edit", result.order.pk)

    # --- Inside --------------------------------------------------------------------------------

    def _order_to_edit(self, request: HttpRequest, object_id: int) -> Order:
        if not request.user.has_perm(EDIT.permission_name):
            raise PermissionDenied
        order = Order.objects.filter(pk=object_id).first()
        if order is None:
            raise Http404
        load_facts([order])
        return order

    def _form_view(self, request: HttpRequest, order: Order | None) -> HttpResponse:
        if request.method not in {"GET", "HEAD", "POST"}:
            return HttpResponseNotAllowed(["GET", "POST"])
        if request.method != "POST":
            form, lines = forms_of(order, request.GET.get("customer", ""))
            return self._form_page(request, order, form, lines)
        form, lines = _sent_forms(request, order)
        if not (form.is_valid() and lines.is_valid()):
            return self._form_page(request, order, form, lines, status=422)
        try:
            location = once(
                by=request.user,
                key=form.cleaned_data["idempotency_key"],
                content={"draft": order and order.pk, "sent": _sent(request)},
                work=lambda: self._save(request, order, form, lines),
            )
        except StaleVersion as stale:
            assert order is not None, "a new draft has no version to be stale"
            return self._order_conflict_page(request, stale, order.pk, form, lines)
        except Refused as refused:
            form.data = form.data.copy()
            form.data["idempotency_key"] = uuid7().hex
            return self._form_page(
                request, order, form, lines, refused=refused, status=refused.http_status
            )
        return redirect(location)

    def _save(self, request: HttpRequest, order: Order | None, form: EditForm, lines: Any) -> str:
        said = {"reason": form.cleaned_data["reason"], "by": request.user}
        given, wanted = form.order_changes, drafts_in(lines)
        if order is None:
            saved = services.write_order(lines=wanted, **given, **said)
        else:
            if "merge" in request.POST:
                mine = request.POST.getlist("mine")
                given, wanted = merged_changes(form, mine), merged_lines(order, lines, mine)
            edit = services.edit_draft if order.status == "draft" else services.edit_order
            version = form.cleaned_data["version"]
            saved = edit(order_id=order.pk, lines=wanted, version=version, **given, **said)
        total = in_words(saved.total, saved.currency)
        told = _("{order} is saved: {total}.").format(order=saved, total=total)
        if saved.status == "pending":
            load_facts([saved])
            told = f"{told} {balance_of(saved).sentence}".strip()
        messages.success(request, told)
        return self.admin_path("change", saved.pk)

    def _form_page(
        self,
        request: HttpRequest,
        order: Order | None,
        form: EditForm,
        lines: Any,
        *,
        refused: Refused | None = None,
        status: int = 200,
    ) -> HttpResponse:
        is_pending = order is not None and order.status != "draft"
        user = request.user
        context = {
            **self.admin_site.each_context(request),
            "title": _("Edit {order}").format(order=order) if order else _("New order"),
            "opts": self.opts,
            "original": order,
            "order": order,
            "is_pending": is_pending,
            "form": form,
            "lines": lines,
            "refused": refused,
            "currency": order.currency if order else Order().currency,
            "media": self.media + form.media + lines.media,
            "may_discount": user.has_perm(ORDER_FLOW["discount"].permission_name),
            "can_add_customer": user.has_perm("orders.add_customer"),
            "preview_url": self.admin_path("preview", order.pk) if order and is_pending else "",
            "back_url": self.admin_path("change", order.pk)
            if order
            else self.admin_path("changelist"),
        }
        return TemplateResponse(request, "orders/order_form.html", context, status=status)

    def _order_conflict_page(
        self, request: HttpRequest, stale: StaleVersion, order_id: int, form: EditForm, lines: Any
    ) -> HttpResponse:
        """Show both values, part by part, with the way to keep either."""
        order = Order.objects.get(pk=order_id)
        found = conflicts_of(order, form, lines)
        sent = [
            (name, value)
            for name, values in request.POST.lists()
            if name not in NEVER_CARRIED
            for value in values
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": stale.message,
            "opts": self.opts,
            "original": order,
            "stale": stale,
            "conflicts": [part for part in found if part.i_changed],
            "merged": [part for part in found if not part.i_changed],
            "last": timeline.page_of(Order, order.pk, reader=request.user)[0][:1],
            "sent": [*sent, ("idempotency_key", uuid7().hex)],
            "version": order.version,
            "change_url": self.admin_path("edit", order.pk),
        }
        return TemplateResponse(request, "backoffice/conflict.html", context, status=409)


def _preview(order: Order, form: EditForm, lines: Any) -> EditPreview:
    return preview_edit(order_id=order.pk, lines=drafts_in(lines), **form.order_changes)


def _sent_forms(request: HttpRequest, order: Order | None) -> tuple[EditForm, Any]:
    form = form_class_of(order)(request.POST)
    lines = LineFormSet(request.POST, prefix="lines")
    rows = {str(row.pk): row for row in order.lines.all()} if order else {}
    for line in lines.forms:
        line.row = rows.get(str(line["line_id"].value() or ""))
    return form, lines


def _sent(request: HttpRequest) -> list[tuple[str, list[Any]]]:
    """Return what was sent, without the token that is made anew for each page."""
    return sorted(item for item in request.POST.lists() if item[0] != "csrfmiddlewaretoken")
