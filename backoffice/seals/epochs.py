"""Epochs: what changes sealed rows or columns lawfully closes one, and says why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice import changes, sealed
from backoffice.models import AuditEvent, EvidencePack, SealEpoch, User, Verification
from backoffice.refused import ReasonMissing
from backoffice.seals import chain, columns, packing
from backoffice.seals.canonical import Layout, kind_of
from backoffice.seals.findings import Report
from backoffice.seals.refusals import NotTheOwner, RecordIsBroken
from backoffice.seals.sealing import seal_record
from backoffice.seals.verifying import VERIFY, examine, note
from backoffice.steps import require_permission


@dataclass(frozen=True)
class Proof:
    """What an epoch leaves behind: how it was verified, and where its rows are packed."""

    report: Report
    began: datetime
    pack: packing.Packed | None


def close_epoch(*, by: User | None, reason: str, accept_broken: bool = False) -> SealEpoch:
    """Seal, verify and pack the present epoch, and begin the next one.

    reason: what came between (a restore, a repair), for ever. accept_broken: also when the record
    is not whole; what was found stays in the chain.
    Refuses: NotAllowed; ReasonMissing; RecordIsBroken; what sealing refuses.
    Atomic: the new epoch, its verification, pack and event.
    """
    if by is not None:
        require_permission(by, VERIFY, gettext_lazy("close an epoch of the record"))
    _require_reason(reason)
    proof = prove(accept_broken=accept_broken)
    with transaction.atomic():
        return _open_next(proof, by=by, reason=reason)


@contextmanager
def lifted(reason: str, *, by: User | None = None) -> Iterator[None]:
    """Lift the protection of all sealed tables for one transaction; nobody else can write in it.

    Before, the epoch is verified and packed; after, the triggers are back and the next epoch seals
    what the tables hold then. An error inside takes everything back.
    Refuses: ReasonMissing; NotTheOwner; RecordIsBroken; what sealing refuses.
    """
    _require_reason(reason)
    require_owner()
    proof = prove()
    with transaction.atomic():
        # Rows of this very transaction may wait for their keys to be checked: no table with such
        # can lose or gain a trigger.
        connection.check_constraints()
        sealed.uninstall()
        yield
        connection.check_constraints()
        sealed.install()
        epoch = _open_next(proof, by=by, reason=reason)
        AuditEvent.record("protection_lifted", reason=reason, epoch=epoch.number)


def prove(*, accept_broken: bool = False) -> Proof:
    """Seal, verify and pack the present epoch; what is broken can be accepted, never hidden.

    Refuses: RecordIsBroken; what sealing refuses.
    """
    if not accept_broken or not columns.drift(_layouts()):
        seal_record()
    began = timezone.now()
    report = examine()
    if report.first is not None and not accept_broken:
        raise RecordIsBroken(first=report.first.sentence)
    return Proof(report, began, _pack_of(report))


def _pack_of(report: Report) -> packing.Packed | None:
    """Pack an epoch; rows that differ from their seals would prove nothing."""
    return packing.write_pack() if report.is_whole and report.rows else None


def _open_next(proof: Proof, *, by: User | None, reason: str) -> SealEpoch:
    changes.say(action="backoffice.close_epoch", by=by, reason=reason)
    verification: Verification = note(proof.report, began=proof.began, by=by, reason=reason)
    pack: EvidencePack | None = None
    if proof.pack is not None:
        pack = packing.note(proof.pack, by=by, reason=reason)
    epoch = chain.open_epoch(why=reason, verification=verification, pack=pack)
    AuditEvent.record("epoch_closed", subject=epoch, is_whole=proof.report.is_whole)
    return epoch


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise ReasonMissing(step=_("Close the epoch"))


def require_owner() -> None:
    """Refuse with NotTheOwner when this role may not lift triggers. SQLite knows no roles."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_user, bool_and(pg_has_role(current_user, relowner, 'USAGE'))"
            " FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
            " AND relname = ANY(%s)",
            [[entry.table for entry in sealed.registry()]],
        )
        role, is_owner = cursor.fetchone()
    if not is_owner:
        raise NotTheOwner(role=role)


# --- Migrations -----------------------------------------------------------------------------------

_before_migrate: list[Proof] = []


def before_migrate(plan: Iterable[tuple[Any, bool]]) -> None:
    """Prove the epoch while its columns can still be read, when a migration takes some away."""
    _before_migrate.clear()
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
    ours = {model._meta.db_table for model in (SealEpoch, Verification, EvidencePack)}
    if not ours <= tables:
        return
    known = _layouts()
    if takes_columns(plan, known):
        began = timezone.now()
        # The models are what the tables will be; their last seals know what they are.
        last = {layout.table: layout for layout in known}
        seal_record(tables=list(last.values()))
        report = examine(by_models=False)
        _before_migrate.append(Proof(report, began, _pack_of(report)))


def after_migrate() -> None:
    """Begin the next epoch when sealed columns are other ones now."""
    gone = columns.drift(_layouts())
    if gone and _before_migrate:
        named = ", ".join(f"{table}.{name}" for table, names in gone.items() for name in names)
        with (
            transaction.atomic(),
            changes.change(action="backoffice.close_epoch", separate=True),
        ):
            _open_next(
                _before_migrate[0],
                by=None,
                reason=_("A migration changed sealed columns: {columns}").format(columns=named),
            )
    _before_migrate.clear()


def takes_columns(plan: Iterable[tuple[Any, bool]], known: Sequence[Layout]) -> bool:
    """Return whether a plan removes, renames or retypes a column that a seal names.

    A migration that is taken back leaves models and tables apart: its epoch is closed by hand.
    """
    tables = {layout.table: dict(layout.columns) for layout in known}
    for migration, is_backwards in plan:
        if is_backwards:
            continue
        for operation in migration.operations:
            name = getattr(operation, "model_name", None) or getattr(operation, "name", None)
            old = getattr(operation, "old_name", None)
            kind = type(operation).__name__
            if kind == "RenameModel":
                name = old
            sealed_columns = tables.get(f"{migration.app_label}_{name}".lower())
            if sealed_columns is None:
                continue
            if kind in {"DeleteModel", "RenameModel", "AlterModelTable"}:
                return True
            column = str(old if kind == "RenameField" else getattr(operation, "name", ""))
            known_kind = sealed_columns.get(column) or sealed_columns.get(f"{column}_id")
            if known_kind is None:
                continue
            if kind in {"RemoveField", "RenameField"}:
                return True
            if kind == "AlterField" and not _is_same_kind(operation.field, known_kind):
                return True
    return False


def _is_same_kind(field: Any, known: str) -> bool:
    try:
        return kind_of(field).partition(":")[0] == known.partition(":")[0]
    except Exception:  # noqa: BLE001  (a field of a plan is bound to nothing: it may be asked anything)
        return False


def _layouts() -> list[Layout]:
    epoch = chain.current_epoch()
    return chain.known_layouts(epoch) if epoch is not None else []
