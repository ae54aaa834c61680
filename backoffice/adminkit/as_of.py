"""The page that shows an aggregate as it was: banner, presets, what is different now. Read only."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from backoffice.adminkit.forms import FIRST_YEAR, LAST_YEAR, MomentField, MomentInput
from backoffice.adminkit.timeline import action_words
from backoffice.as_of import Instant, Trace, query_of
from backoffice.flows import State
from backoffice.models import ChangeSet, Expiry
from backoffice.refused import Text

if TYPE_CHECKING:
    from backoffice.adminkit.console import ConsoleAdmin

    Base = ConsoleAdmin
else:
    Base = object

NOON = time(12)
# More digits are no change set of anything, and more than a database can count.
LONGEST_KEY = 18


# --- What a page says --------------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    """A value then, and now."""

    then: str
    now: str

    @property
    def is_changed(self) -> bool:
        return self.then != self.now


@dataclass(frozen=True)
class Line:
    """One row of a section. fate: "since": it came since; "gone": it is there no longer."""

    cells: Sequence[Cell]
    fate: str = ""

    @property
    def differences(self) -> int:
        return 1 if self.fate else sum(cell.is_changed for cell in self.cells)


@dataclass(frozen=True)
class Section:
    """A table of the page. head: the columns' names; numbers: which of them are set right."""

    title: Text
    head: Sequence[Text]
    lines: Sequence[Line]
    empty: Text = ""
    numbers: frozenset[int] = frozenset()

    @property
    def differences(self) -> int:
        return sum(line.differences for line in self.lines)

    @property
    def columns(self) -> list[tuple[Text, bool]]:
        return [(name, place in self.numbers) for place, name in enumerate(self.head)]


@dataclass(frozen=True)
class View:
    """An aggregate at one instant, beside how it is now. badges: (then, now); None: it has none."""

    badges: Sequence[tuple[State | None, State | None]]
    facts: Sequence[tuple[Text, Cell]]
    sections: Sequence[Section]
    is_gone: bool = False

    @property
    def differences(self) -> int:
        badges = sum(then != now for then, now in self.badges)
        facts = sum(cell.is_changed for _label, cell in self.facts)
        return badges + facts + sum(section.differences for section in self.sections)


class Past(Protocol):
    """Everything the record has of one aggregate. name: what it is called now.

    view: None when it was not there yet, or not any more.
    """

    name: str

    @property
    def traces(self) -> Sequence[Trace]: ...

    def view(self, instant: Instant) -> View | None: ...


Table = Mapping[Hashable, Sequence[str]]


def lines_between(then: Table, now: Table) -> list[Line]:
    """Return the lines of a section from its rows then and now, each by a key that stays."""
    lines = []
    for key, cells in then.items():
        if key in now:
            pairs = zip(cells, now[key], strict=True)
            lines.append(Line([Cell(before, after) for before, after in pairs]))
        else:
            lines.append(Line([Cell(cell, cell) for cell in cells], "gone"))
    for key, cells in now.items():
        if key not in then:
            lines.append(Line([Cell(cell, cell) for cell in cells], "since"))
    return lines


def facts_between(then: Mapping[Text, str], now: Mapping[Text, str]) -> list[tuple[Text, Cell]]:
    """Return labelled values then and now; what is blank both times is left out."""
    labels = [*then, *(label for label in now if label not in then)]
    cells = [(label, Cell(then.get(label, ""), now.get(label, ""))) for label in labels]
    return [(label, cell) for label, cell in cells if cell.then or cell.now]


# --- Addresses ---------------------------------------------------------------------------------


