"""What a return's page shows: selectors only, no writing and no HTML."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from backoffice.adminkit import timeline
from backoffice.adminkit.timeline import Entry
from backoffice.flows import State
from backoffice.models import ChangeSet, User
from orders.models import Refund, Return, ReturnLine
from orders.services.returns import load_return_facts
from orders.services.returns.facts import EXCHANGED, ReturnFacts
from orders.sight import Sight
from orders.states import RETURN_FLOW
from orders.stepper import Stop
from orders.story import RETURN_WORDS
from orders.sums import in_words

MOMENTS = ("received_at", "inspected_at", "closed_at")
STEPPER = ("requested", "received", "inspected", "closed")


@dataclass(frozen=True)
class ReturnPage:
    """One return as its page shows it to one person."""

    row: Return
    sight: Sight
    lines: list[ReturnLine]
    refunds: list[Refund]
    timeline: list[Entry]

    @property
    def facts(self) -> ReturnFacts:
        return self.row.facts

    @property
    def state(self) -> State:
        return RETURN_FLOW.state_of(self.row)

    @property
    def stepper(self) -> list[Stop]:
        return stepper_of(self.row)

    @property
    def is_inspected(self) -> bool:
        return self.row.inspected_at is not None

    @property
    def sums(self) -> list[tuple[str, str]]:
        """From what came back to what is due; nothing before somebody has looked."""
        if not self.is_inspected:
            return []
        facts = self.facts
        rows = [(_("Worth of what came back"), facts.worth)]
        taken = (
            (_("Restocking fee"), facts.fee),
            (_("Refunded"), facts.refunded),
            (_("Credited to the exchange"), facts.credited),
        )
        rows += [(label, -amount) for label, amount in taken if amount]
        return [(label, self._money(sum_)) for label, sum_ in [*rows, (_("Due"), facts.due)]]

    @property
    def is_capped(self) -> bool:
        """Tell whether less is due than came back, because less was paid or is left."""
        facts = self.facts
        return facts.due < facts.worth - facts.fee - facts.refunded - facts.credited

    @property
    def due(self) -> str:
        return self._money(self.facts.due)

    @property
    def customer_name(self) -> str:
        order = self.row.order
        return self.sight.name(str(order.contact or order.customer))

    @property
    def customer_email(self) -> str:
        order = self.row.order
        return self.sight.email(order.contact.email if order.contact else order.customer.email)

    def _money(self, amount: Decimal) -> str:
        return in_words(amount, self.row.order.currency)


def stepper_of(row: Return) -> list[Stop]:
    """Return the road of a return; one that was withdrawn ends beside it."""
    if row.status == "cancelled":
        return [
            Stop(RETURN_FLOW.states["requested"], "done"),
            Stop(RETURN_FLOW.states["cancelled"], "here"),
        ]
    here = STEPPER.index(row.status)
    place: dict[bool, Literal["done", "ahead"]] = {True: "done", False: "ahead"}
    return [
        Stop(RETURN_FLOW.states[name], "here" if at == here else place[at < here])
        for at, name in enumerate(STEPPER)
    ]


def load_return(pk: int) -> Return | None:
    """Return a return with everything beside it that its page names, facts loaded."""
    row = Return.objects.select_related("location", "exchange").filter(pk=pk).first()
    if row is not None:
        load_return_facts([row])
    return row


def page_of(row: Return, *, user: User) -> ReturnPage:
    """Return what the page of a loaded return shows to a person."""
    sight = Sight.of(user)
    refunds = list(row.refunds.select_related("change_set__origin").order_by("pk"))
    told, _more = timeline.page_of(Return, row.pk, reader=user)
    entries = [
        *(_in_words(entry) for entry in told),
        *(_refund(refund, sight) for refund in refunds),
    ]
    return ReturnPage(
        row=row,
        sight=sight,
        lines=list(row.lines.select_related("line__product").order_by("line_id")),
        refunds=refunds,
        timeline=sorted(entries, key=lambda entry: entry.at, reverse=True),
    )


def _in_words(entry: Entry) -> Entry:
    """Say what was done, not which button it was; that a moment was noted goes without saying."""
    if entry.step in RETURN_WORDS:
        entry.title, entry.icon = RETURN_WORDS[entry.step]
    moments = {str(capfirst(Return._meta.get_field(name).verbose_name)) for name in MOMENTS}
    entry.changes = [change for change in entry.changes if change.label not in moments]
    return entry


def _refund(refund: Refund, sight: Sight) -> Entry:
    title = _("Credited") if refund.reason_code == EXCHANGED else _("Refunded")
    change_set = refund.change_set
    is_customer = change_set.actor_kind == ChangeSet.ActorKind.CUSTOMER
    return Entry(
        at=refund.at,
        title=f"{title} {in_words(refund.amount, refund.currency)}",
        who=sight.name(change_set.who) if is_customer else change_set.who,
        channel=change_set.get_channel_display(),
        why=refund.note or change_set.why,
        tone="success",
        icon="undo",
        change_set_id=change_set.pk,
    )
