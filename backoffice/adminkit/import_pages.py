"""What the pages of an import show: tabs with counts, rows with old → new, faults in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from urllib.parse import urlencode

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backoffice.flows import Tone
from backoffice.imports import own_recipes
from backoffice.imports.choices import Choices
from backoffice.imports.columns import Column
from backoffice.imports.preview import Page, Reason, Shown
from backoffice.imports.sheets import Sheet
from backoffice.models import ImportFinding, ImportRecipe, ImportRun
from backoffice.refused import Text

# Longer texts are folded; nothing is ever cut.
LONG_CHARS = 160
MOST_REASONS = 8

STATE_TONES: dict[str, Tone] = {
    "received": "info",
    "mapping": "info",
    "validated": "info",
    "asked": "warning",
    "running": "warning",
    "applied": "success",
    "refused": "danger",
    "failed": "danger",
    "discarded": "neutral",
    "expired": "neutral",
}
_LABELS: dict[str, tuple[Text, Tone]] = {
    "refused": (gettext_lazy("Refused"), "danger"),
    "warned": (gettext_lazy("To check"), "warning"),
    "changed": (gettext_lazy("Changed"), "info"),
    "new": (gettext_lazy("New"), "success"),
    "unchanged": (gettext_lazy("Unchanged"), "neutral"),
    "left_out": (gettext_lazy("Left out"), "neutral"),
}
# An undo's rows are the same verdicts in other words.
_UNDO_LABELS: dict[str, tuple[Text, Tone]] = {
    **_LABELS,
    "refused": (gettext_lazy("Kept"), "warning"),
    "changed": (gettext_lazy("Taken back"), "info"),
    "unchanged": (gettext_lazy("As before already"), "neutral"),
}
_ORDER = ("refused", "warned", "changed", "new", "unchanged", "left_out")
_OPENED_FIRST = ("refused", "changed", "new", "warned", "left_out", "unchanged")
_SELDOM = {"warned", "left_out"}


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

    @property
    def shown(self) -> str:
        return grouped(self.count)


def tabs_of(run: ImportRun, counts: Mapping[str, int], asked: str) -> list[Tab]:
    """Return the tabs of a run; active is the one asked for, else what needs a person first."""
    active = asked or next((name for name in _OPENED_FIRST if counts.get(name)), "new")
    labels = _UNDO_LABELS if run.is_undo else _LABELS
    seldom = {*_SELDOM, "new"} if run.is_undo else _SELDOM
    return [
        Tab(
            name,
            label,
            tone if counts.get(name) else "neutral",
            counts.get(name, 0),
            name == active,
        )
        for name in _ORDER
        for label, tone in [labels[name]]
        if counts.get(name) or name not in seldom or name == active
    ]


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
class Cell:
    """A fault of a row. name: of the box in which its cell is corrected, "" when it cannot be."""

    label: Text
    column: str
    message: str
    hint: str
    name: str = ""
    value: str = ""
    is_number: bool = False

    @property
    def place(self) -> str:
        return self.name.removeprefix("cell-")


@dataclass(frozen=True)
class RowView:
    """A staged row as the page shows it. url: the row's own page, "" when there is none."""

    number: int
    line: int
    key: str
    title: str
    verdict: str
    url: str
    history_url: str = ""
    differences: Sequence[Difference] = ()
    summary: Sequence[tuple[Text, str]] = ()
    faults: Sequence[Cell] = ()
    warnings: Sequence[ImportFinding] = field(default=())


