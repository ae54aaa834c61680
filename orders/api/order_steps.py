"""The steps of the order's table for programs: one address each, its body read off what it asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.document import IDEMPOTENCY_KEY, IF_MATCH
from backoffice.api.serializers import Sent, read
from backoffice.api.steps import REASON_LENGTH
from backoffice.api.versions import expected_version
from backoffice.flows import Ask, Step
from backoffice.refused import BadValue, UnknownRow
from catalog.models import StockLocation
from orders.api.shapes import OrderAnswer, money
from orders.models import Order
from orders.states import ORDER_FLOW

LONGEST_LINE = 200
# Edited in the console, where both versions are seen side by side.
IN_THE_CONSOLE = {"edit"}
# These write no stock and no money: doing them twice is refused by the step itself.
WORDS_ONLY = {"hold", "release", "complete", "discount"}


class UnitsOfLine(Sent):
    line = serializers.UUIDField()
    units = serializers.IntegerField(min_value=1, max_value=100_000)


def _text(ask: Ask) -> serializers.Field[Any, Any, Any, Any]:
    return serializers.CharField(
        max_length=REASON_LENGTH if ask.kind == "text" else LONGEST_LINE,
        **_optional(ask, allow_blank=True, default=""),
    )


def _optional(ask: Ask, **otherwise: Any) -> dict[str, Any]:
    said = {"help_text": str(ask.help)} if ask.help else {}
    return {**said, **({"required": True} if ask.required else {"required": False, **otherwise})}


# How a kind of question is read from JSON.
FIELDS: Mapping[str, Callable[[Ask], serializers.Field[Any, Any, Any, Any]]] = {
    "text": _text,
    "line": _text,
    "choice": lambda ask: serializers.ChoiceField(_choices(ask), **_optional(ask)),
    "flag": lambda ask: serializers.BooleanField(**_optional(ask, default=bool(ask.initial))),
    "date": lambda ask: serializers.DateField(**_optional(ask)),
    "moment": lambda ask: serializers.DateTimeField(**_optional(ask)),
    "number": lambda ask: serializers.IntegerField(**_optional(ask)),
    "money": lambda ask: money(min_value=0, **_optional(ask)),
    "lines": lambda ask: UnitsOfLine(many=True, **_optional(ask)),
}
# What a verb takes that its dialog asks in its own way.
BESIDE: Mapping[str, Mapping[str, Callable[[], serializers.Field[Any, Any, Any, Any]]]] = {
    "refund": {
        "lines": lambda: UnitsOfLine(many=True, required=False),
        "shipping": lambda: money(min_value=0, required=False),
        "amount": lambda: money(min_value=0, required=False),
    },
    "merge": {"into": serializers.UUIDField},
    "ship": {"location": lambda: serializers.CharField(max_length=20, required=False)},
}


def _choices(ask: Ask) -> list[Any]:
    return list(ask.choices() if callable(ask.choices) else ask.choices)


def shape_of(step: Step) -> type[Sent]:
    """Return the body that a step is sent with."""
    # A choice that depends on the row is asked by another name (see BESIDE).
    asks = [ask for ask in step.asks if ask.about is None]
    fields = {ask.name: FIELDS[ask.kind](ask) for ask in asks}
    fields |= {name: make() for name, make in BESIDE.get(step.name, {}).items()}
    return type(f"{step.name.title().replace('_', '')}Sent", (Sent,), fields)


def answers_for(order: Order, sent: dict[str, Any], orders: QuerySet[Order]) -> dict[str, Any]:
    """Return what was sent as the verb takes it: uuids and codes become the rows they name.

    Refuses: UnknownRow for an order that the caller does not see; BadValue for another's line.
    """
    if (lines := sent.pop("lines", None)) is not None:
        known = dict(order.lines.values_list("uuid", "pk"))
        units: dict[int, int] = {}
        for each in lines:
            if each["line"] not in known:
                raise BadValue(field="lines", problem="the order has no such line.")
            pk = known[each["line"]]
            units[pk] = units.get(pk, 0) + each["units"]
        sent["lines"] = units
    if (into := sent.pop("into", None)) is not None:
        if (kept := orders.filter(uuid=into).first()) is None:
            raise UnknownRow(what="order", key=into)
        sent["into_id"] = kept.pk
    if (code := sent.pop("location", None)) is not None:
        if (place := StockLocation.objects.filter(code=code).first()) is None:
            raise BadValue(field="location", problem="there is no such location.")
        sent["location_id"] = place.pk
    return sent


def _taking(step: Step) -> Any:
    shape, needs_key = shape_of(step), step.name not in WORDS_ONLY

    def take(self: Any, request: Request, **_kwargs: Any) -> Response:
        order = self.get_object()
        version = expected_version(request)
        sent = read(shape, request)
        sent.setdefault("reason", "")

        def work() -> Order:
            answers = answers_for(order, dict(sent), self.get_queryset())
            return ORDER_FLOW.verbs[step.name](
                order_id=order.pk, by=request.user, version=version, **answers
            )

        if needs_key:
            return self._once(request, work)
        return Response(self.represent(work()))

    take.__name__, take.__doc__ = f"take_{step.name}", f"{step.label}: {step.effect}."
    documented = extend_schema(
        request=shape,
        responses=OrderAnswer,
        parameters=[IF_MATCH, *([IDEMPOTENCY_KEY] if needs_key else [])],
    )(take)
    return action(detail=True, methods=["post"], url_path=f"steps/{step.name}")(documented)


def for_programs() -> list[Step]:
    return [
        step
        for step in ORDER_FLOW.steps.values()
        if not step.is_entry and step.name not in IN_THE_CONSOLE
    ]


class TakesOrderSteps:
    """`POST …/steps/<step>/` for each step of the order's table, by whoever has its permission."""

    access: ClassVar = {f"take_{step.name}": step.permission_name for step in for_programs()}


for _step in for_programs():
    setattr(TakesOrderSteps, f"take_{_step.name}", _taking(_step))
