"""What tests of letters share: queueing one, sending without a worker, another contact."""

from __future__ import annotations

from django.db import transaction

from orders import services
from orders.models import Contact
from tests.orders.factories import boss, click, fresh


def queue(order, template="confirmation", by=None, **context):
    with transaction.atomic(), click(boss()):
        return services.queue_message(order=order, template=template, by=by, context=context)


class SendingRun:
    """A job's run as a service sees it."""

    def __init__(self, **arguments):
        self.arguments = arguments

    def check(self):
        pass

    def progress(self, done, total, message=""):
        assert 0 <= done <= total


def with_contact(order, email):
    contact = Contact(customer_id=order.customer_id, name="Ada Lindqvist", email=email)
    contact.save()
    order.contact = contact
    order.save()
    return fresh(order)
