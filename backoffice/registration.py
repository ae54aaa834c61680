"""Customers who open an account themselves."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from backoffice.models import User
from backoffice.refused import Refused
from backoffice.signin import confirming
from backoffice.signin.acting import acting_as


class RegistrationRefused(Refused):
    """Every problem of a registration, by field."""

    sentence = _("{summary}")
    http_status = 400

    def __init__(self, errors: dict[str, list[str]]) -> None:
        self.errors = errors
        super().__init__(summary=" ".join(text for texts in errors.values() for text in texts))


class AlreadyRegistered(Refused):
    sentence = _("Somebody with this e-mail address is already here.")
    hint = _("Sign in, or ask for a new password.")
    http_status = 409

    @property
    def errors(self) -> dict[str, list[str]]:
        return {"email": [self.message]}


def register_customer(
    *, email: str, password: str, first_name: str = "", last_name: str = ""
) -> User:
    """Open an account for somebody who asks for one: a customer, never staff.

    Refuses: RegistrationRefused (every problem by field, the password's validators among them);
    AlreadyRegistered, also where staff wrote an order for that address before.
    Atomic: one user with its profile and one history row (without personal data), as their own
    act; the letter that asks to confirm the address leaves after the commit.
    """
    user = User(
        email=email.strip().lower(), first_name=first_name.strip(), last_name=last_name.strip()
    )
    errors: dict[str, list[str]] = {}
    try:
        user.clean_fields(exclude=["password"])
    except ValidationError as error:
        errors.update(error.message_dict)
    try:
        validate_password(password, user)
    except ValidationError as error:
        errors["password"] = error.messages
    if errors:
        raise RegistrationRefused(errors)
    if User.objects.filter(email=user.email).exists():
        raise AlreadyRegistered
    user.set_password(password)
    try:
        with transaction.atomic(), acting_as(user, "account.sign_up", is_new=True):
            user.save()
            confirming.ask_to_confirm(user)
    except IntegrityError as error:  # somebody else was first
        raise AlreadyRegistered from error
    return user
