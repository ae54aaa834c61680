"""Taking a file in: its size, its name, its fingerprint, and a private place for it."""

from __future__ import annotations

import errno
import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, Any

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import storages
from django.template.defaultfilters import filesizeformat

from backoffice.ids import uuid7
from backoffice.imports import refusals

NAME_MAX_LENGTH = 200


@dataclass(frozen=True)
class Received:
    """A file that was taken in; `stored_as` is a name that the server made."""

    file_name: str
    stored_as: str
    sha256: str
    size_bytes: int

    def forget(self) -> None:
        """Remove the stored file: nothing is left of a file that is refused as a whole."""
        forget(self.stored_as)


class _Measured(File):
    """A file that is weighed and fingerprinted while a storage takes it, block by block."""

    DEFAULT_CHUNK_SIZE = 256 * 1024

    def __init__(self, file: IO[Any]) -> None:
        super().__init__(file)
        self._said_size = getattr(file, "size", None)
        self._begin()

    def _begin(self) -> None:
        self.size_bytes = 0
        self.fingerprint = hashlib.sha256()

    def seek(self, place: int, whence: int = 0) -> int:
        """Go somewhere; at the beginning, weighing begins anew."""
        if (found := self.file.seek(place, whence)) == 0:
            self._begin()
        return found

    def read(self, size: int = -1) -> bytes:
        """Return what comes next. Refuses: FileTooLarge, before more is kept; EmptyFile."""
        limit = settings.IMPORT_MAX_BYTES
        block = self.file.read(size if size >= 0 else limit + 1)
        self.size_bytes += len(block)
        if self.size_bytes > limit:
            said = self._said_size
            raise refusals.FileTooLarge(
                size=filesizeformat(said) if said else f"> {filesizeformat(limit)}",
                limit=filesizeformat(limit),
            )
        if not self.size_bytes and size:
            raise refusals.EmptyFile
        self.fingerprint.update(block)
        return block


def receive(file: IO[Any], *, name: str) -> Received:
    """Store a file privately and return it; of a file that is refused nothing is left.

    Refuses: FileTooLarge, EmptyFile, NoRoom.
    """
    content = _Measured(file)
    stored_as = f"imports/{uuid7().hex}"
    try:
        stored_as = storages["private"].save(stored_as, content)
    except OSError as error:
        _forget_half(stored_as)
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise refusals.NoRoom from error
        raise
    except BaseException:
        _forget_half(stored_as)
        raise
    return Received(
        file_name=safe_name(name),
        stored_as=stored_as,
        sha256=content.fingerprint.hexdigest(),
        size_bytes=content.size_bytes,
    )


def _forget_half(stored_as: str) -> None:
    # What went wrong is told; that tidying up fails as well must not stand in its place.
    with suppress(OSError):
        forget(stored_as)


def safe_name(name: str) -> str:
    """Return a file's name for the screen: its last part, without what could trick an eye."""
    last = re.split(r"[/\\]", name)[-1]
    clean = re.sub(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", "", last).strip()
    if clean in {"", ".", ".."}:
        return "sheet"
    stem, dot, extension = clean.rpartition(".")
    if len(clean) > NAME_MAX_LENGTH:
        return f"{stem[: NAME_MAX_LENGTH - 12]}…{dot}{extension[:10]}"
    return clean


@contextmanager
def opened(stored_as: str) -> Iterator[IO[bytes]]:
    """Open a stored file for reading; it can be read from any place, more than once."""
    with storages["private"].open(stored_as) as file:
        yield file


def is_intact(stored_as: str, sha256: str) -> bool:
    """Return whether the stored file is still what was received."""
    if not stored_as or not storages["private"].exists(stored_as):
        return False
    with opened(stored_as) as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256


def forget(stored_as: str) -> None:
    """Remove a stored file, if it is still there."""
    if stored_as:
        storages["private"].delete(stored_as)
