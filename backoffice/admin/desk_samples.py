"""Samples at the desk: kept, shared, put away; rows pinned to them, and what was found."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from backoffice.admin.desk import require_desk
from backoffice.adminkit.answers import came_from
from backoffice.adminkit.desk_pages import desk_path, filters_of
from backoffice.adminkit.pages import page
from backoffice.desk import samples
from backoffice.desk.lines import lines_of
from backoffice.desk.sources import Place, sources_for
from backoffice.models import AuditPin, AuditSample
from backoffice.refused import Refused


@page("audit/samples/", name="audit_samples")
@require_safe
def samples_view(request: HttpRequest) -> HttpResponse:
    """List one's own samples and those that are shared."""
    require_desk(request)
    rows = AuditSample.objects.seen_by(request.user).select_related("owner")
    context = {
        **admin.site.each_context(request),
        "title": _("Samples"),
        "rows": [(row, desk_path(row.query), row.owner_id == request.user.pk) for row in rows],
        "desk_url": desk_path(),
    }
    return TemplateResponse(request, "backoffice/desk/samples.html", context)


@page("audit/samples/keep/", name="audit_sample_keep")
@require_POST
def keep_view(request: HttpRequest) -> HttpResponse:
    """Keep the filters of the desk under a name."""
    require_desk(request)
    query = filters_of(QueryDict(request.POST.get("query", "")))
    try:
        sample = samples.keep_sample(
            name=request.POST.get("name", ""),
            note=request.POST.get("note", ""),
            query=query.urlencode(),
            is_shared=bool(request.POST.get("is_shared")),
            by=request.user,
        )
    except Refused as refused:
        return _back(request, refused)
    messages.success(request, _("“{name}” is kept.").format(name=sample.name))
    return redirect("admin:audit_sample", sample.uuid)


@page("audit/samples/<uuid:uuid>/", name="audit_sample")
@require_safe
def sample_view(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Show a sample: its filters, and its rows with what was found about each."""
    require_desk(request)
    sample = _seen(request, uuid)
    pins = list(sample.pins.select_related("pinned_by"))
    sources = sources_for(request.user)
    shown = [pin for pin in pins if pin.source in sources]
    by_row = {(pin.source, pin.row_id): pin for pin in shown}
    # The place's moment is the row's own: it is read with it.
    places = [Place(pin.pinned_at, pin.source, pin.row_id) for pin in shown]
    lines = lines_of(places, sources, reader=request.user)
    counts: dict[str, int] = defaultdict(int)
    for pin in shown:
        counts[pin.get_verdict_display()] += 1
    context = {
        **admin.site.each_context(request),
        "title": sample.name,
        "sample": sample,
        "is_own": sample.owner_id == request.user.pk,
        "may_share": request.user.has_perm(samples.SHARE),
        "rows": [
            {"line": ln, "entry": ln.entry, "pin": by_row[ln.place.source, ln.place.key]}
            for ln in lines
        ],
        "hidden": len(pins) - len(shown),
        "counts": dict(counts),
        "verdicts": AuditPin.Verdict.choices,
        "look_url": desk_path(sample.query),
        "sees_all": request.user.has_perm("backoffice.view_changeset"),
    }
    return TemplateResponse(request, "backoffice/desk/sample.html", context)


@page("audit/samples/<uuid:uuid>/share/", name="audit_sample_share")
@require_POST
def share_view(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Share one's own sample, or stop sharing it."""
    require_desk(request)
    sample = _seen(request, uuid)
    try:
        samples.share_sample(
            sample_id=sample.pk, is_shared=bool(request.POST.get("is_shared")), by=request.user
        )
    except Refused as refused:
        return _back(request, refused)
    return redirect("admin:audit_sample", uuid)


@page("audit/samples/<uuid:uuid>/away/", name="audit_sample_away")
@require_POST
def away_view(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Put one's own sample away."""
    require_desk(request)
    sample = _seen(request, uuid)
    try:
        samples.put_away_sample(
            sample_id=sample.pk, by=request.user, reason=request.POST.get("reason", "")
        )
    except Refused as refused:
        return _back(request, refused)
    messages.success(request, _("“{name}” is put away.").format(name=sample.name))
    return redirect("admin:audit_samples")


@page("audit/pin/", name="audit_pin")
@require_POST
def pin_view(request: HttpRequest) -> HttpResponse:
    """Pin the ticked rows to a sample."""
    require_desk(request)
    try:
        sample = _seen(request, request.POST.get("sample", ""))
        pins = samples.pin_rows(
            sample_id=sample.pk,
            rows=request.POST.getlist("rows"),
            note=request.POST.get("note", ""),
            by=request.user,
        )
    except Refused as refused:
        return _back(request, refused)
    messages.success(
        request, _("{count} rows are in “{name}”.").format(count=len(pins), name=sample.name)
    )
    return redirect(came_from(request) or desk_path())


@page("audit/pins/<int:pin_id>/judge/", name="audit_pin_judge")
@require_POST
def judge_view(request: HttpRequest, pin_id: int) -> HttpResponse:
    """Say what was found about a row; or take it out of the sample."""
    require_desk(request)
    try:
        if "unpin" in request.POST:
            samples.unpin_row(pin_id=pin_id, by=request.user)
        else:
            samples.judge_pin(
                pin_id=pin_id,
                verdict=request.POST.get("verdict", ""),
                note=request.POST.get("note", ""),
                by=request.user,
            )
    except Refused as refused:
        return _back(request, refused)
    return redirect(came_from(request) or "admin:audit_samples")


def _seen(request: HttpRequest, uuid: Any) -> AuditSample:
    try:
        key = uuid if isinstance(uuid, UUID) else UUID(str(uuid))
    except ValueError as error:
        raise Http404 from error
    sample = AuditSample.objects.seen_by(request.user).filter(uuid=key).first()
    if sample is None:
        raise Http404
    return sample


def _back(request: HttpRequest, refused: Refused) -> HttpResponse:
    """Answer a refusal where the person was, with its sentence and its status."""
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": _("Audit desk"),
        "refused": refused,
        "back_url": came_from(request) or desk_path(),
    }
    return TemplateResponse(
        request, "backoffice/desk/refused.html", context, status=refused.http_status
    )
