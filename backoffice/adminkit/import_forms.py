"""What an import asks for: the file, and how it is to be understood."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from backoffice.imports import own_recipes
from backoffice.imports.choices import Blank, Choices, StockMeans
from backoffice.imports.sheets import Sheet
from backoffice.imports.tables import Reading
from backoffice.models import ImportRun
from backoffice.refused import Text

DETECT = ("", _("Detect"))
# The codecs that sheets really come in; a file that was read with another one keeps it.
ENCODINGS: tuple[tuple[str, Text], ...] = (
    ("utf-8", "UTF-8"),
    ("utf-16", "UTF-16"),
    ("cp1252", _("Windows, Western Europe (cp1252)")),
    ("iso-8859-15", _("ISO, Western Europe (8859-15)")),
    ("cp1250", _("Windows, Central Europe (cp1250)")),
    ("cp1251", _("Windows, Cyrillic (cp1251)")),
    ("cp1253", _("Windows, Greek (cp1253)")),
    ("cp1254", _("Windows, Turkish (cp1254)")),
    ("mac_roman", "Mac Roman"),
    ("shift_jis", "Shift JIS"),
    ("gb18030", "GB 18030"),
)
DELIMITERS: tuple[tuple[str, Text], ...] = (
    (",", _("comma  ,")),
    (";", _("semicolon  ;")),
    ("tab", _("tab")),
    ("|", _("bar  |")),
)
DECIMALS: tuple[tuple[str, Text], ...] = ((".", _("point  1.50")), (",", _("comma  1,50")))
BLANKS: tuple[tuple[str, Text], ...] = (
    (Blank.KEEP, _("leaves the value as it is")),
    (Blank.CLEAR, _("empties it")),
    (Blank.REFUSE, _("refuses the row")),
)
STOCK: tuple[tuple[str, Text], ...] = (
    (StockMeans.COUNTED, _("counted now: it overwrites")),
    (StockMeans.DIFFERENCE, _("the difference that the preview shows")),
)
MOST_HEADER_ROW = 1_000


class ChoicesForm(forms.Form):
    """How a file is understood; blank is “as detected”, or what the sheet does by itself."""

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
    key = forms.ChoiceField(label=_("A row is known by"), required=False)
    blank = forms.ChoiceField(
        label=_("A blank cell"), choices=BLANKS, initial=Blank.KEEP, required=False
    )
    stock_means = forms.ChoiceField(
        label=_("A number of pieces is"), choices=STOCK, initial=StockMeans.COUNTED, required=False
    )
    ignore_unknown = forms.BooleanField(label=_("Ignore unknown columns"), required=False)
    encoding = forms.ChoiceField(label=_("Letters"), required=False)
    delimiter = forms.ChoiceField(
        label=_("Columns parted by"), choices=[DETECT, *DELIMITERS], required=False
    )
    decimal = forms.ChoiceField(
        label=_("Decimal mark"), choices=[DETECT, *DECIMALS], required=False
    )
    sheet = forms.CharField(label=_("Sheet of the workbook"), max_length=100, required=False)
    header_row = forms.IntegerField(
        label=_("Header in line"), min_value=0, max_value=MOST_HEADER_ROW, required=False
    )

    def __init__(
        self, kind: Sheet, *args: Any, run: ImportRun | None = None, **kwargs: Any
    ) -> None:
        self.kind = kind
        self.base = Choices.from_json(run.choices) if run is not None else Choices()
        if run is not None:
            kwargs.setdefault("initial", _initial(run, self.base))
        super().__init__(*args, **kwargs)
        columns = kind.columns()
        self.fields["recipe"].choices = [DETECT, *recipes_of(kind, run)]
        self.fields["key"].choices = [(name, columns[name].label) for name in keys_of(kind)]
        self.fields["encoding"].choices = [DETECT, *with_own(ENCODINGS, self.base.reading.encoding)]
        if "stock" not in columns:
            del self.fields["stock_means"]
        if kind.mode:
            # There is nothing to choose: what the sheet's rows may is fixed.
            self.fields["mode"].choices = [(kind.mode, ImportRun.Mode(kind.mode).label)]
            self.fields["mode"].initial = kind.mode

    @property
    def reading_fields(self) -> list[Any]:
        return [self[name] for name in ("encoding", "delimiter", "decimal", "sheet", "header_row")]

    @property
    def has_one_key(self) -> bool:
        return len(self.fields["key"].choices) < 2  # noqa: PLR2004

    def choices(self) -> Choices:
        """Return what was chosen, on top of what the run knows already."""
        asked = self.cleaned_data
        chosen = self.base.but(
            key=asked["key"] if asked["key"] != self.kind.key else "",
            blanks=self._blanks(asked["blank"]),
            stock_means=asked.get("stock_means") or StockMeans.COUNTED,
            ignore_unknown=asked["ignore_unknown"],
            reading=reading_from(asked, self.base.reading),
        )
        # A format that is asked for by its name takes the place of columns assigned by hand.
        return chosen.but(mapping=None) if asked["recipe"] else chosen

    def _blanks(self, blank: str) -> dict[str, str]:
        """Spread one answer over all columns; a mixed one, set column by column, is kept."""
        if blank not in {Blank.CLEAR, Blank.REFUSE}:
            is_mixed = len(set(self.base.blanks.values())) > 1
            return dict(self.base.blanks) if is_mixed and not blank else {}
        return {
            name: blank
            for name, column in self.kind.columns().items()
            if name != self.kind.key and not (blank == Blank.CLEAR and column.is_required)
        }


class UploadForm(ChoicesForm):
    """What is asked at the upload."""

    file = forms.FileField(
        label=_("File"),
        error_messages={
            "required": _("Choose a file first."),
            "empty": _("The file is empty. Choose a sheet with at least one row."),
        },
    )


class CorrectionsForm(forms.Form):
    """The corrected rows of a run, sent again."""

    file = forms.FileField(
        label=_("Corrected sheet"),
        error_messages={
            "required": _("Choose the corrected sheet first."),
            "empty": _("The file is empty. Choose the corrected sheet."),
        },
    )


def recipes_of(kind: Sheet, run: ImportRun | None = None) -> list[tuple[str, Text]]:
    """Return the formats that lead to a sheet; people's own ones are among them."""
    named: list[tuple[str, Text]] = [
        (recipe.name, recipe.label) for recipe in own_recipes.all_recipes(kind)
    ]
    known = {name for name, _label in named}
    if run is not None and run.recipe and run.recipe not in known | {"assigned"}:
        named.append((run.recipe, run.recipe))
    return named


