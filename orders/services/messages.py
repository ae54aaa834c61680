"""Letters to customers: written with the click that caused them, sent after its commit by a job."""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import BadHeaderError, EmailMultiAlternatives, get_connection
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from backoffice import changes, jobs
from backoffice.models import Job, User
from backoffice.refused import Refused, ServiceUnavailable, UnknownRow
from backoffice.steps import require_permission
from orders.models import Contact, Delivery, Message, Order
from orders.services.letters import Letter, Template, fits, write_letter

logger = logging.getLogger(__name__)

SEND_KIND = "orders.send_messages"
WRITE_KIND = "orders.write_messages"
RESEND = "orders.resend_message"
State = Delivery.State


class NobodyToWriteTo(Refused):
    sentence = _("{order}: {why}")
    hint = _("Record a contact with an e-mail address first.")


class LetterErased(Refused):
    sentence = _("The words of this letter were erased with the customer's data.")
    http_status = 409


class LetterDoesNotFit(Refused):
    sentence = _("“{letter}” would not be true of {order} as it is.")
    http_status = 409


class SomeNotSent(ServiceUnavailable):
    """The job's word for “again later”: a retry sends what has not gone out."""

    sentence = _("{failed} of {total} letters were not sent: the mail server did not take them.")
    hint = _("They are tried again by themselves.")


def queue_message(
    *,
    order: Order,
    template: str,
    by: User | None,
    context: Mapping[str, Any] | None = None,
) -> Message:
    """Write a letter about an order and have it sent once the open transaction commits.

    A verb calls this inside its own transaction, after its other writes: the letter tells what
    stands then. context: {"shipment": …} or {"refunds": […]}; without it, the latest ones.
    Never stands in the verb's way: without an address, or with an erased contact, the letter is
    recorded as not sent, with why.
    Atomic: one letter; one job, or one delivery that says why not.
    """
    why_not = _why_not(order.contact)
    letter = write_letter(order, template, context=context) if not why_not else None
    with transaction.atomic():
        message = _record(order, template, letter)
        if why_not:
            Delivery.objects.create(message=message, state=State.REFUSED, error=why_not)
        else:
            _start_sending([message], by)
    return message


def queue_messages(*, order_ids: Sequence[int], template: str, by: User | None) -> Job | None:
    """Have the same letter written and sent for many orders once the open transaction commits.

    The writing is the job's, too: a bulk step locks its orders no longer than it must.
    Atomic: one job; none without orders.
    """
    if not order_ids:
        return None
    return jobs.start(
        WRITE_KIND,
        by=by,
        arguments={"order_ids": list(order_ids), "template": str(template)},
        label=str(Template(template).label),
    )


def send_message(
    *, order_id: int, template: str, by: User, reason: str, version: int | None = None
) -> Message:
    """Write and send a letter that is true of the order as it is: one that never went out, say.

    Refuses: NotAllowed; UnknownRow; UnknownLetter; LetterDoesNotFit; NobodyToWriteTo.
    Atomic: one letter and one job.
    """
    require_permission(by, RESEND, _("write to customers"))
    order = Order.objects.select_related("contact").filter(pk=order_id).first()
    if order is None:
        raise UnknownRow(what=_("order"), key=order_id)
    write_letter(order, template)  # refuses a letter that does not exist
    if not fits(order, template):
        raise LetterDoesNotFit(letter=Template(template).label, order=order)
    _require_address(order)
    with transaction.atomic():
        changes.say(action="orders.send_message", by=by, reason=reason)
        return queue_message(order=order, template=template, by=by)


def resend_message(*, message_id: int, by: User, reason: str) -> Message:
    """Send the same letter again, word for word, to the order's contact of now.

    Refuses: NotAllowed; UnknownRow; LetterErased; NobodyToWriteTo.
    Atomic: one letter that names the first one, and one job.
    """
    require_permission(by, RESEND, _("send messages again"))
    first = Message.objects.select_related("order__contact").filter(pk=message_id).first()
    if first is None:
        raise UnknownRow(what=_("message"), key=message_id)
    _require_address(first.order)
    if first.erased_at is not None or not first.text:
        raise LetterErased
    letter = Letter(first.template, first.subject, first.text, first.html)
    with transaction.atomic():
        changes.say(action=RESEND, by=by, reason=reason)
        message = _record(first.order, first.template, letter, resend_of=first)
        _start_sending([message], by)
    return message


