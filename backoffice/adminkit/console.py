"""ConsoleAdmin: what every page of the console is built from. It closes the stack's traps once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib.admin import ShowFacets, display
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.admin import StackedInline as UnfoldStackedInline
from unfold.admin import TabularInline as UnfoldTabularInline

from backoffice.adminkit.acts import Act
from backoffice.adminkit.answers import answer_redirect
from backoffice.adminkit.display import badge, money, status_label
from backoffice.adminkit.editing import SavesByService
from backoffice.adminkit.histories import ShowsHistory
from backoffice.adminkit.lists import CappedPaginator, ConsoleChangeList, Queue, keys_of
from backoffice.adminkit.restoring import RestoresVersions
from backoffice.adminkit.selections import ServesSelections
from backoffice.adminkit.views import ShowsViews
from backoffice.changes import UnauditedWrite

__all__ = [
    "Act",
    "ConsoleAdmin",
    "Queue",
    "StackedInline",
    "TabularInline",
    "answer_redirect",
    "badge",
    "money",
    "status_label",
]


class _NotKept:
    """Drops what Unfold wants to keep on the admin, an object that all requests share."""

    def __get__(self, admin: Any, owner: Any = None) -> Any:
        raise AttributeError("request")

    def __set__(self, admin: Any, value: Any) -> None:
        pass


class ConsoleAdmin(
    ShowsViews, ServesSelections, RestoresVersions, ShowsHistory, SavesByService, ModelAdmin
):
    """The base of every admin of ours.

    acts: what can be done (see `acts.py`). queues: tabs over the list. filterset_class: a
    `ConsoleFilterSet` for the filter sheet. perform_save: the service that saves the form.
    """

    queues: Sequence[Queue] = ()
    filterset_class: type | None = None
    # True: `load_facts` runs for each page of the list, so that columns may read the facts.
    list_needs_facts = False
    # True: verbs alone make rows; no form adds, edits or deletes one, not even for a superuser.
    is_looked_at_only = False
    # A method (request, row) → response: the page of a row that is looked at, never edited there.
    row_page: Any = None
    # Acts whose buttons stand in the column "row_buttons" of the list.
    list_acts: Sequence[str] = ()

    # An address of its own in the shop; an admin whose rows have one says which.
    view_on_site = False
    list_per_page = 50
    list_max_show_all = 200
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    paginator = CappedPaginator
    list_filter_submit = True
    list_filter_sheet = True
    list_select_related: Any = False
    list_editable = ()
    warn_unsaved_form = True
    save_as = False
    request = _NotKept()

    # --- Lists ---------------------------------------------------------------------------------

    def queues_for(self, request: HttpRequest) -> dict[str, Queue]:
        """Return the queues this person may see, by name."""
        return {
            queue.name: queue
            for queue in self.queues
            if not queue.permission or request.user.has_perm(queue.permission)
        }

    def prepare_page(self, request: HttpRequest, rows: Any) -> Any:
        """Return the rows of one page of the list; the place to load what its columns read."""
        if not (self.list_needs_facts or self.list_acts):
            return rows
        rows = list(rows)
        self.load_facts(rows)
        if self.list_acts:
            acts = [act for act in self.allowed_acts(request) if act.name in self.list_acts]
            for row in rows:
                offers = self.offers_among(acts, request, row)
                row.list_offers = [offer for offer in offers if offer.is_open]
        return rows

    @display(description="")
    def row_buttons(self, row: Any) -> SafeString:
        """A column with the open ones of `list_acts`, each a button with its dialog."""
        return format_html_join(
            " ",
            '<a class="bo-btn bo-btn-row" href="{}" data-dialog>{}</a>',
            ((offer.url, offer.act.label) for offer in row.list_offers),
        )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ConsoleChangeList

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Allow only the filters that the list offers.

        Django allows every column of the model: `?password__startswith=` would tell a hash letter
        by letter, and `?first_name__startswith=` a name that the list shows masked.
        """
        names = {
            entry[0] if isinstance(entry, tuple | list) else entry for entry in self.list_filter
        }
        offered = [name for name in names if isinstance(name, str)]
        return any(lookup == name or lookup.startswith(f"{name}__") for name in offered)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"bulk_acts": self.bulk_acts(request), **(extra_context or {})}
        return super().changelist_view(request, context)

    @property
    def media(self) -> forms.Media:
        media = super().media
        for entry in self.list_filter:
            chosen = entry[1] if isinstance(entry, tuple | list) else entry
            form = getattr(chosen, "form_class", None)
            if form is not None and hasattr(form, "Media"):
                media += forms.Media(form.Media)
        return media

    def response_action(self, request: HttpRequest, queryset: Any) -> Any:
        """Open the dialog over the rows selected; what is no key of a row selects nothing."""
        request.POST = request.POST.copy()
        keys = keys_of(self.model, request.POST.getlist(ACTION_CHECKBOX_NAME))
        request.POST.setlist(ACTION_CHECKBOX_NAME, keys)
        return super().response_action(request, queryset)

    # --- Permissions ---------------------------------------------------------------------------

    def has_add_permission(self, request: HttpRequest) -> bool:
        return not self.is_looked_at_only and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not self.is_looked_at_only and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not self.is_looked_at_only and super().has_delete_permission(request, obj)

    # --- One row -------------------------------------------------------------------------------

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the form, or `row_page`: to whoever may see the row; GET only."""
        if self.row_page is None:
            return super().change_view(request, object_id, form_url, extra_context)
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = self.row_to_show(request, unquote(object_id))
        if row is None:
            raise Http404
        return self.row_page(request, row)

    def row_to_show(self, request: HttpRequest, object_id: str) -> Any:
        """Return the row that `row_page` shows, with what stands beside it, or None."""
        return self.get_object(request, object_id)

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        form = context["adminform"].form
        may_save = (
            self.has_add_permission(request) if add else self.has_change_permission(request, obj)
        )
        context["edit_form"] = form if may_save and "reason" in form.fields else None
        context["asks_reason"] = self.asks_reason
        if not add and obj is not None:
            self.load_facts([obj])
            context["offers"] = self.row_offers(request, obj)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def delete_model(self, request: HttpRequest, obj: models.Model) -> None:
        raise UnauditedWrite("Deleting is an act with a service, a permission and a reason.")

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        raise UnauditedWrite("Deleting is an act with a service, a permission and a reason.")

    # --- Addresses -----------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        return [*self.act_urls(), *self.restore_urls(), *self.history_urls(), *super().get_urls()]


class TabularInline(UnfoldTabularInline):
    extra = 0
    show_change_link = False


class StackedInline(UnfoldStackedInline):
    extra = 0
    show_change_link = False
