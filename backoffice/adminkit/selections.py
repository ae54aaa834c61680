"""Serving acts on a selection: a dialog with the plan for few rows, a page of its own for many.

Both are bulk runs: staged, planned, confirmed, receipted (`backoffice.bulk`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice import bulk
from backoffice.adminkit.acts import Act
from backoffice.adminkit.answers import answer_redirect, safe_path
from backoffice.adminkit.display import money
from backoffice.adminkit.forms import ActForm
from backoffice.adminkit.lists import keys_of
from backoffice.adminkit.serving import ServesActs
from backoffice.approvals import ApprovalAsked
from backoffice.idempotency import once
from backoffice.models import BulkRun
from backoffice.refused import Refused

ACTION_PREFIX = "act_"


def run_path(run: BulkRun) -> str:
    """Return the page of a bulk run: plan, progress and receipt."""
    return reverse("admin:backoffice_bulkrun_change", args=[run.pk])


class ServesSelections(ServesActs):
    """The part of ConsoleAdmin that serves `acts` on many rows: `acts/<name>/`."""

    def rows_for_bulk(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return rows with what their names and facts need; no one's filters, the run has them."""
        related = self.list_select_related
        if isinstance(related, list | tuple):
            return queryset.select_related(*related)
        return queryset

    def act_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_bulk_act"
        view = self.admin_site.admin_view(self.bulk_act_view)
        return [path("acts/<str:name>/", view, name=name), *super().act_urls()]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Add the bulk acts this person may do; nothing of Django's own (raw deletes)."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        if "_popup" in request.GET:
            return actions
        for act in self.bulk_acts(request):
            name = f"{ACTION_PREFIX}{act.name}"
            actions[name] = (partial(_open_bulk_dialog, act=act), name, act.label)
        return actions

    def bulk_acts(self, request: HttpRequest) -> list[Act]:
        return [act for act in self.allowed_acts(request) if act.for_many is not None]

    # --- Asking --------------------------------------------------------------------------------

    def open_bulk_dialog(
        self, request: HttpRequest, act: Act, queryset: QuerySet[Any]
    ) -> HttpResponse:
        """Ask before a bulk act: in a dialog for few rows; many are staged, with a page."""
        limit = settings.BULK_AT_ONCE_ROWS
        rows = list(queryset[: limit + 1])
        form = ActForm(act.asks, next_page=request.get_full_path())
        if len(rows) <= limit:
            return self._bulk_dialog(request, act, form, rows)
        is_across = request.POST.get("select_across") == "1"
        try:
            run = self._staged(request, act, queryset, is_across=is_across)
        except Refused as refused:
            return self._bulk_dialog(request, act, form, [], refused=refused)
        return answer_redirect(request, run_path(run))

    def bulk_act_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """Do an act to the rows named in `ids`; the answer is the list, or the receipt."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        act = self._act(request, name, many=True)
        ids = list(dict.fromkeys(request.POST.getlist("ids")))
        chosen = self.get_queryset(request).filter(pk__in=keys_of(self.model, ids))
        if len(ids) > settings.BULK_AT_ONCE_ROWS:
            return self.open_bulk_dialog(request, act, chosen)
        rows = list(chosen.order_by("pk"))
        form = ActForm(act.asks, request.POST)
        if not rows:
            return self._bulk_dialog(request, act, form, rows, refused=bulk.NothingSelected())
        if not form.is_valid():
            return self._bulk_dialog(request, act, form, rows, status=422)
        try:
            location = once(
                by=request.user,
                key=form.cleaned_data["idempotency_key"],
                content={"act": act.name, "rows": ids, "answers": form.answers},
                work=lambda: self._do_many(request, act, ids, chosen, form),
            )
        except Refused as refused:
            form.renew_key()
            return self._bulk_dialog(request, act, form, rows, refused=refused)
        return answer_redirect(request, location)

    # --- Inside --------------------------------------------------------------------------------

    def _staged(
        self, request: HttpRequest, act: Act, queryset: QuerySet[Any], *, is_across: bool
    ) -> BulkRun:
        run = bulk.stage(
            subject=bulk.Subject(self, act),
            queryset=queryset,
            by=request.user,
            is_across=is_across,
            list_path=request.get_full_path() if request.GET else self.admin_path("changelist"),
        )
        return bulk.start_plan(run)

    def _do_many(
        self,
        request: HttpRequest,
        act: Act,
        ids: Sequence[str],
        chosen: QuerySet[Any],
        form: ActForm,
    ) -> str:
        back = safe_path(request, form.cleaned_data["next_page"]) or self.admin_path("changelist")
        # A selection of few is planned and confirmed by one press: a refused one leaves no trace.
        with transaction.atomic():
            run = bulk.plan(
                bulk.stage(
                    subject=bulk.Subject(self, act),
                    queryset=chosen,
                    by=request.user,
                    list_path=back,
                    unknown=ids,
                )
            )
        try:
            run = bulk.confirm(
                uuid=run.uuid,
                by=request.user,
                answers=form.answers,
                typed=request.POST.get("typed_rows", ""),
            )
        except ApprovalAsked as asked:
            messages.info(request, asked.message)
            return run_path(run)
        except Refused:
            BulkRun.objects.filter(pk=run.pk, change_set=None).delete()
            raise
        if run.state != BulkRun.State.DONE or run.refused:
            return run_path(run)
        text = ngettext("{act}: {count} done.", "{act}: {count} done.", run.done)
        said = text.format(act=act.label, count=run.done)
        messages.success(
            request,
            format_html(
                '{} <a class="bo-link" href="{}">{}</a>', said, run_path(run), _("Receipt")
            ),
        )
        return back

    def _bulk_dialog(
        self,
        request: HttpRequest,
        act: Act,
        form: ActForm,
        rows: Sequence[Any],
        *,
        refused: Refused | None = None,
        status: int = 0,
    ) -> HttpResponse:
        self.load_facts(rows)
        closed = [(row, why) for row in rows if (why := act.closed_because(row)) is not None]
        shut = {row.pk for row, _why in closed}
        able = [row for row in rows if row.pk not in shut]
        sums = bulk.Subject(self, act).sums(able)
        count = len(rows)
        context: Mapping[str, Any] = {
            "many": True,
            "dialog_title": ngettext("{act}: {count} row", "{act}: {count} rows", count).format(
                act=act.label, count=count
            )
            if count
            else act.label,
            "closed": bulk.groups_among(closed),
            "closed_count": len(closed),
            "open_count": len(able),
            "sums": [money(amount, code) for code, amount in sums.items()],
            "typed_rows": bulk.rows_to_type(act, len(able), sums),
            "button": f"{act.label} ({len(able)})",
            "is_blocked": not able,
            "action_url": self.admin_path("bulk_act", act.name),
        }
        if refused is None and rows and not able:
            refused = bulk.NoneCan()
            status = status or 200
        return self.render_dialog(
            request,
            act,
            form,
            rows,
            context,
            refused=refused,
            status=status or (refused.http_status if refused else 200),
        )


def _open_bulk_dialog(
    admin: ServesSelections, request: HttpRequest, queryset: QuerySet[Any], *, act: Act
) -> HttpResponse:
    return admin.open_bulk_dialog(request, act, queryset)
