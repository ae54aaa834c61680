"""Which encoding a text file is in: said by its mark, proved by its bytes, or guessed and told."""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import dataclass
from typing import IO

import charset_normalizer
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from backoffice.imports import refusals

# What a person may choose from; any other codec of Python's that reads text is taken as well.
ENCODINGS = (
    ("utf-8", _("UTF-8")),
    ("utf-16", _("UTF-16")),
    ("utf-32", _("UTF-32")),
    ("cp1252", _("Windows-1252 (Western Europe)")),
    ("iso8859-15", _("ISO-8859-15 (Western Europe, with €)")),
    ("cp1250", _("Windows-1250 (Central Europe)")),
    ("cp1251", _("Windows-1251 (Cyrillic)")),
    ("cp1253", _("Windows-1253 (Greek)")),
    ("cp1254", _("Windows-1254 (Turkish)")),
    ("cp1255", _("Windows-1255 (Hebrew)")),
    ("cp1256", _("Windows-1256 (Arabic)")),
    ("cp850", _("DOS (Western Europe)")),
    ("mac-roman", _("Macintosh (Western Europe)")),
    ("shift_jis", _("Shift JIS (Japanese)")),
    ("gb18030", _("GB 18030 (Chinese)")),
    ("big5", _("Big5 (Chinese)")),
    ("euc_kr", _("EUC-KR (Korean)")),
)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Fewer to choose from means fewer mistakes: what spreadsheet programs of our days have written.
_OF_MANY_BYTES = ["shift_jis", "cp932", "euc_jp", "gb18030", "big5", "euc_kr"]
_GUESSED = [
    *("cp1252", "cp1250", "iso8859_2", "cp1251", "koi8_r", "cp866", "iso8859_5", "cp1253"),
    *("cp1254", "cp1255", "cp1256", "cp850", "mac_roman", *_OF_MANY_BYTES),
]
# They read text as something else than it is, or take time that grows with its square.
_NO_ENCODINGS = {"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape", "utf-7"}

BLOCK_BYTES = 256 * 1024
PROBE_BYTES = 8_192
# What is shown to the guesser: lines that are not ASCII, no more than this.
GUESS_BYTES = 32 * 1024
# A row of a hundred and more of the longest cells; nothing that is read for one row is longer.
MOST_ROW_CELLS = 128
# As many good characters for each bad one make a damaged UTF-8 file, not one in another encoding.
DAMAGED_FROM = 4
ODD_FROM = 0.1
# Line ends, blanks and digits have NULs in UTF-16 whatever the script; a stray NUL is no UTF-16.
NULS_ONE_IN = 12


@dataclass(frozen=True)
class Encoding:
    """How the bytes become text; is_guess: a person should look at accented letters."""

    codec: str
    is_guess: bool = False

    @property
    def label(self) -> str:
        return encoding_label(self.codec)


def encoding_label(codec: str) -> str:
    """Return an encoding's name as people write it."""
    plain = codec.replace("_", "-").removesuffix("-sig")
    if plain.startswith(("utf-16", "utf-32")):
        plain = plain[:6]
    known = {name.replace("_", "-"): str(label) for name, label in ENCODINGS}
    return known.get(plain, codec).split(" (")[0]


def most_row_chars() -> int:
    """Return how many characters a row may have, whatever its cells are."""
    return settings.IMPORT_MAX_CELL_CHARS * MOST_ROW_CELLS


def detect_encoding(file: IO[bytes], said: str = "") -> Encoding:
    """Return the encoding in which the whole file can be read.

    said: what a person says it is. The file is read once or twice, in blocks.
    Refuses: UnknownEncoding, UnreadableText, EmptyFile, CellTooLong, RowTooLong.
    """
    head = _head(file)
    mark = next((codec for bom, codec in _BOMS if head.startswith(bom)), "")
    if said:
        codec = _canonical(said)
        if codec == "utf-8" and mark == "utf-8-sig":
            codec = mark
        if codec in {"utf-16", "utf-32"} and not mark:
            wide = wide_without_mark(head)
            codec = wide if wide.startswith(codec) else codec
        _check(file, codec, _("it is not in the encoding {name}"))
        return Encoding(codec)
    if mark:
        _check(file, mark, _("it says it is {name} and is not"))
        return Encoding(mark)
    if (codec := wide_without_mark(head)) and _survey(file, codec) is None:
        return Encoding(codec, is_guess=True)
    if _survey(file, "utf-8") is None:
        return Encoding("utf-8")
    return Encoding(_guess(file), is_guess=True)


