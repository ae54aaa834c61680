"""What a run works on: the act, its rows and their facts, found by the admin that serves them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.apps import apps
from django.contrib.admin.sites import all_sites
from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.models import BulkRun, User
from backoffice.refused import Refused

if TYPE_CHECKING:
    from backoffice.adminkit.acts import Act


class UnknownRun(Refused):
    sentence = _("There is no such bulk run.")
    hint = _("It may be somebody else's, or removed; go back to the list.")
    http_status = 404


class UnknownAct(Refused):
    sentence = _("“{act}” is not offered any more.")
    hint = _("Discard this and choose again.")
    http_status = 409


@dataclass(frozen=True)
class Subject:
    """An act with the admin that serves it."""

    admin: Any
    act: Act

    @property
    def model(self) -> type[models.Model]:
        model: type[models.Model] = self.admin.model
        return model

    @property
    def keyword(self) -> str:
        name: str = self.admin.opts.model_name
        return name

    def rows(self, keys: Sequence[str]) -> dict[str, Any]:
        """Return rows by their keys, with the facts that the act's refusal needs."""
        to_python = self.model._meta.pk.to_python
        found = self.model._base_manager.filter(pk__in=[to_python(key) for key in keys])
        rows = list(self.admin.rows_for_bulk(found).order_by("pk"))
        self.admin.load_facts(rows)
        return {key_of(row.pk): row for row in rows}

    def sums(self, rows: Sequence[Any]) -> Mapping[str, Decimal]:
        """Return what the act would move for these rows, by currency."""
        return self.act.totals(rows) if self.act.totals is not None and rows else {}


def key_of(pk: Any) -> str:
    """Return a primary key as a run's rows keep it."""
    return pk.hex if isinstance(pk, UUID) else str(pk)


def subject_of(run: BulkRun) -> Subject:
    """Return what a run works on. Refuses: UnknownAct when this version offers it no longer."""
    model = apps.get_model(run.subject)
    for site in all_sites:
        if site.name == run.site and site.is_registered(model):
            admin: Any = site.get_model_admin(model)
            act = admin.get_acts().get(run.act)
            if act is not None and act.for_many is not None:
                return Subject(admin, act)
    raise UnknownAct(act=run.label)


def own_run(*, uuid: UUID | str, by: User) -> BulkRun:
    """Return a person's own run: nobody else may confirm, stop or discard it.

    Refuses: UnknownRun.
    """
    run = BulkRun.objects.select_related("job").filter(uuid=uuid, owner=by).first()
    if run is None:
        raise UnknownRun
    return run
