"""Imports for programs: the verbs of `backoffice.imports`, and its preview a page at a time.

A run is its own idempotency key: it is applied once, whoever asks twice.
"""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from backoffice import imports
from backoffice.api.imports import shapes
from backoffice.api.paging import NewestFirst
from backoffice.api.parsers import CarefulJSONParser
from backoffice.api.serializers import NoBody, read
from backoffice.imports.preview import page_of, reasons_of
from backoffice.models import ImportRun, User

SEE = "backoffice.view_importrun"


class Imports(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[ImportRun]):
    """One's own runs, and those of the sheets that one may look at."""

    # Loading itself asks for the sheet's own permission; its verbs do.
    access: ClassVar = dict.fromkeys(
        ("list", "retrieve", "create", "rows", "reasons", "apply", "discard", "undo"), SEE
    )
    serializer_class = shapes.RunAnswer
    pagination_class = NewestFirst
    parser_classes = (MultiPartParser, CarefulJSONParser)
    filter_backends = ()
    lookup_field = "uuid"
    lookup_value_converter = "uuid"
    queryset = ImportRun.objects.none()

    def get_queryset(self) -> QuerySet[ImportRun]:
        runs = ImportRun.objects.seen_by(self.request.user)
        return runs.select_related("undoes", "change_set")

    @extend_schema(
        request={"multipart/form-data": shapes.UploadSent}, responses={201: shapes.RunAnswer}
    )
    def create(self, request: Request) -> Response:
        """Upload a sheet: it is read and every row judged; nothing is written yet."""
        sent = read(shapes.UploadSent, request)
        file = sent["file"]
        run = imports.start_run(
            sheet_name=sent["sheet"],
            file=file,
            file_name=file.name,
            by=cast("User", request.user),
            recipe=sent["recipe"],
            mode=sent["mode"],
            policy=sent["policy"],
            may_ask=True,
        )
        return self._answer(run, status=201)

    @extend_schema(parameters=[shapes.RowsAsked], responses=shapes.RowsAnswer)
    @action(detail=True)
    def rows(self, request: Request, **_kwargs: Any) -> Response:
        """Return what the file would do, row by row."""
        run = self.get_object()
        asked = shapes.RowsAsked(
            data={k: v for k, v in request.query_params.items() if k in shapes.RowsAsked().fields}
        )
        if not asked.is_valid():
            raise ValidationError(asked.errors)
        wish = asked.validated_data
        page = page_of(
            run,
            wish["tab"],
            after=wish["after"],
            search=wish["search"],
            code=wish["code"],
            size=wish["page_size"],
        )
        answer = {"rows": page.rows, "next_after": page.last if page.has_next else None}
        return Response(shapes.RowsAnswer(answer).data)

    @extend_schema(responses=shapes.ReasonAnswer(many=True))
    @action(detail=True, pagination_class=None)
    def reasons(self, request: Request, **_kwargs: Any) -> Response:
        """Return why rows are refused or warned of, the most frequent first."""
        return Response(shapes.ReasonAnswer(reasons_of(self.get_object()), many=True).data)

    @extend_schema(request={"application/json": shapes.ApplySent}, responses=shapes.RunAnswer)
    @action(detail=True, methods=["post"])
    def apply(self, request: Request, **_kwargs: Any) -> Response:
        """Apply the plan that was seen; many rows as a job (state `running`)."""
        run = self.get_object()
        sent = read(shapes.ApplySent, request)
        run = imports.confirm_run(uuid=run.uuid, by=cast("User", request.user), **sent)
        return self._answer(run)

    @extend_schema(request={"application/json": NoBody}, responses=shapes.RunAnswer)
    @action(detail=True, methods=["post"])
    def discard(self, request: Request, **_kwargs: Any) -> Response:
        """Drop a preview."""
        run = self.get_object()
        read(NoBody, request)
        return self._answer(imports.discard_run(uuid=run.uuid, by=cast("User", request.user)))

    @extend_schema(request={"application/json": NoBody}, responses={201: shapes.RunAnswer})
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, **_kwargs: Any) -> Response:
        """Plan to take an applied import back: a new run, which is previewed and applied."""
        run = self.get_object()
        read(NoBody, request)
        undo = imports.undo_run(uuid=run.uuid, by=cast("User", request.user))
        return self._answer(undo, status=201)

    def _answer(self, run: ImportRun, status: int = 200) -> Response:
        return Response(self.get_serializer(run).data, status=status)
