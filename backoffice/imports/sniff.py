"""What a file really is, by its content: its name and its browser's word count for nothing."""

from __future__ import annotations

import re
from typing import IO, Literal

from django.utils.translation import gettext_lazy as _

from backoffice.imports import refusals
from backoffice.imports.archive import OLE
from backoffice.imports.encodings import wide_without_mark

Kind = Literal["workbook", "text"]

_ZIP = b"PK\x03\x04"
_UTF16_OR_32 = (b"\xff\xfe", b"\xfe\xff")

_FOREIGN = (
    (b"\x89PNG\r\n\x1a\n", _("a picture (PNG)")),
    (b"\xff\xd8\xff", _("a picture (JPEG)")),
    (b"GIF8", _("a picture (GIF)")),
    (b"BM", _("a picture (BMP)")),
    (b"II*\x00", _("a picture (TIFF)")),
    (b"MM\x00*", _("a picture (TIFF)")),
    (b"%PDF", _("a PDF document")),
    (b"\x1f\x8b", _("a compressed archive (gzip)")),
    (b"7z\xbc\xaf", _("a compressed archive (7z)")),
    (b"Rar!", _("a compressed archive (RAR)")),
    (b"BZh", _("a compressed archive (bzip2)")),
    (b"\xfd7zXZ", _("a compressed archive (xz)")),
    (b"\x7fELF", _("a program")),
    (b"MZ\x90", _("a program")),
    (b"SQLite format 3", _("a database")),
    (b"{\\rtf", _("a text document (RTF)")),
)

# Text has next to none of these; everything binary is full of them.
_CONTROLS = bytes(set(range(32)) - {7, 8, 9, 10, 11, 12, 13, 26, 27})
_PROBE_BYTES = 8_192
# What is looked at of text that may be JSON: all of it must be, but for what is cut off.
_PROBE_CHARS = 2_000
_JSON = re.compile(
    r'(?:\s++|[{}\[\],:]|"(?:[^"\\]|\\.)*+"|-?\d[\d.eE+-]*+|true|false|null)*+'
    r'(?:"(?:[^"\\]|\\.?)*+|[a-z]{1,4}|-)?',
    re.DOTALL,
)


def sniff(file: IO[bytes], *, is_said_to_be_text: bool = False) -> Kind:
    """Return what the content is. Refuses whatever is no sheet, with its name in plain words.

    is_said_to_be_text: a person named its encoding, which may be one with many control characters.
    """
    file.seek(0)
    head = file.read(_PROBE_BYTES)
    if not head:
        raise refusals.EmptyFile
    if head.startswith((OLE, _ZIP)):
        return "workbook"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        raise refusals.NotASheet(what=_("a picture (WebP)"))
    for magic, what in _FOREIGN:
        if head.startswith(magic) and not (magic == b"BM" and _is_text(head)):
            raise refusals.NotASheet(what=what)
    if is_said_to_be_text or head.startswith(_UTF16_OR_32) or wide_without_mark(head):
        return "text"
    if not _is_text(head):
        raise refusals.NotASheet(what=_("binary data"))
    return "text"


def refuse_structure(text: str) -> None:
    """Refuse text that is no table. text: its beginning. Refuses: NotASheet, NestedData."""
    start = text.lstrip("\ufeff \t\r\n")
    lower = start[:200].lower()
    if lower.startswith(("<!doctype html", "<html")):
        raise refusals.NotASheet(what=_("a web page"))
    if lower.startswith(("<?xml", "<!doctype", "<svg")):
        raise refusals.NotASheet(what=_("an XML document"))
    if start.startswith(("{", "[")) and _JSON.fullmatch(start[:_PROBE_CHARS]):
        raise refusals.NestedData


def _is_text(head: bytes) -> bool:
    controls = sum(head.count(byte) for byte in _CONTROLS)
    return controls <= max(3, len(head) // 200)
