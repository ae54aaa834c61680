"""What goes in and out: explicit fields, and a body that says more than it may is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, cast

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request


class Answer(serializers.Serializer[Any]):
    """What a view answers: nothing of it can be sent."""

    def create(self, validated_data: Any) -> Any:
        raise TypeError("An answer is not written.")

    update = create  # type: ignore[assignment]


class Sent(serializers.Serializer[Any]):
    """What a caller sends. A name that is not among its fields is refused with a sentence.

    set_by_us: names that stand in answers and that nobody sends; they get a sentence of their own.
    """

    set_by_us: ClassVar[frozenset[str]] = frozenset()

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            writable = {name for name, field in self.fields.items() if not field.read_only}
            errors = {
                str(name): [self._refusal(str(name))]
                for name in data
                if name not in writable and name != "csrfmiddlewaretoken"
            }
            if errors:
                raise serializers.ValidationError(errors)
        return super().to_internal_value(data)

    def _refusal(self, name: str) -> str:
        if name in self.set_by_us or name in self.fields:
            return _("This is set by the system and cannot be sent; leave it out.")
        return _("There is no such field; leave it out.")


class NoBody(Sent):
    """A call that takes no values."""


def read(shape: type[Sent], request: Request) -> dict[str, Any]:
    """Return what was sent. Raises ValidationError, every problem by field."""
    sent = shape(data=request.data, context={"request": request})
    sent.is_valid(raise_exception=True)
    return cast("dict[str, Any]", sent.validated_data)
