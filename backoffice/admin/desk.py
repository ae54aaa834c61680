"""The auditor's desk: one page that looks through the whole record, and what stands beside it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from backoffice.adminkit.desk_pages import (
    FIRST,
    chips_of,
    desk_path,
    facet_links,
    filters_of,
    lasting,
    with_value,
    without,
)
from backoffice.adminkit.everything import page_of
from backoffice.adminkit.pages import page
from backoffice.adminkit.timeline import before_url
from backoffice.cards import NavItem, register
from backoffice.desk import trails
from backoffice.desk.asking import ask
from backoffice.desk.facets import facets_of
from backoffice.desk.finding import Found, find, place_of, written
from backoffice.desk.form import DeskForm
from backoffice.desk.lines import Line, lines_of
from backoffice.desk.periods import PRESETS
from backoffice.models import AuditSample, User
from backoffice.refused import Refused


def require_desk(request: HttpRequest) -> None:
    if not trails.may_enter(request.user):
        raise PermissionDenied


@page("audit/", name="audit_desk")
@require_safe
def desk_view(request: HttpRequest) -> HttpResponse:
    """Show a page of what was asked for; what is not understood is answered with a sentence."""
    require_desk(request)
    query = filters_of(request.GET)
    try:
        asked = ask(query, user=request.user)
        found = find(asked, after=place_of(request.GET.get("after", ""), asked))
    except Refused as refused:
        return _refused(request, query, refused)
    lines = lines_of(found.places, asked.form.sources, reader=request.user)
    context = {
        **_page(request, asked.form, query),
        "asked": asked,
        "found": found,
        "rows": [_row(line, query, request.user) for line in lines],
        "fixed_url": desk_path(_with_page(lasting(asked, query), request)),
        "facets_url": f"{desk_path().rstrip('/')}/facets/?{query.urlencode()}",
        "newest_url": desk_path(query) if request.GET.get("after") else "",
        "older_url": _older(found, query),
    }
    return TemplateResponse(request, "backoffice/desk/desk.html", context)


@page("audit/facets/", name="audit_desk_facets")
@require_safe
def facets_view(request: HttpRequest) -> HttpResponse:
    """Show how what was asked for divides: fetched by the page, once it is there."""
    require_desk(request)
    query = filters_of(request.GET)
    try:
        facets = facets_of(ask(query, user=request.user))
    except Refused as refused:
        context = {"refused": refused, "facets": None, "links": []}
    else:
        context = {"facets": facets, "links": facet_links(facets, query), "refused": None}
    return TemplateResponse(request, "backoffice/desk/facets.html", context)


def _page(request: HttpRequest, form: DeskForm, query: QueryDict) -> dict[str, Any]:
    return {
        **admin.site.each_context(request),
        "title": _("Audit desk"),
        "form": form,
        "first": [form[name] for name in FIRST if name in form.fields],
        "others": [form[name] for name in form.fields if name not in FIRST],
        "opens_others": any(name in query for name in form.fields if name not in FIRST),
        "presets": _presets(query),
        "chips": chips_of(form, query),
        "clear_url": desk_path(),
        "query": query.urlencode(),
        "own_samples": list(AuditSample.objects.live().filter(owner=request.user)),
        "may_share": request.user.has_perm("backoffice.share_auditsample"),
        "may_export": request.user.has_perm("backoffice.verify_record"),
        "reasons_url": reverse("admin:audit_reasons"),
        "export_url": desk_path(query).replace("/audit/", "/audit/export/", 1),
        "sees_all": trails.sees_all(request.user),
    }


def _refused(request: HttpRequest, query: QueryDict, refused: Refused) -> HttpResponse:
    form = getattr(refused, "form", None) or DeskForm(query, user=request.user)
    known = QueryDict(mutable=True)
    for name in form.fields:
        known.setlist(name, query.getlist(name))
    context = {**_page(request, form, filters_of(known)), "refused": refused, "rows": []}
    return TemplateResponse(
        request, "backoffice/desk/desk.html", context, status=refused.http_status
    )


def _presets(query: QueryDict) -> list[dict[str, Any]]:
    plain = without(query, "when", "since", "until")
    tabs = [{"label": gettext_lazy("Any time"), "url": desk_path(plain), "name": ""}]
    tabs += [
        {"label": label, "url": desk_path(with_value(plain, "when", name)), "name": name}
        for name, label in PRESETS.items()
    ]
    chosen = query.get("when", "")
    is_range = bool(query.get("since") or query.get("until"))
    return [{**tab, "is_active": tab["name"] == chosen and not is_range} for tab in tabs]


def _with_page(query: QueryDict, request: HttpRequest) -> QueryDict:
    after = request.GET.get("after", "")
    return with_value(query, "after", after) if after else query


def _older(found: Found, query: QueryDict) -> str:
    return desk_path(with_value(query, "after", written(found.next))) if found.next else ""


def _row(line: Line, query: QueryDict, reader: User) -> dict[str, Any]:
    """Return a line with the addresses that lead on from it."""
    only = without(query, "row", "set", "object")
    row = {"line": line, "entry": line.entry}
    if line.model is not None and line.pk not in (None, ""):
        name = line.model._meta.label_lower
        narrowed = with_value(without(only, "what"), "object", str(line.pk))
        narrowed["what"] = name
        row["object_url"] = desk_path(narrowed)
        if reader.has_perm(f"{line.model._meta.app_label}.view_{line.model._meta.model_name}"):
            row["page_url"] = page_of(line.model, line.pk)
            if not line.source.is_events:
                row["before_url"] = before_url(line.model, line.pk, line.entry, reader)
    row["set_only_url"] = desk_path(
        with_value(QueryDict(mutable=True), "set", str(line.change_set.pk))
    )
    return row


register(
    NavItem(
        name="audit_desk",
        label=gettext_lazy("Audit desk"),
        url="admin:audit_desk",
        permission=trails.door_permissions(),
        icon="manage_search",
        group=gettext_lazy("Audit"),
        key="e",
        order=790,
        words="audit explorer who changed what when why history record look through",
    ),
)
