"""What was asked at the desk, and the rows of each table of the record that answer it.

Two kinds of filters. Those that an index answers (when, whose, who, which change sets) choose the
rows; those that have to look at each row (which field, which step, why, which door) sift them, and
never more than `LOOKED_AT` of the newest at once: a page costs the same whatever the record holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, F, OuterRef, Q, Subquery, Value
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.desk import trails
from backoffice.desk.expressions import Before, Differs
from backoffice.desk.form import HOW, SYSTEM, DeskForm, keys_called
from backoffice.desk.periods import bounds_of, moment_of
from backoffice.desk.sources import EVENTS, Place, Source
from backoffice.models import BulkRun, ChangeSet, ImportRun, Job, User
from backoffice.refused import Refused

# Rows that are looked at, one by one, for one page: of one table, or of many together.
LOOKED_AT = 8_000
LOOKED_AT_LEAST = 1_000
# Change sets that are followed one by one; where there are more, rows are sifted instead.
MOST_SETS = 200


class FiltersNotUnderstood(Refused):
    """facts: problem: every sentence of the form."""

    sentence = _("{problem}")
    hint = _("Correct the filter, or clear it.")


class NoSuchPage(Refused):
    sentence = _("This address names no page of the record.")
    hint = _("Begin again with the newest rows.")


class NotAtTheDesk(Refused):
    sentence = _("Your role does not look through the record.")
    hint = _("Ask an administrator.")
    http_status = 403


@dataclass(frozen=True)
class Asked:
    """One question to the record, as one person may ask it.

    form: the valid form it was read from. sources: the tables that can answer. keys: of each model,
    the rows that are meant; None: all. sets: the change sets that are meant; None: all; many_sets:
    the condition for change sets that are too many to follow one by one.
    """

    form: DeskForm
    sources: tuple[Source, ...]
    since: datetime | None
    until: datetime | None
    keys: dict[str, list[Any]] | None
    sets: tuple[int, ...] | None
    many_sets: Q

    @property
    def said(self) -> dict[str, Any]:
        return self.form.cleaned_data

    # --- One table -----------------------------------------------------------------------------

    def rows_of(self, source: Source, after: Place | None = None) -> Any:
        """Return the rows that the indexes choose, newest first; `after`: those beyond a place."""
        rows = source.rows()
        if self.since is not None:
            rows = rows.filter(**{f"{source.at}__gte": self.since})
        if self.until is not None:
            rows = rows.filter(**{f"{source.at}__lt": self.until})
        if self.said["row"]:
            rows = rows.filter(**{source.key: self.said["row"][1]})
        if self.keys is not None:
            rows = rows.filter(self._of_these(source))
        if self.sets is not None:
            one = len(self.sets) == 1
            rows = (
                rows.filter(change_set=self.sets[0])
                if one
                else rows.filter(change_set__in=self.sets)
            )
        if (who := self.said["who"]) and not source.is_events:
            rows = rows.filter(history_user_id=None if who == SYSTEM else who)
        if self.said["event"]:
            rows = rows.filter(kind=self.said["event"])
        if after is not None:
            rows = rows.filter(_beyond(source, after))
        return rows.order_by(f"-{source.at}", f"-{source.key}")

    def _of_these(self, source: Source) -> Q:
        assert self.keys is not None
        if source.model is not None:
            return Q(**{f"{source.pk}__in": self.keys.get(source.name, [])})
        labels = {s.name: s.model._meta.label for s in self.form.sources.values() if s.model}
        about = Q(pk__in=[])
        for name, keys in self.keys.items():
            if keys:
                texts = [str(key) for key in keys]
                about |= Q(subject_kind=labels[name], subject_key__in=texts)
        return about

    def sieve_of(self, source: Source) -> Any:
        """Return the condition that has to look at each row, or None when there is none."""
        said, sieve = self.said, self.many_sets
        if said["channel"]:
            sieve &= Q(change_set__channel__in=said["channel"])
        if said["actor"]:
            sieve &= Q(change_set__actor_kind__in=said["actor"])
        if said["reason"]:
            sieve &= _says(said["reason"])
        if source.is_events:
            if said["who"]:
                sieve &= Q(change_set__actor=None if said["who"] == SYSTEM else said["who"])
            if source.subjects is not None:
                sieve &= Q(subject_kind__in=source.subjects)
        else:
            if said["how"]:
                sieve &= Q(history_type__in=[HOW[name][0] for name in said["how"]])
            if said["step"]:
                sieve &= Q(step=said["step"].rpartition(".")[2])
        found = ExpressionWrapper(sieve, output_field=BooleanField()) if sieve else None
        return self._field_sieve(source, found)

    def _field_sieve(self, source: Source, sieve: Any) -> Any:
        _source, column = self.form.field_of(self.said)
        if column is None or source.is_events:
            return sieve
        moved = _moved(source, column, self.said["old"], self.said["new"])
        return (
            moved
            if sieve is None
            else ExpressionWrapper(Q(sieve) & Q(moved), output_field=BooleanField())
        )


def _moved(source: Source, column: Any, old: Any, new: Any) -> Any:
    """Return the condition: this row's column is not what the row before it said."""
    earlier = (
        source.rows()
        .filter(**{source.pk: OuterRef(source.pk), "history_id__lt": OuterRef("history_id")})
        .order_by("-history_id")
        .values(column.attname)[:1]
    )
    was = Subquery(earlier)
    moved = Q(history_type="~") & Q(Differs(F(column.attname), was))
    if old not in (None, ""):
        moved &= ~Q(Differs(was, Value(old, output_field=column)))
    if new not in (None, ""):
        moved &= Q(**{column.attname: new})
    return ExpressionWrapper(moved, output_field=BooleanField())


