"""Slugs: made from names, unique, stable. An edit of a name never moves a slug."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import reduce
from operator import or_

from django.db import models
from django.db.models import Q
from django.utils.text import slugify

from catalog.services.limits import slug_limit

# Letters that Unicode does not take apart into a plain one and a mark.
_PLAIN = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th"}
    | {"&": " and "}
)
# Between names that are looked at together.
_MARK = "|"
_GAPS = re.compile(r"[-_]+")
CHUNK = 500
# Bases of one query that looks for their numbered twins.
TWINS_CHUNK = 50


def slug_base(model: type[models.Model], *names: str) -> str:
    """Return the slug of the first name that has one in plain letters."""
    for name in names:
        if name.isascii():
            slug = _hyphened(name.replace(_MARK, "")).strip("-")
        else:
            # Next to a hyphen an underscore would make two: no slug that anybody may type.
            slug = _GAPS.sub("-", slugify(name.lower().translate(_PLAIN))).strip("-")
        if slug:
            return slug[: slug_limit(model)].strip("-")
    return "item"


def slug_bases(
    model: type[models.Model], names: Sequence[str], otherwise: Sequence[str]
) -> list[str]:
    """As `slug_base` of each name, or what it is called otherwise: one pass over all of them.

    Names of a sheet, 100,000 at a time; of those in other letters each is looked at alone.
    """
    plain = [name if name.isascii() and _MARK not in name else "" for name in names]
    joined = _hyphened(_MARK.join(plain)).replace(f"-{_MARK}", _MARK).replace(f"{_MARK}-", _MARK)
    limit = slug_limit(model)
    bases = joined.split(_MARK) if names else []
    return [
        base[:limit].strip("-") or slug_base(model, name, other)
        for base, name, other in zip(bases, names, otherwise, strict=True)
    ]


def _becomes(char: str) -> str | None:
    if char.isalnum() or char == _MARK:
        return char.lower()
    return "-" if char in "-_" or char.isspace() else None


_HYPHENED = {code: _becomes(chr(code)) for code in range(128)}


def _hyphened(text: str) -> str:
    """Do what `slugify` does, without what only letters outside of ASCII need."""
    text = text.replace("&", " and ").translate(_HYPHENED)
    while "--" in text:
        text = text.replace("--", "-")
    return text


def free_slugs(
    model: type[models.Model], bases: Sequence[str], *, reserved: Iterable[str] = ()
) -> list[str]:
    """Return a slug for each base that no row of `model` and no other of these bears.

    The first free one of base, base-2, base-3, …; the unique constraint has the last word.
    reserved: slugs that are spoken for though no row bears them yet.
    """
    max_length = slug_limit(model)
    wanted = Counter(bases)
    taken = _taken(model, wanted).union(reserved)
    crowded = [base for base, count in wanted.items() if count > 1 or base in taken]
    taken |= _twins(model, crowded)
    numbers = dict.fromkeys(crowded, 1)
    slugs = []
    for base in bases:
        slug = base
        while slug in taken:
            numbers[base] = numbers.get(base, 1) + 1
            end = f"-{numbers[base]}"
            slug = base[: max_length - len(end)] + end
        taken.add(slug)
        slugs.append(slug)
    return slugs


def _taken(model: type[models.Model], slugs: Iterable[str]) -> set[str]:
    wanted = sorted(slugs)
    found: set[str] = set()
    for start in range(0, len(wanted), CHUNK):
        rows = model._default_manager.filter(slug__in=wanted[start : start + CHUNK])
        found.update(rows.values_list("slug", flat=True))
    return found


def _twins(model: type[models.Model], bases: Sequence[str]) -> set[str]:
    """Return the numbered slugs in the table that these bases could run into."""
    max_length = slug_limit(model)
    stems = sorted({base[: max_length - 8] for base in bases})
    found: set[str] = set()
    for start in range(0, len(stems), TWINS_CHUNK):
        some = (Q(slug__startswith=f"{stem}") for stem in stems[start : start + TWINS_CHUNK])
        rows = model._default_manager.filter(reduce(or_, some)).values_list("slug", flat=True)
        found.update(slug for slug in rows if re.search(r"-\d+$", slug))
    return found
