"""A panel of the workspace: one topic of an order, with the buttons that belong to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from backoffice.flows import Tone
from backoffice.models import User
from backoffice.refused import Refused, Text
from orders.workspace import Workspace


@dataclass(frozen=True)
class Button:
    """A button of the workspace: open with its dialog's address, or grey with its sentence.

    instant_key: an idempotency key, when the step asks for nothing that must be answered: pressing
    the button does it, and the dialog is for whoever wants to remark something. is_page: it leads
    to a page of its own.
    """

    name: str
    label: Text
    tone: Tone
    url: str
    effect: Text = ""
    refusal: Refused | None = None
    instant_key: str = ""
    is_page: bool = False

    @property
    def is_open(self) -> bool:
        return self.refusal is None

    @property
    def sentence(self) -> str:
        return str(self.refusal or "")


@dataclass(frozen=True)
class Asked:
    """What a panel may look at: the page, its reader, and the acts offered to them by name."""

    ws: Workspace
    user: User
    buttons: Mapping[str, Button]

    def open_buttons(self, *names: str) -> list[Button]:
        """Return those of the named buttons that are offered and open."""
        found = [self.buttons[name] for name in names if name in self.buttons]
        return [button for button in found if button.is_open]


@dataclass(frozen=True)
class Panel:
    """One row of what the workspace shows.

    template: gets the page's context and `p`, what `show` returned. show: None hides the panel.
    column: "top" is the full width, between header and columns.
    permission: as `has_perm` takes it; "" is for everybody who sees the order.
    """

    name: str
    template: str
    column: Literal["top", "main", "side"]
    show: Callable[[Asked], Mapping[str, Any] | None]
    permission: str = ""


@dataclass(frozen=True)
class Shown:
    """A panel as it stands on a page."""

    name: str
    template: str
    p: Mapping[str, Any]


def shown(panels: tuple[Panel, ...], asked: Asked) -> dict[str, list[Shown]]:
    """Return the panels with something to show for this reader, by column, in their order."""
    columns: dict[str, list[Shown]] = {"top": [], "main": [], "side": []}
    for panel in panels:
        if panel.permission and not asked.user.has_perm(panel.permission):
            continue
        if (content := panel.show(asked)) is not None:
            columns[panel.column].append(Shown(panel.name, panel.template, content))
    return columns
