"""The record proves itself: seals over append-only tables, their verification, packs, epochs.

It knows tables by the registry of `backoffice.sealed`, and never what is in them.
"""

from backoffice.seals.anchor import make_anchor, read_anchor
from backoffice.seals.epochs import close_epoch, lifted
from backoffice.seals.findings import Finding, Report
from backoffice.seals.grants import grants_sql
from backoffice.seals.packing import make_pack
from backoffice.seals.reconcile import Difference, Reconciled, reconcile_record
from backoffice.seals.sealing import Sealed, seal_record
from backoffice.seals.state import RecordState, record_state
from backoffice.seals.verifying import VERIFY, examine, verify_record

__all__ = [
    "VERIFY",
    "Difference",
    "Finding",
    "Reconciled",
    "RecordState",
    "Report",
    "Sealed",
    "close_epoch",
    "examine",
    "grants_sql",
    "lifted",
    "make_anchor",
    "make_pack",
    "read_anchor",
    "reconcile_record",
    "record_state",
    "seal_record",
    "verify_record",
]
