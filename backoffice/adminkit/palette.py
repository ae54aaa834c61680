"""The palette (Ctrl+K): pages, verbs and records that this person may see, exact matches first."""

from __future__ import annotations

from django.utils.text import capfirst

from backoffice.cards import Hit, NavItem, SearchSource, cards_for
from backoffice.models import User

HITS_PER_SOURCE = 5
SHORTEST_TEXT = 2


def find(user: User, text: str) -> list[Hit]:
    """Return what the typed text finds: exact records, then pages and verbs, then records."""
    # No text has a NUL, and PostgreSQL takes no question that has one.
    text = text.replace("\x00", "").strip()
    records: list[Hit] = []
    if len(text) >= SHORTEST_TEXT:
        for source in cards_for(SearchSource, user):
            found = source.find(user, text, HITS_PER_SOURCE)
            records += list(found)[:HITS_PER_SOURCE]
    exact = [hit for hit in records if hit.is_exact]
    close = [hit for hit in records if not hit.is_exact]
    return [*exact, *_pages(user, text), *close]


def _pages(user: User, text: str) -> list[Hit]:
    wanted = text.lower().split()
    hits = []
    for item in cards_for(NavItem, user):
        haystack = f"{item.label} {item.group} {item.words}".lower()
        if all(word in haystack for word in wanted):
            title = capfirst(str(item.label))
            hits.append(Hit(title=title, url=item.path, description=item.group, icon=item.icon))
    return hits[:HITS_PER_SOURCE]
