"""Proves an evidence pack: Python's standard library, the files beside this one, nothing else.

python3 verify.py [--anchor FILE] [FOLDER]

Ends with 0 when every row is what was sealed and every file what was packed; with 1 and the places
when not.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import re
import struct
import sys
import zlib
from pathlib import Path
from typing import Any, Iterator  # noqa: UP035  (Python 3.8 has it here)

MARK_BYTES = 8
DIGEST_BYTES = 32
EXPIRED = "backoffice_expiredrows"
MOST_PROBLEMS = 100
FORMULA = re.compile("[=+@\t\r\n-]")
UNREADABLE = (KeyError, IndexError, TypeError, ValueError, AttributeError, OSError)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def digest_of(facts: Any) -> str:
    text = json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sha256(text.encode())


class Number(str):
    """A number, digit by digit as it was written."""

    __slots__ = ()


def cells_for_people(line: Any) -> list[str]:
    """Return a row as the CSV shows it: no NULL, and nothing that a spreadsheet would run."""
    return [_shown(cell) for cell in json.loads(line, parse_int=Number, parse_float=Number)]


def is_expired(line: Any) -> bool:
    """Tell whether a line stands for a row that expired: of it, the digest alone is left."""
    return line.lstrip()[:1] in ("{", b"{")


def _shown(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Number):
        return str(cell)
    if isinstance(cell, str):
        return f"'{cell}" if FORMULA.match(cell) else cell
    return json.dumps(cell, ensure_ascii=False)


class Proof:
    """What was looked at, and what is wrong."""

    def __init__(self, folder: Any) -> None:
        self.folder = Path(folder)
        self.problems: list[str] = []
        self.rows = 0
        self.seals = 0
        self.expired = 0
        self.recorded: dict[str, dict[int, bytes]] = {}

    def wrong(self, place: str, problem: Any) -> None:
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(f"{place}: {problem}")

    def load(self, name: str) -> Any:
        try:
            return json.loads((self.folder / name).read_bytes())
        except (OSError, ValueError) as error:
            self.wrong(name, error)
            return None

    def run(self, anchor: str | None) -> None:
        """Look at everything; a file that cannot be read is wrong, and the others are read."""
        chain = self.load("chain.json")
        manifest = self.load("manifest.json")
        if chain is not None:
            try:
                self.check_links(chain)
                self.check_rows(chain)
                if anchor is not None:
                    self.check_anchor(chain, json.loads(Path(anchor).read_bytes()))
            except UNREADABLE as error:
                self.wrong("chain.json", f"cannot be read: {error!r}")
        if manifest is not None:
            try:
                self.check_files(manifest)
            except UNREADABLE as error:
                self.wrong("manifest.json", f"cannot be read: {error!r}")

    def check_files(self, manifest: dict[str, Any]) -> None:
        noted = (self.folder / "manifest.sha256").read_bytes()
        if noted.decode("ascii", "replace") != sha256((self.folder / "manifest.json").read_bytes()):
            self.wrong("manifest.json", "is not the file that was packed (manifest.sha256)")
        for name, digest in manifest["files"].items():
            path = self.folder / name
            if not path.is_file():
                self.wrong(name, "is missing")
            elif sha256(path.read_bytes()) != digest:
                self.wrong(name, "is not the file that was packed")

    # --- The chain ---

    def check_links(self, chain: dict[str, Any]) -> None:
        for digest, layout in chain["layouts"].items():
            if digest_of(layout) != digest:
                self.wrong("chain.json", f"the columns of {layout['table']} were changed")
        previous = None
        for link in chain["links"]:
            name = f"{link['kind']} {link['number']}"
            facts = {k: v for k, v in link.items() if k not in {"digest", "blocks"}}
            if digest_of(facts) != link["digest"]:
                self.wrong("chain.json", f"{name} was changed")
            if previous is not None and link["previous"] != previous:
                self.wrong("chain.json", f"the chain is broken before {name}")
            previous = link["digest"]
            if "blocks" in link:
                self.check_blocks(link, name)

    def check_blocks(self, seal: dict[str, Any], name: str) -> None:
        self.seals += 1
        leaves = b""
        count, end = 0, seal["after_id"]
        for block in seal["blocks"]:
            index = base64.b64decode(block["ids"]) + base64.b64decode(block["marks"])
            leaves += hashlib.sha256(block["digest"].encode() + index).digest()
            if block["after_id"] != end:
                self.wrong("chain.json", f"the blocks of {name} are not in order")
            count, end = count + block["count"], block["last_id"]
        if sha256(leaves) != seal["root"] or count != seal["count"] or end != seal["last_id"]:
            self.wrong("chain.json", f"the blocks of {name} were changed")

    def check_anchor(self, chain: dict[str, Any], anchor: dict[str, Any]) -> None:
        if any(link["digest"] == anchor["digest"] for link in chain["links"]):
            return
        numbers = [link["number"] for link in chain["links"] if link["kind"] == "seal"]
        if numbers and numbers[0] <= anchor["seal"] <= numbers[-1]:
            self.wrong("chain.json", f"seal {anchor['seal']} is not the anchor's")
        else:
            self.wrong("anchor", f"seal {anchor['seal']} is not in this pack")

    # --- Rows ---

    def check_rows(self, chain: dict[str, Any]) -> None:
        tables: dict[str, list[dict[str, Any]]] = {}
        for link in chain["links"]:
            if "blocks" in link:
                tables.setdefault(link["table"], []).append(link)
        if EXPIRED in tables:
            self.read_expired(tables[EXPIRED], chain["layouts"])
        for table, seals in sorted(tables.items()):
            try:
                self.check_table(table, seals, chain["layouts"])
            except UNREADABLE as error:
                self.wrong(f"rows/{table}.jsonl", f"cannot be read: {error!r}")

    def read_expired(self, seals: list[dict[str, Any]], layouts: dict[str, Any]) -> None:
        """Read which rows expired by a recorded act; check_table proves that it was so recorded."""
        names = [column for column, _kind in layouts[seals[0]["layout"]]["columns"]]
        with (self.folder / f"rows/{EXPIRED}.jsonl").open("rb") as file:
            for line in file:
                row = dict(zip(names, json.loads(line)))  # noqa: B905  (Python 3.8)
                digests = base64.b64decode(row["digests"])
                for place, pk in enumerate(unpack(base64.b64decode(row["ids"]))):
                    digest = digests[place * DIGEST_BYTES : (place + 1) * DIGEST_BYTES]
                    self.recorded.setdefault(row["table"], {})[pk] = digest

    def digests_of(self, name: str, lines: list[bytes], ids: list[int]) -> list[bytes]:
        """Return the digest of each line; an expired row's counts only if an act recorded it."""
        recorded = self.recorded.get(name[len("rows/") : -len(".jsonl")], {})
        found = []
        for line, pk in zip(lines, ids):  # noqa: B905  (Python 3.8)
            if is_expired(line) and pk in recorded:
                said = bytes.fromhex(json.loads(line)["expired"])
                found.append(said if said == recorded[pk] else b"")
                self.expired += 1
            else:
                found.append(hashlib.sha256(line[:-1]).digest())
        return found

    def check_table(self, table: str, seals: list[dict[str, Any]], layouts: dict[str, Any]) -> None:
        name = f"rows/{table}.jsonl"
        number = 0
        with (self.folder / name).open("rb") as file, People(self, table) as people:
            for seal in seals:
                people.header([column for column, _kind in layouts[seal["layout"]]["columns"]])
                for block in seal["blocks"]:
                    lines = [file.readline() for _ in range(block["count"])]
                    self.check_block(name, number, lines, block)
                    for line in lines:
                        if not is_expired(line):
                            people.row(line)
                    number += len(lines)
            if file.read(1):
                self.wrong(f"{name} line {number + 1}", "was never sealed")

    def check_block(
        self, name: str, before: int, lines: list[bytes], block: dict[str, Any]
    ) -> None:
        ids = list(unpack(base64.b64decode(block["ids"])))
        digests = self.digests_of(name, lines, ids)
        self.rows += len(lines)
        ends_well = all(line.endswith(b"\n") for line in lines)
        if ends_well and sha256(b"".join(digests)) == block["digest"]:
            return
        marks = base64.b64decode(block["marks"])
        for place, (line, digest) in enumerate(zip(lines, digests)):  # noqa: B905  (Python 3.8)
            mark = marks[place * MARK_BYTES : (place + 1) * MARK_BYTES]
            if digest[:MARK_BYTES] != mark or not line.endswith(b"\n"):
                where = f"{name} line {before + place + 1}"
                self.wrong(where, f"row {ids[place]} is not what was sealed")
                return
        self.wrong(name, f"the rows up to id {block['last_id']} are not what was sealed")