def _head(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read(PROBE_BYTES)


def _canonical(said: str) -> str:
    """Return the name that Python has for an encoding. Refuses: UnknownEncoding."""
    try:
        found = codecs.lookup(said.strip())
        is_text = found._is_text_encoding and found.name not in _NO_ENCODINGS
    except (LookupError, ValueError, AttributeError, UnicodeError):
        is_text = False
    if not is_text:
        known = ", ".join(name for name, _label in ENCODINGS)
        raise refusals.UnknownEncoding(name=said[:40], known=known)
    return found.name


def _check(file: IO[bytes], codec: str, why: str) -> None:
    if (line := _survey(file, codec)) is not None:
        why = str(why).format(name=encoding_label(codec))
        raise refusals.UnreadableText(why=str(_("{why} (line {line})")).format(why=why, line=line))


def _survey(file: IO[bytes], codec: str) -> int | None:
    """Read the whole file once; return the line where it is not in the encoding, None if it is.

    Refuses: EmptyFile, and a line so long that reading it would fill the memory.
    """
    decoder = codecs.getincrementaldecoder(codec)()
    line, without_end, is_blank = 1, 0, True
    limit = most_row_chars()
    file.seek(0)
    while True:
        block = file.read(BLOCK_BYTES)
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            before = error.object[: error.start]
            return line + (before.count(b"\n") or before.count(b"\r"))
        except UnicodeError:
            return line
        is_blank = is_blank and not text.strip().strip("\ufeff")
        ends, last = text.count("\n"), max(text.rfind("\n"), text.rfind("\r"))
        line += ends or text.count("\r")
        without_end = len(text) - last - 1 if last >= 0 else without_end + len(text)
        if without_end > limit:
            _refuse_line(text, line)
        if not block:
            break
    if is_blank:
        raise refusals.EmptyFile
    return None


def _refuse_line(text: str, line: int) -> None:
    cell = settings.IMPORT_MAX_CELL_CHARS
    if max(map(len, re.split(r"[,;\t|]", text))) > cell:
        raise refusals.CellTooLong(line=line, limit=cell)
    raise refusals.RowTooLong(line=line, limit=most_row_chars())


def wide_without_mark(head: bytes) -> str:
    """Return UTF-16 or UTF-32 when the NULs stand where these have them, or nothing."""
    whole = head[: len(head) // 4 * 4]
    nuls = [whole[place::4].count(0) for place in range(4)]
    each = len(whole) // 4
    if sum(nuls) <= len(whole) // NULS_ONE_IN:
        return ""
    order: tuple[str, ...] = ()
    if nuls[2] + nuls[3] >= each * 1.9 or nuls[0] + nuls[1] >= each * 1.9:
        order += ("utf-32-le",) if nuls[3] >= nuls[0] else ("utf-32-be",)
    even, odd = nuls[0] + nuls[2], nuls[1] + nuls[3]
    if odd > 4 * even:
        order += ("utf-16-le",)
    if even > 4 * odd:
        order += ("utf-16-be",)
    for codec in order:
        try:
            text = codecs.getincrementaldecoder(codec)().decode(whole)
        except UnicodeDecodeError:
            continue
        # Letters that nobody has: the order of the bytes is the other one.
        if sum(unicodedata.category(char) in {"Cn", "Co"} for char in text) <= len(text) // 50:
            return codec
    return ""


def _guess(file: IO[bytes]) -> str:
    """Return a single- or multi-byte encoding for a file that is not UTF-8.

    Windows-1252 is what the West's spreadsheet programs write; it is taken unless it makes
    letters that no Western word has, and only then is the guesser asked.
    Refuses: UnreadableText.
    """
    sample = _not_ascii(file)
    _refuse_damaged(file, sample)
    best = _asked(sample) if _looks_odd(sample) else ""
    for codec in (best, "cp1252"):
        if codec and _survey(file, codec) is None:
            return codec
    raise refusals.UnreadableText(why=_("it is neither UTF-8 nor Windows-1252"))


def _not_ascii(file: IO[bytes]) -> bytes:
    """Return lines that are not ASCII, up to a bound."""
    found: list[bytes] = []
    size = 0
    file.seek(0)
    while size < GUESS_BYTES and (block := file.read(BLOCK_BYTES)):
        if block.isascii():
            continue
        for line in re.split(rb"[\r\n]+", block):
            if not line.isascii() and size < GUESS_BYTES:
                found.append(line[:2_000])
                size += len(found[-1])
    return b"\n".join(found)


def _refuse_damaged(file: IO[bytes], sample: bytes) -> None:
    text = sample.decode("utf-8", "surrogateescape")
    bad = sum("\udc80" <= char <= "\udcff" for char in text)
    good = sum(char > "\x7f" for char in text) - bad
    if good >= DAMAGED_FROM * bad and good >= DAMAGED_FROM:
        _check(file, "utf-8", _("most of it is {name}, but not all of it"))


def _looks_odd(sample: bytes) -> bool:
    """Whether Windows-1252 makes something of the bytes that no Western text has."""
    try:
        text = sample.decode("cp1252")
    except UnicodeDecodeError:
        return True
    words = re.findall(r"[^\W\d_]{4,}", text)
    # In the West, a word that is mostly beyond ASCII is the exception.
    foreign = sum(sum(char > "\x7f" for char in word) > len(word) / 2 for word in words)
    if foreign > len(words) * ODD_FROM:
        return True
    beyond = sum(char > "\x7f" for char in text)
    inside = re.findall(r"(?<=[^\W\d_])[^\x00-\x7f’‘´–—…·®™°\xa0\xad](?=[^\W\d_])", text)
    symbols = sum(not char.isalpha() for char in inside)
    capitals = len(re.findall(r"(?<=[a-z])[ŠŽŸŒÀ-ÖØ-Þ](?=[a-z])", text))
    return symbols + capitals > beyond * ODD_FROM


def _asked(sample: bytes) -> str:
    """Return what the guesser holds to be right, if it is the writing of a language."""
    best = charset_normalizer.from_bytes(sample, cp_isolation=_GUESSED).best()
    if best is None or not (best.coherence or best.encoding in _OF_MANY_BYTES):
        return ""
    return _canonical(best.encoding)
