"""What the owner of a run does to it: each verb takes POST, and leads back to the run's page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice import imports, jobs
from backoffice.adminkit.import_asked import asked_in, corrected, ticked, whole
from backoffice.adminkit.import_forms import ChoicesForm, CorrectionsForm
from backoffice.adminkit.import_views import UNDER_WAY, ShowsImports
from backoffice.approvals import ApprovalAsked
from backoffice.imports import refusals
from backoffice.models import ImportRun
from backoffice.models.imports import Verdict
from backoffice.refused import Refused

State = ImportRun.State
LONGEST_REASON = 500


class MovesImports(ShowsImports):
    """The part of `ImportAdmin` that calls the verbs of a run."""

    def confirm_view(self, request: HttpRequest, uuid: UUID) -> HttpResponse:
        """Apply a run: once, by its owner, with the content and the plan that were seen."""
        self._require_import(request)
        if corrected(request.POST):
            # Cells were typed anew: what they mean is checked before anything is written.
            return self.fix_view(request, uuid)
        seen = {
            "sha256": request.POST.get("sha256") or "missing",
            "plan_number": whole(request.POST.get("plan_number", "")),
        }
        return self._confirm(request, uuid, **seen)

    def discard_view(self, request: HttpRequest, uuid: UUID) -> HttpResponse:
        """Drop a preview."""
        self._require_import(request)
        try:
            run = imports.discard_run(uuid=uuid, by=request.user)
        except Refused as refused:
            return self._run_refusal(request, uuid, refused)
        said = _("{file} was discarded; nothing was changed.").format(file=run.file_name)
        messages.info(request, said)
        return redirect(self.import_path("import"))

    def fix_view(self, request: HttpRequest, uuid: UUID) -> HttpResponse:
        """Take cells that were corrected in place, plan anew, and apply when that was asked."""
        self._require_import(request)
        cells = corrected(request.POST)
        if not cells:
            messages.info(request, _("No cell was changed yet."))
            return self._back(request, uuid)
        try:
            run = imports.fix_cells(uuid=uuid, cells=cells, by=request.user)
        except Refused as refused:
            return self._run_refusal(request, uuid, refused)
        bad = run.plan.filter(number__in=list(cells), verdict=Verdict.REFUSED).count()
        if bad:
            said = ngettext(
                "{count} corrected row is still refused; nothing was applied.",
                "{count} corrected rows are still refused; nothing was applied.",
                bad,
            )
            messages.warning(request, said.format(count=bad))
        elif _wants_to_apply(request) and run.is_waiting:
            return self._confirm(request, uuid, sha256=run.sha256, plan_number=run.plan_number)
        else:
            said = ngettext("{count} row corrected.", "{count} rows corrected.", len(cells))
            messages.success(request, said.format(count=len(cells)))
        return self._back(request, uuid)

    def leave_out_view(self, request: HttpRequest, uuid: UUID) -> HttpResponse:
        """Leave unticked rows out, or take rows back in; the page knows how to undo that."""
        self._require_import(request)
        out, back = ticked(request.POST)
        try:
            if back:
                imports.leave_out_rows(uuid=uuid, numbers=back, by=request.user, is_left_out=False)
            if out:
                imports.leave_out_rows(uuid=uuid, numbers=out, by=request.user)
        except Refused as refused:
            return self._run_refusal(request, uuid, refused)
        return self._back(request, uuid, out=out)

    def corrections_view(self, request: HttpRequest, uuid: UUID) -> HttpResponse:
        """Take the sheet of refused rows, corrected, into the same run."""
        self._require_import(request)
        form = CorrectionsForm(request.POST, request.FILES)
        if not form.is_valid():
            return self._on_run(request, uuid, form.errors["file"][0], 422)
        file = form.cleaned_data["file"]
        return self._moved(
            request,
            uuid,
            lambda: imports.send_corrections(
                uuid=uuid, file=file, file_name=file.name, by=request.user
            ),
        )

    def again_view(self, request: HttpRequest, uuid: UUID) -> HttpResponse:
        """Read and plan the same file with other choices."""
        self._require_import(request)
        try:
            run = imports.own_run(uuid=uuid, by=request.user)
        except Refused as refused:
            return self.refusal_page(request, refused)
        form = ChoicesForm(self.kind, request.POST, run=run)
        if not form.is_valid():
            return self.run_page(request, run, form=form, status=422)
        asked = form.cleaned_data
        try:
            run = imports.choose_again(
                uuid=uuid,
                by=request.user,
                recipe=asked["recipe"],
                mode=asked["mode"],
                policy=asked["policy"],
                choices=form.choices(),
            )
        except Refused as refused:
            run.refresh_from_db()
            return self.run_page(
                request, run, problem=str(refused), form=form, status=refused.http_status
            )
        return self._to(run)

    def undo_view(self, request: HttpRequest, uuid: UUID) -> HttpResponse:
        """Plan to take an import back; with `now`, do it when every row can be."""
        self._require_import(request)
        try:
            run = imports.undo_run(uuid=uuid, by=request.user)
        except Refused as refused:
            return self._run_refusal(request, uuid, refused)
        if "now" in request.POST and run.is_waiting and run.to_write and not run.refused:
            return self._confirm(request, run.uuid, sha256=run.sha256, plan_number=run.plan_number)
        return self._to(run)

    def stop_view(self, request: HttpRequest, uuid: UUID) -> HttpResponse:
        """Stop a job that reads or applies: what it has written is undone with its transaction."""
        self._require_import(request)
        try:
            run = imports.own_run(uuid=uuid, by=request.user)
            if run.job_id is None or run.state not in UNDER_WAY:
                raise refusals.RunNotWaiting(state=run.get_state_display().lower())
            jobs.cancel_job(job_id=run.job_id, by=request.user, reason="")
        except Refused as refused:
            return self._run_refusal(request, uuid, refused)
        return self._to(run)

    # --- Inside --------------------------------------------------------------------------------

    def _confirm(self, request: HttpRequest, uuid: UUID, **seen: Any) -> HttpResponse:
        policy = request.POST.get("policy", "")
        try:
            run = imports.confirm_run(
                uuid=uuid,
                by=request.user,
                reason=request.POST.get("reason", "")[:LONGEST_REASON],
                policy=policy if policy in ImportRun.Policy.values else "",
                **seen,
            )
        except ApprovalAsked as asked:
            messages.info(request, asked.message)
            return redirect(self.import_path("import_run", uuid))
        except Refused as refused:
            return self._run_refusal(request, uuid, refused)
        if run.state == State.APPLIED:
            messages.success(request, self._applied(request, run))
        elif run.state != State.RUNNING:
            return self.run_page(request, run, problem=run.outcome, status=409)
        return self._to(run)

    def _applied(self, request: HttpRequest, run: ImportRun) -> str:
        if run.is_undo:
            return _("{file} was taken back.").format(file=run.file_name)
        if not self.may_undo(request, run):
            return _("{file} was applied.").format(file=run.file_name)
        return format_html(
            '<form method="post" action="{}" class="bi-toast">'
            '<input type="hidden" name="csrfmiddlewaretoken" value="{}">'
            '{} <button type="submit" name="now" value="1" class="bo-link">{}</button></form>',
            self.import_path("import_undo", run.uuid),
            get_token(request),
            _("{file} was applied.").format(file=run.file_name),
            _("Take back"),
        )

    def _moved(
        self, request: HttpRequest, uuid: UUID, verb: Callable[[], ImportRun]
    ) -> HttpResponse:
        try:
            run = verb()
        except Refused as refused:
            return self._run_refusal(request, uuid, refused)
        return self._to(run)

    def _to(self, run: ImportRun) -> HttpResponse:
        what = "import_mapping" if run.shown_state == State.MAPPING else "import_run"
        return redirect(self.import_path(what, run.uuid))

    def _back(self, request: HttpRequest, uuid: UUID, **more: Any) -> HttpResponse:
        """Go back to where the person was in the rows."""
        query = asked_in(request).query(**more)
        address = self.import_path("import_run", uuid)
        return redirect(f"{address}?{query}" if query else address)

    def _run_refusal(self, request: HttpRequest, uuid: UUID, refused: Refused) -> HttpResponse:
        """Show why on the run's own page, if there is such a run for this person."""
        return self._on_run(request, uuid, str(refused), refused.http_status, refused)

    def _on_run(
        self,
        request: HttpRequest,
        uuid: UUID,
        problem: str,
        status: int,
        refused: Refused | None = None,
    ) -> HttpResponse:
        run = ImportRun.objects.of(request.user).filter(uuid=uuid).first()
        if run is None:
            return self.refusal_page(request, refused or refusals.UnknownRun())
        return self.run_page(request, run, problem=problem, status=status)

    def _require_import(self, request: HttpRequest) -> None:
        if not self.has_import_permission(request):
            raise PermissionDenied


def _wants_to_apply(request: HttpRequest) -> bool:
    return not {"apply", "policy"}.isdisjoint(request.POST)
