"""The owner's decision about a plan: once, with a typed number where much hangs on it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from backoffice import approvals, changes
from backoffice.bulk import answers as kept
from backoffice.bulk.running import finish
from backoffice.bulk.running import run as run_now
from backoffice.bulk.subjects import Subject, own_run, subject_of
from backoffice.models import BulkRow, BulkRun, User
from backoffice.refused import Refused
from backoffice.steps import require_permission

if TYPE_CHECKING:
    from backoffice.adminkit.acts import Act

# Acts that are coloured so are not taken back by another click.
GRAVE_TONES = {"danger", "warning"}

Verdict = BulkRow.Verdict
State = BulkRun.State


class ConfirmWrong(Refused):
    sentence = _("Type {rows} to confirm: so many rows are about to be changed.")
    hint = _("Nothing was done.")


class NoneCan(Refused):
    sentence = _("None of the rows can.")
    hint = _("Look at the reasons; nothing was done.")
    http_status = 409


class NotWaiting(Refused):
    sentence = _("“{run}” does not wait for a confirmation: {state}.")
    hint = _("Choose the rows again from the list.")
    http_status = 409


class NotStopped(Refused):
    sentence = _("“{run}” has nothing left to go on with: {state}.")
    http_status = 409


class NotRunning(Refused):
    sentence = _("“{run}” is not running: {state}.")
    http_status = 409


def rows_to_type(act: Act, can: int, sums: Mapping[str, Decimal]) -> int | None:
    """Return the number that must be typed before so much begins, or None."""
    is_dear = any(amount > settings.BULK_TYPED_ABOVE_MONEY for amount in sums.values())
    is_much = can > settings.BULK_TYPED_ABOVE_ROWS or (is_dear and act.tone in GRAVE_TONES)
    return can if is_much and can else None


def typed_rows(run: BulkRun, subject: Subject) -> int | None:
    """Return the number that must be typed before this plan begins, or None."""
    sums = {currency: Decimal(amount) for currency, amount in run.sums.items()}
    return rows_to_type(subject.act, run.can, sums)


def confirm(*, uuid: UUID | str, by: User, answers: Mapping[str, Any], typed: str = "") -> BulkRun:
    """Begin what was planned: few rows here, many as a job. The second press finds it begun.

    answers: to the act's questions, by the verb's keywords. typed: the number of rows, where
    `typed_rows` asks for it.
    Refuses: UnknownRun, whoever else's it is; NotAllowed; NotWaiting; NoneCan; ConfirmWrong;
    ApprovalAsked where a rule wants a second person; what the verb refuses as a whole.
    Atomic: the decision, its change set and its job are one transaction; what follows is `run`'s.
    """
    run = own_run(uuid=uuid, by=by)
    subject = subject_of(run)
    require_permission(by, subject.act.permission, str(subject.act.label).lower())
    if run.state in {State.RUNNING, *BulkRun.AFTER}:
        return run
    if run.shown_state not in {State.PLANNED, State.ASKED}:
        raise NotWaiting(run=run, state=str(run.shown_state.label).lower())
    if not run.can:
        raise NoneCan
    wanted = typed_rows(run, subject)
    if wanted is not None and "".join(typed.split()).replace(",", "") != str(wanted):
        raise ConfirmWrong(rows=number_format(wanted, use_l10n=True, force_grouping=True))
    if run.can > settings.BULK_AT_ONCE_ROWS:
        # Said before the job is started, while the form is still open.
        subject.act.run_many([], model_name=subject.keyword, by=by, answers=answers)
    run.answers = kept.encode(answers)
    reason = str(answers.get("reason") or "")
    if subject.act.four_eyes:
        _gate(run, subject, by=by, reason=reason)
    return _begin(run, subject, by=by, reason=reason)


def confirm_approved(*, run: str, by: User, reason: str) -> BulkRun:
    """Begin a run that a second person has agreed to, for the one who asked.

    run: its uuid. Refuses: what `confirm` refuses, but for the typed number.
    """
    row = own_run(uuid=run, by=by)
    subject = subject_of(row)
    require_permission(by, subject.act.permission, str(subject.act.label).lower())
    if row.shown_state != State.ASKED:
        raise NotWaiting(run=row, state=str(row.shown_state.label).lower())
    approvals.gate(
        action=subject.act.four_eyes,
        measure=row.can,
        arguments={"run": str(row.uuid)},
        subject=row,
        by=by,
        reason=reason,
    )
    return _begin(row, subject, by=by, reason=reason)


def discard(*, uuid: UUID | str, by: User) -> BulkRun:
    """Drop a plan; nothing was done. Refuses: UnknownRun; NotWaiting."""
    run = own_run(uuid=uuid, by=by)
    with transaction.atomic():
        moved = BulkRun.objects.filter(pk=run.pk, state__in=BulkRun.BEFORE).update(
            state=State.DISCARDED, updated_at=timezone.now()
        )
        if not moved:
            raise NotWaiting(run=run, state=str(run.shown_state.label).lower())
        run.rows.all().delete()
    run.refresh_from_db()
    return run


def stop(*, uuid: UUID | str, by: User) -> BulkRun:
    """Ask a run to stop after the rows it has in hand; what is done stays done.

    Refuses: UnknownRun; NotRunning.
    """
    run = own_run(uuid=uuid, by=by)
    moved = run.is_under_way and BulkRun.objects.filter(pk=run.pk, stop_asked_at=None).update(
        stop_asked_at=timezone.now()
    )
    if not (moved or run.is_under_way):
        raise NotRunning(run=run, state=str(run.shown_state.label).lower())
    run.refresh_from_db()
    return run


def resume(*, uuid: UUID | str, by: User) -> BulkRun:
    """Go on with the rows that a stopped run has not reached, in its own change set, as a job.

    Refuses: UnknownRun; NotAllowed; NotStopped.
    Atomic: one conditional update and one job; a second press finds it running.
    """
    run = own_run(uuid=uuid, by=by)
    subject = subject_of(run)
    require_permission(by, subject.act.permission, str(subject.act.label).lower())
    if not run.is_resumable:
        raise NotStopped(run=run, state=str(run.shown_state.label).lower())
    with transaction.atomic():
        moved = BulkRun.objects.filter(pk=run.pk, state=run.state, attempts=run.attempts).update(
            state=State.RUNNING,
            # What an attempt is counted by, also when its job never came to begin.
            attempts=F("attempts") + 1,
            stop_asked_at=None,
            finished_at=None,
            error="",
        )
        run.refresh_from_db()
        if not moved:
            raise NotStopped(run=run, state=str(run.shown_state.label).lower())
        BulkRun.objects.filter(pk=run.pk).update(job=finish(run))
    run.refresh_from_db()
    return run


def _gate(run: BulkRun, subject: Subject, *, by: User, reason: str) -> None:
    """Ask a second person where a rule wants it; the plan waits for them as it is."""
    try:
        approvals.gate(
            action=subject.act.four_eyes,
            measure=run.can,
            arguments={"run": str(run.uuid)},
            subject=run,
            by=by,
            reason=reason,
            plan=[
                (_("Can"), run.can),
                (_("Cannot"), run.cannot),
                *((subject.act.totals_label, f"{sum_} {code}") for code, sum_ in run.sums.items()),
            ],
        )
    except approvals.ApprovalAsked as asked:
        BulkRun.objects.filter(pk=run.pk, state__in=BulkRun.BEFORE).update(
            state=State.ASKED,
            answers=run.answers,
            expires_at=asked.approval.expires_at,
            updated_at=timezone.now(),
        )
        raise


def _begin(run: BulkRun, subject: Subject, *, by: User, reason: str) -> BulkRun:
    given = kept.decode(run.answers)
    with transaction.atomic():
        moved = BulkRun.objects.filter(pk=run.pk, state__in=[State.PLANNED, State.ASKED]).update(
            state=State.RUNNING, updated_at=timezone.now()
        )
        run.refresh_from_db(fields=["state"])
        if not moved:
            return run
        changes.say(
            action=_action_of(subject),
            by=by,
            reason=reason,
            reason_code=str(given.get("reason_code") or ""),
        )
        # What could not by the plan is not tried behind its back, should it have become possible.
        run.rows.filter(verdict=Verdict.CANNOT).update(verdict=Verdict.REFUSED)
        run.change_set = changes.require()
        run.confirmed_at = timezone.now()
        run.refused = run.cannot
        is_small = run.can <= settings.BULK_AT_ONCE_ROWS
        run.job = None if is_small else finish(run)
        run.save()
    if is_small:
        return _run_here(run)
    run.refresh_from_db()
    return run


def _run_here(run: BulkRun) -> BulkRun:
    """Run in the request; a verb that refuses the whole leaves the plan as it was."""
    try:
        return run_now(run)
    except Refused:
        with transaction.atomic():
            run.rows.filter(verdict=Verdict.REFUSED).update(verdict=Verdict.CANNOT)
            BulkRun.objects.filter(pk=run.pk).update(
                state=State.PLANNED, change_set=None, confirmed_at=None, refused=0, attempts=0
            )
        raise


def _action_of(subject: Subject) -> str:
    """Return what the change set calls it: a step's own action, or the act's name."""
    step = subject.act.step
    return (
        step.action if step is not None else f"{subject.model._meta.app_label}.{subject.act.name}"
    )
