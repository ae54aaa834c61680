"""The OpenAPI document: what every operation may answer, and the headers that some need."""

from __future__ import annotations

from typing import Any

from django_filters import filters
from drf_spectacular.contrib.django_filters import DjangoFilterExtension
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import build_basic_type, build_parameter_type
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from backoffice.adminkit.filters import DayRangeFilter
from backoffice.api import problems
from backoffice.api.permissions import ANYONE

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 8, "maxLength": 64, "pattern": r"^[\x21-\x7e]{8,64}$"},
    OpenApiParameter.HEADER,
    required=True,
    description="New for each intent; the same again repeats nothing and answers the same.",
)
IF_MATCH = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description="The ETag of what you read; `*` overwrites whatever is there.",
)
IF_MATCH_IF_ANY = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="The ETag of what you read: refuses when it is another version by now.",
)

PROBLEM = {
    "type": "object",
    "description": "RFC 9457, with a code for machines, a sentence and a way out for people.",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "hint": {"type": "string"},
        "errors": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
        "request_id": {"type": "string"},
    },
    "required": ["type", "title", "status", "code", "detail", "hint", "errors", "request_id"],
}


class DoorSchema(AutoSchema):
    """Says of each operation whether one has to be signed in for it."""

    def get_auth(self) -> list[Any]:
        action = getattr(self.view, "action", None) or self.method.lower()
        wanted = getattr(self.view, "access", {}).get(action)
        ways = [way for way in super().get_auth() if way]
        # An empty requirement: it can be called without, too.
        return [{}, *ways] if wanted == ANYONE else ways


class FilterSets(DjangoFilterExtension):
    """The console's filters as they are asked for: whole days as two dates, choices as words."""

    target_class = "backoffice.api.filters.FilterSetBackend"
    priority = 1

    def resolve_filter_field(
        self, schema: Any, model: Any, owner: Any, name: str, field: Any
    ) -> Any:
        if isinstance(field, DayRangeFilter):
            return [
                build_parameter_type(
                    name=f"{name}_{end}",
                    location=OpenApiParameter.QUERY,
                    schema=build_basic_type(OpenApiTypes.DATE),
                    description=str(field.label),
                )
                for end in ("after", "before")
            ]
        if isinstance(field, filters.ChoiceFilter) and isinstance(field.extra.get("choices"), list):
            return [
                build_parameter_type(
                    name=name,
                    location=OpenApiParameter.QUERY,
                    schema=build_basic_type(OpenApiTypes.STR),
                    description=str(field.label),
                    enum=[str(value) for value, _label in field.extra["choices"]],
                )
            ]
        return super().resolve_filter_field(schema, model, owner, name, field)


class ApiTokenScheme(OpenApiAuthenticationExtension):
    target_class = "backoffice.api.authentication.ApiTokens"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Token hp_…`: a key that somebody made for a program of theirs.",
        }


class AccessTokenScheme(OpenApiAuthenticationExtension):
    target_class = "backoffice.api.authentication.AccessTokens"
    name = "access"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class SessionScheme(OpenApiAuthenticationExtension):
    target_class = "backoffice.api.authentication.Sessions"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}


def describe_problems(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Let every operation say how it refuses."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    refusal = {
        "description": "Refused, with a sentence and a way out.",
        "content": {problems.CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for path in result["paths"].values():
        for operation in path.values():
            operation["responses"].setdefault("default", refusal)
    return result
