"""Refunded ≤ captured, in the database itself: a trigger on both, renewed after every migrate.

No CHECK can look at other rows. The verbs refuse first, in words, under the order's lock; this is
what holds if one of them is ever wrong, or if somebody writes past them.
"""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction

TRIGGER = "refund_within_captured"
WHY = "more refunded than captured"

_REFUNDED = "(SELECT COALESCE(SUM(amount), 0) FROM orders_refund WHERE order_id = NEW.order_id)"
_CAPTURED = (
    "(SELECT COALESCE(SUM(amount), 0) FROM orders_payment "
    "WHERE order_id = NEW.order_id AND kind IN ('captured', 'received'))"
)

_SQLITE = (
    f"DROP TRIGGER IF EXISTS {TRIGGER}",
    # Within half a cent: SQLite adds decimals as binary fractions.
    f"CREATE TRIGGER {TRIGGER} BEFORE INSERT ON orders_refund FOR EACH ROW "
    f"WHEN {_REFUNDED} + NEW.amount > {_CAPTURED} + 0.005 "
    f"BEGIN SELECT RAISE(ABORT, '{WHY}'); END",
)
# The lock on the order makes two inserts at once wait for each other; 23514 arrives in Python as
# IntegrityError, as on SQLite.
_POSTGRESQL = (
    f"CREATE OR REPLACE FUNCTION {TRIGGER}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "PERFORM 1 FROM orders_order WHERE id = NEW.order_id FOR NO KEY UPDATE; "
    f"IF {_REFUNDED} + NEW.amount > {_CAPTURED} THEN "
    f"RAISE EXCEPTION '{WHY}' USING ERRCODE = '23514'; END IF; RETURN NEW; END $$",
    f"DROP TRIGGER IF EXISTS {TRIGGER} ON orders_refund",
    f"CREATE TRIGGER {TRIGGER} BEFORE INSERT ON orders_refund FOR EACH ROW "
    f"EXECUTE FUNCTION {TRIGGER}()",
)


def install(**_signal: Any) -> None:
    """Create or renew the trigger; SQLite drops it at each remake of the table."""
    with transaction.atomic(), connection.cursor() as cursor:
        existing = set(connection.introspection.table_names(cursor))
        if not {"orders_refund", "orders_payment"} <= existing:
            return
        for statement in _POSTGRESQL if connection.vendor == "postgresql" else _SQLITE:
            cursor.execute(statement)
