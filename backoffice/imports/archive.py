"""What kind of workbook a file is, and whether it may be unpacked: seen from its directory."""

from __future__ import annotations

import struct
import zipfile
import zlib
from typing import IO, Literal

from django.utils.translation import gettext_lazy as _

from backoffice.imports import refusals

Kind = Literal["xlsx", "xlsb", "ods", "xls"]

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# A password turns an .xlsx into an OLE container with a stream of this name.
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")

MAX_MEMBERS = 1_000
# An entry of the directory weighs half a kilobyte once it is read; it takes forty-six bytes here.
MAX_DIRECTORY_BYTES = 4 * 1024 * 1024
_DIRECTORY_END = b"PK\x05\x06"
_DIRECTORY_END_BYTES = 22
_LONGEST_COMMENT = 65_535
# Sheets compress ten- to thirtyfold; a bomb a thousandfold.
MAX_RATIO = 150
RATIO_MATTERS_FROM_BYTES = 1024 * 1024
UNPACKED_TIMES_UPLOAD = 5
# Entities are declared before the first element.
PROLOG_BYTES = 64 * 1024
BLOCK_BYTES = 1024 * 1024
_PACKED = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_XML = (".xml", ".rels", ".vml")

# What zipfile raises on a file that is not what it says.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    OverflowError,
    RuntimeError,
    OSError,
    EOFError,
    ValueError,
    LookupError,
)


def look_inside(file: IO[bytes], *, most_bytes: int) -> Kind:
    """Return what kind of workbook a file is, nothing unpacked but the beginning of its parts.

    most_bytes: how large a workbook may be. The sizes are the directory's claim; no reader gets a
    byte beyond it.
    Refuses: NotASheet, LockedWorkbook, BrokenWorkbook, SuspiciousArchive.
    """
    file.seek(0)
    if file.read(len(OLE)) == OLE:
        _refuse_encrypted(file)
        return "xls"
    try:
        _refuse_long_directory(file)
        with zipfile.ZipFile(file) as archive:
            _refuse_bomb(archive, size=file.seek(0, 2), most_bytes=most_bytes)
            kind = _kind(archive)
            _refuse_entities(archive)
            return kind
    except _BROKEN as error:
        raise refusals.BrokenWorkbook from error


def _refuse_encrypted(file: IO[bytes]) -> None:
    before = b""
    while block := file.read(BLOCK_BYTES):
        if _ENCRYPTED in before + block:
            raise refusals.LockedWorkbook
        before = block[-len(_ENCRYPTED) :]


def _refuse_long_directory(file: IO[bytes]) -> None:
    """Refuse a directory that would fill the memory, before it is read."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _DIRECTORY_END_BYTES - _LONGEST_COMMENT))
    tail = file.read()
    place = tail.rfind(_DIRECTORY_END)
    if place < 0 or len(tail) < place + _DIRECTORY_END_BYTES:
        raise refusals.BrokenWorkbook
    if int.from_bytes(tail[place + 12 : place + 16], "little") > MAX_DIRECTORY_BYTES:
        count = int.from_bytes(tail[place + 10 : place + 12], "little")
        raise refusals.SuspiciousArchive(why=_("it has {count} parts inside").format(count=count))


def _refuse_bomb(archive: zipfile.ZipFile, *, size: int, most_bytes: int) -> None:
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise refusals.SuspiciousArchive(
            why=_("it has {count} parts inside").format(count=len(members))
        )
    if any(member.flag_bits & 1 for member in members):
        raise refusals.LockedWorkbook
    # Other ways to pack take as much memory as the file asks for, and no workbook uses them.
    if any(member.compress_type not in _PACKED for member in members):
        raise refusals.BrokenWorkbook
    unpacked = sum(member.file_size for member in members)
    if unpacked > most_bytes * UNPACKED_TIMES_UPLOAD:
        raise refusals.SuspiciousArchive(
            why=_("it would unpack to {size} MB").format(size=unpacked // (1024 * 1024))
        )
    if unpacked > RATIO_MATTERS_FROM_BYTES and unpacked > MAX_RATIO * size:
        raise refusals.SuspiciousArchive(
            why=_("it unpacks to {times} times its size").format(times=unpacked // size)
        )


def _kind(archive: zipfile.ZipFile) -> Kind:
    names = set(archive.namelist())
    if "xl/workbook.xml" in names:
        return "xlsx"
    if "xl/workbook.bin" in names:
        return "xlsb"
    if "mimetype" in names:
        with archive.open("mimetype") as part:
            said = part.read(200)
        if b"opendocument.spreadsheet" in said:
            return "ods"
        if b"opendocument" in said:
            raise refusals.NotASheet(what=_("an OpenDocument text or drawing"))
    if any(name.startswith("word/") for name in names):
        raise refusals.NotASheet(what=_("a Word document"))
    raise refusals.NotASheet(what=_("a ZIP archive"))


def _refuse_entities(archive: zipfile.ZipFile) -> None:
    """Refuse parts that declare entities, whether or not a reader would unfold them."""
    for member in archive.infolist():
        if member.filename.endswith(_XML):
            with archive.open(member) as part:
                prolog = part.read(PROLOG_BYTES)
            if b"<!DOCTYPE" in prolog or b"<!ENTITY" in prolog:
                raise refusals.SuspiciousArchive(why=_("its XML declares entities"))
