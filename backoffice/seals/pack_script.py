"""Proves an evidence pack: Python's standard library, the files beside this one, nothing else.

python3 verify.py [--anchor FILE] [FOLDER]

Ends with 0 when every row is what was sealed and every file what was packed; with 1 and the places
when not.
"""

import base64
import csv
import hashlib
import json
import re
import struct
import sys
import zlib
from pathlib import Path

MARK_BYTES = 8
FORMULA = re.compile("[=+@\\t\\r\\n-]")
MOST_PROBLEMS = 100


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def digest_of(facts):
    text = json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sha256(text.encode())


def cells_for_people(line):
    """Return a row as the CSV shows it: no NULL, and nothing that a spreadsheet would run."""
    return [cell_for_people(cell) for cell in json.loads(line, parse_int=Number, parse_float=Number)]


class Number(str):
    """A number, digit by digit as it was written."""

    __slots__ = ()


def cell_for_people(cell):
    if cell is None:
        return ""
    if isinstance(cell, Number):
        return str(cell)
    if isinstance(cell, str):
        return "'" + cell if FORMULA.match(cell) else cell
    return json.dumps(cell, ensure_ascii=False)


class Proof:
    """What was looked at, and what is wrong."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.problems = []
        self.rows = 0
        self.seals = 0

    def wrong(self, place, problem):
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append("%s: %s" % (place, problem))

    def load(self, name):
        try:
            return json.loads((self.folder / name).read_bytes())
        except (OSError, ValueError) as error:
            self.wrong(name, error)
            return None

    def run(self, anchor):
        chain = self.load("chain.json")
        manifest = self.load("manifest.json")
        try:
            if chain is not None:
                self.check_links(chain)
                self.check_rows(chain)
            if anchor is not None and chain is not None:
                self.check_anchor(chain, json.loads(Path(anchor).read_bytes()))
        except (KeyError, TypeError, ValueError, AttributeError, OSError) as error:
            self.wrong("chain.json", "cannot be read: %r" % error)
        if manifest is not None:
            self.check_files(manifest)

    # --- files ---

    def check_files(self, manifest):
        try:
            noted = (self.folder / "manifest.sha256").read_text("utf-8").strip()
            if noted != sha256((self.folder / "manifest.json").read_bytes()):
                self.wrong("manifest.json", "is not the file that was packed (manifest.sha256)")
            for name, digest in manifest["files"].items():
                path = self.folder / name
                if not path.is_file():
                    self.wrong(name, "is missing")
                elif sha256(path.read_bytes()) != digest:
                    self.wrong(name, "is not the file that was packed")
        except (KeyError, TypeError, ValueError, AttributeError, OSError) as error:
            self.wrong("manifest.json", "cannot be read: %r" % error)

    # --- the chain ---

    def check_links(self, chain):
        previous = None
        for digest, layout in chain["layouts"].items():
            if digest_of(layout) != digest:
                self.wrong("chain.json", "the columns of %s were changed" % layout.get("table"))
        for link in chain["links"]:
            name = "%s %s" % (link["kind"], link["number"])
            facts = {k: v for k, v in link.items() if k not in ("digest", "blocks")}
            if digest_of(facts) != link["digest"]:
                self.wrong("chain.json", "%s was changed" % name)
            if previous is not None and link["previous"] != previous:
                self.wrong("chain.json", "the chain is broken before %s" % name)
            previous = link["digest"]
            if "blocks" in link:
                self.check_blocks(link, name)

    def check_blocks(self, seal, name):
        self.seals += 1
        leaves = b""
        count, end = 0, seal["after_id"]
        for block in seal["blocks"]:
            index = base64.b64decode(block["ids"]) + base64.b64decode(block["marks"])
            leaves += hashlib.sha256(block["digest"].encode() + index).digest()
            if block["after_id"] != end:
                self.wrong("chain.json", "the blocks of %s are not in order" % name)
            count, end = count + block["count"], block["last_id"]
        if sha256(leaves) != seal["root"] or count != seal["count"] or end != seal["last_id"]:
            self.wrong("chain.json", "the blocks of %s were changed" % name)

    def check_anchor(self, chain, anchor):
        for link in chain["links"]:
            if link["digest"] == anchor["digest"]:
                return
        numbers = [link["number"] for link in chain["links"] if link["kind"] == "seal"]
        if numbers and numbers[0] <= anchor["seal"] <= numbers[-1]:
            self.wrong("chain.json", "seal %s is not the anchor's" % anchor["seal"])
        else:
            self.wrong("anchor", "seal %s is not in this pack" % anchor["seal"])

    # --- rows ---

    def check_rows(self, chain):
        tables = {}
        for link in chain["links"]:
            if "blocks" in link:
                tables.setdefault(link["table"], []).append(link)
        for table, seals in sorted(tables.items()):
            try:
                self.check_table(table, seals, chain["layouts"])
            except (OSError, ValueError) as error:
                self.wrong(table, error)

    def check_table(self, table, seals, layouts):
        name = "rows/%s.jsonl" % table
        people = People(self, table)
        with (self.folder / name).open("rb") as file:
            number = 0
            for seal in seals:
                columns = [column for column, _kind in layouts[seal["layout"]]["columns"]]
                people.header(columns)
                for block in seal["blocks"]:
                    lines = [file.readline() for _ in range(block["count"])]
                    self.check_block(name, number, lines, block)
                    for line in lines:
                        people.row(line)
                    number += len(lines)
            if file.read(1):
                self.wrong("%s line %d" % (name, number + 1), "was never sealed")
        people.end()

    def check_block(self, name, before, lines, block):
        digests = [hashlib.sha256(line[:-1]).digest() for line in lines]
        ends_well = all(line.endswith(b"\n") for line in lines)
        self.rows += len(lines)
        if ends_well and sha256(b"".join(digests)) == block["digest"]:
            return
        ids = unpack(base64.b64decode(block["ids"]))
        marks = base64.b64decode(block["marks"])
        found = False
        for place, digest in enumerate(digests):
            mark = marks[place * MARK_BYTES : (place + 1) * MARK_BYTES]
            if digest[:MARK_BYTES] != mark or not lines[place].endswith(b"\n"):
                row = ids[place] if place < len(ids) else "?"
                where = "%s line %d" % (name, before + place + 1)
                self.wrong(where, "row %s is not what was sealed" % row)
                found = True
                break
        if not found:
            self.wrong(name, "the rows up to id %s are not what was sealed" % block["last_id"])


class People:
    """The CSV of a table, held row by row against the sealed rows."""

    def __init__(self, proof, table):
        self.proof = proof
        self.name = "csv/%s.csv" % table
        self.file = (proof.folder / self.name).open(encoding="utf-8", newline="")
        self.reader = csv.reader(self.file, strict=True)
        self.columns = None
        self.is_well = True

    def header(self, columns):
        if columns != self.columns:
            self.columns = columns
            self.expect(columns)

    def row(self, line):
        if not self.is_well:
            return
        try:
            cells = cells_for_people(line)
        except ValueError:
            # The line itself was named already.
            self.is_well = False
            return
        self.expect(cells)

    def expect(self, cells):
        if not self.is_well:
            return
        try:
            is_same = next(self.reader, None) == cells
        except (csv.Error, ValueError):
            is_same = False
        if not is_same:
            self.is_well = False
            where = "%s line %d" % (self.name, self.reader.line_num)
            self.proof.wrong(where, "is not the sealed row")

    def end(self):
        try:
            if self.is_well and next(self.reader, None) is not None:
                where = "%s line %d" % (self.name, self.reader.line_num)
                self.proof.wrong(where, "was never sealed")
        except (csv.Error, ValueError) as error:
            self.proof.wrong(self.name, error)
        self.file.close()


def unpack(packed):
    raw = zlib.decompress(packed)
    ids, last = [], 0
    for step in struct.unpack(">%dq" % (len(raw) // 8), raw):
        last += step
        ids.append(last)
    return ids


def main(arguments):
    anchor = None
    if "--anchor" in arguments:
        place = arguments.index("--anchor")
        anchor = arguments[place + 1]
        arguments = arguments[:place] + arguments[place + 2 :]
    csv.field_size_limit(1 << 30)
    proof = Proof(arguments[0] if arguments else Path(__file__).resolve().parent)
    proof.run(anchor)
    for problem in proof.problems:
        print("BROKEN  %s" % problem)
    print("%d rows in %d seals: %s" % (proof.rows, proof.seals, "BROKEN" if proof.problems else "WHOLE"))
    return 1 if proof.problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