class People:
    """The CSV of a table, held row by row against the sealed rows."""

    def __init__(self, proof: Proof, table: str) -> None:
        self.proof = proof
        self.name = f"csv/{table}.csv"
        self.columns: list[str] = []
        self.is_well = True

    def __enter__(self) -> People:  # noqa: PYI034  (Python 3.8 has no Self)
        path = self.proof.folder / self.name
        self.file = path.open(encoding="utf-8", errors="replace", newline="")
        self.reader = csv.reader(self.file, strict=True)
        return self

    def __exit__(self, *error: object) -> None:
        if self.is_well and self.next() is not None:
            self.wrong("was never sealed")
        self.file.close()

    def header(self, columns: list[str]) -> None:
        if columns != self.columns:
            self.columns = columns
            self.expect(columns)

    def row(self, line: bytes) -> None:
        try:
            self.expect(cells_for_people(line))
        except ValueError:
            # The line itself is named already; what follows cannot be held against it.
            self.is_well = False

    def expect(self, cells: list[str]) -> None:
        if self.is_well and self.next() != cells:
            self.is_well = False
            self.wrong("is not the sealed row")

    def next(self) -> list[str] | None:
        try:
            return next(self.reader, None)
        except csv.Error:
            return []

    def wrong(self, problem: str) -> None:
        self.proof.wrong(f"{self.name} line {self.reader.line_num}", problem)


def unpack(packed: bytes) -> Iterator[int]:
    raw = zlib.decompress(packed)
    last = 0
    for step in struct.unpack(f">{len(raw) // 8}q", raw):
        last += step
        yield last


def main(arguments: list[str]) -> int:
    anchor = None
    if "--anchor" in arguments:
        place = arguments.index("--anchor")
        anchor = arguments[place + 1]
        arguments = arguments[:place] + arguments[place + 2 :]
    csv.field_size_limit(1 << 30)
    proof = Proof(arguments[0] if arguments else Path(__file__).resolve().parent)
    proof.run(anchor)
    for problem in proof.problems:
        print(f"BROKEN  {problem}")  # noqa: T201  (it is a program)
    outcome = "BROKEN" if proof.problems else "WHOLE"
    gone = f", {proof.expired} of them expired by recorded acts" if proof.expired else ""
    print(f"{proof.rows} rows in {proof.seals} seals{gone}: {outcome}")  # noqa: T201
    return 1 if proof.problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
