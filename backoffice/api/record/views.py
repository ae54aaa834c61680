"""Change sets, events, and the history of one row."""

from __future__ import annotations

from typing import ClassVar, cast
from uuid import UUID

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backoffice.adminkit import timeline
from backoffice.adminkit.everything import sections_of
from backoffice.api.paging import NewestFirst
from backoffice.api.record import shapes
from backoffice.models import AuditEvent, ChangeSet, User
from backoffice.record_filters import AuditEventFilters, ChangeSetFilters
from backoffice.refused import NotAllowed, UnknownRow

SEE = "backoffice.view_changeset"


class ChangeSets(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[ChangeSet]
):
    """Every click, request, job and command that changed something, newest first."""

    access: ClassVar = {"list": SEE, "retrieve": SEE}
    serializer_class = shapes.ChangeSetAnswer
    filterset_class = ChangeSetFilters
    pagination_class = NewestFirst
    lookup_field = "uuid"
    lookup_value_converter = "uuid"
    queryset = ChangeSet.objects.select_related("origin")

    @extend_schema(responses=shapes.WholeChangeSetAnswer)
    def retrieve(self, request: Request, uuid: UUID) -> Response:
        row = self.get_object()
        row.sections = sections_of(row, reader=cast("User", request.user))
        return Response(shapes.WholeChangeSetAnswer(row).data)


class Events(mixins.ListModelMixin, viewsets.GenericViewSet[AuditEvent]):
    """Sign-ins, exports, role changes: what is not a row change; newest first."""

    access: ClassVar = {"list": "backoffice.view_auditevent"}
    serializer_class = shapes.EventAnswer
    filterset_class = AuditEventFilters
    pagination_class = NewestFirst
    queryset = AuditEvent.objects.select_related("change_set", "change_set__origin")


class RowHistory(APIView):
    """What happened to one row, newest first; also to one that is gone."""

    access: ClassVar = {"get": SEE}

    @extend_schema(
        operation_id="row_history",
        parameters=[shapes.HistoryAsked],
        responses=shapes.HistoryAnswer,
    )
    def get(self, request: Request) -> Response:
        asked = shapes.HistoryAsked(data=request.query_params.dict())
        if not asked.is_valid():
            raise ValidationError(asked.errors)
        wish = asked.validated_data
        reader = cast("User", request.user)
        model = _audited(wish["model"], reader)
        history = timeline.history_model_of(model)
        key = model._meta.pk.attname
        column = "uuid" if _has_uuid(model) else key
        pk = history.objects.filter(**{column: wish["uuid"]}).values_list(key, flat=True).first()
        if pk is None:
            raise UnknownRow(what=str(model._meta.verbose_name), key=wish["uuid"])
        entries, has_more = timeline.page_of(model, pk, wish["page"], reader=reader)
        return Response(shapes.HistoryAnswer({"entries": entries, "has_more": has_more}).data)


def _audited(label: str, reader: User) -> type[models.Model]:
    """Return an audited model that has public keys. Refuses: UnknownRow; NotAllowed."""
    try:
        model = apps.get_model(label)
    except (LookupError, ValueError) as error:
        raise UnknownRow(what=_("model"), key=label) from error
    has_key = _has_uuid(model) or isinstance(model._meta.pk, models.UUIDField)
    if timeline.history_model_of(model) is None or not has_key:
        raise UnknownRow(what=_("model"), key=label)
    if not reader.has_perm(f"{model._meta.app_label}.view_{model._meta.model_name}"):
        raise NotAllowed(what=_("see {rows}").format(rows=model._meta.verbose_name_plural))
    return model


def _has_uuid(model: type[models.Model]) -> bool:
    try:
        return isinstance(model._meta.get_field("uuid"), models.UUIDField)
    except FieldDoesNotExist:
        return False
