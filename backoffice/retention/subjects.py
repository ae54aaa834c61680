"""What a rule can be about: the history of an audited model, or personal data of the record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from backoffice.models import PersonalRecord
from backoffice.refused import Refused, Text


class UnknownSubject(Refused):
    """facts: model."""

    sentence = _("There is no history and no personal data of {model}.")


@dataclass(frozen=True)
class Subject:
    """One kind of row. at: of personal data, the column with their time; blank: a history."""

    model: type[Any]
    at: str = ""

    @property
    def name(self) -> str:
        return str(self.model._meta.label)

    @property
    def label(self) -> Text:
        kind = str(capfirst(self.model._meta.verbose_name_plural))
        words = _("{what}: personal data") if self.at else _("{what}: history")
        return str(words).format(what=kind)


_personal: dict[str, Subject] = {}


def personal(model: type[PersonalRecord], *, at: str) -> None:
    """Register personal rows that expire by being erased. at: the column with their time."""
    _personal[str(model._meta.label)] = Subject(model, at)


def subjects() -> dict[str, Subject]:
    """Return everything that a rule can be about, by name."""
    audited = [m for m in apps.get_models() if hasattr(m, "history") and not m._meta.proxy]
    found = {subject.name: subject for subject in map(Subject, audited)}
    return {**found, **_personal}


def subject_named(name: str) -> Subject:
    """Return what a rule is about. Refuses: UnknownSubject."""
    try:
        return subjects()[name]
    except KeyError:
        raise UnknownSubject(model=name) from None


def label_of(name: str) -> Text:
    subject = subjects().get(name)
    return subject.label if subject is not None else name


def history_of(subject: Subject) -> type[models.Model]:
    return subject.model.history.model  # type: ignore[no-any-return]