def write_messages(run: jobs.Run) -> dict[str, Any]:
    """Write the letters of a bulk step, and send them; a second attempt writes none twice."""
    order_ids, template = run.arguments["order_ids"], run.arguments["template"]
    change_set = changes.require()
    written = Message.objects.filter(
        order__in=order_ids, template=template, change_set=change_set
    ).values_list("order_id", flat=True)
    missing = [pk for pk in order_ids if pk not in set(written)]
    for order in Order.objects.filter(pk__in=missing).select_related("contact").order_by("pk"):
        run.check()
        why_not = _why_not(order.contact)
        letter = write_letter(order, template) if not why_not else None
        with transaction.atomic():
            message = _record(order, template, letter)
            if why_not:
                Delivery.objects.create(message=message, state=State.REFUSED, error=why_not)
    mine = Message.objects.filter(order__in=order_ids, template=template, change_set=change_set)
    return send_messages(run, list(mine.values_list("pk", flat=True)))


def send_messages(run: jobs.Run, message_ids: Sequence[int]) -> dict[str, Any]:
    """Hand letters to the mail server over one connection; each try leaves a delivery.

    What has gone out is not sent again. A letter goes out twice only when the process dies
    between the mail server's answer and its record.
    Raises SomeNotSent, so that the job tries again later.
    """
    waiting = list(
        Message.objects.unsent()
        .filter(pk__in=list(message_ids))
        .select_related("order__contact")
        .order_by("pk")
    )
    counts = {State.SENT: 0, State.FAILED: 0, State.REFUSED: 0}
    connection = get_connection()
    try:
        for number, message in enumerate(waiting, start=1):
            run.check()
            counts[_deliver(message, connection)] += 1
            run.progress(number, len(waiting))
    finally:
        _close(connection)
    if counts[State.FAILED]:
        raise SomeNotSent(failed=counts[State.FAILED], total=len(waiting))
    return {str(state): count for state, count in counts.items()}


def _deliver(message: Message, connection: Any) -> State:
    """Try once to send a letter, and record what came of it."""
    state, error = State.SENT, ""
    contact = message.order.contact
    if message.erased_at is not None or contact is None or contact.erased_at is not None:
        state, error = State.REFUSED, "erased"
    else:
        try:
            _letter_of(message, connection).send()
        except (BadHeaderError, UnicodeError):
            state, error = State.REFUSED, "bad_header"
        except smtplib.SMTPRecipientsRefused:
            state, error = State.REFUSED, "rejected"
        except OSError as failure:  # every failure of a mail server is one, smtplib's own included
            state, error = State.FAILED, type(failure).__name__
            logger.warning("Message %s was not sent: %s", message.pk, error)
            _close(connection)
    Delivery.objects.create(message=message, state=state, error=error[:80])
    return state


def _letter_of(message: Message, connection: Any) -> EmailMultiAlternatives:
    letter = EmailMultiAlternatives(
        subject=message.subject,
        body=message.text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[message.to],
        connection=connection,
        # Mail servers and support find one letter by it; the same letter keeps it.
        headers={"Message-ID": f"<{message.uuid}@{_domain()}>"},
    )
    letter.attach_alternative(message.html, "text/html")
    return letter


def _domain() -> str:
    return settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ") or "localhost"


def _close(connection: Any) -> None:
    """Let go of a connection; one that is broken already has nothing left to close."""
    try:
        connection.close()
    except OSError:
        logger.debug("The connection to the mail server was gone.")


def _record(
    order: Order, template: str, letter: Letter | None, *, resend_of: Message | None = None
) -> Message:
    message = Message(
        order=order,
        template=template,
        to=order.contact.email if letter is not None and order.contact is not None else "",
        subject=letter.subject if letter is not None else "",
        text=letter.text if letter is not None else "",
        html=letter.html if letter is not None else "",
        resend_of=resend_of,
        change_set=changes.require(),
        at=changes.moment(),
    )
    message.save()
    return message


def _start_sending(messages: Sequence[Message], by: User | None) -> None:
    jobs.start(
        SEND_KIND,
        by=by,
        arguments={"message_ids": [message.pk for message in messages]},
        label=", ".join(f"{message} {message.order}" for message in messages)[:200],
    )


def _why_not(contact: Contact | None) -> str:
    """Return why nobody can be written to, as a key of the deliveries' REASONS; "" when one can."""
    if contact is not None and contact.erased_at is not None:
        return "erased"
    if contact is None or not contact.email:
        return "no_address"
    try:
        validate_email(contact.email)
    except ValidationError:
        return "bad_address"
    return ""


def _require_address(order: Order) -> None:
    if why_not := _why_not(order.contact):
        raise NobodyToWriteTo(order=order, why=Delivery(error=why_not).why_not)
