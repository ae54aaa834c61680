"""What apps contribute to home page, navigation and palette; filled from each app's `cards.py`.

Everything here names a permission: what a person may not do, they do not see.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse

from backoffice.flows import Tone
from backoffice.refused import Text

if TYPE_CHECKING:
    from backoffice.models import User


@dataclass(frozen=True, kw_only=True)
class Card:
    """A named thing on somebody's screen.

    permission: as `has_perm` takes it; several: one of them is enough.
    """

    name: str
    label: Text
    permission: str | Sequence[str]
    order: int = 100

    def __post_init__(self) -> None:
        if not self.permission:
            raise ImproperlyConfigured(f"{type(self).__name__} {self.name} names no permission.")

    @property
    def permissions(self) -> tuple[str, ...]:
        return (self.permission,) if isinstance(self.permission, str) else tuple(self.permission)

    def is_for(self, user: User) -> bool:
        return any(user.has_perm(name) for name in self.permissions)


@dataclass(frozen=True, kw_only=True)
class Linked(Card):
    """A card that leads to a page.

    url: a URL name ("admin:orders_order_changelist") or a path; query: "queue=to_process".
    """

    url: str = ""
    query: str = ""

    @property
    def path(self) -> str:
        if not self.url:
            return ""
        path = self.url if self.url.startswith("/") else reverse(self.url)
        return f"{path}?{self.query}" if self.query else path


@dataclass(frozen=True, kw_only=True)
class NavItem(Linked):
    """A page in the sidebar, and a target of the palette.

    group: the sidebar's heading. key: the second key of "G then …". badge: a count for this
    person, or None. in_sidebar=False: a verb that only the palette offers ("Write an order").
    """

    group: Text = ""
    icon: str = "chevron_right"
    key: str = ""
    badge: Callable[[User], int | str | None] | None = None
    in_sidebar: bool = True
    words: str = ""


@dataclass(frozen=True)
class Figure:
    """A value whose hint, colour and page depend on the same rows; blank: the card's own."""

    value: Any
    hint: Text = ""
    tone: Tone | None = None
    path: str = ""


@dataclass(frozen=True, kw_only=True)
class Kpi(Linked):
    """One figure of the home page: `value(user)`, or a `Figure`; hint: a text, or `hint(user)`."""

    value: Callable[[User], Any]
    hint: Text | Callable[[User], Text] = ""
    icon: str = ""
    tone: Tone = "neutral"


@dataclass(frozen=True)
class Series:
    """A chart's numbers. labels: one per point (days); unit: "EUR", or "" for a count."""

    labels: Sequence[Any]
    values: Sequence[Any]
    unit: str = ""


@dataclass(frozen=True, kw_only=True)
class Chart(Linked):
    """A picture of numbers over time: `series(user)`, drawn by the server as SVG."""

    series: Callable[[User], Series]
    kind: Literal["bars", "line"] = "bars"
    hint: Text = ""


@dataclass(frozen=True)
class PanelRow:
    """One line of a panel. badge and tone: a label at its end."""

    title: Text
    url: str = ""
    detail: Text = ""
    badge: Text = ""
    tone: Tone = "neutral"
    amount: Text = ""


@dataclass(frozen=True, kw_only=True)
class Panel(Linked):
    """A short list on the home page: `rows(user)`; `empty` is said when there are none.

    template and context: another body than the list of rows.
    """

    rows: Callable[[User], Sequence[PanelRow]] | None = None
    empty: Text = ""
    hint: Text = ""
    icon: str = ""
    template: str = ""
    context: Callable[[User], dict[str, Any]] | None = None


@dataclass(frozen=True)
class Hit:
    """One result of the palette. is_exact: the typed text is this row's own key."""

    title: Text
    url: str
    description: Text = ""
    icon: str = "arrow_forward"
    is_exact: bool = False


# (user, text, limit) → at most `limit` hits.
Search = Callable[["User", str, int], Iterable[Hit]]


@dataclass(frozen=True, kw_only=True)
class SearchSource(Card):
    find: Search = field(repr=False)


C = TypeVar("C", bound=Card)

_cards: dict[tuple[type[Card], str], Card] = {}


def register(*cards: Card) -> None:
    """Put cards on the screens of those who may see them; the same name replaces."""
    for card in cards:
        _cards[type(card), card.name] = card


def search_source(
    *, permission: str | Sequence[str], label: Text = "", order: int = 100
) -> Callable[[Search], Search]:
    """Decorator: the palette asks this function, for people with the permission."""

    def decorate(find: Search) -> Search:
        name = f"{find.__module__}.{find.__name__}"
        register(
            SearchSource(name=name, label=label, permission=permission, order=order, find=find)
        )
        return find

    return decorate


def cards(kind: type[C]) -> list[C]:
    """Return all cards of a kind, in order."""
    found = [card for card in _cards.values() if isinstance(card, kind)]
    return sorted(found, key=lambda card: (card.order, card.name))


def cards_for(kind: type[C], user: User) -> list[C]:
    """Return the cards of a kind that this person may see, in order."""
    return [card for card in cards(kind) if card.is_for(user)]
