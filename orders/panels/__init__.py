"""The workspace's panels beside lines, payments, timeline and customer, in their order.

A new topic is a file with a `PANEL`, and its name here.
"""

from orders.panels.base import Asked, Button, Panel, Shown, shown

PANELS: tuple[Panel, ...] = ()

__all__ = ["PANELS", "Asked", "Button", "Panel", "Shown", "shown"]
