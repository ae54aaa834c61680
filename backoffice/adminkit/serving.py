"""Serving acts: their dialogs, their confirmation, their report. The same for every admin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice.adminkit import report as reports
from backoffice.adminkit.acts import Act
from backoffice.adminkit.answers import answer_redirect, came_from, is_htmx, safe_path
from backoffice.adminkit.forms import ActForm
from backoffice.adminkit.lists import keys_of
from backoffice.idempotency import once
from backoffice.refused import Refused, StaleVersion, Text, TooMany, UnknownRow

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    Base = ModelAdmin[Any]
else:
    Base = object

ACTION_PREFIX = "act_"


@dataclass(frozen=True)
class RowOffer:
    """An act beside a row: its dialog's address, or why it is closed."""

    act: Act
    url: str
    refusal: Refused | None

    @property
    def is_open(self) -> bool:
        return self.refusal is None


class ServesActs(Base):
    """The part of ConsoleAdmin that serves `acts`: `<pk>/acts/<name>/` and `acts/<name>/`."""

    acts: Sequence[Act] = ()

    # --- What subclasses may say ---------------------------------------------------------------

    def get_acts(self) -> dict[str, Act]:
        """Return the acts of this admin by name."""
        return {act.name: act for act in self.acts}

    def act_facts(
        self, request: HttpRequest, act: Act, rows: Sequence[Any]
    ) -> Sequence[tuple[Text, Any]]:
        """Return what a dialog shows above its questions: label and value."""
        return ()

    def act_button(self, request: HttpRequest, act: Act, rows: Sequence[Any]) -> Text:
        """Return what a dialog over one row calls its button: the verb, and its effect."""
        return act.label

    def load_facts(self, rows: Sequence[Any]) -> None:
        """Load what `Act.refusal` needs, for rows already read."""

    # --- Addresses -----------------------------------------------------------------------------

    def act_urls(self) -> list[URLPattern]:
        stem = f"{self.opts.app_label}_{self.opts.model_name}"
        wrap = self.admin_site.admin_view
        return [
            path("acts/report/<str:key>/", wrap(self.act_report_view), name=f"{stem}_act_report"),
            path("acts/<str:name>/", wrap(self.bulk_act_view), name=f"{stem}_bulk_act"),
            path("<path:object_id>/acts/<str:name>/", wrap(self.act_view), name=f"{stem}_act"),
        ]

    def admin_path(self, what: str, *args: Any) -> str:
        """Return the path of one of this admin's pages: "changelist", "act", "bulk_act" …"""
        name = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_{what}"
        return reverse(name, args=args)

    # --- Offers --------------------------------------------------------------------------------

    def allowed_acts(self, request: HttpRequest) -> list[Act]:
        return [act for act in self.get_acts().values() if act.is_allowed(request.user)]

    def row_offers(self, request: HttpRequest, row: Any) -> list[RowOffer]:
        """Return what this person may do to a row whose facts are loaded.

        Open acts first, and of them the dangerous ones last.
        """
        offers = []
        for act in self.allowed_acts(request):
            if act.for_one is None or act.is_quiet or not act.applies_to(row):
                continue
            step = act.step
            if step is not None and step.flow.state_of(row).name not in step.sources:
                continue
            url = self.admin_path("act", row.pk, act.name)
            offers.append(RowOffer(act, url, act.closed_because(row)))
        return sorted(offers, key=lambda o: (not o.is_open, o.is_open and o.act.tone == "danger"))

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Add the bulk acts this person may do; nothing of Django's own (raw deletes)."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        if "_popup" in request.GET:
            return actions
        for act in self.allowed_acts(request):
            if act.for_many is not None:
                name = f"{ACTION_PREFIX}{act.name}"
                actions[name] = (partial(_open_bulk_dialog, act=act), name, act.label)
        return actions

    def bulk_acts(self, request: HttpRequest) -> list[Act]:
        return [act for act in self.allowed_acts(request) if act.for_many is not None]

    # --- One row -------------------------------------------------------------------------------

    def act_view(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        """GET: the dialog; POST: do it. Refused: the dialog again, with the sentence."""
        if request.method not in {"GET", "HEAD", "POST"}:
            return HttpResponseNotAllowed(["GET", "POST"])
        act = self._act(request, name, many=False)
        row = self._row(request, object_id)
        version = getattr(row, "version", None)
        if request.method != "POST":
            form = ActForm(act.asks, version=version, next_page=came_from(request))
            return self._dialog(request, act, form, [row], refused=act.closed_because(row))
        form = ActForm(act.asks, request.POST)
        if not form.is_valid():
            return self._dialog(request, act, form, [row], status=422)
        try:
            location = once(
                by=request.user,
                key=form.cleaned_data["idempotency_key"],
                content={"act": act.name, "row": str(row.pk), "answers": form.answers},
                work=lambda: self._do_one(request, act, row, form),
            )
        except Refused as refused:
            form.renew_key()
            if isinstance(refused, StaleVersion):
                # What is shown now is the newer row: a second press means that one.
                row = self._row(request, object_id)
                form.data["row_version"] = str(getattr(row, "version", "") or "")
            return self._dialog(
                request, act, form, [row], refused=refused, status=refused.http_status
            )
        return answer_redirect(request, location)

    def _do_one(self, request: HttpRequest, act: Act, row: Any, form: ActForm) -> str:
        act.run_one(
            row.pk,
            model_name=self.opts.model_name,
            by=request.user,
            answers=form.answers,
            version=form.cleaned_data["row_version"],
        )
        messages.success(request, self.done_message(act, row))
        if not self.model._base_manager.filter(pk=row.pk).exists():
            return self.admin_path("changelist")
        back = safe_path(request, form.cleaned_data["next_page"])
        return back or self.admin_path("change", row.pk)

    def done_message(self, act: Act, row: Any) -> str:
        """Return what is said when an act succeeded."""
        if act.done:
            return str(act.done).format(row=row)
        if act.step is not None and act.step.target:
            state = act.step.flow.states[act.step.target].label
            return _("{row} – {act}: now {state}.").format(row=row, act=act.label, state=state)
        return _("{row} – {act}: done.").format(row=row, act=act.label)

    # --- A selection ---------------------------------------------------------------------------

    def open_bulk_dialog(
        self, request: HttpRequest, act: Act, queryset: QuerySet[Any]
    ) -> HttpResponse:
        """Ask before a bulk act: how many rows, which of them cannot, and the act's questions."""
        limit = settings.BULK_LIMIT_ROWS
        rows = list(queryset[: limit + 1])
        form = ActForm(act.asks, next_page=request.get_full_path())
        if len(rows) > limit:
            refused = TooMany(count=queryset.order_by().count(), limit=limit)
            return self._dialog(
                request, act, form, rows, many=True, refused=refused, status=refused.http_status
            )
        return self._dialog(request, act, form, rows, many=True)

    def bulk_act_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """Do an act to the rows named in `ids`; the answer is the list, or a report."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        act = self._act(request, name, many=True)
        ids = list(dict.fromkeys(request.POST.getlist("ids")))
        rows = self._rows(request, ids)
        form = ActForm(act.asks, request.POST)
        limit = settings.BULK_LIMIT_ROWS
        if len(ids) > limit:
            refused: Refused = TooMany(count=len(ids), limit=limit)
            return self._dialog(
                request, act, form, rows[:limit], many=True, refused=refused, status=422
            )
        if not form.is_valid():
            return self._dialog(request, act, form, rows, many=True, status=422)
        try:
            location = once(
                by=request.user,
                key=form.cleaned_data["idempotency_key"],
                content={"act": act.name, "rows": ids, "answers": form.answers},
                work=lambda: self._do_many(request, act, ids, rows, form),
            )
        except Refused as refused:
            form.renew_key()
            return self._dialog(
                request, act, form, rows, many=True, refused=refused, status=refused.http_status
            )
        return answer_redirect(request, location)

    def _do_many(
        self, request: HttpRequest, act: Act, ids: Sequence[str], rows: Sequence[Any], form: ActForm
    ) -> str:
        outcome = act.run_many(
            [row.pk for row in rows],
            model_name=self.opts.model_name,
            by=request.user,
            answers=form.answers,
        )
        # What is not among the rows this role may see does not exist for it.
        found = {str(row.pk) for row in rows}
        outcome.refused += [
            (pk, UnknownRow(what=self.opts.verbose_name, key=pk)) for pk in ids if pk not in found
        ]
        done = len(outcome.done)
        if outcome.refused:
            return self.admin_path("act_report", reports.keep(request, act, outcome))
        text = ngettext("{act}: {count} done.", "{act}: {count} done.", done)
        messages.success(request, text.format(act=act.label, count=done))
        return safe_path(request, form.cleaned_data["next_page"]) or self.admin_path("changelist")

    def act_report_view(self, request: HttpRequest, key: str) -> HttpResponse:
        """Show what a bulk act did and what it refused, grouped by sentence."""
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        report = reports.recall(request, key)
        if report is None:
            raise Http404(_("This report is no longer kept; the rows' histories are."))
        context = {
            **self.admin_site.each_context(request),
            "title": report.label,
            "opts": self.opts,
            "report": report,
            "checkbox_name": ACTION_CHECKBOX_NAME,
            "action_name": f"{ACTION_PREFIX}{report.act}",
            "list_url": self.admin_path("changelist"),
            "change_url_name": f"admin:{self.opts.app_label}_{self.opts.model_name}_change",
        }
        return TemplateResponse(request, "backoffice/act_report.html", context)

    # --- Inside --------------------------------------------------------------------------------

    def _act(self, request: HttpRequest, name: str, *, many: bool) -> Act:
        act = self.get_acts().get(name)
        if act is None or (act.for_many if many else act.for_one) is None:
            raise Http404
        if not (self.has_view_permission(request) and act.is_allowed(request.user)):
            raise PermissionDenied
        return act

    def _row(self, request: HttpRequest, object_id: str) -> Any:
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        self.load_facts([row])
        return row

    def _rows(self, request: HttpRequest, ids: Sequence[str]) -> list[Any]:
        pks = keys_of(self.model, ids)
        return list(self.get_queryset(request).filter(pk__in=pks).order_by("pk"))

    def _dialog(
        self,
        request: HttpRequest,
        act: Act,
        form: ActForm,
        rows: Sequence[Model],
        *,
        many: bool = False,
        refused: Refused | None = None,
        status: int = 200,
    ) -> HttpResponse:
        closed: list[tuple[Any, Refused]] = []
        if many and refused is None:
            self.load_facts(rows)
            closed = [(r, why) for r in rows if (why := act.closed_because(r)) is not None]
        is_blocked = isinstance(refused, TooMany) or (
            refused is not None and not many and not form.is_bound
        )
        context = {
            "act": act,
            "form": form,
            "rows": rows,
            "row": rows[0] if rows and not many else None,
            "many": many,
            "closed": reports.closed_groups(closed),
            "closed_count": len(closed),
            "open_count": len(rows) - len(closed),
            "facts": self.act_facts(request, act, rows),
            "button": act.label if many else self.act_button(request, act, rows),
            "refused": refused,
            "is_blocked": is_blocked,
            "opts": self.opts,
            "action_url": self.admin_path("bulk_act", act.name)
            if many
            else self.admin_path("act", rows[0].pk, act.name),
            "back_url": safe_path(request, str(form["next_page"].value() or ""))
            or self.admin_path("changelist"),
        }
        if is_htmx(request):
            return TemplateResponse(request, "backoffice/act_dialog.html", context, status=status)
        page = {**self.admin_site.each_context(request), **context, "title": act.label}
        return TemplateResponse(request, "backoffice/act_page.html", page, status=status)


def _open_bulk_dialog(
    admin: ServesActs, request: HttpRequest, queryset: QuerySet[Any], *, act: Act
) -> HttpResponse:
    return admin.open_bulk_dialog(request, act, queryset)
