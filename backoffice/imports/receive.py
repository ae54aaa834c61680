"""Taking a file in: its size, its name, its fingerprint, and a private place for it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import IO, Any

from django.conf import settings
from django.core.files.base import ContentFile
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
    content: bytes

    def forget(self) -> None:
        """Remove the stored file: nothing is left of a file that is refused as a whole."""
        forget(self.stored_as)


def receive(file: IO[Any], *, name: str) -> Received:
    """Store a file privately and return it.

    Refuses: FileTooLarge, before more than the limit is read; EmptyFile.
    """
    limit = settings.IMPORT_MAX_BYTES
    content = file.read(limit + 1)
    if len(content) > limit:
        size = getattr(file, "size", None)
        raise refusals.FileTooLarge(
            size=filesizeformat(size) if size else f"> {filesizeformat(limit)}",
            limit=filesizeformat(limit),
        )
    if not content:
        raise refusals.EmptyFile
    stored_as = storages["private"].save(f"imports/{uuid7().hex}", ContentFile(content))
    return Received(
        file_name=safe_name(name),
        stored_as=stored_as,
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
    )


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


def is_intact(stored_as: str, sha256: str) -> bool:
    """Return whether the stored file is still what was received."""
    storage = storages["private"]
    if not stored_as or not storage.exists(stored_as):
        return False
    with storage.open(stored_as) as file:
        return hashlib.sha256(file.read()).hexdigest() == sha256


def forget(stored_as: str) -> None:
    """Remove a stored file, if it is still there."""
    if stored_as:
        storages["private"].delete(stored_as)
