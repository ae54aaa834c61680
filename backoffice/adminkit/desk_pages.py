"""What the desk's pages show beside the rows: chips of filters, addresses with one filter more."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from backoffice.adminkit.lists import Chip
from backoffice.desk.asking import Asked
from backoffice.desk.facets import Facets, Value
from backoffice.desk.form import DeskForm

# What is asked for often; the rest stands under “More filters”.
FIRST = ("what", "object", "who", "when", "since", "until", "field", "old", "new")
BESIDE = ("after", "sample")


def desk_path(query: QueryDict | str = "") -> str:
    text = query if isinstance(query, str) else query.urlencode()
    return reverse("admin:audit_desk") + (f"?{text}" if text else "")


def filters_of(query: QueryDict) -> QueryDict:
    """Return an address's filters: without its page, without what says nothing."""
    kept = QueryDict(mutable=True)
    for name in query:
        values = [value for value in query.getlist(name) if value]
        if values and name not in BESIDE:
            kept.setlist(name, values)
    return kept


def without(query: QueryDict, *names: str) -> QueryDict:
    rest = query.copy()
    for name in names:
        rest.pop(name, None)
    return rest


def with_value(query: QueryDict, name: str, value: str) -> QueryDict:
    changed = query.copy()
    changed[name] = value
    return changed


def chips_of(form: DeskForm, query: QueryDict) -> list[Chip]:
    """Return the active filters, each with the desk's address without it."""
    chips = []
    for name, field in form.fields.items():
        if name not in query:
            continue
        gone = (name, "old", "new") if name == "field" else (name,)
        value = _in_words(field, query.getlist(name))
        chips.append(Chip(str(field.label), value, desk_path(without(query, *gone))))
    return chips


def _in_words(field: forms.Field, values: list[str]) -> str:
    labels: dict[str, str] = {}
    for value, label in getattr(field, "choices", ()):
        if isinstance(label, list | tuple):
            labels |= {str(v): f"{value}: {text}" for v, text in label}
        else:
            labels[str(value)] = str(label)
    return ", ".join(labels.get(value, value) for value in values)


def lasting(asked: Asked, query: QueryDict) -> QueryDict:
    """Return the filters as they will mean the same next year: “last week” as its days."""
    if "when" not in query:
        return query
    fixed = without(query, "when")
    for name, moment in (("since", asked.since), ("until", asked.until)):
        if moment is not None:
            fixed[name] = timezone.localtime(moment).isoformat()
    return fixed


def facet_links(facets: Facets, query: QueryDict) -> list[dict[str, Any]]:
    """Return the facets with an address for each value; one that is chosen leads out again."""

    def link(value: Value) -> dict[str, Any]:
        is_chosen = query.getlist(value.name) == [value.value]
        other = (
            without(query, value.name) if is_chosen else with_value(query, value.name, value.value)
        )
        return {"value": value, "url": desk_path(other), "is_chosen": is_chosen}

    return [
        {"label": f.label, "values": [link(value) for value in f.values], "more": f.more}
        for f in facets.facets
    ]