def keys_of(kind: Sheet) -> list[str]:
    """Return the columns that a row can be known by, the sheet's own first."""
    return list(dict.fromkeys((kind.key, *kind.keys)))


def reading_from(asked: Mapping[str, Any], base: Reading) -> Reading:
    """Return how a file is read when a form has been answered; blank: detected."""
    is_same_header = (asked["header_row"], asked["sheet"]) == (base.header_row, base.sheet)
    return Reading(
        header_rows=base.header_rows if is_same_header else 0,
        encoding=asked["encoding"],
        delimiter="\t" if asked["delimiter"] == "tab" else asked["delimiter"],
        decimal=asked["decimal"],
        sheet=asked["sheet"],
        header_row=asked["header_row"],
    )


def reading_initial(reading: Reading) -> dict[str, Any]:
    return {
        "encoding": reading.encoding,
        "delimiter": "tab" if reading.delimiter == "\t" else reading.delimiter,
        "decimal": reading.decimal,
        "sheet": reading.sheet,
        "header_row": reading.header_row,
    }


def _initial(run: ImportRun, choices: Choices) -> dict[str, Any]:
    blanks = set(choices.blanks.values())
    return {
        "recipe": run.recipe if run.recipe != "assigned" else "",
        "policy": run.policy,
        "mode": run.mode,
        "key": choices.key,
        "blank": blanks.pop() if len(blanks) == 1 else "" if blanks else Blank.KEEP,
        "stock_means": choices.stock_means,
        "ignore_unknown": choices.ignore_unknown,
        **reading_initial(choices.reading),
    }


def with_own(choices: tuple[tuple[str, Text], ...], value: str) -> list[tuple[str, Text]]:
    """Return choices with the one that is in use, though nobody would choose it."""
    known = {name for name, _label in choices}
    return [*choices, *([(value, value)] if value and value not in known else [])]
