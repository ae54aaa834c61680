"""The page that restores an earlier version: what comes back, field by field, and a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice import restoring
from backoffice.adminkit import timeline
from backoffice.adminkit.forms import ActForm
from backoffice.flows import Ask
from backoffice.refused import Refused, UnknownRow

if TYPE_CHECKING:
    from backoffice.adminkit.histories import ShowsHistory

    Base = ShowsHistory
else:
    Base = object

WHY = Ask(
    "reason",
    gettext_lazy("Reason"),
    "line",
    required=True,
    help=gettext_lazy("For whoever asks next month."),
)


class RestoresVersions(Base):
    """The part of ConsoleAdmin that serves `<pk>/restore/<history_id>/` for what can go back."""

    def restore_urls(self) -> list[URLPattern]:
        if restoring.restoring_of(self.model) is None:
            return []
        return [
            path(
                "<path:object_id>/restore/<int:history_id>/",
                self.admin_site.admin_view(self.restore_version_view),
                name=f"{self.opts.app_label}_{self.opts.model_name}_restore_version",
            )
        ]

    def restore_url(self, request: HttpRequest, row: Any, history_id: int) -> str:
        """Return where a version is restored, for those who may."""
        entry = restoring.restoring_of(self.model)
        if entry is None or row is None or not request.user.has_perm(entry.permission):
            return ""
        return self.admin_path("restore_version", row.pk, history_id)

    def restore_version_view(
        self, request: HttpRequest, object_id: str, history_id: int
    ) -> HttpResponse:
        """GET: what would come back; POST: do it. Refused: the page again, with the sentence."""
        if request.method not in {"GET", "HEAD", "POST"}:
            return HttpResponseNotAllowed(["GET", "POST"])
        entry = restoring.restoring_of(self.model)
        row = self.get_object(request, unquote(object_id))
        if entry is None or row is None:
            raise Http404
        if not (self.has_view_permission(request, row) and request.user.has_perm(entry.permission)):
            raise PermissionDenied
        try:
            plan = restoring.plan_restore(
                model=self.model, key=row.pk, history_id=history_id, reader=request.user
            )
        except UnknownRow as error:
            raise Http404 from error
        form = ActForm((WHY,), request.POST if request.method == "POST" else None)
        refused = None
        chosen = [f.name for f in plan.changing]
        if request.method == "POST":
            chosen = request.POST.getlist("fields")
            if form.is_valid():
                try:
                    self._restore(request, row, history_id, chosen, form.answers["reason"])
                except Refused as error:
                    refused = error
                else:
                    messages.success(request, _("{row}: restored.").format(row=row))
                    return redirect(self.admin_path("change", row.pk))
        version = timeline.history_rows(self.model, row.pk).filter(history_id=history_id)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Restore {row}").format(row=row),
            "opts": self.opts,
            "original": row,
            "object": row,
            "plan": plan,
            "chosen": chosen,
            "form": form,
            "refused": refused,
            "entry": timeline.entries_of(self.model, list(version), before=[], reader=request.user)[
                0
            ],
            "last": _whole(request.POST.get("last", "")) or plan.last,
            "back_url": self.admin_path("history", row.pk),
        }
        status = refused.http_status if refused else 200
        status = 422 if request.method == "POST" and not form.is_valid() else status
        return TemplateResponse(request, "backoffice/restore.html", context, status=status)

    def _restore(
        self, request: HttpRequest, row: Any, history_id: int, fields: list[str], reason: str
    ) -> None:
        restoring.restore_version(
            model=self.model,
            key=row.pk,
            history_id=history_id,
            last=_whole(request.POST.get("last", "")),
            fields=fields,
            by=request.user,
            reason=reason,
        )


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0  # noqa: PLR2004
