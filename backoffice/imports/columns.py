"""Columns and widgets of a sheet, on django-import-export: declared once, printed everywhere.

A widget's `clean` reads a cell strictly (or raises the `Fault` with its words), `render` writes the
canonical text that two sides are compared by. `clean(render(x)) == x`, whatever x is. `typed` and
`texted` say the same to the database: canonical text to what is stored, and back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from import_export.fields import Field
from import_export.widgets import Widget

from backoffice.imports import compound, parse, sql
from backoffice.imports.parse import Fault, Text

# Parts the cells of a column that are looked at together; printable, and rare in any text.
_MARK = "¦"
_MONEY = re.compile(
    rf"(?:(?:0|[1-9][0-9]{{0,9}})\.[0-9]{{2}})?(?:{_MARK}(?:(?:0|[1-9][0-9]{{0,9}})\.[0-9]{{2}})?)*"
)
_SLUGS = re.compile(rf"(?:[a-z0-9]+(?:-[a-z0-9]+)*)?(?:{_MARK}(?:[a-z0-9]+(?:-[a-z0-9]+)*)?)*")
# Different cells of a column whose reading is kept for the rows to come.
MOST_REMEMBERED = 20_000
# Cells of a column that were read before, and what they came to.
Known = dict[Any, "str | Fault"]
_WHOLE = re.compile(rf"(?:0|[1-9][0-9]{{0,8}})?(?:{_MARK}(?:0|[1-9][0-9]{{0,8}})?)*")


class Column(Field):
    """A column of a sheet: what it is called, means, looks like, and who may write it.

    example, second_example: cells for the template's rows. is_required: a new row needs it.
    permission: what a person needs to change it on an existing row, as `has_perm` takes it;
    creation_permission: to fill it on a new one. choices: all that may stand in a cell, where that
    is a short list. group: what an export's page shows it under. source: returns how an export
    reads it (`sources.Source`), where the attribute alone does not tell.
    """

    def __init__(  # noqa: PLR0913  (all that there is to say about a column)
        self,
        attribute: str | Callable[[Any], Any],
        *,
        widget: Widget,
        label: Text,
        help_text: Text,
        example: str = "",
        second_example: str = "",
        is_required: bool = False,
        permission: str = "",
        creation_permission: str = "",
        choices: Iterable[str] = (),
        group: Text = "",
        source: Callable[[], Any] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(attribute=attribute, widget=widget, **options)
        self.label = label
        self.help_text = help_text
        self.example = example
        self.second_example = second_example
        self.is_required = is_required
        self.permission = permission
        self.creation_permission = creation_permission
        self.choices = tuple(choices) or tuple(getattr(widget, "words", ()))
        self.group = group
        self.source = source

    def get_value(self, instance: Any) -> Any:
        if callable(self.attribute):
            return self.attribute(instance)
        return super().get_value(instance)

    def read(self, cell: Any) -> Any:
        """Return the value of a cell. Raises Fault."""
        return self.widget.clean(cell)

    def write(self, value: Any) -> str:
        """Return the canonical text of a value."""
        return self.widget.render(value)

    def read_many(
        self, cells: Sequence[Any], known: Known
    ) -> tuple[Sequence[str], dict[int, Fault]]:
        """Return the canonical text of each cell ("" for a blank one), and the faults by place.

        Cells that are canonical already, nearly all of a good file's, are seen so in one look at
        all of them; of the others each different one is read once. known: what was read so far.
        """
        if self.widget.are_canonical(cells):
            return cells, {}
        # True, 1 and 1.0 would be one key, and are not one text.
        are_texts = set(map(type, cells)) == {str}
        keys = cells if are_texts else [(type(cell), repr(cell)) for cell in cells]
        each = dict(zip(keys, cells, strict=True))
        for key in each.keys() - known.keys():
            known[key] = self._said(each[key])
        said = [known[key] for key in keys]
        if len(known) > MOST_REMEMBERED or len(each) * 2 > len(cells):
            known.clear()  # they are hardly ever repeated
        if set(map(type, said)) == {str}:
            return said, {}
        faults = {place: fault for place, fault in enumerate(said) if isinstance(fault, Fault)}
        return ["" if place in faults else text for place, text in enumerate(said)], faults

    def _said(self, cell: Any) -> str | Fault:
        try:
            return self.widget.render(self.widget.clean(cell))
        except Fault as fault:
            return fault

    @property
    def is_money(self) -> bool:
        return isinstance(self.widget, MoneyWidget)

    @property
    def is_number(self) -> bool:
        """Right-aligned, and a number cell in a workbook."""
        return isinstance(self.widget, MoneyWidget | WholeNumberWidget)


class StrictWidget(Widget):
    """The base of our widgets: rendering is text, and blank stands for nothing."""

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "" if value is None else parse.canonical(str(value))

    def are_canonical(self, cells: Sequence[Any]) -> bool:
        """Return whether all cells are surely canonical text. In doubt: no."""
        return False

    def typed(self, text: str) -> str:
        """Return SQL of what is stored for a canonical text."""
        return text

    def texted(self, stored: str) -> str:
        """Return SQL of the canonical text for what is stored."""
        return sql.plain_text(stored)

    def differs(self, stored: str, text: str) -> str:
        """Return SQL of whether what is stored is not what a canonical text says."""
        return sql.differs(stored, self.typed(text))


def _matches(pattern: re.Pattern[str], cells: Sequence[Any]) -> bool:
    try:
        joined = _MARK.join(cells)
    except TypeError:  # a workbook's numbers and dates
        return False
    return joined.count(_MARK) == len(cells) - 1 and pattern.fullmatch(joined) is not None


class TextWidget(StrictWidget):
    """Free text on one line, or on several."""

    def __init__(self, *, longest: int | None = None, lines: bool = False) -> None:
        super().__init__()
        self.longest, self.lines = longest, lines

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        return parse.free_text(value, longest=self.longest, lines=self.lines)

    def are_canonical(self, cells: Sequence[Any]) -> bool:
        """Printable, no blanks around, not too long, and no "#", which begins Excel's errors."""
        try:
            joined = _MARK.join(cells)
        except TypeError:
            return False
        looked_at = joined.replace("\n", "") if self.lines else joined
        return (
            looked_at.isprintable()
            and "#" not in joined
            and joined.strip() == joined
            and f" {_MARK}" not in joined
            and f"{_MARK} " not in joined
            and (not self.lines or (f"\n{_MARK}" not in joined and f"{_MARK}\n" not in joined))
            and (self.longest is None or max(map(len, cells), default=0) <= self.longest)
        )

    def differs(self, stored: str, text: str) -> str:
        # Stored text is canonical nearly always: the second look is for the rest.
        return f"({stored} <> {text} AND {sql.canonical(stored)} <> {text})"


