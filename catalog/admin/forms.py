"""What the catalogue's forms share."""

from __future__ import annotations

from typing import Any

from django.forms.models import construct_instance

from backoffice.adminkit.editing import CARRIED
from backoffice.adminkit.forms import ConsoleForm
from backoffice.refused import Refused
from catalog.services import errors_of


class ServiceForm(ConsoleForm):
    """A form whose fields judge what is typed, and whose service judges the row.

    Two judges of the same rule would say it in two ways; the service's sentence names the way out.
    """

    def _post_clean(self) -> None:
        self.instance = construct_instance(self, self.instance, self._meta.fields, self._meta.exclude)

    def clean(self) -> dict[str, Any]:
        refused, self.refused = self.refused, None
        super().clean()
        if isinstance(refused, Refused):
            for name, sentences in errors_of(refused).items():
                for sentence in sentences:
                    self.add_error(name if name in self.fields else None, sentence)
        return self.cleaned_data

    @property
    def typed(self) -> dict[str, Any]:
        """What was typed for the row's own columns."""
        own = {field.name for field in self._meta.model._meta.concrete_fields} - CARRIED
        return {name: value for name, value in self.cleaned_data.items() if name in own}

    @property
    def typed_changes(self) -> dict[str, Any]:
        """What was typed over what is there."""
        return {name: self.typed[name] for name in self.changed_data if name in self.typed}
