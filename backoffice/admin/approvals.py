"""What waits for a second person: the inbox, and the page of one request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice.adminkit import timeline
from backoffice.adminkit.acts import Act
from backoffice.adminkit.console import Queue, badge
from backoffice.adminkit.display import money, number
from backoffice.adminkit.flow_admin import FlowAdmin
from backoffice.adminkit.lists import keys_of
from backoffice.adminkit.serving import RowOffer
from backoffice.adminkit.timeline import in_words
from backoffice.approval_flow import APPROVAL_FLOW
from backoffice.approvals import inbox
from backoffice.cards import NavItem, Panel, register
from backoffice.flows import Tone
from backoffice.models import Approval, User
from backoffice.refused import Text

ROWS = 6
RESULT_TONES: dict[str, Tone] = {
    "done": "success",
    "refused": "danger",
    "interrupted": "warning",
    "failed": "danger",
}
# Who decides, and who withdraws: two different people, always.
FOR_OTHERS = frozenset({"approve", "decline"})


def state_of(approval: Approval) -> tuple[Text, Tone]:
    """Return what a list says of a request: its state, or what came of it."""
    if approval.result:
        return approval.get_result_display(), RESULT_TONES[approval.result]
    if approval.is_under_way:
        return _("Approved, being carried out"), "info"
    if approval.state == "waiting" and not approval.is_waiting:
        state = APPROVAL_FLOW.states["expired"]
    else:
        state = APPROVAL_FLOW.state_of(approval)
    return state.label, state.tone


def subject_url(approval: Approval, user: User) -> str:
    """Return the page of what a request is about, for whoever may open it."""
    app, _dot, model = approval.subject_kind.lower().partition(".")
    if not (model and approval.subject_key and user.has_perm(f"{app}.view_{model}")):
        return ""
    try:
        return reverse(f"admin:{app}_{model}_change", args=[approval.subject_key])
    except NoReverseMatch:
        return ""


def facts_of(approval: Approval) -> list[tuple[Text, Any]]:
    """Return what whoever decides should know, label and value."""
    rows: list[tuple[Text, Any]] = [
        (_("Asked by"), approval.asked_by),
        (_("Why"), approval.reason or "–"),
    ]
    if approval.subject_title:
        rows.append((_("About"), approval.subject_title))
    rows += approval.plan_rows
    if approval.state == "waiting":
        rows.append((_("To be decided until"), in_words(approval.expires_at)))
    return rows


@admin.register(Approval)
class ApprovalAdmin(FlowAdmin):
    """Requests for a second person: others' for approvers and auditors, one's own for the rest."""

    hidden_steps = ("expire", "run")
    step_options = {
        "approve": {"icon": "check", "dismiss": _("Back")},
        "decline": {"icon": "close", "dismiss": _("Back"), "done": _("{row}: declined.")},
        "withdraw": {"icon": "undo", "done": _("{row}: withdrawn.")},
    }
    list_display = ("what", "size_label", "asker", "when", "state_label")
    list_display_links = ("what",)
    list_select_related = ("asked_by",)
    ordering = ("-id",)
    search_fields = ("subject_title", "reason", "asked_by__email")
    search_help_text = _("What it is about, reason, or who asked")
    queues = (
        Queue(
            "waiting",
            _("Waiting"),
            lambda rows: rows.waiting(timezone.now()),
            tone="warning",
        ),
        Queue(
            "approved", _("Approved"), lambda rows: rows.filter(state="approved"), is_counted=False
        ),
        Queue(
            "declined", _("Declined"), lambda rows: rows.filter(state="declined"), is_counted=False
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Approval]:
        return super().get_queryset(request).seen_by(request.user)

    # --- Columns -------------------------------------------------------------------------------

    @admin.display(description=_("What"), ordering="action")
    def what(self, row: Approval) -> SafeString:
        about = format_html(' <span class="bo-faint">{}</span>', row.subject_title)
        return format_html("{}{}", row.action_label, about if row.subject_title else "")

    @admin.display(description=_("Size"), ordering="measure")
    def size_label(self, row: Approval) -> SafeString:
        return money(row.measure, row.currency) if row.currency else number(int(row.measure))

    @admin.display(description=_("Asked by"), ordering="asked_by__first_name")
    def asker(self, row: Approval) -> str:
        return str(row.asked_by)

    @admin.display(description=_("When"), ordering="id")
    def when(self, row: Approval) -> str:
        return in_words(row.created_at)

    @admin.display(description=_("State"), ordering="state")
    def state_label(self, row: Approval) -> SafeString:
        return badge(*state_of(row))

    # --- Deciding ------------------------------------------------------------------------------

    def row_offers(self, request: HttpRequest, row: Any) -> list[RowOffer]:
        """Offer deciding to others, and withdrawing to whoever asked; the verbs say the same."""
        is_own = row.asked_by_id == request.user.pk
        return [
            offer
            for offer in super().row_offers(request, row)
            if (offer.act.name in FOR_OTHERS) is not is_own
        ]

    def act_facts(
        self, request: HttpRequest, act: Act, rows: Sequence[Any]
    ) -> list[tuple[Text, Any]]:
        return facts_of(rows[0]) if len(rows) == 1 else []

    def _do_one(self, request: HttpRequest, act: Act, row: Any, form: Any) -> str:
        location = super()._do_one(request, act, row, form)
        row.refresh_from_db()
        if act.name == "approve" and row.result and row.result != Approval.Result.DONE:
            messages.warning(
                request,
                gettext("Approved, but it was not done: {why}").format(why=row.result_message),
            )
        return location

    def done_message(self, act: Act, row: Any) -> str:
        if act.name != "approve":
            return super().done_message(act, row)
        row.refresh_from_db()
        if row.result == Approval.Result.DONE:
            return gettext("{row}: approved and done.").format(row=row)
        return gettext("{row}: approved, and on its way.").format(row=row)

    # --- One request ---------------------------------------------------------------------------

    def row_to_show(self, request: HttpRequest, object_id: str) -> Approval | None:
        key = next(iter(keys_of(Approval, [object_id])), None)
        rows = self.get_queryset(request).select_related("asked_by", "decided_by", "ran_as")
        return rows.filter(pk=key).first() if key is not None else None

    def row_page(self, request: HttpRequest, approval: Approval) -> HttpResponse:
        """Show what was asked, why, what would be done, and what became of it."""
        label, tone = state_of(approval)
        sees_sets = request.user.has_perm("backoffice.view_changeset")
        context = {
            **self.admin_site.each_context(request),
            "title": str(approval),
            "opts": self.opts,
            "original": approval,
            "approval": approval,
            "state_label": label,
            "state_tone": tone,
            "is_own": approval.asked_by_id == request.user.pk,
            "offers": self.row_offers(request, approval),
            "subject_url": subject_url(approval, request.user),
            "entries": timeline.page_of(Approval, approval.pk, reader=request.user)[0],
            "can_see_change_sets": sees_sets,
            "ran_url": reverse("admin:backoffice_changeset_change", args=[approval.ran_as_id])
            if sees_sets and approval.ran_as_id
            else "",
        }
        return TemplateResponse(request, "backoffice/approvals/approval.html", context)


# --- Sidebar, home page -------------------------------------------------------------------------


def _inbox(user: User) -> dict[str, Any]:
    rows = [
        {
            "approval": row,
            "url": reverse("admin:backoffice_approval_change", args=[row.pk]),
            "approve_url": reverse("admin:backoffice_approval_act", args=[row.pk, "approve"]),
            "decline_url": reverse("admin:backoffice_approval_act", args=[row.pk, "decline"]),
        }
        for row in inbox.waiting_for(user)[:ROWS]
    ]
    return {"inbox": rows}


def _mine(user: User) -> dict[str, Any]:
    rows = [
        {
            "approval": row,
            "url": reverse("admin:backoffice_approval_change", args=[row.pk]),
            "state": dict(zip(("label", "tone"), state_of(row), strict=True)),
        }
        for row in inbox.asked_by(user)[:ROWS]
    ]
    return {"mine": rows}


register(
    NavItem(
        name="approvals",
        label=_("Approvals"),
        url="admin:backoffice_approval_changelist",
        permission="backoffice.view_approval",
        icon="approval_delegation",
        order=5,
        badge=lambda user: inbox.waiting_for(user).count(),
        words="four eyes second person requests inbox",
    ),
    Panel(
        name="approvals_inbox",
        label=_("Waiting for your approval"),
        permission=inbox.APPROVE,
        url="admin:backoffice_approval_changelist",
        query="queue=waiting",
        icon="approval_delegation",
        order=5,
        template="backoffice/approvals/inbox.html",
        context=_inbox,
    ),
    Panel(
        name="approvals_mine",
        label=_("My requests"),
        permission="backoffice.view_approval",
        url="admin:backoffice_approval_changelist",
        icon="outbox",
        order=40,
        template="backoffice/approvals/mine.html",
        context=_mine,
    ),
)
