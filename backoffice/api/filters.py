"""Narrowing and ordering lists: the console's FilterSets, and orderings from an allow-list."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ValidationError
from rest_framework.filters import OrderingFilter
from rest_framework.request import Request


class FilterSetBackend(DjangoFilterBackend):
    """The view's `filterset_class`; a value that it cannot read is refused, not ignored."""

    def get_filterset_kwargs(self, request: Request, queryset: Any, view: Any) -> dict[str, Any]:
        for name, values in request.query_params.lists():
            if any("\x00" in value for value in values):
                raise ValidationError({name: [_("There is an invisible NUL character in it.")]})
        return super().get_filterset_kwargs(request, queryset, view)


class AllowedOrdering(OrderingFilter):
    """`?ordering=-price`: only what `ordering_fields` names; another word is refused."""

    def get_default_valid_fields(self, queryset: Any, view: Any, context: Any = None) -> list[Any]:
        return []

    def remove_invalid_fields(
        self, queryset: Any, fields: list[str], view: Any, request: Request
    ) -> list[str]:
        known = [name for name, _label in self.get_valid_fields(queryset, view)]
        unknown = [field for field in fields if field.removeprefix("-") not in known]
        if unknown and known:
            raise ValidationError(
                {
                    self.ordering_param: [
                        _("Lists are ordered by {known}; each way.").format(known=", ".join(known))
                    ]
                }
            )
        return fields if known else []

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:
        ordering = self.get_ordering(request, queryset, view)
        # The key decides between equals, so that no row stands on two pages.
        return queryset.order_by(*ordering, "-pk") if ordering else queryset

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        known = "|".join(getattr(view, "ordering_fields", ()))
        if not known:
            return []
        word = f"-?({known})"
        return [
            {
                "name": self.ordering_param,
                "in": "query",
                "required": False,
                "description": _("By these, each way; several parted by commas."),
                "schema": {"type": "string", "pattern": f"^{word}(,{word})*$"},
            }
        ]
