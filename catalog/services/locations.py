"""The places that stock lies at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from backoffice import changes, steps
from backoffice.models import User
from backoffice.refused import BadValue, Refused, UnknownRow
from catalog.models import StockLocation

MAIN_CODE = "MAIN"
EDITABLE = ("name", "code", "priority", "is_active")


class DuplicateLocation(Refused):
    sentence = _("Another location has the code {code}.")
    http_status = 409


class LocationClosed(Refused):
    sentence = _("{location} is not active.")
    hint = _("Choose another location, or make this one active again.")
    http_status = 409


def default_location() -> StockLocation:
    """Return the main warehouse, made on first use: where stock goes when nobody says otherwise."""
    location = StockLocation.objects.get_or_none(code=MAIN_CODE)
    if location is not None:
        return location
    location = StockLocation(name=str(_("Main warehouse")), code=MAIN_CODE, priority=1)
    try:
        with transaction.atomic():
            location.save()
    except IntegrityError:  # somebody else was first
        return StockLocation.objects.get(code=MAIN_CODE)
    return location


def location_or_default(location_id: int | None) -> StockLocation:
    """Return the location asked for, or the main warehouse. Refuses: UnknownRow."""
    if location_id is None:
        return default_location()
    location = StockLocation.objects.get_or_none(pk=location_id)
    if location is None:
        raise UnknownRow(what=_("stock location"), key=location_id)
    return location


def create_location(
    *, name: str, code: str, by: User, reason: str, priority: int = 10
) -> StockLocation:
    """Open a place for stock.

    priority: orders take from the lowest number first.
    Refuses: NotAllowed; BadValue; DuplicateLocation.
    Atomic: one row with one history row.
    """
    steps.require_permission(by, "catalog.add_stocklocation", _("add a stock location"))
    location = StockLocation()
    _set(location, {"name": name, "code": code, "priority": priority})
    changes.say(action="catalog.create_location", by=by, reason=reason)
    with raising_duplicate(location.code):
        location.save()
    return location


def edit_location(
    *, location_id: int, changes: Mapping[str, Any], by: User, reason: str
) -> StockLocation:
    """Change a location's name, code, priority, or whether orders may take from it.

    changes: any of name, code, priority, is_active.
    Refuses: UnknownRow; NotAllowed; BadValue; DuplicateLocation.
    Atomic: one row with one history row.
    """
    permission = "catalog.change_stocklocation"
    with (
        raising_duplicate(str(changes.get("code", ""))),
        steps.editing(
            StockLocation, location_id, by=by, permission=permission, reason=reason
        ) as location,
    ):
        _set(location, changes)
    return location


@contextmanager
def raising_duplicate(code: str) -> Iterator[None]:
    """The unique constraint is the guarantee; this is its sentence."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        raise DuplicateLocation(code=code) from error


def _set(location: StockLocation, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        if name not in EDITABLE:
            raise BadValue(field=name, problem=_("cannot be changed here."))
        setattr(location, name, value.strip() if isinstance(value, str) else value)
    try:
        location.clean_fields()
    except ValidationError as error:
        field, texts = next(iter(error.message_dict.items()))
        raise BadValue(field=field, problem=" ".join(texts)) from error
