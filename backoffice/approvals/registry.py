"""Which actions may need a second person: apps register them; rules name one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from django.utils.translation import gettext as _

from backoffice import flows
from backoffice.refused import Refused, Text

Unit = Literal["money", "count"]


class UnknownAction(Refused):
    sentence = _("There is no action {action} that could need approval.")


@dataclass(frozen=True)
class Action:
    """Something that may need four eyes.

    verb: called as `verb(**arguments, by=…, reason=…)` with the arguments as JSON holds them.
    permission: what the verb itself asks for; an approver needs it too.
    """

    name: str
    label: Text
    unit: Unit
    verb: Callable[..., Any]
    own_permission: str = ""

    @property
    def permission(self) -> str:
        """As `has_perm` takes it: the one given, or that of the step which is called so."""
        if self.own_permission:
            return self.own_permission
        for flow in flows.all_flows():
            for step in flow.steps.values():
                if step.action == self.name:
                    return step.permission_name
        return ""


_actions: dict[str, Action] = {}


def action(
    name: str, *, label: Text, unit: Unit, verb: Callable[..., Any], permission: str = ""
) -> Action:
    """Register what may need approval; the same name replaces."""
    _actions[name] = Action(name, label, unit, verb, permission)
    return _actions[name]


def actions() -> list[Action]:
    return sorted(_actions.values(), key=lambda action: str(action.label))


def action_named(name: str) -> Action:
    """Return a registered action. Refuses: UnknownAction."""
    if name not in _actions:
        raise UnknownAction(action=name)
    return _actions[name]


def label_of(name: str) -> str:
    """Return what an action is called, also when it is registered no longer."""
    return str(_actions[name].label) if name in _actions else name


def measure_in_words(measure: Decimal, currency: str, *, action: str) -> str:
    """Return a size as the console prints it: 480.00 EUR for money, 250 for a count."""
    known = _actions.get(action)
    if currency or (known is not None and known.unit == "money"):
        return f"{measure:,.2f} {currency or _('of any currency')}"
    return f"{measure:,.0f}"
