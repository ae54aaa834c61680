"""Letters to customers: plain text and HTML, sent after the commit, never in anyone's way."""

from __future__ import annotations

import logging

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from orders.facts import load_facts
from orders.models import Order

logger = logging.getLogger(__name__)


def tell_cancelled(order_id: int) -> bool:
    """Write to an order's contact that it was cancelled; return whether a letter went out.

    Nobody to write to (erased, or no address): none. A mail server that fails is logged; the
    cancellation stands whatever happens here.
    """
    order = Order.objects.select_related("contact").get(pk=order_id)
    if order.contact is None or not order.contact.email:
        return False
    load_facts([order])
    context = {
        "order": order,
        "shop": settings.SHOP_NAME,
        "lines": list(order.lines.all()),
        "refunded": order.facts.refunded,
        "was_charged": bool(order.facts.captured),
    }
    letter = EmailMultiAlternatives(
        subject=_("Your order %(number)s was cancelled") % {"number": order.number},
        body=render_to_string("orders/mail/cancelled.txt", context),
        to=[order.contact.email],
    )
    letter.attach_alternative(render_to_string("orders/mail/cancelled.html", context), "text/html")
    try:
        letter.send()
    except OSError:  # every failure of a mail server is one, smtplib's own included
        logger.exception("The letter about the cancellation of %s was not sent.", order.number)
        return False
    return True
