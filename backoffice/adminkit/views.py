"""The row of saved views above a list: its tabs, which one is open, and what can be done to it."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ORDER_VAR, SEARCH_VAR
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from backoffice import saved_views
from backoffice.adminkit.filter_words import is_of
from backoffice.adminkit.lists import ALL_ROWS, QUEUE_VAR, VIEW_VAR
from backoffice.models import SavedView
from backoffice.refused import Text

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    Base = ModelAdmin[Any]
else:
    Base = object


@dataclass(frozen=True)
class ViewTab:
    label: Text
    url: str
    key: str
    is_active: bool
    is_default: bool = False
    title: Text = ""


@dataclass(frozen=True)
class ViewBar:
    """What stands above one list for one person. views: all that they see, read once."""

    label: str
    path: str
    params: QueryDict
    views: list[SavedView]
    user: Any = field(repr=False)

    @cached_property
    def query(self) -> str:
        """What the list is narrowed by now, in the form in which views keep it."""
        return saved_views.canonical(self.label, self.params.urlencode())

    @cached_property
    def default(self) -> SavedView | None:
        return next((view for view in self.views if view.is_default), None)  # type: ignore[attr-defined]

    @cached_property
    def current(self) -> SavedView | None:
        """The view that was opened, or the one that shows exactly these filters."""
        asked = self.params.get(VIEW_VAR, "")
        if asked and asked != ALL_ROWS:
            return next((view for view in self.views if str(view.uuid) == asked), None)
        if not self.query:
            return None
        return next((view for view in self.views if self._query_of(view) == self.query), None)

    @property
    def is_changed(self) -> bool:
        """True when the list shows something else than the view that was opened."""
        return self.current is not None and self._query_of(self.current) != self.query

    @property
    def can_save(self) -> bool:
        is_new = bool(self.query) and (self.current is None or self.is_changed)
        return is_new and self.user.has_perm(saved_views.KEEP)

    @property
    def note(self) -> Text:
        """What has to be said about the view that was asked for; blank when all is well."""
        asked = self.params.get(VIEW_VAR, "")
        if asked and asked != ALL_ROWS and self.current is None:
            return _("This view is not there any more, or it is not shared with you.")
        if self.current is not None:
            gone = saved_views.forgotten(self.label, self.current.query)
            if gone:
                words = _(
                    "The list has these filters no more, so the view leaves them out: {names}."
                )
                return str(words).format(names=", ".join(gone))
        return ""

    @property
    def tabs(self) -> list[ViewTab]:
        """Return “All”, then one's own views and those shared; none when there is no view."""
        if not self.views:
            return []
        is_all = self.current is None and not self.query
        tabs = [ViewTab(_("All"), self.all_url, ALL_ROWS, is_all)]
        return [*tabs, *(self._tab(view) for view in self.views)]

    @property
    def menu(self) -> list[tuple[Text, str]]:
        """Return what this person may do to the open view: the verb, and its dialog's address."""
        view = self.current
        if view is None or not self.user.has_perm(saved_views.KEEP):
            return []
        is_own = saved_views.may_change(view, self.user)
        acts: list[tuple[Text, str]] = []
        if is_own and self.is_changed and self.query:
            acts.append((_("Update to these filters"), "update"))
        if is_own:
            acts.append((_("Rename"), "rename"))
            if self.user.has_perm(saved_views.SHARE):
                acts.append((_("Share"), "share"))
        words = _("Open with all rows") if view == self.default else _("Make default")
        acts.append((words, "default"))
        if saved_views.may_delete(view, self.user):
            acts.append((_("Delete"), "delete"))
        return [(label, self._act_url(view, name)) for label, name in acts]

    @property
    def all_url(self) -> str:
        return f"{self.path}?{VIEW_VAR}={ALL_ROWS}"

    @property
    def counts_url(self) -> str:
        return reverse("admin:view_counts", args=[self.label])

    @property
    def save_url(self) -> str:
        return f"{reverse('admin:view_save', args=[self.label])}?{self.query}"

    def url_of(self, view: SavedView) -> str:
        """Return the list as a view shows it; the view's name stays beside its filters."""
        named = urlencode({VIEW_VAR: view.uuid})
        return f"{self.path}?{'&'.join(filter(None, [self._query_of(view), named]))}"

    def _act_url(self, view: SavedView, name: str) -> str:
        url = reverse("admin:view_act", args=[view.uuid, name])
        return f"{url}?{self.query}" if name == "update" else url

    def _query_of(self, view: SavedView) -> str:
        return saved_views.canonical(self.label, view.query)

    def _tab(self, view: SavedView) -> ViewTab:
        return ViewTab(
            view.name,
            self.url_of(view),
            str(view.uuid),
            is_active=view == self.current,
            is_default=view == self.default,
            title=self._whose(view),
        )

    def _whose(self, view: SavedView) -> Text:
        if view.role is None:
            return _("Only you see it")
        words = _("Shared with {role} by {owner}")
        owner = view.owner.get_short_name() or str(view.owner)
        return str(words).format(role=view.role.name, owner=owner)


class ShowsViews(Base):
    """The part of ConsoleAdmin that shows saved views above its list."""

    filterset_class: type | None

    def __init__(self, model: Any, admin_site: Any) -> None:
        super().__init__(model, admin_site)
        # The views' own addresses are those of the one console.
        self.has_views = admin_site.name == "admin"
        if self.has_views:
            stem = f"{model._meta.app_label}.{{}}_{model._meta.model_name}"
            saved_views.serve(
                self.view_label,
                permissions=(stem.format("view"), stem.format("change")),
                knows=self.knows_parameter,
            )

    @property
    def view_label(self) -> str:
        return self.opts.label_lower

    def knows_parameter(self, name: str) -> bool:
        """True for a parameter that narrows or orders this list."""
        if name in {QUEUE_VAR, SEARCH_VAR, ORDER_VAR}:
            return True
        filters = getattr(self.filterset_class, "base_filters", {})
        return any(is_of(name, known) for known in filters) or self.lookup_allowed(name, "")

    def view_bar(self, request: HttpRequest) -> ViewBar:
        """Return what stands above the list: one query, however many views there are."""
        return ViewBar(
            self.view_label,
            reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"),
            request.GET,
            list(saved_views.views_for(request.user, self.view_label)),
            request.user,
        )

    def count_of(self, request: HttpRequest, query: str) -> QuerySet[Any] | None:
        """Return the rows that the list would show; None when it does not understand the query."""
        asked = copy.copy(request)
        asked.GET = QueryDict(query)
        asked.counts_only = True  # type: ignore[attr-defined]
        try:
            return self.get_changelist_instance(asked).queryset
        except IncorrectLookupParameters:
            return None

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_views or "_popup" in request.GET or not self.has_view_permission(request):
            return super().changelist_view(request, extra_context)
        bar = self.view_bar(request)
        if request.method in {"GET", "HEAD"}:
            if not request.GET and bar.default is not None:
                return HttpResponseRedirect(bar.url_of(bar.default))
            if set(request.GET) == {VIEW_VAR} and bar.current is not None and not bar.query:
                return HttpResponseRedirect(bar.url_of(bar.current))
        request.opens_with_view = bar.default is not None  # type: ignore[attr-defined]
        return super().changelist_view(request, {"view_bar": bar, **(extra_context or {})})