class AsOfForm(forms.Form):
    at = MomentField(widget=MomentInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["at"].label = _("As of")


@dataclass
class Asked:
    """What an address asks for. typed: a time of the reader's own clock, for a redirect."""

    instant: Instant | None = None
    typed: datetime | None = None
    form: AsOfForm = field(default_factory=AsOfForm)


def read_address(request: HttpRequest) -> Asked:
    """Read the instant of an address; what is none leaves the form with its complaint."""
    given = request.GET.get("at", "")
    if not given:
        return Asked()
    moment = _aware(given)
    if moment is not None:
        shown = timezone.localtime(moment).strftime("%Y-%m-%dT%H:%M")
        before = request.GET.get("before", "")
        is_key = before.isdecimal() and before.isascii() and len(before) <= LONGEST_KEY
        return Asked(
            Instant(moment, int(before) if is_key else None), form=AsOfForm(initial={"at": shown})
        )
    form = AsOfForm({"at": given})
    return Asked(typed=form.cleaned_data["at"] if form.is_valid() else None, form=form)


def _aware(text: str) -> datetime | None:
    """Return a moment that names its time zone, or None."""
    try:
        moment = parse_datetime(text.replace(" ", "+"))
    except ValueError:
        return None
    if moment is None or moment.tzinfo is None or not FIRST_YEAR <= moment.year < LAST_YEAR:
        return None
    return moment.astimezone(UTC)


def presets_of(now: datetime, traces: Sequence[Trace]) -> list[tuple[str, Instant]]:
    """Return the moments that people ask for most, in the reader's time zone."""
    today = timezone.localdate(now)

    def moment(day: Any, at: time = time.min) -> Instant:
        return Instant(timezone.make_aware(datetime.combine(day, at)))

    presets = [
        (_("Yesterday 12:00"), moment(today - timedelta(days=1), NOON)),
        (_("Start of today"), moment(today)),
        (_("Start of the month"), moment(today.replace(day=1))),
    ]
    if traces:
        presets.append((_("Before the last change"), traces[-1].instant_before))
    return presets


# --- The page ----------------------------------------------------------------------------------


class ShowsAsOf(Base):
    """A part of an admin that serves `<pk>/as-of/?at=…`. `past_of` reads the record of one row."""

    past_of: Callable[[HttpRequest, Any], Past]

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_as_of"
        view = self.admin_site.admin_view(self.as_of_view)
        return [path("<path:object_id>/as-of/", view, name=name), *super().get_urls()]

    def as_of_menu(self, pk: Any, rows: Sequence[Any] = ()) -> dict[str, Any]:
        """Return what the menu “As of…” needs. rows: of the row's own history, oldest first."""
        url = self.admin_path("as_of", pk)
        traces = [Trace(row.history_date, row.change_set_id) for row in rows[-1:]]
        presets = presets_of(timezone.now(), traces)
        return {
            "url": url,
            "presets": [(label, f"{url}?{query_of(instant)}") for label, instant in presets],
            "form": AsOfForm(),
        }

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Add to each entry the way to the whole as it was before."""
        response = super().history_view(request, object_id, extra_context)
        if isinstance(response, TemplateResponse) and response.context_data["object"] is not None:
            response.context_data["as_of"] = self.as_of_menu(response.context_data["object"].pk)
        return response

    def as_of_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the row as it was at the instant of the address."""
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            row = self.get_object(request, object_id)
        except ValidationError as error:
            raise Http404 from error
        if row is None:
            raise Http404
        asked = read_address(request)
        url = self.admin_path("as_of", row.pk)
        if asked.typed is not None:
            return redirect(f"{url}?{query_of(Instant(asked.typed))}")
        past, now = self.past_of(request, row), timezone.now()
        traces, instant = past.traces, asked.instant
        context = {
            **self.admin_site.each_context(request),
            "title": _("{row} as of…").format(row=past.name),
            "opts": self.opts,
            "original": row,
            "object": row,
            "name": past.name,
            "form": asked.form,
            "as_of_url": url,
            "now_url": self.admin_path("change", row.pk),
            "presets": [
                (label, f"{url}?{query_of(preset)}", preset == instant)
                for label, preset in presets_of(now, traces)
            ],
        }
        if instant is not None:
            context |= _shown(past, traces, instant, now, url, request)
        return TemplateResponse(request, "backoffice/as_of.html", context)


def _shown(
    past: Past,
    traces: Sequence[Trace],
    instant: Instant,
    now: datetime,
    url: str,
    request: HttpRequest,
) -> dict[str, Any]:
    covered = [trace for trace in traces if instant.covers(trace.at, trace.change_set_id)]
    later = [trace for trace in traces if trace not in covered]
    click = None
    if instant.before in {trace.change_set_id for trace in traces}:
        click = ChangeSet.objects.select_related("origin").filter(pk=instant.before).first()
    return {
        "instant": instant,
        "is_to_come": instant.at > now,
        "has_gaps": Expiry.objects.filter(before__gt=instant.at).exists(),
        "view": past.view(instant),
        "clicks_since": len(later),
        "click": click and (action_words(click.action) or click.get_channel_display()),
        "click_url": click
        and request.user.has_perm("backoffice.view_changeset")
        and reverse("admin:backoffice_changeset_change", args=[click.pk]),
        "older_url": covered and f"{url}?{query_of(covered[-1].instant_before)}",
        "newer_url": later and f"{url}?{query_of(later[0].instant_after)}",
        "first_url": later and not covered and f"{url}?{query_of(later[0].instant_after)}",
    }
