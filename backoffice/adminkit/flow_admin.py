"""FlowAdmin: an admin whose acts are printed from its model's flow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.contrib.admin import display
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from backoffice.adminkit.acts import Act
from backoffice.adminkit.console import ConsoleAdmin
from backoffice.adminkit.display import state_badge
from backoffice.flows import Flow


class FlowAdmin(ConsoleAdmin):
    """Every step of `model.flow` becomes an act: a button with a dialog, and a bulk action.

    step_options: more of what an act knows, per step: {"ship": {"icon": "local_shipping"}}.
    hidden_steps: steps that have another door. `acts`: what is no step.
    """

    step_options: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    hidden_steps: ClassVar[Sequence[str]] = ()

    @property
    def flow(self) -> Flow:
        return self.model.flow

    @cached_property
    def _flow_acts(self) -> dict[str, Act]:
        return {
            step.name: Act.from_step(step, **self.step_options.get(step.name, {}))
            for step in self.flow.steps.values()
            if not step.is_entry and step.name not in self.hidden_steps
        }

    def get_acts(self) -> dict[str, Act]:
        return {**self._flow_acts, **super().get_acts()}

    def load_facts(self, rows: Sequence[Any]) -> None:
        self.flow.load(rows)

    @display(description=_("Status"))
    def state_label(self, row: Any) -> SafeString:
        """A column; sort it by naming the field in `ordering`."""
        return state_badge(self.flow, row)