def _says(text: str) -> Q:
    """Return the condition: the reason's code is this, or its words contain it."""
    code = "_".join(text.lower().split())
    return Q(change_set__reason_code=code) | Q(change_set__note__icontains=text)


def _beyond(source: Source, place: Place) -> Any:
    """Return the condition: stands further down than a place, which may be in another table."""
    if source.name < place.source:
        return Q(**{f"{source.at}__lte": place.at})
    if source.name > place.source:
        return Q(**{f"{source.at}__lt": place.at})
    moments = source.table._meta.get_field(source.at)
    return Before(source.at, source.key, Value(place.at, output_field=moments), Value(place.key))


# --- Reading an address -------------------------------------------------------------------------


def ask(query: str | QueryDict, *, user: User, now: datetime | None = None) -> Asked:
    """Read an address of the desk as `user` may ask it.

    Refuses: NotAtTheDesk; FiltersNotUnderstood, whatever the address holds.
    """
    if not trails.may_enter(user):
        raise NotAtTheDesk
    data = query if isinstance(query, QueryDict) else QueryDict(query)
    form = DeskForm(data, user=user)
    if not form.is_valid():
        sentences = [str(text) for texts in form.errors.values() for text in texts]
        refused = FiltersNotUnderstood(problem=" ".join(sentences))
        refused.form = form  # type: ignore[attr-defined]
        raise refused
    since, until = _period(form.cleaned_data, now or timezone.now())
    keys = _keys(form)
    return Asked(form, _answering(form, keys), since, until, keys, *_sets(form))


def _period(said: dict[str, Any], now: datetime) -> tuple[datetime | None, datetime | None]:
    since, until = said["since"], said["until"]
    if said["when"]:
        first, last = bounds_of(said["when"], today=timezone.localdate(now))
        begin = moment_of(first.isoformat(), is_end=False)
        end = moment_of(last.isoformat(), is_end=True)
        since = max(begin, since) if since else begin
        until = min(end, until) if until else end
    return since, until


def _answering(form: DeskForm, keys: dict[str, list[Any]] | None) -> tuple[Source, ...]:
    """Return the tables that can hold what is asked for."""
    said = form.cleaned_data
    names = set(said["what"] or form.sources)
    only = [said[name].rpartition(".")[0] for name in ("field", "step") if said[name]]
    if said["row"]:
        only.append(said["row"][0].name)
    for name in only:
        names &= {name}
    if said["event"]:
        names &= {EVENTS}
    if said["how"]:
        names -= {EVENTS}
    if keys is not None:
        names &= {*(name for name, found in keys.items() if found), EVENTS}
    return tuple(source for name, source in form.sources.items() if name in names)


def _keys(form: DeskForm) -> dict[str, list[Any]] | None:
    """Return the rows that are called what was asked for, by model; None: nothing was asked.

    Without a model, only what people call a row counts: the same key is a row of many tables.
    """
    text = form.cleaned_data["object"]
    if not text:
        return None
    chosen = [name for name in form.cleaned_data["what"] if name != EVENTS]
    chosen += [form.cleaned_data["field"].rpartition(".")[0]] if form.cleaned_data["field"] else []
    found = {}
    for name, source in form.sources.items():
        if source.model is None or (chosen and name not in chosen):
            continue
        called = trails.names_of(source.model)
        keys = keys_called(source, text, called, by_key=bool(chosen))
        if keys:
            found[name] = keys
    if not found:
        refused = FiltersNotUnderstood(
            problem=_("Nothing is called “{text}”.").format(text=text),
            hint=_("Choose what it is, to look for its key."),
        )
        refused.form = form  # type: ignore[attr-defined]
        raise refused
    return found


def _sets(form: DeskForm) -> tuple[tuple[int, ...] | None, Q]:
    """Return the change sets that are meant, and the condition for those too many to follow.

    None: every change set.
    """
    said = form.cleaned_data
    found: set[int] | None = {said["set"]} if said["set"] else None
    for name, model in (("run", ImportRun), ("job", Job), ("bulk", BulkRun)):
        if said[name]:
            ids = model.objects.filter(pk=said[name]).values_list("change_set", flat=True)
            found = _both(found, set(ids) - {None})
    many = Q()
    for name, column in (("request", "request_id"), ("ip", "origin__ip")):
        if said.get(name):
            rows = ChangeSet.objects.filter(**{column: said[name]}).order_by("-pk")
            ids = set(rows.values_list("pk", flat=True)[: MOST_SETS + 1])
            if len(ids) <= MOST_SETS:
                found = _both(found, ids)
            else:
                many &= Q(**{f"change_set__{column}": said[name]})
    return tuple(sorted(found)) if found is not None else None, many


def _both(one: set[int] | None, other: set[int]) -> set[int]:
    return other if one is None else one & other
