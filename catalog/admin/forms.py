"""What the catalogue's forms share."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.widgets import AutocompleteSelect
from django.forms.models import construct_instance
from unfold.widgets import UnfoldAdminSelect2MultipleWidget, UnfoldAdminSelect2Widget

from backoffice.adminkit.editing import CARRIED
from backoffice.adminkit.forms import ConsoleForm
from backoffice.refused import Refused
from catalog.services import errors_of

SEARCH_BOX = "unfold-admin-autocomplete"
KEY_DIGITS = 18  # more never were a key, and SQLite cannot count as far


class SearchBox(UnfoldAdminSelect2Widget):
    """A choice that can be searched; its options are on the page.

    Unfold also gives it Django's own class, whose script would ask the server for the options
    wherever an autocomplete field stands on the same page.
    """

    def __init__(self) -> None:
        super().__init__({"data-width": "100%"})
        self.attrs["class"] = SEARCH_BOX


class ParentBox(AutocompleteSelect):
    """The product that a variant hangs on, looked up while somebody types."""

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        """Rubbish is the field's to refuse; the database cannot be asked for it."""
        keys = [key for key in map(str, value) if key.isdecimal() and len(key) <= KEY_DIGITS]
        return super().optgroups(name, keys, attr)


class WordsBox(UnfoldAdminSelect2MultipleWidget):
    """Several words, new ones too: Enter or a comma ends a word."""

    def __init__(self) -> None:
        options = {"data-tags": "true", "data-token-separators": '[","]', "data-width": "100%"}
        super().__init__(options)
        self.attrs["class"] = SEARCH_BOX

    def optgroups(self, name: str, value: Any, attrs: Any = None) -> Any:
        """Keep new words when a refused form is shown again."""
        known = list(self.choices)
        keys = {str(key) for key, _label in known}
        self.choices = [*known, *((word, word) for word in value if word not in keys)]
        return super().optgroups(name, value, attrs)


class ServiceForm(ConsoleForm):
    """A form whose fields judge what is typed, and whose service judges the row.

    Two judges of the same rule would say it in two ways; the service's sentence names the way out.
    """

    def _post_clean(self) -> None:
        meta = self._meta
        self.instance = construct_instance(self, self.instance, meta.fields, meta.exclude)

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
