"""What a file really is, by its content: its name and its browser's word count for nothing."""

from __future__ import annotations

import json
import zipfile
from io import BytesIO
from typing import Literal

from django.utils.translation import gettext_lazy as _

from backoffice.imports import refusals

Kind = Literal["workbook", "text"]

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
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


def sniff(content: bytes) -> Kind:
    """Return what the content is. Refuses whatever is no sheet, with its name in plain words."""
    head = content[:_PROBE_BYTES]
    if not content.strip():
        raise refusals.EmptyFile
    if head.startswith(_OLE):
        raise _ole_refusal(content)
    if head.startswith(_ZIP):
        return _archive(content)
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        raise refusals.NotASheet(what=_("a picture (WebP)"))
    for magic, what in _FOREIGN:
        if head.startswith(magic) and not (magic == b"BM" and _is_text(head)):
            raise refusals.NotASheet(what=what)
    if head.startswith(_UTF16_OR_32):
        return "text"
    if not _is_text(head):
        if head.count(0) > len(head) // 3:
            raise refusals.UnreadableText(why=_("it looks like UTF-16 without a byte-order mark"))
        raise refusals.NotASheet(what=_("binary data"))
    _refuse_markup(head)
    _refuse_json(content)
    return "text"


def _is_text(head: bytes) -> bool:
    controls = sum(head.count(byte) for byte in _CONTROLS)
    return controls <= max(3, len(head) // 200)


def _ole_refusal(content: bytes) -> refusals.FileRefused:
    # A password turns an .xlsx into an OLE container with a stream of this name, in UTF-16.
    if "EncryptedPackage".encode("utf-16-le") in content:
        return refusals.LockedWorkbook()
    return refusals.OldWorkbook()


def _archive(content: bytes) -> Kind:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            names = archive.namelist()
            kind = archive.read("mimetype")[:200] if "mimetype" in names[:3] else b""
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise refusals.BrokenWorkbook from error
    if "xl/workbook.xml" in names:
        return "workbook"
    if b"opendocument.spreadsheet" in kind:
        raise refusals.OtherWorkbook(what=_("an OpenDocument spreadsheet (.ods)"))
    if any(name.startswith("word/") for name in names):
        raise refusals.NotASheet(what=_("a Word document"))
    if "xl/workbook.bin" in names:
        raise refusals.OtherWorkbook(what=_("a binary Excel workbook (.xlsb)"))
    raise refusals.NotASheet(what=_("a ZIP archive"))


def _refuse_markup(head: bytes) -> None:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    if start.startswith((b"<!doctype html", b"<html")):
        raise refusals.NotASheet(what=_("a web page"))
    if start.startswith((b"<?xml", b"<!doctype", b"<svg")):
        raise refusals.NotASheet(what=_("an XML document"))


def _refuse_json(content: bytes) -> None:
    start = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start not in {b"{", b"["}:
        return
    try:
        json.loads(content)
    except RecursionError as error:
        raise refusals.NestedData from error
    except ValueError:
        return
    raise refusals.NestedData
