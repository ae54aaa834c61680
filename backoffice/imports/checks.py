"""Checks of staged rows: a condition in SQL finds them, and words say what is wrong.

One look at all rows tells which conditions hold anywhere; only those are asked for row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as field_of
from typing import Any

from backoffice.imports import sql
from backoffice.imports.parse import Fault
from backoffice.imports.relation import Relation
from backoffice.imports.stage import FINDINGS_AT_ONCE, keep
from backoffice.models import ImportFinding
from backoffice.models.imports import Verdict

Facts = Mapping[str, Any]
Words = Callable[[Facts], Fault | None]


@dataclass(frozen=True, kw_only=True)
class Check:
    """What a row may not be, or a person should look at.

    field: our column, "" for the whole row. of: NEW or CHANGED, where only such rows can be meant;
    no plan without any is asked. when: SQL over r, p, t and `joins`. needs: what the words need
    beside number, line and key, as SQL. words: None: it is all right after all.
    """

    field: str = ""
    of: str = ""
    when: str = "1 = 1"
    words: Words
    needs: Mapping[str, str] = field_of(default_factory=dict)
    joins: str = ""
    is_warning: bool = False

    @property
    def condition(self) -> str:
        """Return `when`, of the rows that can be meant."""
        return f"({_MEANT[self.of]} AND ({self.when}))" if self.of else f"({self.when})"


# Of a row `p` with its target `t`.
_MEANT = {Verdict.NEW: "t.id IS NULL", Verdict.CHANGED: "t.id IS NOT NULL"}


def run_checks(
    relation: Relation, checks: Sequence[Check], *, phase: str, is_applying: bool = False
) -> int:
    """Look for rows that a check concerns, and keep what it says; return how many were refused."""
    refused = 0
    source = relation.to_write if is_applying else relation.planned
    meant = [check for check in checks if not check.of or relation.plans(check.of)]
    for check in _holding(relation, meant, source):
        columns = "".join(f", {expression}" for expression in check.needs.values())
        fields = relation.named_in(columns, check.condition, check.joins)
        statement = (
            f"SELECT r.number, r.line, r.key{columns}"
            f" {source(fields, joins=check.joins)} AND {check.condition}"
        )
        if check.field and not check.is_warning:
            statement += f" AND {relation.unsaid(check.field)}"
        refused += _say(relation, check, sql.rows(f"{statement} ORDER BY r.number"), phase)
    return refused


def _holding(
    relation: Relation, checks: Sequence[Check], source: Callable[..., str]
) -> Iterable[Check]:
    """Return the checks whose condition holds for any row at all."""
    plain = [check for check in checks if not check.joins]
    holding = {id(check) for check in checks if check.joins}
    if plain:
        asked = ", ".join(sql.any_of(check.condition) for check in plain)
        (answers,) = sql.rows(f"SELECT {asked} {source(relation.named_in(asked))}")
        holding |= {id(check) for check, holds in zip(plain, answers, strict=True) if holds}
    return [check for check in checks if id(check) in holding]


def _say(relation: Relation, check: Check, rows: Iterable[tuple[Any, ...]], phase: str) -> int:
    said = relation.run.columns.get(check.field) or [check.field]
    findings: list[ImportFinding] = []
    count = 0
    for number, line, key, *needed in rows:
        facts = {"number": number, "line": line, "key": key}
        facts.update(zip(check.needs, needed, strict=True))
        fault = check.words(facts)
        if fault is None:
            continue
        findings.append(
            ImportFinding(
                run=relation.run, number=number, phase=phase, is_warning=check.is_warning,
                field=check.field, column=said[0][:200], code=fault.code, message=fault.message,
                hint=fault.hint,
            )
        )  # fmt: skip
        count += not check.is_warning
        if len(findings) >= FINDINGS_AT_ONCE:
            keep(findings)
            findings.clear()
    keep(findings)
    return count
