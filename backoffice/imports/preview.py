"""What pages and receipts read of a run: tabs, rows with old → new, reasons with counts.

Everything is asked of the database a page at a time: 100,000 rows are shown as fast as 100.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast

from backoffice.imports.choices import Choices
from backoffice.imports.fields import Field
from backoffice.imports.sheets import Sheet, sheet
from backoffice.imports.table_sheet import TableSheet
from backoffice.models import ImportFinding, ImportPlan, ImportRow, ImportRun
from backoffice.models.imports import Verdict

TABS = ("refused", "changed", "new", "warned", "unchanged", "left_out")
ROWS_A_PAGE = 50


@dataclass
class Shown:
    """A staged row as a page shows it.

    cells: our column → what the file says. changes: our column → old and new; a new row's from "".
    """

    number: int
    line: int
    key: str
    title: str
    verdict: str
    target_id: int | None
    cells: dict[str, str]
    changes: dict[str, tuple[str, str]]
    findings: list[ImportFinding] = field(default_factory=list)

    @property
    def errors(self) -> list[ImportFinding]:
        return [finding for finding in self.findings if not finding.is_warning]

    @property
    def warnings(self) -> list[ImportFinding]:
        return [finding for finding in self.findings if finding.is_warning]


@dataclass
class Page:
    """Some rows of a tab in the order of the file. first, last: their numbers; 0 when empty."""

    rows: list[Shown]
    has_next: bool
    has_previous: bool

    @property
    def first(self) -> int:
        return self.rows[0].number if self.rows else 0

    @property
    def last(self) -> int:
        return self.rows[-1].number if self.rows else 0


@dataclass(frozen=True)
class Reason:
    """What was said of many rows in one way. example: one sentence of them."""

    code: str
    field: str
    column: str
    example: str
    is_warning: bool
    count: int


def tab_counts(run: ImportRun) -> dict[str, int]:
    return {name: getattr(run, name) for name in TABS}


def page_of(
    run: ImportRun,
    tab: str,
    *,
    after: int = 0,
    search: str = "",
    code: str = "",
    size: int = ROWS_A_PAGE,
    backward: bool = False,
) -> Page:
    """Return the rows of a tab that come after a row number, or before it.

    search: part of a key, or of any cell. code: only rows of which this was said.
    """
    rows = rows_of(run, tab)
    if search.strip():
        words = search.strip()
        rows = rows.alias(said=Cast("cells", TextField()))
        rows = rows.filter(Q(key__icontains=words) | Q(said__icontains=words))
    if code:
        said = ImportFinding.objects.filter(run=run, number=OuterRef("number"), code=code)
        rows = rows.filter(Exists(said))
    if backward:
        found = list(rows.filter(number__lt=after).order_by("-number")[: size + 1])
        more, found = len(found) > size, found[:size][::-1]
        return Page(shown(run, found), has_next=True, has_previous=more)
    found = list(rows.filter(number__gt=after).order_by("number")[: size + 1])
    has_previous = after > 0 and rows.filter(number__lte=after).exists()
    return Page(shown(run, found[:size]), len(found) > size, has_previous)


def rows_of(run: ImportRun, tab: str) -> QuerySet[ImportRow]:
    """Return the staged rows of a tab."""
    rows = run.rows.all()
    plan = ImportPlan.objects.filter(run=run, number=OuterRef("number"))
    if tab == "left_out":
        return rows.filter(is_left_out=True)
    if tab == "warned":
        warned = ImportFinding.objects.filter(run=run, number=OuterRef("number"), is_warning=True)
        return rows.filter(Exists(warned))
    if tab == Verdict.UNCHANGED:
        return rows.filter(~Exists(plan), is_left_out=False)
    if tab in {Verdict.NEW, Verdict.CHANGED, Verdict.REFUSED}:
        # Asked from the plan, whose index has the tab's rows in order.
        numbers = ImportPlan.objects.filter(run=run, verdict=tab).values("number")
        return rows.filter(number__in=numbers)
    return rows


def shown(run: ImportRun, rows: Sequence[ImportRow]) -> list[Shown]:
    """Return rows with plan and findings, in a fixed number of queries."""
    kind = sheet(run.sheet)
    numbers = [row.number for row in rows]
    plan = {p.number: p for p in ImportPlan.objects.filter(run=run, number__in=numbers)}
    findings: dict[int, list[ImportFinding]] = defaultdict(list)
    for finding in ImportFinding.objects.filter(run=run, number__in=numbers):
        findings[finding.number].append(finding)
    words = _words(kind, plan.values())
    titles = _titles(kind, plan.values())
    defaults = Choices.from_json(run.choices).defaults
    return [
        _shown(run, kind, row, plan.get(row.number), findings[row.number], words, titles, defaults)
        for row in rows
    ]


def _shown(
    run: ImportRun,
    kind: Sheet,
    row: ImportRow,
    plan: ImportPlan | None,
    findings: list[ImportFinding],
    words: Mapping[str, Mapping[str, str]],
    titles: Mapping[int, str],
    defaults: Mapping[str, str],
) -> Shown:
    columns = kind.columns()
    cells = {
        name: text
        for name, text in zip(run.layout, row.cells, strict=False)
        if text is not None and name in columns
    }
    verdict = "left_out" if row.is_left_out else plan.verdict if plan else Verdict.UNCHANGED
    changes: dict[str, tuple[str, str]] = {}
    is_new = plan is not None and (plan.verdict == Verdict.NEW or not plan.changes)
    if plan is not None and plan.changes:
        for name, (old, new) in plan.changes.items():
            if name in columns:
                changes[name] = (words.get(name, {}).get(old, old), new)
    elif is_new and plan is not None and verdict != Verdict.UNCHANGED:
        said = {**defaults, **cells}
        changes = {name: ("", said[name]) for name in columns if said.get(name)}
    # A new row's key is set aside before there is such a row.
    is_there = plan is not None and (bool(plan.changes) or run.state == ImportRun.State.APPLIED)
    target = plan.target_id if plan is not None and is_there else None
    title = cells.get(kind.title_column) or titles.get(target or 0, "")
    return Shown(
        row.number, row.line, row.key, title, str(verdict), target, cells, changes, findings
    )


def _words(kind: Sheet, plans: Any) -> dict[str, Mapping[str, str]]:
    """Return how a person reads the old values of these rows, by column."""
    if not isinstance(kind, TableSheet):
        return {}
    stored: dict[str, set[str]] = defaultdict(set)
    for plan in plans:
        for name, (old, _new) in (plan.changes or {}).items():
            stored[name].add(old)
    fields: dict[str, Field] = {f.name: f for f in kind.fields()}
    return {name: fields[name].shown(texts) for name, texts in stored.items() if name in fields}


def _titles(kind: Sheet, plans: Any) -> dict[int, str]:
    """Return what the rows of the trade are called that the file does not name."""
    ids = {plan.target_id for plan in plans if plan.target_id is not None and plan.changes}
    found = kind.model._default_manager.filter(pk__in=ids)
    return {row.pk: str(row) for row in found} if ids else {}


def reasons_of(run: ImportRun) -> list[Reason]:
    """Return what was said of the rows, the most frequent first; refusals before warnings."""
    grouped = (
        run.findings.order_by()
        .values("code", "field", "column", "is_warning")
        .annotate(rows=Count("number", distinct=True), example=Min("message"))
        .order_by("is_warning", "-rows", "code")
    )
    return [
        Reason(
            found["code"], found["field"], found["column"], found["example"],
            found["is_warning"], found["rows"],
        )
        for found in grouped
    ]  # fmt: skip


def written_targets(run: ImportRun) -> QuerySet[Any]:
    """Return the keys of the rows of the trade that an applied run wrote."""
    wrote = ImportPlan.objects.filter(Q(verdict=Verdict.NEW) | Q(verdict=Verdict.CHANGED), run=run)
    return wrote.exclude(target_id=None).values_list("target_id", flat=True)
