"""From a mapped file to staged rows: parsed column by column, written at the database's speed."""

from __future__ import annotations

import gc
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import orjson
from django.utils.translation import gettext as _

from backoffice.imports import numbers
from backoffice.imports.choices import Blank, Choices
from backoffice.imports.columns import Column, Known
from backoffice.imports.loading import insert_many
from backoffice.imports.parse import Fault, canonical
from backoffice.imports.recipes import EMPTIES, Mapped, MappedChunk
from backoffice.imports.sheets import Derived, Sheet
from backoffice.models import ImportFinding, ImportRow, ImportRun

KEY_MAX_LENGTH = 100
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
FINDINGS_A_STATEMENT = 1_000
# Held in memory at most: a file may be wrong in every row.
FINDINGS_AT_ONCE = 10_000
Phase = ImportFinding.Phase

# PostgreSQL has no NUL, and no encoding has half a character.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Staged(NamedTuple):
    """Rows on their way into the table: what each has of a kind, side by side."""

    numbers: Sequence[int]
    lines: Sequence[int]
    keys: Sequence[str]
    cells: Sequence[Sequence[str | None]]


class Stager:
    """Parses a run's rows and writes them. layout: our columns in the order of the cells."""

    def __init__(self, run: ImportRun, sheet: Sheet, choices: Choices) -> None:
        columns, key = sheet.columns(), choices.key or sheet.key
        self.run, self.choices, self.key = run, choices, key
        self.derived = [derived for derived in sheet.derived if derived.name in run.layout]
        made = {derived.name for derived in self.derived}
        self.columns = {name: columns[name] for name in run.layout if name not in made}
        self.known: dict[str, Known] = defaultdict(dict)

    def store(self, mapped: Mapped) -> int:
        """Write all rows of a file and their findings; return how many rows there are.

        Atomic: inside the caller's transaction.
        """
        count, is_over = 0, False
        chunks = iter(mapped.chunks)
        findings: list[ImportFinding] = []

        def parsed() -> Iterator[Staged]:
            nonlocal count, is_over
            for chunk in chunks:
                staged, found = self.parsed(chunk, first=count + 1)
                count += len(staged.numbers)
                findings.extend(found)
                yield staged
                if len(findings) >= FINDINGS_AT_ONCE:
                    return
            is_over = True

        with not_collecting():
            while not is_over:
                insert_rows(self.run.pk, parsed())
                keep(findings)
                findings.clear()
        return count

    def parsed(self, chunk: MappedChunk, *, first: int) -> tuple[Staged, list[ImportFinding]]:
        """Return the rows of a chunk, and what is wrong with their cells. first: their number."""
        findings = [
            ImportFinding(
                run=self.run, number=first + found.place, phase=Phase.READ,
                is_warning=found.is_warning, field=found.field, column=found.column[:200],
                code=found.code, message=found.message, hint=found.hint,
            )
            for found in chunk.findings
        ]  # fmt: skip
        sides: list[Sequence[str | None]] = []
        keys: Sequence[str] = [""] * len(chunk.lines)
        read: dict[str, Sequence[str]] = {}
        for name, column in self.columns.items():
            cells = chunk.columns.get(name)
            if cells is None:
                sides.append([None] * len(chunk.lines))
                continue
            texts, faults, emptied = self._texts(name, column, cells)
            called = chunk.names.get(name, name)
            for place, fault in faults.items():
                findings.append(
                    ImportFinding(
                        run=self.run, number=first + place, phase=Phase.READ, is_form=True,
                        field=name,
                        column=(called if isinstance(called, str) else called[place])[:200],
                        code=fault.code, message=fault.message, hint=fault.hint,
                        raw=raw_text(cells[place]),
                    )
                )  # fmt: skip
            if name == self.key:
                keys = self._keys(texts, cells, faults)
            read[name] = texts
            sides.append(self._blanks(name, texts, emptied, faults, called, first, findings))
        sides += [self._derived(derived, read, len(chunk.lines)) for derived in self.derived]
        numbers = range(first, first + len(chunk.lines))
        return Staged(numbers, chunk.lines, keys, list(zip(*sides, strict=True))), findings

    def _derived(
        self, derived: Derived, read: Mapping[str, Sequence[str]], count: int
    ) -> Sequence[str | None]:
        if derived.columns[0] not in read:
            return [None] * count
        blank = [""] * count
        made = derived.make(*(read.get(name, blank) for name in derived.columns))
        return [
            text if first else None
            for text, first in zip(made, read[derived.columns[0]], strict=True)
        ]

    def _texts(
        self, name: str, column: Column, cells: Sequence[Any]
    ) -> tuple[list[str], dict[int, Fault], set[int]]:
        """Return canonical texts, faults and the places that empty their field."""
        emptied: set[int] = set()
        if not {type(EMPTIES), type(None)}.isdisjoint(map(type, cells)):
            emptied = {place for place, cell in enumerate(cells) if cell is EMPTIES}
            cells = ["" if cell is EMPTIES or cell is None else cell for cell in cells]
        mark = self.choices.reading.decimal
        if column.is_number and mark and not column.widget.are_canonical(cells):
            cells = [
                numbers.normalised(cell, mark) if isinstance(cell, str) else cell for cell in cells
            ]
        texts, faults = column.read_many(cells, self.known[name])
        return texts, faults, emptied

    def _keys(
        self, texts: Sequence[str], cells: Sequence[Any], faults: Mapping[int, Fault]
    ) -> Sequence[str]:
        """Return what the rows are called: what cannot be read is still named as it was typed."""
        if not faults:
            return texts
        keys = list(texts)
        for place in faults:
            if isinstance(cells[place], str):
                keys[place] = raw_text(cells[place])
        return keys

    def _blanks(
        self,
        name: str,
        texts: Sequence[str],
        emptied: set[int],
        faults: Mapping[int, Fault],
        called: str | list[str],
        first: int,
        findings: list[ImportFinding],
    ) -> Sequence[str | None]:
        """Return the cells with None where the file says nothing, by the column's policy."""
        policy = self.choices.blank_of(name)
        if "" not in texts:
            return texts
        if policy == Blank.REFUSE:
            for place, text in enumerate(texts):
                if not text and place not in emptied and place not in faults:
                    findings.append(
                        ImportFinding(
                            run=self.run, number=first + place, phase=Phase.READ, field=name,
                            column=(called if isinstance(called, str) else called[place])[:200],
                            code="blank",
                            message=_("The cell is blank."),
                            hint=_("Fill it in, or choose that blank cells keep what is there."),
                        )
                    )  # fmt: skip
        clears = policy == Blank.CLEAR
        if not clears and not emptied:
            return [text or None for text in texts]
        return [
            text if text or ((clears or place in emptied) and place not in faults) else None
            for place, text in enumerate(texts)
        ]


@contextmanager
def not_collecting() -> Iterator[None]:
    """Keep Python from looking for circles of objects: rows have none, and it looks at them all."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def raw_text(cell: Any) -> str:
    """Return a cell as it was typed, as the database can hold it."""
    return storable(canonical("" if cell is None or cell is EMPTIES else str(cell)))


def storable(text: str) -> str:
    """Return text with a mark for what no database of ours can hold."""
    return _UNSTORABLE.sub(REPLACEMENT, text)


def keep(findings: Iterable[ImportFinding]) -> None:
    """Write findings."""
    ImportFinding.objects.bulk_create(findings, batch_size=FINDINGS_A_STATEMENT)


def insert_rows(run_id: int, blocks: Iterable[Staged]) -> None:
    """Write staged rows at the database's own speed."""
    insert_many(
        ImportRow,
        ("number", "line", "key", "cells"),
        (
            (
                block.numbers,
                block.lines,
                [key[:KEY_MAX_LENGTH] for key in block.keys],
                [orjson.dumps(cells).decode() for cells in block.cells],
            )
            for block in blocks
        ),
        same={"run_id": run_id, "is_left_out": False, "is_settled": False},
    )
