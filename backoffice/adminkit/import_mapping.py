"""Assigning a file's columns to ours by hand: what the page shows, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.db import transaction
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice import imports
from backoffice.adminkit import import_forms
from backoffice.imports import own_recipes
from backoffice.imports.assigning import columns_to_assign
from backoffice.imports.choices import Blank, Choices
from backoffice.imports.guess import Guess
from backoffice.imports.sheets import Sheet, sheet
from backoffice.imports.tables import Reading
from backoffice.models import ImportRun, User
from backoffice.refused import Text

# Below this a guess is shown as one that a person should look at.
SURE = 0.9
LONGEST_SAMPLE = 60
DEFAULT_BOXES = 3
LONGEST_NAME = 60
BLANKS: tuple[tuple[str, Text], ...] = (
    (Blank.KEEP, _("keeps the value")),
    (Blank.CLEAR, _("empties it")),
    (Blank.REFUSE, _("refuses the row")),
)


@dataclass(frozen=True)
class ColumnView:
    """A column of the file. ours: what it is assigned to, "" when it is left aside."""

    place: int
    theirs: str
    samples: Sequence[str]
    ours: str
    is_sure: bool
    why: Text
    blank: str


@dataclass(frozen=True)
class Target:
    """A column of ours. is_key: no row without it; is_needed: a new row needs it."""

    name: str
    label: Text
    help_text: Text
    is_key: bool
    is_needed: bool


@dataclass(frozen=True)
class MappingView:
    columns: Sequence[ColumnView]
    targets: Sequence[Target]
    defaults: Sequence[tuple[int, str, str]]
    supplier: str
    # False: nobody has answered yet, and what is missing is only to be expected.
    is_assigned: bool
    blanks = BLANKS

    @property
    def missing(self) -> list[Target]:
        """Return what no column of the file is assigned to though it is needed."""
        used = {column.ours for column in self.columns}
        given = {name for _place, name, value in self.defaults if value}
        return [
            target
            for target in self.targets
            if (target.is_key or (target.is_needed and target.name not in given))
            and target.name not in used
        ]

    @property
    def unsure(self) -> int:
        return sum(not column.is_sure for column in self.columns)


class ReadingForm(forms.Form):
    """How the file is read, beside the assignments."""

    encoding = forms.ChoiceField(label=_("Letters"), required=False)
    delimiter = forms.ChoiceField(
        label=_("Columns parted by"),
        choices=[import_forms.DETECT, *import_forms.DELIMITERS],
        required=False,
    )
    decimal = forms.ChoiceField(
        label=_("Decimal mark"),
        choices=[import_forms.DETECT, *import_forms.DECIMALS],
        required=False,
    )
    sheet = forms.CharField(label=_("Sheet of the workbook"), max_length=100, required=False)
    header_row = forms.IntegerField(
        label=_("Header in line"), min_value=0, max_value=import_forms.MOST_HEADER_ROW
    )

    def __init__(self, run: ImportRun, *args: Any, **kwargs: Any) -> None:
        self.base = Choices.from_json(run.choices)
        kwargs.setdefault("initial", import_forms.reading_initial(self.base.reading))
        super().__init__(*args, **kwargs)
        self.fields["header_row"].required = False
        self.fields["encoding"].choices = [
            import_forms.DETECT,
            *import_forms.with_own(import_forms.ENCODINGS, self.base.reading.encoding),
        ]


def view_of(run: ImportRun, kind: Sheet, posted: QueryDict | None) -> MappingView:
    """Return the page's rows: unsure ones first; answers that were just given are kept."""
    choices = Choices.from_json(run.choices)
    ours = kind.columns()
    columns = [
        _column(place, name, guess, choices, posted, set(ours))
        for place, (name, guess) in enumerate(columns_to_assign(run).items())
    ]
    return MappingView(
        columns=sorted(columns, key=lambda column: column.is_sure),
        targets=[
            Target(name, column.label, column.help_text, name == kind.key, column.is_required)
            for name, column in ours.items()
        ],
        defaults=_defaults(choices, posted),
        supplier=posted.get("supplier", "") if posted else choices.supplier,
        is_assigned=choices.mapping is not None,
    )


