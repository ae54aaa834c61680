"""The folder that suppliers' uploads fall into: the newest file of it, and nothing outside."""

from __future__ import annotations

import hashlib
import os
from datetime import datetime
from io import BufferedReader
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from backoffice.refused import BadValue

# A file that was written to just now may still be on its way.
SETTLED_SECONDS = 60
LONGEST = 200


def require_pattern(source: str) -> str:
    """Return a path below the folder, whose last part may hold “*”. Refuses: BadValue."""
    pattern = source.strip()
    parts = pattern.split("/")
    is_inside = pattern and len(pattern) <= LONGEST and pattern.isprintable()
    if not is_inside or {"", ".", ".."} & set(parts) or "\\" in pattern or "**" in pattern:
        raise BadValue(
            field=_("Source"),
            problem=_("a path below the drop folder is needed, such as acme/prices-*.csv."),
        )
    if any("*" in part for part in parts[:-1]):
        raise BadValue(field=_("Source"), problem=_("only the file's own name may hold “*”."))
    return pattern


def newest(source: str, *, now: datetime) -> Path | None:
    """Return the newest file that a pattern names, or None.

    Left out: files that are still being written, hidden ones, and what a link leads elsewhere.
    """
    root = folder()
    if root is None:
        return None
    found = []
    for path in root.glob(require_pattern(source)):
        real = path.resolve()
        if path.name.startswith(".") or not real.is_relative_to(root) or not real.is_file():
            continue
        written = real.stat().st_mtime
        if written <= now.timestamp() - SETTLED_SECONDS:
            found.append((written, path.name, real))
    return max(found)[2] if found else None


def folder() -> Path | None:
    """Return where files fall, or None: nothing is loaded by night."""
    named = settings.IMPORT_DROP_DIR
    return Path(named).resolve() if named else None


def opened(path: Path) -> BufferedReader:
    """Open a file that `newest` found; one that became a link meanwhile is not followed."""
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb")


def sha256_of(path: Path) -> str:
    with opened(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
