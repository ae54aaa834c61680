"""A state machine's steps for programs: what can be done next, why not, and doing it."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice.api.document import IF_MATCH_IF_ANY
from backoffice.api.serializers import Answer, Sent, read
from backoffice.api.versions import stated_version, tag_of
from backoffice.flows import Flow
from backoffice.refused import UnknownRow

REASON_LENGTH = 1000


class StepSent(Sent):
    reason = serializers.CharField(
        max_length=REASON_LENGTH, required=False, allow_blank=True, default=""
    )


class OfferAnswer(Answer):
    """A step from this state that the caller's role may take: open, or closed and why."""

    step = serializers.CharField(source="step.name")
    label = serializers.CharField(source="step.label")
    is_open = serializers.BooleanField()
    why_not = serializers.SerializerMethodField()

    def get_why_not(self, offer: Any) -> str:
        return str(offer.refusal) if offer.refusal is not None else ""


class TakesSteps:
    """A view set whose rows follow a flow: `GET …/steps/` and `POST …/steps/<step>/`.

    `flow`: the table; verbs are called with `<model>_id`, `by`, `reason` and `version`.
    The view's `access` names `steps` and `take`; each step's own permission is asked by its verb.
    """

    flow: ClassVar[Flow]

    @extend_schema(responses=OfferAnswer(many=True), filters=False)
    @action(detail=True, pagination_class=None, filter_backends=[])
    def steps(self, request: Request, **_kwargs: Any) -> Response:
        """Return what can be done next."""
        row = self.get_object()  # type: ignore[attr-defined]
        self.flow.load([row])
        offers = self.flow.offers(row, request.user)  # type: ignore[arg-type]
        return Response(OfferAnswer(offers, many=True).data)

    @extend_schema(
        request=StepSent,
        parameters=[IF_MATCH_IF_ANY, OpenApiParameter("step", str, OpenApiParameter.PATH)],
    )
    @action(detail=True, methods=["post"], url_path="steps/<slug:step>")
    def take(self, request: Request, step: str, **_kwargs: Any) -> Response:
        """Take a step."""
        row = self.get_object()  # type: ignore[attr-defined]
        verb = self.flow.verbs.get(step)
        if verb is None or self.flow[step].is_entry:
            raise UnknownRow(what="step", key=step)
        sent = read(StepSent, request)
        taken = verb(
            **{f"{self.flow.model_name}_id": row.pk},
            by=request.user,
            reason=sent["reason"],
            version=stated_version(request),
        )
        return Response(self.represent(taken), headers=tag_of(taken))  # type: ignore[attr-defined]
