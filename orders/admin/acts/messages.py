"""Letters about an order that somebody sends by hand."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from backoffice.adminkit.acts import Act
from backoffice.flows import Ask
from backoffice.refused import Refused
from orders import services
from orders.models import Message, Order


def is_placed(order: Order) -> Refused | None:
    """it was not placed yet"""
    if order.number is not None:
        return None
    return services.LetterDoesNotFit(letter=Message.Template.CONFIRMATION.label, order=order)


ACTS: tuple[Act, ...] = (
    Act(
        "send_message",
        _("Send a letter"),
        "orders.resend_message",
        asks=(
            Ask(
                "template",
                _("Letter"),
                "choice",
                required=True,
                choices=tuple(Message.Template.choices),
            ),
            Ask("reason", _("Remark"), help=_("It stands in the order's timeline.")),
        ),
        one=services.send_message,
        refusal=is_placed,
        icon="mail",
        effect=_("writes it from what stands now and sends it to the contact"),
        done=_("{row}: the letter is on its way."),
    ),
)
