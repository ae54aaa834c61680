"""The page "Deleted and archived": what is gone, who did it and why, and the way back."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from backoffice import restoring
from backoffice.adminkit import removed, timeline
from backoffice.adminkit.forms import ActForm
from backoffice.adminkit.restoring import WHY
from backoffice.as_of import as_model
from backoffice.cards import NavItem, register
from backoffice.refused import Refused

LONGEST_KEY = 18
# Whoever may bring something back, or reads the record, has the page in the menu.
SEE = ("backoffice.view_changeset", "catalog.add_tag", "catalog.add_category")


def removed_urls() -> list[URLPattern]:
    wrap = admin.site.admin_view
    return [
        path("removed/", wrap(require_GET(removed_view)), name="removed"),
        path(
            "removed/<str:kind>/<str:key>/",
            wrap(require_http_methods(["GET", "HEAD", "POST"])(bring_back_view)),
            name="bring_back",
        ),
    ]


def removed_view(request: HttpRequest) -> HttpResponse:
    """List what was deleted last, of the kinds that this person may see."""
    if not any(map(request.user.has_perm, SEE)):
        raise PermissionDenied
    kinds = removed.choices_for(request.user)
    kind = request.GET.get("kind", "")
    kind = kind if kind in dict(kinds) else ""
    given = request.GET.get("before", "")
    is_key = given.isascii() and given.isdecimal() and len(given) <= LONGEST_KEY
    before = int(given) if is_key else None
    rows, has_more = removed.deleted_rows(request.user, kind=kind, before=before)
    context = {
        **admin.site.each_context(request),
        "title": _("Deleted and archived"),
        "rows": rows,
        "kinds": kinds,
        "kind": kind,
        "has_more": has_more,
        "last": rows[-1].entry.version_id if rows and kind else None,
        "archived": list(removed.archived_kinds(request.user)),
        "can_see_change_sets": request.user.has_perm("backoffice.view_changeset"),
    }
    return TemplateResponse(request, "backoffice/removed.html", context)


def bring_back_view(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """GET: what it was; POST: bring it back. Refused: the page again, with the sentence."""
    model = _model(kind)
    entry = restoring.restoring_of(model) if model is not None else None
    if model is None or entry is None or entry.add is None:
        raise Http404
    if not request.user.has_perm(entry.add_permission):
        raise PermissionDenied
    try:
        pk = model._meta.pk.to_python(key)
    except ValidationError as error:
        raise Http404 from error
    last = timeline.history_rows(model, pk).first()
    if last is None:
        raise Http404
    form = ActForm((WHY,), request.POST if request.method == "POST" else None)
    refused = None
    if request.method == "POST" and form.is_valid():
        try:
            row = restoring.bring_back(
                model=model, key=pk, by=request.user, reason=form.answers["reason"]
            )
        except Refused as error:
            refused = error
        else:
            messages.success(request, _("{row} is back.").format(row=row))
            return redirect("admin:removed")
    fields = [f for f in last.tracked_fields if f.name not in timeline.SILENT_FIELDS]
    words = timeline.Words(fields, [last], request.user)
    context = {
        **admin.site.each_context(request),
        "title": _("Bring back {row}").format(row=as_model(model, last)),
        "values": [(f.verbose_name, words.of(f, last)) for f in fields],
        "form": form,
        "refused": refused,
        "back_url": reverse("admin:removed"),
    }
    status = refused.http_status if refused else 200
    status = 422 if request.method == "POST" and not form.is_valid() else status
    return TemplateResponse(request, "backoffice/bring_back.html", context, status=status)


def _model(kind: str) -> Any:
    try:
        return apps.get_model(kind)
    except (LookupError, ValueError):
        return None


register(
    NavItem(
        name="removed",
        label=gettext_lazy("Deleted and archived"),
        url="admin:removed",
        permission=SEE,
        icon="restore_from_trash",
        group=gettext_lazy("Audit"),
        order=840,
        words="deleted removed archived bring back restore trash",
    ),
)
