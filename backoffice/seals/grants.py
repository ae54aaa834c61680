"""Two database roles: the owner migrates and lifts protection, the application only works."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection

from backoffice import sealed
from backoffice.refused import BadValue

OWNER, APPLICATION = "backoffice_owner", "backoffice_app"
# What only a migration writes.
OWNERS_ONLY = ("django_migrations",)


def grants_sql(*, owner: str = OWNER, application: str = APPLICATION) -> list[str]:
    """Return the statements that a superuser runs once, and again after each migrate.

    The application reads and writes, but of sealed tables it can only read and insert, and blank
    the erasable columns; it owns nothing, so it can disable no trigger. Refuses: BadValue.
    """
    for name in (owner, application):
        if not name.isidentifier():
            raise BadValue(field="role", problem=name)
    with connection.cursor() as cursor:
        tables = sorted(
            info.name
            for info in connection.introspection.get_table_list(cursor)
            if info.type == "t"
        )
    return [
        *_roles(owner, application),
        *_ownership(owner, tables),
        *_rights(application, tables),
        *_of_what_comes(owner, application),
    ]


def _roles(owner: str, application: str) -> Iterator[str]:
    for name in (owner, application):
        yield (
            f"DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{name}')"  # noqa: S608
            f" THEN CREATE ROLE {_quote(name)} LOGIN; END IF; END $$"
        )


def _ownership(owner: str, tables: list[str]) -> Iterator[str]:
    yield f"GRANT USAGE, CREATE ON SCHEMA public TO {_quote(owner)}"
    for table in tables:
        yield f"ALTER TABLE {_quote(table)} OWNER TO {_quote(owner)}"
    for function in ("sealed_refuse", "sealed_gate"):
        yield f"ALTER FUNCTION {function}() OWNER TO {_quote(owner)}"


def _rights(application: str, tables: list[str]) -> Iterator[str]:
    to = _quote(application)
    yield "REVOKE CREATE ON SCHEMA public FROM PUBLIC"
    yield f"GRANT USAGE ON SCHEMA public TO {to}"
    yield f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {to}"
    append_only = {entry.table: entry for entry in sealed.registry()}
    for table in tables:
        yield f"REVOKE ALL ON TABLE {_quote(table)} FROM {to}, PUBLIC"
        if table in OWNERS_ONLY:
            yield f"GRANT SELECT ON TABLE {_quote(table)} TO {to}"
        elif table not in append_only:
            yield f"GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE {_quote(table)} TO {to}"
        else:
            yield f"GRANT SELECT, INSERT ON TABLE {_quote(table)} TO {to}"
            if columns := append_only[table].erasable_columns:
                named = ", ".join(map(_quote, [*columns, "erased_at"]))
                yield f"GRANT UPDATE ({named}) ON TABLE {_quote(table)} TO {to}"


def _of_what_comes(owner: str, application: str) -> Iterator[str]:
    """New tables can be read and appended to until the grants are given anew."""
    for_owner = f"ALTER DEFAULT PRIVILEGES FOR ROLE {_quote(owner)} IN SCHEMA public GRANT"
    yield f"{for_owner} SELECT, INSERT ON TABLES TO {_quote(application)}"
    yield f"{for_owner} USAGE, SELECT ON SEQUENCES TO {_quote(application)}"


def _quote(name: str) -> str:
    return connection.ops.quote_name(name)
