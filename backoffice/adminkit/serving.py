"""Serving acts on one row: the dialog and its confirmation. The same for every admin.

Selections are `selections.py`'s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from backoffice.adminkit.acts import Act
from backoffice.adminkit.answers import answer_redirect, came_from, is_htmx, safe_path
from backoffice.adminkit.forms import ActForm
from backoffice.approvals import ApprovalAsked
from backoffice.idempotency import StillRunning, answered, once
from backoffice.refused import Refused, StaleVersion, Text

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    Base = ModelAdmin[Any]
else:
    Base = object


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
    """The part of ConsoleAdmin that serves `acts` on one row: `<pk>/acts/<name>/`."""

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

    def act_landing(self, request: HttpRequest, act: Act, row: Any, result: Any) -> str | None:
        """Return where an act leads that made something else to look at, and say what it was."""
        return None

    def load_facts(self, rows: Sequence[Any]) -> None:
        """Load what `Act.refusal` needs, for rows already read."""

    # --- Addresses -----------------------------------------------------------------------------

    def act_urls(self) -> list[URLPattern]:
        stem = f"{self.opts.app_label}_{self.opts.model_name}"
        wrap = self.admin_site.admin_view
        return [
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
        return self.offers_among(self.allowed_acts(request), request, row)

    def offers_among(self, acts: Sequence[Act], request: HttpRequest, row: Any) -> list[RowOffer]:
        """Return which of some acts are offered for a row: what is not asked for costs nothing."""
        offers = []
        for act in acts:
            if act.for_one is None or act.is_quiet or not act.applies_to(row):
                continue
            step = act.step
            if step is not None and step.flow.state_of(row).name not in step.sources:
                continue
            url = self.admin_path("act", row.pk, act.name)
            offers.append(RowOffer(act, url, act.closed_because(row, request.user)))
        return sorted(offers, key=lambda o: (not o.is_open, o.is_open and o.act.tone == "danger"))

    # --- One row -------------------------------------------------------------------------------

    def act_view(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        """GET: the dialog; POST: do it. Refused: the dialog again, with the sentence."""
        if request.method not in {"GET", "HEAD", "POST"}:
            return HttpResponseNotAllowed(["GET", "POST"])
        act = self._act(request, name, many=False)
        row = self._row(request, object_id)
        version = getattr(row, "version", None)
        if request.method != "POST":
            form = ActForm(
                act.asks,
                row=row,
                version=version,
                next_page=came_from(request),
                preset=request.GET,
            )
            refused = act.closed_because(row, request.user)
            return self._dialog(request, act, form, [row], refused=refused)
        form = ActForm(act.asks, request.POST, row=row)
        if act.preview and "preview" in request.POST:
            return self._dialog(request, act, form, [row])
        if not form.is_valid():
            return self._answer_again(request, act, form, row)
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

    def _answer_again(
        self, request: HttpRequest, act: Act, form: ActForm, row: Any
    ) -> HttpResponse:
        """Answer a form that is not valid: marked, or, for a second press, as the first one was.

        What the first press did may be why the second makes no sense any more.
        """
        try:
            earlier = answered(by=request.user, key=request.POST.get("idempotency_key", "")[:64])
        except StillRunning as refused:
            return self._dialog(
                request, act, form, [row], refused=refused, status=refused.http_status
            )
        if earlier is not None:
            return answer_redirect(request, earlier)
        return self._dialog(request, act, form, [row], status=422)

    def _do_one(self, request: HttpRequest, act: Act, row: Any, form: ActForm) -> str:
        try:
            result = act.run_one(
                row.pk,
                model_name=self.opts.model_name,
                by=request.user,
                answers=form.answers,
                version=form.cleaned_data["row_version"],
            )
        except ApprovalAsked as asked:
            # Not an error: it is on somebody's desk now.
            messages.info(request, asked.message)
        else:
            if (landing := self.act_landing(request, act, row, result)) is not None:
                return landing
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

    def _dialog(
        self,
        request: HttpRequest,
        act: Act,
        form: ActForm,
        rows: Sequence[Any],
        *,
        refused: Refused | None = None,
        status: int = 200,
    ) -> HttpResponse:
        row = rows[0]
        context = {
            "row": row,
            "dialog_title": f"{act.label}: {row}",
            "button": self.act_button(request, act, rows),
            "is_blocked": refused is not None and not form.is_bound,
            "action_url": self.admin_path("act", row.pk, act.name),
        }
        return self.render_dialog(request, act, form, rows, context, refused=refused, status=status)

    def render_dialog(
        self,
        request: HttpRequest,
        act: Act,
        form: ActForm,
        rows: Sequence[Any],
        context: Mapping[str, Any],
        *,
        refused: Refused | None,
        status: int,
    ) -> HttpResponse:
        """Render a dialog, as a fragment or as a page of its own."""
        shown = {
            "act": act,
            "form": form,
            "rows": rows,
            "facts": self.act_facts(request, act, rows) if rows else (),
            "refused": refused,
            "opts": self.opts,
            "back_url": safe_path(request, str(form["next_page"].value() or ""))
            or self.admin_path("changelist"),
            **context,
        }
        if is_htmx(request):
            return TemplateResponse(request, "backoffice/act_dialog.html", shown, status=status)
        page = {**self.admin_site.each_context(request), **shown, "title": act.label}
        return TemplateResponse(request, "backoffice/act_page.html", page, status=status)
