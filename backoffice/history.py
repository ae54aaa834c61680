"""Writing to audited tables: every row that is written leaves one history row with its change set.

`Audited.save()` uses this for one row; `insert_rows`, `update_rows` for many. No other module may
write to an audited table: `GuardedQuerySet` refuses it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from django.db import models, transaction
from django.db.models import F
from django.utils import timezone
from simple_history.models import HistoricalRecords

from backoffice import changes, sealed
from backoffice.changes import UnauditedWrite
from backoffice.signals import history_written

M = TypeVar("M", bound=models.Model)

_is_writing: ContextVar[bool] = ContextVar("history_is_writing", default=False)
_step: ContextVar[str] = ContextVar("history_step", default="")

# Rows that get other values than the rest are worth a statement of their own, up to so many.
MOST_STATEMENTS = 2
PKS_PER_STATEMENT = 5_000
ONE_MORE = F("version") + 1

# Not worth a history: the history row itself says when.
UNTRACKED = ("updated_at",)
# Columns of a history row that tell of the write, whatever the row itself has under that name.
OF_THE_WRITE = ("change_set", "step")


class History(HistoricalRecords):
    """simple-history's records in our shape: change set, step, lean indexes, append-only.

    excluded_fields: fields that history must not show (a user's personal data).
    owner: the foreign key to the whole that a row is a part of: its page reads all parts' history.
    """

    def __init__(
        self, *, excluded_fields: Sequence[str] = (), owner: str = "", **options: Any
    ) -> None:
        self.owner = owner
        super().__init__(
            excluded_fields=[*UNTRACKED, *excluded_fields],
            history_id_field=models.BigAutoField(),
            # A plain column: a foreign key would rewrite history when its user changes.
            history_user_id_field=models.UUIDField(null=True, editable=False),
            get_user=lambda **_: None,
            **options,
        )

    def fields_included(self, model: type[models.Model]) -> list[models.Field[Any, Any]]:
        return [f for f in model._meta.concrete_fields if f.name not in self.excluded_fields]

    def copy_fields(self, model: type[models.Model]) -> dict[str, models.Field[Any, Any]]:
        fields = super().copy_fields(model)
        for field in fields.values():
            field.db_index = False
        return fields

    def get_extra_fields(self, model: type[models.Model], fields: Any) -> dict[str, Any]:
        return {
            **super().get_extra_fields(model, fields),
            # Its index is `…_h_set`, which also knows the order.
            "change_set": models.ForeignKey(
                "backoffice.ChangeSet",
                models.PROTECT,
                related_name="+",
                editable=False,
                db_index=False,
            ),
            "step": models.CharField(max_length=40, blank=True, default="", editable=False),
        }

    def get_meta_options(self, model: type[models.Model]) -> dict[str, Any]:
        pk = model._meta.pk.name
        stem = f"{model._meta.app_label[:4]}_{model._meta.model_name}"[:20]
        return {
            **super().get_meta_options(model),
            "default_permissions": (),
            "indexes": [
                models.Index(fields=[pk, "-history_id"], name=f"{stem}_h_object"),
                models.Index(fields=["history_date", "history_id"], name=f"{stem}_h_date"),
                # The desk reads one person's work, and one click's, newest first, a page at a time.
                models.Index(
                    fields=["history_user_id", "history_date", "history_id"],
                    name=f"{stem}_h_user",
                ),
                models.Index(
                    fields=["change_set", "history_date", "history_id"], name=f"{stem}_h_set"
                ),
                # Deleted rows are few and are listed.
                models.Index(
                    fields=["-history_id"],
                    name=f"{stem}_h_gone",
                    condition=models.Q(history_type="-"),
                ),
                *self._owner_index(stem),
            ],
        }

    def _owner_index(self, stem: str) -> list[models.Index]:
        if not self.owner:
            return []
        return [models.Index(fields=[self.owner, "history_id"], name=f"{stem}_h_owner")]

    def create_history_model(
        self, model: type[models.Model], inherited: bool
    ) -> type[models.Model]:
        return sealed.sealed()(super().create_history_model(model, inherited))

    def create_historical_record(
        self, instance: models.Model, history_type: str, using: str | None = None
    ) -> None:
        snapshot(type(instance), [instance], history_type)


def snapshot(model: type[M], rows: Sequence[M], history_type: str, step: str = "") -> None:
    """Write one history row for each of `rows` as they are, in one statement per 500 rows.

    history_type: "+" created, "~" changed, "-" deleted.
    """
    change_set = changes.require()
    history_model = model.history.model  # type: ignore[attr-defined]
    moment = changes.moment()
    fields = tracked_fields(model)
    snapshots = [
        history_model(
            history_date=moment,
            history_type=history_type,
            history_user_id=change_set.actor_id,
            change_set=change_set,
            step=step or _step.get(),
            **{f.attname: getattr(row, f.attname) for f in fields},
        )
        for row in rows
    ]
    with writing():
        history_model.objects.bulk_create(snapshots, batch_size=500)
    history_written.send(sender=model, ids=[row.pk for row in rows])


def tracked_fields(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    """Return what history copies of a row: not what it says of the write itself.

    A fact that is audited, too (a parcel), names the change set that made it; its history names
    the change set of each write.
    """
    tracked = model.history.model.tracked_fields  # type: ignore[attr-defined]
    return [f for f in tracked if f.name not in OF_THE_WRITE]


@contextmanager
def step(name: str) -> Iterator[None]:
    """Name the step that the history rows written inside belong to."""
    token = _step.set(name)
    try:
        yield
    finally:
        _step.reset(token)


@contextmanager
def writing() -> Iterator[None]:
    """Open the guards of the record: for this module, `set_writes` and `Audited` only."""
    token = _is_writing.set(True)
    try:
        yield
    finally:
        _is_writing.reset(token)


def is_open() -> bool:
    """True inside `writing`."""
    return _is_writing.get()


def insert_rows(rows: Sequence[M], *, step: str = "") -> list[M]:
    """Insert audited rows and their history: two statements per 500 rows, one transaction."""
    if not rows:
        return []
    model = type(rows[0])
    with transaction.atomic(), writing():
        changes.require()
        made = model._default_manager.bulk_create(rows, batch_size=500)
        snapshot(model, made, "+", step)
    for row in made:
        row.remember()  # type: ignore[attr-defined]
    return made


def update_rows(rows: Sequence[M], *, step: str = "", always: bool = False) -> list[M]:
    """Write what changed on locked audited rows, with a history row each; return those written.

    Rows must have been read under lock in this transaction. A row on which nothing changed is
    skipped, unless `always` (a step that leaves the columns as they are is still an event).
    """
    touched = [row for row in rows if always or row.changed_fields()]  # type: ignore[attr-defined]
    if not touched:
        return []
    model = type(touched[0])
    names = {name for row in touched for name in row.changed_fields()}  # type: ignore[attr-defined]
    if "updated_at" in {f.name for f in model._meta.concrete_fields}:
        names.add("updated_at")
        now = timezone.now()
        for row in touched:
            row.updated_at = now  # type: ignore[attr-defined]
    with transaction.atomic(), writing():
        changes.require()
        if names:
            _write_columns(model, touched, sorted(names))
        snapshot(model, touched, "~", step)
    for row in touched:
        row.remember()  # type: ignore[attr-defined]
    return touched


def _write_columns(model: type[M], rows: Sequence[M], names: Sequence[str]) -> None:
    """Write the named columns of `rows`: one statement for all rows that get the same values.

    Most bulk steps give every row the same; where nearly every row gets values of its own, one
    CASE per column does it. A version that moves by one is the same for all.
    """
    groups: dict[tuple[Any, ...], tuple[dict[str, Any], list[Any]]] = {}
    for row in rows:
        values = {name: _new_value(row, name) for name in names}
        # Lists and dictionaries have no hash; their text tells them apart as well.
        key = tuple(repr(v) if isinstance(v, list | dict) else v for v in values.values())
        groups.setdefault(key, (values, []))[1].append(row.pk)
    if len(groups) > max(MOST_STATEMENTS, len(rows) // 50):
        model._default_manager.bulk_update(rows, names, batch_size=200)
        return
    for values, pks in groups.values():
        for start in range(0, len(pks), PKS_PER_STATEMENT):
            found = model._default_manager.filter(pk__in=pks[start : start + PKS_PER_STATEMENT])
            found.update(**values)


def _new_value(row: models.Model, name: str) -> Any:
    """Return what shall stand in a column; "one more" for a version, whatever it was."""
    value = getattr(row, row._meta.get_field(name).attname)  # type: ignore[union-attr]
    if name == "version" and value == row._loaded.get(name, 0) + 1:  # type: ignore[attr-defined]
        return ONE_MORE
    return value


def delete_rows(rows: Sequence[M]) -> None:
    """Delete audited rows that nothing refers to, with a history row each: two statements."""
    if not rows:
        return
    model = type(rows[0])
    with transaction.atomic(), writing():
        snapshot(model, rows, "-")
        found = model._default_manager.filter(pk__in=[row.pk for row in rows])
        found._raw_delete(found.db)


@contextmanager
def lifted(reason: str, *, by: Any = None) -> Iterator[None]:
    """Lift the protection of sealed tables for one transaction, by the owner's database role.

    It closes an epoch: the record is verified and packed before, and sealed anew afterwards.
    Refuses: ReasonMissing; NotTheOwner; RecordIsBroken.
    """
    from backoffice.seals import epochs

    with epochs.lifted(reason, by=by), writing():
        yield


class GuardedQuerySet(models.QuerySet[M]):
    """A queryset that refuses the writes which would leave no history row."""

    def _guard(self, what: str) -> None:
        if not _is_writing.get():
            raise UnauditedWrite(
                f"{self.model.__name__}.objects.{what} would leave no history; "
                "use a service, or backoffice.history for many rows."
            )

    def update(self, **values: Any) -> int:
        self._guard("update()")
        return super().update(**values)

    def bulk_create(self, objs: Any, *args: Any, **options: Any) -> list[M]:
        self._guard("bulk_create()")
        return super().bulk_create(objs, *args, **options)

    def bulk_update(self, objs: Any, fields: Any, batch_size: int | None = None) -> int:
        self._guard("bulk_update()")
        return super().bulk_update(objs, fields, batch_size)

    def delete(self) -> tuple[int, dict[str, int]]:
        # One by one, so each row leaves its history; the collector's own statements may pass.
        with transaction.atomic(), writing():
            return super().delete()

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def _raw_delete(self, using: str | None) -> int:
        self._guard("_raw_delete()")
        return super()._raw_delete(using)

    def get_or_none(self, *args: Any, **kwargs: Any) -> M | None:
        """Return the one matching row, or None; several are still an error."""
        try:
            return self.get(*args, **kwargs)
        except self.model.DoesNotExist:  # type: ignore[attr-defined]
            return None
