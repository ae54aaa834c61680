"""What can be done to an order beside the steps of its flow: money, notes, assignee, addresses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from django.db import transaction
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from backoffice.adminkit.acts import Act
from backoffice.flows import Ask
from backoffice.models import User
from backoffice.refused import Refused, UnknownRow
from orders import services
from orders.integrations.sandbox import TEST_CARDS
from orders.models import Address, Contact, Order, PaymentIntent
from orders.states import RECORD_PAYMENT, TAKE_PAYMENT

REMARK = TAKE_PAYMENT.asks[0]


class NothingOpen(Refused):
    sentence = _("No payment is waiting for the bank's answer.")
    http_status = 409


class NotADraftNow(Refused):
    sentence = _("Only a draft's contact and address can be changed here.")
    hint = _("Cancel the order and write a new one.")
    http_status = 409


def test_cards() -> list[tuple[str, str]]:
    """Return the sandbox's cards as choices: token, what it does and its number."""
    return [(card.token, f"{card.label} · {_spaced(card.number)}") for card in TEST_CARDS]


def _spaced(number: str) -> str:
    return " ".join(number[at : at + 4] for at in range(0, len(number), 4))


def colleagues() -> list[tuple[str, str]]:
    """Return whom an order can be given to."""
    staff = User.objects.filter(is_staff=True, is_active=True).order_by("first_name", "email")
    return [(str(user.pk), str(user)) for user in staff]


def ask_bank(*, order_id: int, by: User) -> Order:
    """Settle the order's open claim: see `services.settle_in_doubt`."""
    return services.settle_in_doubt(intent_id=_open_claim(order_id), by=by)


def return_by_hand(*, order_id: int, by: User, reason: str) -> Order:
    """End the order's open claim: see `services.return_by_hand`."""
    return services.return_by_hand(intent_id=_open_claim(order_id), by=by, reason=reason)


def _open_claim(order_id: int) -> int:
    claim = PaymentIntent.objects.filter(order=order_id, state__in=PaymentIntent.OPEN).first()
    if claim is None:
        raise NothingOpen
    return claim.pk


@transaction.atomic
def give_address(
    *, order_id: int, by: User, reason: str, version: int | None = None, **fields: str
) -> Order:
    """Record an address of the customer and send the draft, and its bill, there."""
    address = services.record_address(
        customer_id=_draft(order_id).customer_id, by=by, reason=reason, **fields
    )
    return services.address_draft(
        order_id=order_id,
        shipping_address_id=address.pk,
        billing_address_id=address.pk,
        by=by,
        reason=reason,
        version=version,
    )


@transaction.atomic
def give_contact(
    *, order_id: int, by: User, reason: str, version: int | None = None, **fields: str
) -> Order:
    """Record how to reach the customer and put it on the draft."""
    contact = services.record_contact(
        customer_id=_draft(order_id).customer_id, by=by, reason=reason, **fields
    )
    return services.address_draft(
        order_id=order_id, contact_id=contact.pk, by=by, reason=reason, version=version
    )


def _draft(order_id: int) -> Order:
    order = Order.objects.get_or_none(pk=order_id)
    if order is None:
        raise UnknownRow(what=_("order"), key=order_id)
    return order


def has_claim(order: Order) -> Refused | None:
    """nothing waits for the bank"""
    return None if order.facts.claim else NothingOpen()


def was_declined(order: Order) -> Refused | None:
    """the bank has not declined to give the money back"""
    claim = order.facts.claim
    return None if claim and claim.arguments["attempts"] else services.NotForHand()


def is_draft(order: Order) -> Refused | None:
    """it is no draft"""
    return None if order.status == "draft" else NotADraftNow()


def _lines_of(model: type[Contact | Address], required: Sequence[str]) -> tuple[Ask, ...]:
    """Ask for a personal record, column by column."""
    helps = {"country": _("Two letters, for example DE.")}
    return tuple(
        Ask(
            name,
            capfirst(model._meta.get_field(name).verbose_name),
            "line",
            required=name in required,
            help=helps.get(name, ""),
        )
        for name in model.personal_fields
    )


ORDER_ACTS: tuple[Act, ...] = (
    replace(
        Act.from_step(TAKE_PAYMENT, one=services.take_payment, icon="credit_card"),
        asks=(
            Ask(
                "token",
                _("Test card"),
                "choice",
                required=True,
                choices=test_cards,
                initial=TEST_CARDS[0].token,
            ),
            Ask("amount", _("Amount"), "money", help=_("Blank: all that is due.")),
            REMARK,
        ),
    ),
    replace(
        Act.from_step(RECORD_PAYMENT, one=services.record_payment, icon="account_balance"),
        asks=(
            Ask("amount", _("Amount"), "money", help=_("Blank: all that is due.")),
            Ask("reference", _("Reference"), "line", help=_("What the bank statement says.")),
            REMARK,
        ),
    ),
    Act(
        "ask_bank",
        _("Ask the bank again"),
        "orders.take_payment_order",
        one=ask_bank,
        refusal=has_claim,
        tone="warning",
        effect=_("sends the same question with the same key; nothing is charged twice"),
        done=_("{row}: the bank has answered."),
    ),
    Act(
        "return_by_hand",
        _("Returned by hand"),
        "orders.record_payment_order",
        asks=(Ask("reason", _("How it went back"), required=True),),
        one=return_by_hand,
        refusal=was_declined,
        tone="warning",
        effect=_("records that you have given the money back another way, and goes on"),
    ),
    Act(
        "add_note",
        _("Add note"),
        "orders.note_order",
        asks=(Ask("body", _("Note"), "text", required=True),),
        one=services.add_note,
        done=_("The note stands in the timeline."),
    ),
    Act(
        "take",
        _("Take it"),
        "orders.note_order",
        one=services.take_order,
        effect=_("makes you the assignee"),
        done=_("{row} is yours."),
    ),
    Act(
        "assign",
        _("Assign"),
        "orders.note_order",
        asks=(
            Ask(
                "assignee_id", _("Assignee"), "choice", choices=colleagues, help=_("Blank: nobody.")
            ),
            REMARK,
        ),
        one=services.assign_order,
        done=_("{row} is assigned."),
    ),
    Act(
        "give_contact",
        _("Change contact"),
        "orders.change_order",
        asks=_lines_of(Contact, ("name",)),
        one=give_contact,
        refusal=is_draft,
    ),
    Act(
        "give_address",
        _("Change address"),
        "orders.change_order",
        asks=_lines_of(Address, ("name", "line1", "city", "country")),
        one=give_address,
        refusal=is_draft,
    ),
)
