"""Addresses that are somebody's own word until they answer a letter."""

from __future__ import annotations

from allauth.account.internal.flows.email_verification import send_verification_email_to_address
from allauth.account.models import EmailAddress
from allauth.core import context
from django.db import transaction

from backoffice.models import User


def ask_to_confirm(user: User) -> None:
    """Note a new customer's address as not confirmed; a letter asks for it after the commit.

    Outside of requests nobody's server is known to write a link with: then the page “Sign in” asks.
    """
    address = EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=False)
    request = context.request
    if request is not None:
        transaction.on_commit(
            lambda: send_verification_email_to_address(request, address, signup=True), robust=True
        )
