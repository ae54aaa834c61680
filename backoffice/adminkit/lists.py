"""Lists: queues as tabs with counts, a FilterSet in the filter sheet, counts that stay cheap."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.admin.views.main import ORDER_VAR, PAGE_VAR, SEARCH_VAR
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, Model, Q, QuerySet
from django.forms import MultiWidget
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.views import ChangeList

from backoffice.adminkit.filter_words import is_of, shown
from backoffice.flows import Tone
from backoffice.refused import Text

QUEUE_VAR = "queue"
VIEW_VAR = "view"
# As a view's name: none, although the list would open with one.
ALL_ROWS = "all"
COUNT_UP_TO = 10_000
QUEUE_COUNT_UP_TO = 999


@dataclass(frozen=True)
class Deadline:
    """Which rows of a queue have waited so long that they turn amber, and which turn red.

    since: the column that says since when a row waits; soon, late: rows from before that moment.
    """

    since: str
    soon: datetime
    late: datetime


@dataclass(frozen=True)
class Queue:
    """A tab over a list: the rows that wait for one kind of work.

    permission: only people with it see the tab; "" shows it to everybody who sees the list.
    deadline: what makes rows late, when the queue has a target (`queues_for` puts it in): the tab
    then takes its colour from it, and counts the late ones too.
    """

    name: str
    label: Text
    apply: Callable[[Any], Any]
    permission: str = ""
    tone: Tone = "neutral"
    is_counted: bool = True
    deadline: Deadline | None = None


@dataclass(frozen=True)
class QueueTab:
    label: Text
    url: str
    count: str
    is_active: bool
    tone: Tone = "neutral"
    title: Text = ""


def capped_count(queryset: Any, limit: int) -> int:
    """Count rows, but never more than limit + 1: a list of a million does not count them all."""
    return queryset.order_by()[: limit + 1].count()


def capped(count: int, limit: int) -> str:
    """Return a count for people: "37", or "10,000+" when counting stopped there."""
    return f"{limit:,}+" if count > limit else f"{count:,}"


@dataclass(frozen=True)
class Pressure:
    """How many rows of a queue wait, and how many of them are amber or red."""

    rows: int
    soon: int
    late: int

    @property
    def count(self) -> str:
        return capped(self.rows, QUEUE_COUNT_UP_TO)

    @property
    def tone(self) -> Tone:
        return "danger" if self.late else "warning" if self.soon else "success"

    @property
    def sentence(self) -> str:
        """How many have waited too long; blank when none has."""
        if not self.late:
            return ""
        text = ngettext("{count} has waited too long", "{count} have waited too long", self.late)
        return text.format(count=capped(self.late, QUEUE_COUNT_UP_TO))


def pressure_of(rows: QuerySet[Any], deadline: Deadline) -> Pressure:
    """Count a queue's rows against its deadline, in one query; counting stops at the cap.

    The oldest are counted first, so that what is late is counted before the counting stops.
    """
    oldest = rows.order_by(deadline.since)[: QUEUE_COUNT_UP_TO + 1]
    return Pressure(
        **oldest.aggregate(
            rows=Count("pk"),
            soon=Count("pk", filter=Q(**{f"{deadline.since}__lte": deadline.soon})),
            late=Count("pk", filter=Q(**{f"{deadline.since}__lte": deadline.late})),
        )
    )


def keys_of(model: type[Model], values: Iterable[str]) -> list[Any]:
    """Return those of `values` that are keys at all: no words, no number beyond the column."""
    keys, column = [], model._meta.pk
    for value in values:
        try:
            key = column.to_python(value)
            column.run_validators(key)
        except ValidationError:
            continue
        keys.append(key)
    return keys


class CappedPaginator(Paginator):
    """A paginator that stops counting at COUNT_UP_TO."""

    template_name = "backoffice/pagination.html"

    @cached_property
    def count(self) -> int:
        if isinstance(self.object_list, QuerySet):
            return capped_count(self.object_list, COUNT_UP_TO)
        return len(self.object_list)


class FilterSheet:
    """A FilterSet, in the shape that the filter sheet expects of a list filter."""

    template = "backoffice/filterset.html"
    title = ""

    def __init__(self, filterset: Any, params: Iterable[str]) -> None:
        self.filterset = filterset
        # Unfold repeats every other parameter as a hidden input; a new filter starts at page 1.
        self.used_parameters = {**dict.fromkeys(params), PAGE_VAR: None}

    def choices(self, changelist: ChangeList) -> list[dict[str, Any]]:
        return [{"form": self.filterset.form}]


@dataclass(frozen=True)
class Chip:
    """An active filter, with the address of the list without it."""

    label: str
    value: str
    url: str


@dataclass(frozen=True)
class PageLink:
    text: str
    url: str = ""
    is_current: bool = False


class ConsoleChangeList(ChangeList):
    """The admin's list, with a queue and a FilterSet of its own beside the stock filters."""

    filterset: Any = None

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        self.queue_name = request.GET.get(QUEUE_VAR, "")
        model_admin = kwargs.get("model_admin") or args[10]
        if model_admin.filterset_class is not None:
            self.filterset = model_admin.filterset_class(request.GET, request=request)
        self.queues = model_admin.queues_for(request)
        self.opens_with_view = getattr(request, "opens_with_view", False)
        super().__init__(request, *args, **kwargs)

    # --- Parameters ----------------------------------------------------------------------------

    @cached_property
    def own_params(self) -> list[str]:
        """The parameters of the query string that the FilterSet reads."""
        if self.filterset is None:
            return []
        names = []
        for name, field in self.filterset.form.fields.items():
            if isinstance(field.widget, MultiWidget):
                names += [key for key in self.filter_params if is_of(key, name)]
            else:
                names.append(name)
        return names

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        lookups = super().get_filters_params(params)
        for name in (QUEUE_VAR, VIEW_VAR, *self.own_params):
            lookups.pop(name, None)
        return lookups

    def get_query_string(self, new_params: Any = None, remove: Any = None) -> str:
        # An empty address opens the default view; who drops the last filter means all rows.
        found = super().get_query_string(new_params, remove)
        return f"?{VIEW_VAR}={ALL_ROWS}" if found == "?" and self.opens_with_view else found

    @property
    def not_understood(self) -> str:
        """The filters whose value the list does not understand, by what they are called."""
        gone = [_("Queue")] if self.queue_name and self.queue_name not in self.queues else []
        if self.filterset is not None and not self.filterset.form.is_valid():
            form = self.filterset.form
            gone += [form[name].label for name in form.errors if name in form.fields]
        return ", ".join(map(str, gone))

    # --- Rows ----------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        queryset = super().get_queryset(request, exclude_parameters)
        queue = self.queues.get(self.queue_name)
        if queue is not None:
            queryset = queue.apply(queryset)
        if self.filterset is not None:
            queryset = self._filtered(queryset)
        return queryset

    def _filtered(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        sheet = FilterSheet(self.filterset, self.own_params)
        if not any(isinstance(spec, FilterSheet) for spec in self.filter_specs):
            self.filter_specs = [*self.filter_specs, sheet]
        self.has_filters = True
        keep = {QUEUE_VAR, SEARCH_VAR, ORDER_VAR}
        self.clear_all_filters_qs = self.url_without(set(self.filter_params) - keep)
        form = self.filterset.form
        if not form.is_valid():
            # A filter that is not understood must not show everything, let alone select it.
            self.has_active_filters = True
            return queryset.none()
        if any(form.cleaned_data.get(name) not in (None, "", [], ()) for name in form.fields):
            self.has_active_filters = True
        return self.filterset.filter_queryset(queryset)

    def get_results(self, request: HttpRequest) -> None:
        if getattr(request, "counts_only", False):
            return
        super().get_results(request)
        if not (self.query or self.has_active_filters or self.queue_name):
            # Nothing is filtered out, so there is no "Show all" to offer.
            self.full_result_count = self.result_count
        self.result_list = self.model_admin.prepare_page(request, self.result_list)

    def url_without(self, names: Iterable[str]) -> str:
        """Return the query string without these parameters (stock `remove` drops prefixes)."""
        return self.get_query_string(dict.fromkeys(names))

    # --- What the page shows -------------------------------------------------------------------

    @property
    def count_label(self) -> str:
        return capped(self.result_count, COUNT_UP_TO)

    def queue_tabs(self) -> list[QueueTab]:
        """Return the tabs: all, then each queue with its count; a tab keeps search and order."""
        if not self.queues:
            return []
        tabs = [
            QueueTab(
                label=_("All"),
                url=self.url_without([QUEUE_VAR]),
                count="",
                is_active=not self.queue_name,
            )
        ]
        for queue in self.queues.values():
            count, tone, title = self._pressure(queue)
            tabs.append(
                QueueTab(
                    label=queue.label,
                    url=self.get_query_string({QUEUE_VAR: queue.name}),
                    count=count,
                    is_active=queue.name == self.queue_name,
                    tone=tone if count not in {"", "0"} else "neutral",
                    title=title,
                )
            )
        return tabs

    def _pressure(self, queue: Queue) -> tuple[str, Tone, Text]:
        """Return how many rows wait, in which colour, and how many of them too long."""
        if not queue.is_counted:
            return "", queue.tone, ""
        rows = queue.apply(self.root_queryset).order_by()
        deadline = queue.deadline
        if deadline is None:
            return capped(capped_count(rows, QUEUE_COUNT_UP_TO), QUEUE_COUNT_UP_TO), queue.tone, ""
        found = pressure_of(rows, deadline)
        return found.count, found.tone, found.sentence

    def page_links(self) -> list[PageLink]:
        """Return the pages around this one, with gaps."""
        return [
            PageLink("…")
            if number == self.paginator.ELLIPSIS
            else PageLink(
                f"{number}", self.get_query_string({PAGE_VAR: number}), number == self.page_num
            )
            for number in self.paginator.get_elided_page_range(self.page_num)
        ]

    def chips(self) -> list[Chip]:
        """Return the active filters of the FilterSet, each with the way to drop it."""
        if self.filterset is None or not self.filterset.form.is_valid():
            return []
        chips = []
        form = self.filterset.form
        for name, field in form.fields.items():
            value = form.cleaned_data.get(name)
            if value in (None, "", [], ()):
                continue
            chips.append(
                Chip(
                    label=str(form[name].label or name),
                    value=shown(field, value),
                    url=self.url_without(key for key in self.filter_params if is_of(key, name)),
                )
            )
        return chips
