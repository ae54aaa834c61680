"""What happens beside a write: queues have targets, a visitor's cart moves, others are told."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.db import connections
from django.db.models.signals import post_migrate, post_save

from backoffice.signals import step_taken
from orders import told
from orders.cart_keys import IN_SESSION
from orders.models import Order, Payment, QueueTarget, Refund
from orders.services.carts import merge_carts
from orders.services.targets import make_missing_targets


def make_targets(using: str, **_: Any) -> None:
    # A database that is migrated half way has no such table yet.
    if QueueTarget._meta.db_table in connections[using].introspection.table_names():
        make_missing_targets()


def take_cart_along(request: Any, user: Any, **_: Any) -> None:
    """What was laid aside before the sign-in is in the customer's cart after it."""
    session = getattr(request, "session", None)
    if session is not None and (key := session.pop(IN_SESSION, "")):
        merge_carts(session_key=str(key), by=user)


def connect(app: AppConfig) -> None:
    post_migrate.connect(make_targets, sender=app, dispatch_uid="orders.queue_targets")
    user_logged_in.connect(take_cart_along, dispatch_uid="orders.take_cart_along")
    step_taken.connect(told.tell_step, sender=Order, dispatch_uid="orders.tell_step")
    post_save.connect(told.tell_payment, sender=Payment, dispatch_uid="orders.tell_payment")
    post_save.connect(told.tell_refund, sender=Refund, dispatch_uid="orders.tell_refund")
