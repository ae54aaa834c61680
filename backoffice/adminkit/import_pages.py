"""What the pages of an import show: tabs with counts, rows with old → new, errors in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.paginator import Page, Paginator
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from backoffice.flows import Tone
from backoffice.imports.columns import Column
from backoffice.imports.sheets import Sheet
from backoffice.models import ImportRow, ImportRun
from backoffice.refused import Text

ROWS_A_PAGE = 50
# Longer texts are folded; nothing is ever cut.
LONG_CHARS = 160

STATE_TONES: dict[str, Tone] = {
    "received": "info",
    "validated": "info",
    "running": "warning",
    "applied": "success",
    "refused": "danger",
    "failed": "danger",
    "discarded": "neutral",
    "expired": "neutral",
}


class ImportForm(forms.Form):
    """What is asked at the upload."""

    file = forms.FileField(
        label=_("File"),
        error_messages={
            "required": _("Choose a file first."),
            "empty": _("The file is empty. Choose a sheet with at least one row."),
        },
    )
    recipe = forms.ChoiceField(label=_("Format"), required=False)
    policy = forms.ChoiceField(
        label=_("If a row is refused"),
        choices=ImportRun.Policy.choices,
        initial=ImportRun.Policy.ALL_OR_NOTHING,
        required=False,
    )
    mode = forms.ChoiceField(
        label=_("Rows may"),
        choices=ImportRun.Mode.choices,
        initial=ImportRun.Mode.UPSERT,
        required=False,
    )
    ignore_unknown = forms.BooleanField(label=_("Ignore unknown columns"), required=False)

    def __init__(self, kind: Sheet, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["recipe"].choices = [
            ("", _("Detect")),
            *((recipe.name, recipe.label) for recipe in kind.recipes),
        ]


@dataclass(frozen=True)
class Tab:
    name: str
    label: Text
    tone: Tone
    count: int
    is_active: bool

    @property
    def query(self) -> str:
        return urlencode({"tab": self.name})


@dataclass(frozen=True)
class Difference:
    """One field: whole values, never drawn character by character. share: "+7.7 %"."""

    label: Text
    old: str
    new: str
    is_number: bool
    share: str = ""

    @property
    def is_long(self) -> bool:
        return len(self.old) + len(self.new) > LONG_CHARS or "\n" in self.old + self.new


@dataclass(frozen=True)
class RowView:
    """A staged row as the page shows it. url: the row's own page, "" when there is none."""

    line: int
    key: str
    title: str
    verdict: str
    url: str
    differences: Sequence[Difference]
    summary: Sequence[tuple[Text, str]]
    errors: Sequence[dict[str, str]]
    warnings: Sequence[dict[str, str]]


# In "all" what needs a person comes first, in each group in the order of the file.
_URGENCY = Case(
    *(
        When(verdict=verdict, then=Value(place))
        for place, verdict in enumerate(("refused", "changed", "new", "unchanged"))
    ),
    output_field=IntegerField(),
)
_TABS: tuple[tuple[str, Text, Tone], ...] = (
    ("all", _("All"), "neutral"),
    ("refused", _("Refused"), "danger"),
    ("check", _("To check"), "warning"),
    ("changed", _("Changed"), "info"),
    ("new", _("New"), "success"),
    ("unchanged", _("Unchanged"), "neutral"),
)


def tabs_of(run: ImportRun, asked: str) -> list[Tab]:
    """Return the tabs of a run; active is the one asked for, else all rows."""
    counts = {
        "all": run.row_count,
        "refused": run.refused,
        "check": _rows_in(run, "check").count(),
        "changed": run.changed,
        "new": run.new,
        "unchanged": run.unchanged,
    }
    known = {name for name, _label, _tone in _TABS}
    active = asked if asked in known else "all"
    return [
        Tab(name, label, tone if counts[name] else "neutral", counts[name], name == active)
        for name, label, tone in _TABS
        if counts[name] or name != "check" or name == active
    ]


def _rows_in(run: ImportRun, tab: str) -> QuerySet[ImportRow]:
    if tab == "all":
        return run.rows.all()
    if tab == "check":
        return run.rows.exclude(warnings=[]).exclude(verdict=ImportRow.Verdict.REFUSED)
    return run.rows.filter(verdict=tab)


def page_of(run: ImportRun, tab: str, number: Any) -> Page[ImportRow]:
    """Return one page of a tab's rows, in the order of the file."""
    order = [_URGENCY, "line", "id"] if tab == "all" else ["line", "id"]
    return Paginator(_rows_in(run, tab).order_by(*order), ROWS_A_PAGE).get_page(number)


def views_of(rows: Sequence[ImportRow], kind: Sheet, url_of: Callable[[int], str]) -> list[RowView]:
    """Return rows in words. url_of: a row's own page by its primary key."""
    columns = kind.columns()
    return [
        RowView(
            line=row.line,
            key=row.key,
            title=row.title,
            verdict=row.verdict,
            url=url_of(row.target_id) if row.target_id else "",
            differences=[
                _difference(columns.get(name), name, old, new)
                for name, (old, new) in row.changes.items()
                if row.verdict != ImportRow.Verdict.REFUSED
            ],
            summary=_summary(row, kind, columns),
            errors=row.errors,
            warnings=row.warnings,
        )
        for row in rows
    ]


def _summary(row: ImportRow, kind: Sheet, columns: dict[str, Column]) -> list[tuple[Text, str]]:
    if row.verdict != ImportRow.Verdict.NEW:
        return []
    return [(columns[name].label, row.cells[name]) for name in kind.summary if row.cells.get(name)]


def _difference(column: Column | None, name: str, old: str, new: str) -> Difference:
    if column is None:
        return Difference(name, old, new, is_number=False)
    share = ""
    if column.is_money and old and new and Decimal(old):
        percent = (Decimal(new) - Decimal(old)) / Decimal(old) * 100
        share = f"{percent:+.1f} %"
    return Difference(column.label, old, new, is_number=column.is_number, share=share)


def recipe_label(run: ImportRun, kind: Sheet) -> Text:
    """Return what the file's format is called."""
    labels = {recipe.name: recipe.label for recipe in kind.recipes}
    return labels.get(run.recipe, run.recipe)


def columns_of(run: ImportRun, kind: Sheet) -> list[tuple[Text, str]]:
    """Return which of the file's columns each of ours is read from."""
    columns = kind.columns()
    return [
        (columns[name].label if name in columns else name, ", ".join(names))
        for name, names in run.columns.items()
    ]


def apply_label(count: int) -> str:
    """Return the words of the button that writes: it says how many."""
    return ngettext("Apply %(count)d row", "Apply %(count)d rows", count) % {"count": count}


def good_rows_label(count: int, refused: int) -> str:
    """Return the words of the button that leaves refused rows out."""
    good = ngettext("Apply the %(count)d good row", "Apply the %(count)d good rows", count)
    left = ngettext("leave %(count)d out", "leave %(count)d out", refused)
    return f"{good % {'count': count}}, {left % {'count': refused}}"
