"""The history pages of every admin: a timeline, and a row as it was. They can only be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from backoffice.adminkit import timeline

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    Base = ModelAdmin[Any]
else:
    Base = object

# An offset of more digits is no page of anything, and more than a database can count.
LONGEST_PAGE_NUMBER = 9
LONGEST_KEY = 18


class ShowsHistory(Base):
    """The part of ConsoleAdmin that serves `<pk>/history/` and `<pk>/history/<history_id>/`.

    simple-history's own form would overwrite the row on POST, for whoever may only look at it;
    restoring an earlier version is a service with a permission of its own.
    """

    def history_urls(self) -> list[URLPattern]:
        stem = f"{self.opts.app_label}_{self.opts.model_name}"
        wrap = self.admin_site.admin_view
        return [
            path(
                "<path:object_id>/compare/",
                wrap(self.history_compare_view),
                name=f"{stem}_compare",
            ),
            path(
                "<path:object_id>/history/<int:history_id>/",
                wrap(self.history_form_view),
                name=f"{stem}_history_version",
            ),
        ]

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the row's timeline: who, when, which step, old → new, why, through which door."""
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET"])
        row, pk, title = self._historic(request, object_id)
        number = _page_number(request)
        entries, has_older = timeline.page_of(self.model, pk, number, reader=request.user)
        context = {
            **self.admin_site.each_context(request),
            "title": _("History: {row}").format(row=title),
            "opts": self.opts,
            "original": row,
            "object": row,
            "entries": entries,
            "page_number": number,
            "has_older": has_older,
            "compare_url": self.admin_path("compare", object_id),
            "can_see_change_sets": request.user.has_perm("backoffice.view_changeset"),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "backoffice/history.html", context)

    def history_form_view(
        self, request: HttpRequest, object_id: str, history_id: int
    ) -> HttpResponse:
        """Show the row as it was in one version."""
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET"])
        row, pk, title = self._historic(request, object_id)
        rows = timeline.history_rows(self.model, pk)
        version = rows.filter(history_id=history_id).first()
        if version is None:
            raise Http404
        before = rows.filter(history_id__lt=history_id).first()
        newer = rows.filter(history_id__gt=history_id).last()
        fields = self._compared_fields()
        shown = [r for r in (version, before) if r is not None]
        words = timeline.Words(fields, shown, request.user)
        values = [
            {
                "label": capfirst(f.verbose_name),
                "value": words.of(f, version),
                "old": words.of(f, before) if before is not None else "",
                "is_changed": before is not None
                and getattr(before, f.attname) != getattr(version, f.attname),
            }
            for f in fields
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": _("{row} as it was").format(row=title),
            "opts": self.opts,
            "original": row,
            "object": row,
            "entry": timeline.entries_of(
                self.model, [version], before=[before], reader=request.user
            )[0],
            "values": values,
            "older_url": before and self.admin_path("history_version", pk, before.history_id),
            "newer_url": newer and self.admin_path("history_version", pk, newer.history_id),
            "compare_url": newer and f"{self.admin_path('compare', object_id)}?a={history_id}",
            "history_url": self.admin_path("history", object_id),
            "restore_url": newer and self.restore_url(request, row, history_id),  # type: ignore[attr-defined]
            "can_see_change_sets": request.user.has_perm("backoffice.view_changeset"),
        }
        return TemplateResponse(request, "backoffice/history_version.html", context)

    def history_compare_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show two versions side by side, the older one left. a, b: ids; blank: the last one."""
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET"])
        row, pk, title = self._historic(request, object_id)
        rows = timeline.history_rows(self.model, pk)
        wanted = [_version(request, name) for name in ("a", "b")]
        found = {r.history_id: r for r in rows.filter(history_id__in=[*filter(None, wanted)])}
        chosen = [found.get(v) if v is not None else rows.first() for v in wanted]
        if None in chosen:
            raise Http404
        older, newer = sorted(chosen, key=lambda version: version.history_id)
        fields = self._compared_fields()
        words = timeline.Words(fields, [older, newer], request.user)
        values = [
            {
                "label": capfirst(f.verbose_name),
                "old": words.of(f, older),
                "value": words.of(f, newer),
                "is_changed": getattr(older, f.attname) != getattr(newer, f.attname),
            }
            for f in fields
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": _("{row}: two versions").format(row=title),
            "opts": self.opts,
            "original": row,
            "object": row,
            "entries": timeline.entries_of(
                self.model, [older, newer], before=[], reader=request.user
            ),
            "values": [v for v in values if v["is_changed"] or "only" not in request.GET],
            "count": sum(v["is_changed"] for v in values),
            "is_only": "only" in request.GET,
            "query": f"a={older.history_id}&b={newer.history_id}",
            "history_url": self.admin_path("history", object_id),
            "can_see_change_sets": request.user.has_perm("backoffice.view_changeset"),
        }
        return TemplateResponse(request, "backoffice/history_compare.html", context)

    def _compared_fields(self) -> list[Any]:
        tracked = timeline.history_model_of(self.model).tracked_fields
        return [f for f in tracked if f.name not in timeline.SILENT_FIELDS]

    def _historic(self, request: HttpRequest, object_id: str) -> tuple[Any, Any, str]:
        """Return the row (None when it is gone), its key and its name, for those who may look."""
        if timeline.history_model_of(self.model) is None:
            raise Http404
        row = self.get_object(request, unquote(object_id))
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        if row is not None:
            return row, row.pk, str(row)
        try:
            pk = self.opts.pk.to_python(unquote(object_id))
        except ValidationError as error:
            raise Http404 from error
        last = timeline.history_rows(self.model, pk).first()
        # A row outside of this role's queryset is not shown; a deleted one still has its history.
        if last is None or last.history_type != "-":
            raise Http404
        return None, pk, f"{capfirst(self.opts.verbose_name)} {pk}"


def _version(request: HttpRequest, name: str) -> int | None:
    """Return the history id of an address; None: the last one."""
    text = request.GET.get(name, "")
    if not text:
        return None
    if not (text.isdecimal() and text.isascii() and len(text) <= LONGEST_KEY):
        raise Http404
    return int(text)


def _page_number(request: HttpRequest) -> int:
    number = request.GET.get("p", "1")
    return max(int(number), 1) if number.isdecimal() and len(number) <= LONGEST_PAGE_NUMBER else 1
