"""Who is meant by "@femi.okafor" in a note: a pure parser, with no table and no request.

A mention is an @ at the beginning of a word, then a handle: letters, digits, ".", "-", "_", "+".

- "ada@example.com" is an address, and "@ada@example.social" a name elsewhere: neither is a mention.
- Case does not matter, punctuation around a handle is no part of it: "(@Femi.Okafor)," means Femi.
- Of "@femi.okafor.thanks" the longest beginning that somebody is called by counts: femi.okafor.
- A handle that nobody, or more than one person, is called by stays text.

Everybody has up to three handles: first.last, the part of the e-mail address before its @, and the
whole address with a dot for the @. A handle that two people share is nobody's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

_MENTION = re.compile(r"(?<![\w.+\-@/])@(\w[\w.+\-]*)(?!@)")
_NO_HANDLE = re.compile(r"[^\w.+\-]")


class Person(Protocol):
    """What a colleague is called by."""

    email: str
    first_name: str
    last_name: str


P = TypeVar("P", bound=Person)


@dataclass(frozen=True)
class Part:
    """A piece of a note; person: who is meant by it, or None for mere text."""

    text: str
    person: Person | None = None


def handles_of(person: Person) -> list[str]:
    """Return the handles of one person, the one that reads best first."""
    local, _at, domain = person.email.lower().partition("@")
    names = f"{person.first_name} {person.last_name}".lower().split()
    spelled = ".".join(_NO_HANDLE.sub("", name) for name in names)
    found = [spelled if len(names) > 1 else "", local, f"{local}.{domain}"]
    return list(dict.fromkeys(handle for handle in found if handle.strip(".")))


def handles_among(people: Iterable[P]) -> dict[str, P]:
    """Return handle → person for handles that mean one person only."""
    pairs = [(handle, person) for person in people for handle in handles_of(person)]
    shared = Counter(handle for handle, _person in pairs)
    return {handle: person for handle, person in pairs if shared[handle] == 1}


def split(text: str, people: Mapping[str, Person]) -> Iterator[Part]:
    """Yield the text in pieces, those that mean somebody with the person; joined they are `text`.

    people: by handle, in lower case.
    """
    done = 0
    for match in _MENTION.finditer(text):
        handle = _known(match[1], people)
        if handle is None:
            continue
        end = match.start(1) + len(handle)
        if match.start() > done:
            yield Part(text[done : match.start()])
        yield Part(text[match.start() : end], people[handle.lower()])
        done = end
    if done < len(text):
        yield Part(text[done:])


def _known(written: str, people: Mapping[str, Person]) -> str | None:
    """Return the longest beginning of a written handle, cut at a mark, that means somebody."""
    cuts = [match.start() for match in re.finditer(r"[.+\-]", written)]
    for end in reversed([*cuts, len(written)]):
        if written[:end].lower() in people:
            return written[:end]
    return None
