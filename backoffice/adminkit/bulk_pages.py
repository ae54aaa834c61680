"""What the page of a bulk run shows: the plan, the progress, the receipt; in words and tabs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.apps import apps
from django.core.paginator import Page, Paginator
from django.http import QueryDict
from django.urls import NoReverseMatch, reverse
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice import bulk
from backoffice.adminkit.acts import Act
from backoffice.adminkit.display import money
from backoffice.adminkit.timeline import in_words
from backoffice.bulk import answers as kept
from backoffice.flows import Ask, Tone
from backoffice.models import BulkRow, BulkRun
from backoffice.refused import Text

ROWS_A_PAGE = 50
EMPTY = "–"

STATE_TONES: dict[str, Tone] = {
    "staged": "info",
    "planned": "info",
    "asked": "warning",
    "running": "warning",
    "done": "success",
    "failed": "danger",
    "cancelled": "neutral",
    "discarded": "neutral",
    "expired": "neutral",
}
VERDICT_TONES: dict[str, Tone] = {
    "staged": "neutral",
    "can": "success",
    "cannot": "warning",
    "done": "success",
    "refused": "danger",
}


@dataclass(frozen=True)
class Tab:
    """Rows of one verdict. verdict: "" is all of them."""

    name: str
    label: Text
    tone: Tone
    count: int
    is_active: bool = False

    @property
    def query(self) -> str:
        return urlencode({"tab": self.name})


@dataclass(frozen=True)
class RowView:
    """A row as the page shows it. url: its own page, "" when there is none."""

    title: str
    url: str
    label: Text
    tone: Tone
    sentence: str
    way_out: str


@dataclass(frozen=True)
class Shown:
    """What was asked for in the address: a tab, words, one reason, a page."""

    tab: str
    words: str
    reason: str
    number: str

    @classmethod
    def of(cls, query: QueryDict) -> Shown:
        clean = {name: query.get(name, "").replace("\x00", "")[:300] for name in _ASKED}
        return cls(clean["tab"], clean["q"].strip(), clean["reason"], clean["page"])

    def query(self, **more: Any) -> str:
        said = {"tab": self.tab, "q": self.words, "reason": self.reason, **more}
        return urlencode({name: value for name, value in said.items() if value})


_ASKED = ("tab", "q", "reason", "page")


def tabs_of(run: BulkRun, asked: str) -> list[Tab]:
    """Return the tabs of a run: what can and cannot before, done and refused after."""
    if run.confirmed_at is None:
        tabs = [
            Tab("cannot", gettext_lazy("Cannot"), "warning", run.cannot),
            Tab("can", gettext_lazy("Can"), "success", run.can),
        ]
    else:
        tabs = [
            Tab("refused", gettext_lazy("Refused"), "danger", run.refused),
            Tab("done", gettext_lazy("Done"), "success", run.done),
        ]
        if run.unreached:
            name = gettext_lazy("Still to come") if run.is_under_way else UNREACHED
            tabs.append(Tab("can", name, "warning", run.unreached))
    tabs.append(Tab("all", gettext_lazy("All"), "neutral", run.total))
    names = [tab.name for tab in tabs]
    first = next((tab.name for tab in tabs if tab.count), "all")
    active = asked if asked in names else first
    return [
        replace(tab, is_active=tab.name == active, tone=tab.tone if tab.count else "neutral")
        for tab in tabs
    ]


UNREACHED = gettext_lazy("Not reached")


def page_of(run: BulkRun, tab: str, shown: Shown) -> Page[BulkRow]:
    """Return one page of a tab's rows."""
    verdict = "" if tab == "all" else tab
    rows = bulk.rows_of(run, verdict=verdict, words=shown.words, reason=shown.reason)
    return Paginator(rows, ROWS_A_PAGE).get_page(shown.number)


def views_of(run: BulkRun, rows: Sequence[BulkRow], subject: bulk.Subject | None) -> list[RowView]:
    """Return rows in words, each with the way to its own page."""
    labels: dict[str, Text] = dict(BulkRow.Verdict.choices)
    if run.is_over:
        labels[BulkRow.Verdict.CAN] = UNREACHED
    return [
        RowView(
            title=row.title or row.object_key,
            url=_row_url(subject, row),
            label=labels[row.verdict],
            tone=VERDICT_TONES[row.verdict],
            sentence=row.sentence,
            way_out=row.way_out,
        )
        for row in rows
    ]


def _row_url(subject: bulk.Subject | None, row: BulkRow) -> str:
    if subject is None or row.code == "unknown_row":
        return ""
    try:
        path: str = subject.admin.admin_path(
            "change", subject.model._meta.pk.to_python(row.object_key)
        )
    except NoReverseMatch:
        return ""
    return path


def sums_of(run: BulkRun) -> list[SafeString]:
    """Return what the run moves, currency by currency."""
    return [money(Decimal(amount), code) for code, amount in run.sums.items()]


def asks_of(act: Act, run: BulkRun) -> list[Ask]:
    """Return the act's questions, with what was answered before already filled in."""
    before = kept.decode(run.answers)
    return [
        replace(ask, initial=before[ask.name]) if before.get(ask.name) not in (None, "") else ask
        for ask in act.asks
    ]


def answers_of(act: Act | None, run: BulkRun) -> list[tuple[Text, str]]:
    """Return what the act was answered, in words."""
    given = kept.decode(run.answers)
    asks = {ask.name: ask for ask in act.asks} if act is not None else {}
    return [
        (asks[name].label if name in asks else capfirst(name), _said(asks.get(name), value))
        for name, value in given.items()
        if value not in (None, "", [])
    ]


def _said(ask: Ask | None, value: Any) -> str:
    if isinstance(value, bool):
        return str(_("Yes") if value else _("No"))
    if ask is not None and ask.kind == "choice":
        choices = ask.choices() if callable(ask.choices) else ask.choices
        return str(dict(choices).get(str(value), value))
    if isinstance(value, datetime | date):
        return in_words(value)
    if isinstance(value, list | tuple):
        return ", ".join(str(part) for part in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {part}" for name, part in value.items())
    return str(value)


def title_of(run: BulkRun, count: int | None = None) -> str:
    """Return "Cancel 12,431 orders": the act, and its rows as their model is called."""
    count = run.total if count is None else count
    try:
        meta = apps.get_model(run.subject)._meta
    except LookupError:
        return f"{run.label} · {count:,}"
    return f"{run.label} {count:,} {meta.verbose_name if count == 1 else meta.verbose_name_plural}"


def list_path_of(run: BulkRun, subject: bulk.Subject | None) -> str:
    """Return where the rows were chosen, or the list that they stand in."""
    if run.list_path.startswith("/") and not run.list_path.startswith("//"):
        return run.list_path
    return str(subject.admin.admin_path("changelist")) if subject else reverse("admin:index")
