"""Reads from a statement's text which tables it writes to, however it is spelled."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

# What a statement that writes has to contain somewhere; most are dismissed by this one look.
_MAY_WRITE = re.compile(
    r"\b(?:insert|replace|update|delete|truncate|merge|copy|do)\b", re.IGNORECASE
)

_TOKEN = re.compile(
    r"""
      (?P<comment> --[^\n]* )
    | (?P<block>   /\* )
    | (?P<dollar>  \$(?P<tag>\w*)\$ .*? \$(?P=tag)\$ )
    | (?P<text>    [eE]'(?:[^'\\]|''|\\.)*' | '(?:[^']|'')*' )
    | (?P<quoted>  "(?:[^"]|"")*" | `(?:[^`]|``)*` | \[[^\]\s,]*\] )
    | (?P<word>    [^\W\d][\w$]* )
    | (?P<mark>    [.,;*()] )
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Target:
    """One table that a statement writes to. verb: INSERT, UPDATE, DELETE, TRUNCATE …"""

    verb: str
    table: str


@dataclass(frozen=True)
class _Token:
    text: str
    is_name: bool = True
    is_quoted: bool = False

    @property
    def keyword(self) -> str:
        return "" if self.is_quoted else self.text.upper()


@lru_cache(maxsize=4096)
def targets(sql: str) -> frozenset[Target]:
    """Return every table that these statements write to; names in lower case, without schema.

    CTEs, several statements in one text and the bodies of DO blocks are read, too.
    """
    if not _MAY_WRITE.search(sql):
        return frozenset()
    tokens = list(_tokens(sql))
    if any(token.keyword == "DO" for token in tokens[:1]):
        # A block composes its statements as it likes: whatever stands in quotes may be run.
        tokens = list(_tokens(sql.replace("'", " ").replace("$", " ")))
    return frozenset(_written(tokens))


def _tokens(sql: str) -> Iterator[_Token]:
    place = 0
    while match := _TOKEN.search(sql, place):
        place = match.end()
        kind = match.lastgroup
        if kind == "block":
            place = _after_comment(sql, place)
        elif kind == "quoted":
            inner = match.group()[1:-1].replace('""', '"').replace("``", "`")
            yield _Token(inner, is_quoted=True)
        elif kind == "word":
            yield _Token(match.group())
        elif kind == "mark":
            yield _Token(match.group(), is_name=False)


def _after_comment(sql: str, place: int) -> int:
    """Return where a comment ends; PostgreSQL's may stand inside each other."""
    depth = 1
    for mark in re.compile(r"/\*|\*/").finditer(sql, place):
        depth += 1 if mark.group() == "/*" else -1
        if not depth:
            return mark.end()
    return len(sql)


def _written(tokens: Sequence[_Token]) -> Iterator[Target]:
    for place, token in enumerate(tokens):
        reader = _READERS.get(token.keyword)
        if reader is None:
            continue
        verb = token.keyword
        for table in reader(_Reader(tokens, place + 1)):
            yield Target("INSERT" if verb in {"REPLACE", "COPY"} else verb, table.lower())


class _Reader:
    """Reads on from behind a verb."""

    def __init__(self, tokens: Sequence[_Token], place: int) -> None:
        self.tokens, self.place = tokens, place

    def next_is(self, *words: str) -> bool:
        """Step over the next token if it is one of these."""
        if self.place < len(self.tokens) and self.tokens[self.place].keyword in words:
            self.place += 1
            return True
        return False

    def name(self) -> str:
        """Read a table's name and leave its schema away; "" where none stands."""
        found = ""
        while self.place < len(self.tokens) and self.tokens[self.place].is_name:
            found = self.tokens[self.place].text
            self.place += 1
            if not self.next_is("."):
                break
        return found

    def names(self) -> Iterator[str]:
        if name := self.name():
            yield name

    def skip_conflict(self) -> None:
        """Step over SQLite's “OR IGNORE” and its like."""
        if self.next_is("OR"):
            self.place += 1


def _insert(reader: _Reader) -> Iterator[str]:
    reader.skip_conflict()
    if reader.next_is("INTO"):
        reader.next_is("ONLY")
        yield from reader.names()


# What follows the word where it names no table: a lock, a trigger, a foreign key, an upsert.
_NO_UPDATE = ("ON", "OF", "SET", "NOWAIT", "SKIP", "CASCADE", "RESTRICT", "NO", "OR", "WHERE")


def _update(reader: _Reader) -> Iterator[str]:
    if reader.next_is("OR"):
        if not reader.next_is("ROLLBACK", "ABORT", "REPLACE", "FAIL", "IGNORE"):
            return  # CREATE TRIGGER … UPDATE OR DELETE
    elif reader.next_is(*_NO_UPDATE):
        return
    reader.next_is("ONLY")
    yield from reader.names()


def _delete(reader: _Reader) -> Iterator[str]:
    if reader.next_is("FROM"):
        reader.next_is("ONLY")
        yield from reader.names()


def _truncate(reader: _Reader) -> Iterator[str]:
    reader.next_is("TABLE")
    if reader.next_is("ON", "OR"):
        return
    while True:
        reader.next_is("ONLY")
        yield from reader.names()
        reader.next_is("*")
        if not reader.next_is(","):
            return


def _copy(reader: _Reader) -> Iterator[str]:
    name = reader.name()
    if reader.next_is("("):
        while reader.place < len(reader.tokens) and not reader.next_is(")"):
            reader.place += 1
    if name and reader.next_is("FROM"):
        yield name


_READERS = {
    "INSERT": _insert,
    "REPLACE": _insert,
    "MERGE": _insert,
    "UPDATE": _update,
    "DELETE": _delete,
    "TRUNCATE": _truncate,
    "COPY": _copy,
}
