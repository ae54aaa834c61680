"""Recipes that people make: saved, renamed, archived, known again by the header, kept as text."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from backoffice import changes, history
from backoffice.imports import recipe_text, sheets
from backoffice.imports.choices import Blank, Choices, StockMeans
from backoffice.imports.parse import shown
from backoffice.imports.recipe_text import RecipeText
from backoffice.imports.recipes import AssignedRecipe, Recipe, fingerprint
from backoffice.models import ImportRecipe, ImportRun, User
from backoffice.refused import BadValue, Refused, Text, UnknownRow
from backoffice.steps import editing, require_permission

PREFIX = "own:"
NAME_MAX_LENGTH = 60
SUPPLIER_MAX_LENGTH = 80
DECIMAL_MARKS = ("", ".", ",")


class RecipeNameTaken(Refused):
    """facts: name."""

    sentence = _("There is a recipe “{name}” for this sheet already.")
    hint = _("Choose another name, or archive that one first.")
    http_status = 409


class OwnRecipe(AssignedRecipe):
    """A saved recipe: recognised by exactly the columns that it was made for."""

    is_own = True

    def __init__(self, row: ImportRecipe, known: frozenset[str]) -> None:
        super().__init__(choices_of(row).mapping or {}, known)
        self.row = row
        self.name = f"{PREFIX}{row.uuid}"
        self.label = row.name
        self.mode = str(row.content.get("mode", ""))

    def recognises(self, keys: frozenset[str]) -> bool:
        return bool(self.row.fingerprint) and fingerprint(sorted(keys)) == self.row.fingerprint


def save_recipe(
    *,
    sheet: str,
    name: str,
    content: Mapping[str, Any],
    supplier: str = "",
    fingerprint: str = "",
    by: User,
    reason: str,
) -> ImportRecipe:
    """Keep how a supplier's columns were assigned, to be used again.

    content: `choices` as of `Choices.as_json`, with the mapping; `mode` and `policy` of a run.
    fingerprint: of the header that it is for; blank: it is only ever asked for.
    Refuses: NotAllowed; BadValue; RecipeNameTaken.
    Atomic: one row with its history.
    """
    choices = Choices.from_json(content.get("choices") or {})
    said = RecipeText(
        sheet=sheet,
        name=_name(name),
        choices=choices.but(supplier=supplier.strip()),
        supplier=supplier.strip(),
        fingerprint=fingerprint,
        mode=str(content.get("mode") or ImportRun.Mode.UPSERT),
        policy=str(content.get("policy") or ImportRun.Policy.ALL_OR_NOTHING),
    )
    return _insert(said, by=by, reason=reason)


def rename_recipe(
    *, recipe_id: int, name: str, by: User, reason: str, version: int | None = None
) -> ImportRecipe:
    """Give a saved recipe another name.

    Refuses: what `editing` refuses; BadValue; RecipeNameTaken.
    Atomic: locks the recipe; one history row when the name changed.
    """
    clean = _name(name)
    with _editing(recipe_id, by=by, reason=reason, version=version) as row:
        if _rivals(row.sheet, clean).exclude(pk=row.pk).exists():
            raise RecipeNameTaken(name=clean)
        row.name = clean
    return row


def archive_recipe(
    *, recipe_id: int, by: User, reason: str, version: int | None = None
) -> ImportRecipe:
    """Take a saved recipe out of use; runs that used it keep what they read by it.

    Refuses: what `editing` refuses.
    Atomic: locks the recipe; one history row unless it was archived already.
    """
    with _editing(recipe_id, by=by, reason=reason, version=version) as row:
        row.is_archived = True
    return row


def recipe_for(sheet: str, fingerprint: str) -> ImportRecipe | None:
    """Return the newest recipe in use for a header with this fingerprint."""
    if not fingerprint:
        return None
    rows = ImportRecipe.objects.filter(sheet=sheet, fingerprint=fingerprint, is_archived=False)
    return rows.order_by("-pk").first()


def all_recipes(sheet: sheets.Sheet) -> list[Recipe]:
    """Return the built-in recipes of a sheet and those in use that were saved, newest first."""
    known = frozenset(sheet.columns())
    saved = ImportRecipe.objects.filter(sheet=sheet.name, is_archived=False).order_by("-pk")
    return [*sheet.recipes, *(OwnRecipe(row, known) for row in saved)]


def choices_of(recipe: ImportRecipe) -> Choices:
    """Return what a saved recipe chooses, columns and reading included."""
    return Choices.from_json(recipe.content.get("choices") or {})


def as_text(recipe: ImportRecipe) -> str:
    """Return a saved recipe as text that `from_text` reads."""
    return recipe_text.write(
        RecipeText(
            sheet=recipe.sheet,
            name=recipe.name,
            choices=choices_of(recipe),
            supplier=recipe.supplier,
            fingerprint=recipe.fingerprint,
            mode=str(recipe.content.get("mode", "")),
            policy=str(recipe.content.get("policy", "")),
        )
    )


def from_text(text: str, *, name: str = "", by: User, reason: str) -> ImportRecipe:
    """Save the recipe that a text holds. name: instead of the one in the text.

    Refuses: RecipeUnreadable; what `save_recipe` refuses.
    Atomic: one row with its history.
    """
    said = recipe_text.read(text)
    return save_recipe(
        sheet=said.sheet,
        name=name or said.name,
        supplier=said.supplier,
        fingerprint=said.fingerprint,
        content={
            "choices": said.choices.as_json(),
            "mode": said.mode,
            "policy": said.policy,
        },
        by=by,
        reason=reason,
    )


def _insert(said: RecipeText, *, by: User, reason: str) -> ImportRecipe:
    sheet = _sheet(said.sheet)
    require_permission(by, sheet.import_permission, sheet.import_words)
    _require_sound(said, frozenset(sheet.columns()))
    if _rivals(said.sheet, said.name).exists():
        raise RecipeNameTaken(name=said.name)
    row = ImportRecipe(
        sheet=said.sheet,
        name=said.name,
        supplier=said.supplier,
        fingerprint=said.fingerprint,
        content={
            "choices": said.choices.as_json(), "mode": said.mode, "policy": said.policy
        },
        owner=by,
    )  # fmt: skip
    changes.say(action=sheet.import_permission, by=by, reason=reason)
    try:
        with transaction.atomic():
            return history.insert_rows([row])[0]
    except IntegrityError as error:
        # The constraint is the guarantee, against one who saves at the same moment.
        raise RecipeNameTaken(name=said.name) from error


def _editing(recipe_id: int, *, by: User, reason: str, version: int | None) -> Any:
    """Open a recipe for whoever may load the sheet that it is for."""
    sheet = ImportRecipe.objects.filter(pk=recipe_id).values_list("sheet", flat=True).first()
    if sheet is None:
        raise UnknownRow(what=ImportRecipe._meta.verbose_name, key=recipe_id)
    permission = _sheet(sheet).import_permission
    return editing(
        ImportRecipe, recipe_id, by=by, permission=permission, reason=reason, version=version
    )


def _rivals(sheet: str, name: str) -> Any:
    return ImportRecipe.objects.filter(sheet=sheet, name=name, is_archived=False)


def _sheet(name: str) -> sheets.Sheet:
    known = {sheet.name: sheet for sheet in sheets.all_sheets()}
    if name not in known:
        raise _bad(
            _("Sheet"), _("“{value}” is none of {known}."), value=name, known=", ".join(known)
        )
    return known[name]


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name:
        raise _bad(_("Name"), _("this is needed."))
    return name


def _require_sound(said: RecipeText, columns: frozenset[str]) -> None:
    """Refuse what no run could be started with."""
    _require_printable(said)
    _require_short(_("Name"), said.name, NAME_MAX_LENGTH)
    _require_short(_("Supplier"), said.supplier, SUPPLIER_MAX_LENGTH)
    if said.fingerprint and not re.fullmatch("[0-9a-f]{64}", said.fingerprint):
        raise _bad(_("Fingerprint"), _("“{value}” is none."), value=said.fingerprint)
    _require_word(_("Mode"), said.mode, ImportRun.Mode.values)
    _require_word(_("Policy"), said.policy, ImportRun.Policy.values)
    choices = said.choices
    _require_word(_("Stock means"), choices.stock_means, list(StockMeans))
    _require_columns(choices, columns)
    for word in choices.blanks.values():
        _require_word(_("Blank cells"), word, list(Blank))
    reading = choices.reading
    _require_word(_("Decimal mark"), reading.decimal, DECIMAL_MARKS)
    if len(reading.delimiter) > 1:
        raise _bad(_("Delimiter"), _("one character is needed."))
    if reading.encoding:
        try:
            codecs.lookup(reading.encoding)
        except (LookupError, ValueError) as error:
            raise _bad(
                _("Encoding"), _("“{value}” is not known."), value=reading.encoding
            ) from error
    if min(reading.header_row or 0, reading.header_rows) < 0:
        raise _bad(_("Header row"), _("0 or more is needed."))


def _require_printable(said: RecipeText) -> None:
    """Refuse what no database holds: it can only come from a text, or a file's header."""
    choices = said.choices
    words = [said.name, said.supplier, choices.reading.sheet, choices.reading.delimiter]
    words += [*(choices.mapping or {}), *choices.defaults.values()]
    if any(re.search("[\x00\ud800-\udfff]", word) for word in words):
        raise _bad(_("Recipe"), _("there is an invisible or broken character in it."))


def _require_columns(choices: Choices, columns: frozenset[str]) -> None:
    used = [ours for ours in (choices.mapping or {}).values() if ours]
    if not used:
        raise _bad(_("Columns"), _("none is assigned."))
    for ours in [*used, *choices.blanks, *choices.defaults, *([choices.key] * bool(choices.key))]:
        if ours not in columns:
            raise _bad(_("Columns"), _("there is no “{value}” in this sheet."), value=ours)
    for ours in used:
        if used.count(ours) > 1:
            raise _bad(_("Columns"), _("{value} is assigned twice."), value=ours)


def _require_short(field: Text, text: str, limit: int) -> None:
    if len(text) > limit:
        raise _bad(field, _("{count} characters; at most {limit} fit."), count=len(text),
                   limit=limit)  # fmt: skip


def _require_word(field: Text, word: str, known: Any) -> None:
    if word not in list(known):
        raise _bad(field, _("“{value}” is none of {known}."), value=word,
                   known=", ".join(str(one) or "–" for one in known))  # fmt: skip


def _bad(field: Text, problem: Text, **facts: Any) -> BadValue:
    clean = {name: shown(value, limit=80) for name, value in facts.items()}
    return BadValue(field=field, problem=str(problem).format(**clean))
