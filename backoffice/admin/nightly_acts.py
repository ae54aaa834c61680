"""A saved recipe's buttons for the night: run it from now on, change how, run it no more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.adminkit.acts import Act
from backoffice.flows import Ask
from backoffice.imports.nightly import Nightly, nightly_of, set_nightly, stop_nightly
from backoffice.imports.sheets import all_sheets
from backoffice.models import ImportRecipe, ImportRun, User
from backoffice.refused import NotAllowed, Refused, Text

VIEW = "backoffice.view_importrecipe"


def run_nightly(
    *, recipe_id: int, by: User, reason: str, version: int | None = None, **asked: Any
) -> ImportRecipe:
    """Take a dialog's answers to `set_nightly`."""
    said = {name: value for name, value in asked.items() if value is not None}
    nightly = Nightly(**{"source": "", **said})
    return set_nightly(recipe_id=recipe_id, nightly=nightly, by=by, reason=reason, version=version)


def words_of(row: ImportRecipe) -> list[tuple[Text, Text]]:
    """Return how a recipe runs by night, as label and words; nothing when it does not."""
    nightly = nightly_of(row)
    if nightly is None:
        return []
    return [
        (
            _("Runs by night"),
            _("{source}, from {hour}:00 on").format(source=nightly.source, hour=nightly.hour),
        ),
        (
            _("Stops when"),
            _(
                "more than {falling} % of the prices fall, or more than {vanishing} rows are gone"
            ).format(falling=nightly.most_falling_percent, vanishing=nightly.most_vanishing),
        ),
    ]


def _present(name: str) -> Callable[[Any], dict[str, Any]]:
    """Return what a question begins with: what holds for the row, else the default."""

    def about(row: ImportRecipe) -> dict[str, Any]:
        return {"initial": getattr(nightly_of(row) or Nightly(source=""), name)}

    return about


def _not_the_owner(row: ImportRecipe, user: User) -> Refused | None:
    if row.owner_id == user.pk:
        return None
    return NotAllowed(
        what=_("let a colleague's recipe run by night"),
        hint=_("It would act in their name. Save a recipe of your own."),
    )


def _may_not_load(row: ImportRecipe, user: User) -> Refused | None:
    kind = {sheet.name: sheet for sheet in all_sheets()}.get(row.sheet)
    if kind is None or user.has_perm(kind.import_permission):
        return None
    return NotAllowed(what=kind.import_words)


NIGHTLY_ACTS = (
    Act(
        name="nightly",
        label=_("Run by night"),
        permission=VIEW,
        asks=(
            Ask(
                "source",
                _("File"),
                kind="line",
                required=True,
                help=_("Below the drop folder; the newest that matches: acme/prices-*.csv"),
                about=_present("source"),
            ),
            Ask("hour", _("Not before this hour"), kind="number", about=_present("hour")),
            Ask(
                "most_falling_percent",
                _("Stop when more prices fall than (%)"),
                kind="number",
                about=_present("most_falling_percent"),
            ),
            Ask(
                "most_vanishing",
                _("Stop when more rows are missing than"),
                kind="number",
                about=_present("most_vanishing"),
            ),
            Ask(
                "policy",
                _("If a row is refused"),
                kind="choice",
                choices=ImportRun.Policy.choices,
                about=_present("policy"),
            ),
            Ask("reason", _("Why"), kind="line"),
        ),
        icon="bedtime",
        key="recipe",
        one=run_nightly,
        effect=_("loads each new file in your name, unless a threshold stops it"),
        done=_("“{row}” runs by night."),
        refusal_for=_not_the_owner,
        applies=lambda row: not row.is_archived,
    ),
    Act(
        name="no_nightly",
        label=_("No more by night"),
        permission=VIEW,
        asks=(Ask("reason", _("Why"), kind="line"),),
        icon="bedtime_off",
        key="recipe",
        one=stop_nightly,
        done=_("“{row}” runs no more by night."),
        refusal_for=_may_not_load,
        applies=lambda row: not row.is_archived and nightly_of(row) is not None,
    ),
)