class CodeWidget(TextWidget):
    """An identifier: text stays text, to the last leading zero."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        return parse.code(value, longest=self.longest)


class SlugWidget(TextWidget):
    def are_canonical(self, cells: Sequence[Any]) -> bool:
        return _matches(_SLUGS, cells) and (
            self.longest is None or max(map(len, cells), default=0) <= self.longest
        )

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        return parse.slug(value, longest=self.longest)


class CurrencyWidget(StrictWidget):
    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        return parse.currency(value)

    def differs(self, stored: str, text: str) -> str:
        return sql.differs(f"upper({stored})", text)


class ChoiceWidget(StrictWidget):
    """One of the words that are stored."""

    def __init__(self, words: Iterable[str]) -> None:
        super().__init__()
        self.words = list(words)

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        return parse.one_of(value, self.words)


class MoneyWidget(StrictWidget):
    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Decimal | None:
        return parse.money(value)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "" if value is None else f"{Decimal(value):.2f}"

    def are_canonical(self, cells: Sequence[Any]) -> bool:
        return _matches(_MONEY, cells)

    def typed(self, text: str) -> str:
        return sql.as_money(text)

    def texted(self, stored: str) -> str:
        return sql.money_text(stored)


class WholeNumberWidget(StrictWidget):
    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> int | None:
        return parse.whole_number(value)

    def are_canonical(self, cells: Sequence[Any]) -> bool:
        return _matches(_WHOLE, cells)

    def typed(self, text: str) -> str:
        return sql.as_whole(text)


class MomentWidget(StrictWidget):
    """A point in time; written in UTC, to the second."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> datetime | None:
        return parse.moment(value)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        if value is None:
            return ""
        # strftime writes the year 1 with one digit.
        return value.astimezone(UTC).replace(tzinfo=None, microsecond=0).isoformat(" ")

    def typed(self, text: str) -> str:
        return sql.as_moment(text)

    def texted(self, stored: str) -> str:
        return sql.moment_text(stored)


class YesNoWidget(StrictWidget):
    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> bool | None:
        return parse.yes_no(value)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        # The sheet's own words, not the screen's: a file must mean the same in every language.
        if value is None:
            return ""
        return "yes" if value else "no"

    def typed(self, text: str) -> str:
        return f"({text} = 'yes')"

    def texted(self, stored: str) -> str:
        return f"CASE WHEN {stored} THEN 'yes' ELSE 'no' END"


class PathWidget(StrictWidget):
    """The levels from the root of a tree: "Kitchen > Coffee"."""

    def __init__(self, *, longest: int | None = None) -> None:
        super().__init__()
        self.longest = longest

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> tuple[str, ...]:
        return compound.path(value, longest=self.longest)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return " > ".join(" ".join(level.split()) for level in value or ())


class WordsWidget(StrictWidget):
    """Words in no order, each once, parted by commas."""

    def __init__(self, *, longest: int | None = None) -> None:
        super().__init__()
        self.longest = longest

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> tuple[str, ...]:
        return compound.words(value, longest=self.longest)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        words = sorted(value or (), key=lambda word: (word.casefold(), word))
        return ",".join(words)


class PairsWidget(StrictWidget):
    """Names with a value each: "Colour=Slate; Size=M"."""

    def __init__(self, *, longest: int | None = None) -> None:
        super().__init__()
        self.longest = longest

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> dict[str, str]:
        return compound.pairs(value, longest=self.longest)

    def render(self, value: Mapping[str, Any] | None, obj: Any = None, **kwargs: Any) -> str:
        return compound.joined_pairs(value or {})
