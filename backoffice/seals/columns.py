"""Whether the columns that seals name are still there, as PostgreSQL and SQLite tell it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db import connection

from backoffice.seals.canonical import POSTGRESQL_TYPES, Layout, layouts


def present(tables: Iterable[str]) -> dict[str, dict[str, tuple[str, int | None]]]:
    """Return of each table its columns: type and numeric scale (SQLite: blank and None)."""
    found: dict[str, dict[str, tuple[str, int | None]]] = {}
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT c.relname, a.attname, format_type(a.atttypid, NULL),"
                " CASE WHEN a.atttypmod > 4 THEN (a.atttypmod - 4) & 65535 END"
                " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
                " WHERE c.relnamespace = current_schema()::regnamespace"
                " AND c.relname = ANY(%s) AND a.attnum > 0 AND NOT a.attisdropped",
                [list(tables)],
            )
            for table, column, kind, scale in cursor.fetchall():
                found.setdefault(table, {})[column] = (kind, scale)
        else:
            for table in tables:
                cursor.execute(f"PRAGMA table_info({connection.ops.quote_name(table)})")
                if rows := cursor.fetchall():
                    found[table] = {row[1]: ("", None) for row in rows}
    return found


def scales_of(layout: Layout) -> Mapping[str, int | None]:
    """Return the scale of each numeric column of a layout's table."""
    columns = present([layout.table]).get(layout.table, {})
    return {name: scale for name, (_type, scale) in columns.items()}


def drift(known: Iterable[Layout], *, by_models: bool = True) -> dict[str, list[str]]:
    """Return by table the sealed columns that are gone or of another kind now.

    by_models: also where only the models say so; False: they are ahead of the database.
    A number's scale may grow, and columns may be added: neither changes the text of a sealed row.
    """
    known = list(known)
    there = present({layout.table for layout in known})
    now = {layout.table: dict(layout.columns) for layout in layouts()} if by_models else {}
    gone: dict[str, list[str]] = {}
    for layout in known:
        columns = there.get(layout.table, {})
        declared = now.get(layout.table, {})
        for name, kind in layout.columns:
            family = kind.partition(":")[0]
            if name in columns:
                database_type = columns[name][0]
                is_same = not database_type or database_type in POSTGRESQL_TYPES[family]
                if is_same and declared.get(name, kind).partition(":")[0] == family:
                    continue
            if name not in gone.setdefault(layout.table, []):
                gone[layout.table].append(name)
    return gone