@dataclass(frozen=True)
class RowPrinter:
    """Turns the rows of a page into words. url_of: a row's own page by its primary key."""

    run: ImportRun
    kind: Sheet
    columns: Mapping[str, Column]
    url_of: Callable[[int], str]
    history_of: Callable[[int], str]
    is_open: bool

    def views(self, page: Page) -> list[RowView]:
        there = self._there(page.rows)
        return [self.view(shown, there.get(shown.key)) for shown in page.rows]

    def _there(self, rows: Sequence[Shown]) -> dict[str, int]:
        """Return the primary keys of the rows of the trade that are meant, by what names them."""
        name = Choices.from_json(self.run.choices).key or self.kind.key
        if name not in {field.name for field in self.kind.model._meta.concrete_fields}:
            return {}
        keys = {shown.key for shown in rows} - {""}
        found = self.kind.model._default_manager.filter(**{f"{name}__in": keys})
        return dict(found.order_by("pk").values_list(name, "pk"))

    def view(self, shown: Shown, pk: int | None) -> RowView:
        faults = [found for found in shown.findings if not found.is_warning]
        return RowView(
            number=shown.number,
            line=shown.line,
            key=shown.key,
            title=shown.title or shown.key,
            verdict=shown.verdict,
            url=self.url_of(pk) if pk is not None else "",
            history_url=self.history_of(pk) if pk is not None and self.run.is_undo else "",
            differences=[
                self._difference(name, old, new) for name, (old, new) in shown.changes.items()
            ],
            summary=self._summary(shown),
            faults=self._cells(shown, faults) if shown.verdict in {"refused", "left_out"} else [],
            warnings=[found for found in shown.findings if found.is_warning],
        )

    def _cells(self, shown: Shown, faults: Sequence[ImportFinding]) -> list[Cell]:
        """Return faults, each cell with one box, whatever is wrong with it."""
        boxed: set[str] = set()
        cells = []
        for found in faults:
            column = self.columns.get(found.field)
            can_fix = (
                self.is_open
                and not self.run.is_undo
                and shown.verdict == "refused"
                and found.field in self.run.layout
                and found.field not in boxed
            )
            boxed.add(found.field)
            cells.append(
                Cell(
                    label=column.label if column is not None else found.column,
                    column=found.column,
                    message=found.message,
                    hint=found.hint,
                    name=f"cell-{shown.number}-{found.field}" if can_fix else "",
                    value=found.raw or shown.cells.get(found.field, ""),
                    is_number=column is not None and column.is_number,
                )
            )
        return cells

    def _summary(self, shown: Shown) -> list[tuple[Text, str]]:
        if shown.verdict != "new":
            return []
        return [
            (self.columns[name].label, text_of(self.columns[name], shown.cells[name]))
            for name in self.kind.summary
            if name in self.columns and shown.cells.get(name)
        ]

    def _difference(self, name: str, old: str, new: str) -> Difference:
        column = self.columns.get(name)
        if column is None:
            return Difference(name, old or "", new or "", is_number=False)
        return Difference(
            column.label,
            text_of(column, old or ""),
            text_of(column, new or ""),
            is_number=column.is_number,
            share=_share(column, old or "", new or ""),
        )


def text_of(column: Column, text: str) -> str:
    """Return a canonical text as people write it: numbers with their thousands parted."""
    number = _decimal(text) if column.is_number else None
    if number is None:
        return text
    places = 2 if column.is_money else max(0, -int(number.as_tuple().exponent))
    return formats.number_format(number, decimal_pos=places, force_grouping=True)


def _share(column: Column, old: str, new: str) -> str:
    """Return by how much a number moves: money in per cent, pieces in pieces."""
    before, after = _decimal(old), _decimal(new)
    if not column.is_number or before is None or after is None:
        return ""
    if not column.is_money:
        return f"{after - before:+,f}"
    return f"{(after - before) / before * 100:+.1f} %" if before else ""


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


@dataclass(frozen=True)
class ReasonView:
    """Why rows are refused, or want a look: how many, the column, and one of the sentences."""

    count: int
    label: Text
    example: str
    is_warning: bool
    code: str
    is_active: bool

    @property
    def query(self) -> str:
        tab = "warned" if self.is_warning else "refused"
        return urlencode({"tab": tab, "code": self.code})


def reasons_in(
    found: Sequence[Reason], columns: Mapping[str, Column], asked: str
) -> list[ReasonView]:
    """Return the most frequent reasons, faults before warnings. asked: the code looked at."""
    return [
        ReasonView(
            count=reason.count,
            label=columns[reason.field].label if reason.field in columns else reason.column,
            example=reason.example,
            is_warning=reason.is_warning,
            code=reason.code,
            is_active=reason.code == asked,
        )
        for reason in found[:MOST_REASONS]
    ]


def recipe_label(run: ImportRun, kind: Sheet) -> Text:
    """Return what the file's format is called."""
    labels = {recipe.name: recipe.label for recipe in kind.recipes}
    if run.recipe.startswith(own_recipes.PREFIX):
        uuid = run.recipe.removeprefix(own_recipes.PREFIX)
        return ImportRecipe.objects.filter(uuid=uuid).values_list("name", flat=True).first() or ""
    return labels.get(run.recipe, _("Assigned by hand") if run.recipe == "assigned" else run.recipe)


def columns_of(run: ImportRun, columns: Mapping[str, Column]) -> list[tuple[Text, str]]:
    """Return which of the file's columns each of ours is read from."""
    return [
        (columns[name].label if name in columns else name, ", ".join(names))
        for name, names in run.columns.items()
    ]


def grouped(count: int) -> str:
    return formats.number_format(count, force_grouping=True)


def apply_label(count: int) -> str:
    """Return the words of the button that writes: it says how many."""
    return ngettext("Apply {count} row", "Apply {count} rows", count).format(count=grouped(count))


def good_rows_label(count: int, refused: int) -> str:
    """Return the words of the button that leaves refused rows out."""
    good = ngettext("Apply the {count} good row", "Apply the {count} good rows", count)
    left = ngettext("leave {count} out", "leave {count} out", refused)
    return f"{good.format(count=grouped(count))}, {left.format(count=grouped(refused))}"


def undo_label(count: int, kept: int) -> str:
    """Return the words of the button that takes an import back."""
    back = ngettext("Take {count} row back", "Take {count} rows back", count)
    words = back.format(count=grouped(count))
    if not kept:
        return words
    left = ngettext("keep {count}", "keep {count}", kept).format(count=grouped(kept))
    return f"{words}, {left}"