def _column(
    place: int,
    name: str,
    guess: Guess,
    choices: Choices,
    posted: QueryDict | None,
    ours: set[str],
) -> ColumnView:
    chosen, why = guess.ours, guess.why
    # A column without a value is nothing to think about.
    is_sure = guess.confidence >= SURE or not guess.samples
    if choices.mapping is not None:
        chosen, is_sure, why = choices.mapping.get(name, ""), True, ""
    blank = choices.blank_of(chosen)
    if posted is not None:
        chosen, blank = posted.get(f"column-{place}", ""), posted.get(f"blank-{place}", blank)
    return ColumnView(
        place=place,
        theirs=name,
        samples=[sample[:LONGEST_SAMPLE] for sample in guess.samples],
        ours=chosen if chosen in ours else "",
        is_sure=is_sure,
        why=why,
        blank=blank,
    )


def _defaults(choices: Choices, posted: QueryDict | None) -> list[tuple[int, str, str]]:
    given = list(choices.defaults.items()) if posted is None else list(_given(posted).items())
    boxes = [*given, *([("", "")] * max(1, DEFAULT_BOXES - len(given)))]
    return [(place, name, value) for place, (name, value) in enumerate(boxes)]


def _given(posted: QueryDict) -> dict[str, str]:
    """Return what a new row gets where the file says nothing."""
    pairs = (
        (posted.get(f"default-{place}", ""), posted.get(f"value-{place}", "").strip())
        for place in range(len(posted))
        if f"default-{place}" in posted
    )
    return {name: value for name, value in pairs if name and value}


def assign(run: ImportRun, form: ReadingForm, posted: QueryDict, *, by: User) -> ImportRun:
    """Read the run's file with the columns as they were assigned; remember them when asked.

    Refuses: as `imports.choose_again`, and as `own_recipes.save_recipe`.
    """
    known = sheet(run.sheet).columns()
    answers = [
        (name, posted.get(f"column-{place}", ""))
        for place, name in enumerate(columns_to_assign(run))
    ]
    mapping = {name: ours if ours in known else "" for name, ours in answers}
    blanks = {
        ours: blank
        for place, ours in enumerate(mapping.values())
        if ours and (blank := posted.get(f"blank-{place}", "")) in {Blank.CLEAR, Blank.REFUSE}
    }
    supplier = posted.get("supplier", "").strip()[:LONGEST_NAME]
    choices = form.base.but(
        mapping=mapping,
        blanks=blanks,
        defaults={name: value for name, value in _given(posted).items() if name in known},
        supplier=supplier,
        reading=import_forms.reading_from(form.cleaned_data, form.base.reading),
    )
    again = imports.choose_again(uuid=run.uuid, by=by, recipe="", choices=choices)
    if supplier and "read" not in posted:
        _remember(again, supplier, by=by)
    return again


def _remember(run: ImportRun, supplier: str, *, by: User) -> None:
    """Save the assignment under the supplier's name, in place of an earlier one for such a file."""
    reason = _("Assigned for {file}").format(file=run.file_name)
    earlier = own_recipes.recipe_for(run.sheet, run.fingerprint)
    with transaction.atomic():
        if earlier is not None and earlier.name == supplier:
            own_recipes.archive_recipe(recipe_id=earlier.pk, by=by, reason=reason)
        own_recipes.save_recipe(
            sheet=run.sheet,
            name=supplier,
            supplier=supplier,
            fingerprint=run.fingerprint,
            content={"choices": run.choices, "mode": run.mode, "policy": run.policy},
            by=by,
            reason=reason,
        )


def detected(run: ImportRun) -> list[tuple[Text, str]]:
    """Return how the file was read, as label and words; only what applies to it."""
    reading = Choices.from_json(run.choices).reading
    found = words_of_reading(replace(reading, header_row=1))
    if reading.header_row == 0:
        return [*found, (_("Header"), gettext("no header"))]
    if reading.header_row not in {None, 1}:
        return [
            *found,
            (_("Header"), gettext("header in line {line}").format(line=reading.header_row)),
        ]
    return found


def words_of_reading(reading: Reading) -> list[tuple[Text, str]]:
    """Return a way to read a file, as label and words."""
    values = import_forms.reading_initial(reading)
    if reading.header_row == 0:
        values["header_row"] = _("none")
    return [
        (label, words.get(values[name], values[name]))
        for name, label, words in _READ
        if values[name] not in {"", None, 1}
    ]


_READ: tuple[tuple[str, Text, Mapping[Any, Any]], ...] = (
    ("encoding", _("Letters"), dict(import_forms.ENCODINGS)),
    ("delimiter", _("Columns parted by"), dict(import_forms.DELIMITERS)),
    ("decimal", _("Decimal mark"), dict(import_forms.DECIMALS)),
    ("sheet", _("Sheet"), {}),
    ("header_row", _("Header in line"), {}),
)
