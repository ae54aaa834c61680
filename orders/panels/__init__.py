"""The workspace's panels beside lines, payments, timeline and customer, in their order.

A new topic is a file with a `PANEL`, and its name here.
"""

from orders.panels import approvals, editing, messages, people, presence, returns, shipments
from orders.panels.base import Asked, Button, Panel, Shown, shown

PANELS: tuple[Panel, ...] = (
    editing.PANEL,
    presence.PANEL,
    people.PANEL,
    shipments.PANEL,
    returns.PANEL,
    approvals.PANEL,
    messages.PANEL,
)

__all__ = ["PANELS", "Asked", "Button", "Panel", "Shown", "shown"]
