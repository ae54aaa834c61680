"""Columns and widgets of a sheet, on django-import-export: declared once, printed everywhere.

A widget's `clean` reads a cell strictly (or raises the `Fault` with its words), `render` writes the
canonical text that two sides are compared by. `clean(render(x)) == x`, whatever x is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from import_export.fields import Field
from import_export.widgets import Widget

from backoffice.imports import compound, parse
from backoffice.imports.parse import Text


class Column(Field):
    """A column of a sheet: what it is called, means, looks like, and who may write it.

    example: a cell for the template. is_required: a new row needs it. permission: what a person
    needs to change it on an existing row, as `has_perm` takes it; creation_permission: to fill it
    on a new one.
    """

    def __init__(
        self,
        attribute: str | Callable[[Any], Any],
        *,
        widget: Widget,
        label: Text,
        help_text: Text,
        example: str = "",
        is_required: bool = False,
        permission: str = "",
        creation_permission: str = "",
        **options: Any,
    ) -> None:
        super().__init__(attribute=attribute, widget=widget, **options)
        self.label = label
        self.help_text = help_text
        self.example = example
        self.is_required = is_required
        self.permission = permission
        self.creation_permission = creation_permission

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


class TextWidget(StrictWidget):
    """Free text on one line, or on several."""

    def __init__(self, *, longest: int | None = None, lines: bool = False) -> None:
        super().__init__()
        self.longest, self.lines = longest, lines

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        return parse.free_text(value, longest=self.longest, lines=self.lines)


class CodeWidget(TextWidget):
    """An identifier: text stays text, to the last leading zero."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        return parse.code(value, longest=self.longest)


class SlugWidget(TextWidget):
    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        return parse.slug(value, longest=self.longest)


class CurrencyWidget(StrictWidget):
    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        return parse.currency(value)


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


class WholeNumberWidget(StrictWidget):
    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> int | None:
        return parse.whole_number(value)


class MomentWidget(StrictWidget):
    """A point in time; written in UTC, to the second."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> datetime | None:
        return parse.moment(value)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "" if value is None else f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


class YesNoWidget(StrictWidget):
    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> bool | None:
        return parse.yes_no(value)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        # The sheet's own words, not the screen's: a file must mean the same in every language.
        if value is None:
            return ""
        return "yes" if value else "no"


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

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> dict[str, str]:
        return compound.pairs(value)

    def render(self, value: Mapping[str, Any] | None, obj: Any = None, **kwargs: Any) -> str:
        return compound.joined_pairs(value or {})
