"""Text files: delimiter detected, rows streamed with the line that a text editor shows."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from itertools import chain, islice
from math import sqrt
from typing import IO

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from backoffice.imports import refusals
from backoffice.imports.encodings import Encoding, most_row_chars
from backoffice.imports.tables import Chunk, Note, header_key, is_blank, unquoted

DELIMITERS = ",;\t|"
# What is looked at for the delimiter: less than the longest cell that csv reads without an error.
HEAD_CHARS = 100_000
HEAD_ROWS = 50
# A chunk ends early when its cells hold this much: few rows of long texts weigh as much as many.
CHUNK_CHARS = 8_000_000
# A row that begins the table counts for more than rows that only look alike.
FIRST_ROW_COUNTS = 1.5

# Excel's own way to name the delimiter; what it cannot be is the header's first line.
_SEP = re.compile(r'sep=([^\w"\x00\r\n])(?:\r\n|\r|\n)')
# A cell that is not blank, whichever the delimiter will be.
_WRITTEN = re.compile(rf"[^\s{DELIMITERS}]")
# Swallowed by a cell whose quotation mark is never closed; no real line is like it.
_END = "\x00end\x00"


def head_of(file: IO[bytes], encoding: Encoding) -> str:
    """Return the beginning of a file's text."""
    with _lines(file, encoding.codec) as lines:
        taken, size = [], 0
        for line in lines:
            taken.append(line)
            size += len(line)
            if size > HEAD_CHARS:
                break
    return "".join(taken)[:HEAD_CHARS].removeprefix("\ufeff")


def detect_delimiter(text: str, known: Collection[str]) -> str:
    """Return the delimiter that makes most columns known, then the one that makes most of a table.

    known: keys of column names that the sheet's formats use.
    """
    found, best = ",", (0, 0.0)
    for delimiter in DELIMITERS:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        rows: list[list[str]] = []
        with suppress(csv.Error):
            rows.extend(islice((r for r in reader if any(map(_WRITTEN.search, r))), HEAD_ROWS))
        score = _known_in(rows, known), _evenness(rows)
        if score > best:
            found, best = delimiter, score
    return found


def _known_in(rows: list[list[str]], known: Collection[str]) -> int:
    return max((sum(header_key(name) in known for name in row) for row in rows), default=0)


def _evenness(rows: list[list[str]]) -> float:
    """Return how much rows look like a table: alike in width, wide, and from the first one on."""
    widths = Counter(len(row) for row in rows if len(row) > 1)
    if not widths:
        return 0.0
    width, count = max(widths.items(), key=lambda item: (item[1], item[0]))
    begins = FIRST_ROW_COUNTS if len(rows[0]) == width else 1.0
    return begins * sqrt(width - 1) * count / len(rows)


class Delimited:
    """The rows of a text file, read from its beginning each time they are asked for."""

    def __init__(
        self, file: IO[bytes], encoding: Encoding, delimiter: str, *, has_sep: bool
    ) -> None:
        """has_sep: the first line is Excel's own, and names the delimiter."""
        self.delimiter = delimiter
        self.encoding = encoding
        self._file = file
        self._skipped = int(has_sep)

    def chunks(self, size: int) -> Iterator[Chunk]:  # noqa: C901  (a call for each row would cost a third of the time)
        """Yield the rows that are not blank. One pass over a row in Python, the rest in C.

        Refuses, while it is read: UnreadableText, UnclosedQuote, CellTooLong, RowTooLong,
        TooManyColumns, TooManyRows.
        """
        longest, widest = settings.IMPORT_MAX_CELL_CHARS, settings.IMPORT_MAX_COLUMNS
        most_chars, most_blank = most_row_chars(), settings.IMPORT_MAX_ROWS
        skipped, fed, is_over, chars = self._skipped, 0, False, 0
        here = 1 + skipped  # where the next row begins
        lines: list[int] = []
        rows: list[list[str]] = []

        def feed(texts: Iterator[str]) -> Iterator[str]:
            nonlocal fed, is_over
            for text in texts:
                fed += len(text)
                if fed > most_chars:
                    raise refusals.RowTooLong(line=here, limit=most_chars)
                yield text
            is_over = True
            yield _END

        with _lines(self._file, self.encoding.codec) as texts:
            for _line in range(skipped):
                next(texts, "")
            first = next(texts, "").removeprefix("\ufeff")
            fed_from = chain([first] if first else [], texts)
            reader = csv.reader(feed(fed_from), delimiter=self.delimiter)
            try:
                for cells in reader:
                    line, here, fed = here, reader.line_num + 1 + skipped, 0
                    if is_over:
                        if cells != [_END]:
                            raise refusals.UnclosedQuote(line=line)
                        break
                    joined = "".join(cells)
                    if not joined or joined.isspace():
                        most_blank -= 1
                        if most_blank < 0:
                            raise refusals.TooManyRows(limit=settings.IMPORT_MAX_ROWS)
                        continue
                    length = len(joined)
                    if length > longest and max(map(len, cells)) > longest:
                        raise refusals.CellTooLong(line=line, limit=longest)
                    if len(cells) > widest:
                        _narrow(cells, widest)
                    rows.append([unquoted(cell) for cell in cells] if "'" in joined else cells)
                    lines.append(line)
                    chars += length
                    if len(rows) >= size or chars > CHUNK_CHARS:
                        yield Chunk(lines, rows)
                        lines, rows, chars = [], [], 0
            except csv.Error as error:
                raise refusals.CellTooLong(line=here, limit=longest) from error
        if rows:
            yield Chunk(lines, rows)


def _narrow(cells: list[str], widest: int) -> None:
    """Cut blank cells at the end. Refuses: TooManyColumns."""
    while len(cells) > widest and is_blank(cells[-1]):
        cells.pop()
    if len(cells) > widest:
        raise refusals.TooManyColumns(count=len(cells), limit=widest)


@contextmanager
def _lines(file: IO[bytes], codec: str) -> Iterator[Iterator[str]]:
    """Read lines that end in LF, CRLF or a bare CR, with their ends: csv counts these as lines.

    The file stays open, whatever becomes of its reader. Refuses: UnreadableText.
    """
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=codec, newline="")
    try:
        yield text
    except UnicodeError as error:
        raise refusals.UnreadableText(why=_("it changes its encoding on the way")) from error
    finally:
        with suppress(ValueError):
            text.detach()


def open_delimited(
    file: IO[bytes], encoding: Encoding, said: str, known: Collection[str]
) -> tuple[Delimited, list[Note]]:
    """Return the rows of a text file, and what had to be guessed about it.

    said: the delimiter, if a person names it. Refuses: UnknownDelimiter.
    """
    head = head_of(file, encoding)
    named = _SEP.match(head)
    if said and (len(said) != 1 or said in '"\x00\r\n' or said.isalnum()):
        raise refusals.UnknownDelimiter(delimiter=said[:10])
    delimiter = said or (named.group(1) if named else detect_delimiter(head, known))
    notes = []
    if encoding.is_guess:
        words = _(
            "The file does not say its encoding; it was read as {name}. "
            "Check that accented letters look right below."
        )
        notes.append(Note("encoding_guessed", str(words).format(name=encoding.label)))
    return Delimited(file, encoding, delimiter, has_sep=named is not None), notes
