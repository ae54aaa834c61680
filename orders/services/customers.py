"""Customers, and the immutable records of how to reach them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict, TypeVar, Unpack
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext_lazy as _

from backoffice import changes, steps
from backoffice.models import AuditEvent, User
from backoffice.refused import BadValue, Refused, UnknownRow
from orders.models import Address, Contact, Customer
from orders.models.people import ADDRESS_FIELDS

R = TypeVar("R", Contact, Address)
PERMISSION = "orders.add_customer"


class EmailTaken(Refused):
    sentence = _("Somebody with this e-mail address is already here.")
    hint = _("Search for them in the list of customers.")
    http_status = 409


class AddressFields(TypedDict, total=False):
    """An address as it is typed. country: ISO 3166-1 alpha-2, for example DE."""

    name: str
    company: str
    line1: str
    line2: str
    postal_code: str
    city: str
    region: str
    country: str


def create_customer(
    *, email: str, first_name: str, last_name: str, by: User, reason: str
) -> Customer:
    """Make a customer: a user without staff status, who has no password yet.

    Refuses: NotAllowed; BadValue; EmailTaken.
    Atomic: one user with its profile and one history row (without personal data).
    """
    steps.require_permission(by, PERMISSION, _("add customers"))
    email = _clean_email(email)
    names = {"first_name": first_name.strip(), "last_name": last_name.strip()}
    if User.objects.filter(email=email).exists():
        raise EmailTaken
    changes.say(action="orders.create_customer", by=by, reason=reason)
    try:
        with transaction.atomic():
            user = User(email=email, **names)
            user.set_unusable_password()
            _validated(user, exclude=["password"])
            user.save()
    except IntegrityError as error:  # somebody else was first
        raise EmailTaken from error
    return Customer.objects.get(pk=user.pk)


def customers_by_email(*, names: Mapping[str, str], by: User, reason: str) -> dict[str, Customer]:
    """Return the customer of each e-mail address; those who are missing are made.

    names: address → the person's whole name, as far as it is known.
    Refuses: as `create_customer`; EmailTaken for the address of a colleague.
    Atomic: one user, profile and history row for each new customer.
    """
    wanted = {email: email.strip().lower() for email in names}
    found = {row.email: row for row in Customer.objects.filter(email__in=wanted.values())}
    with transaction.atomic():
        for email, name in names.items():
            if wanted[email] not in found:
                first, _blank, last = name.strip().partition(" ")
                found[wanted[email]] = create_customer(
                    email=email, first_name=first, last_name=last, by=by, reason=reason
                )
    return {email: found[clean] for email, clean in wanted.items()}


def record_contact(
    *, customer_id: UUID, name: str, email: str, phone: str, by: User, reason: str
) -> Contact:
    """Keep a new version of how to reach a customer; the present one again if it is the same.

    Refuses: NotAllowed; UnknownRow; BadValue.
    Atomic: one immutable row and one event that says who recorded it.
    """
    fields = {"name": name.strip(), "email": email.strip().lower(), "phone": phone.strip()}
    if fields["email"]:
        _clean_email(fields["email"])
    if not any(fields.values()):
        raise BadValue(field=_("Contact"), problem=_("it is empty."))
    return _record(Contact, customer_id, fields, by=by, reason=reason)


def record_address(
    *, customer_id: UUID, by: User, reason: str, **address: Unpack[AddressFields]
) -> Address:
    """Keep a new address of a customer; the present one again if it is the same.

    address: the fields of AddressFields; what is not named is blank.
    Refuses: NotAllowed; UnknownRow; BadValue.
    Atomic: one immutable row and one event that says who recorded it.
    """
    fields = {name: str(address.get(name, "")).strip() for name in ADDRESS_FIELDS}
    fields["country"] = fields["country"].upper()
    if not (fields["line1"] and fields["city"]):
        raise BadValue(field=_("Address"), problem=_("street and city are needed."))
    return _record(Address, customer_id, fields, by=by, reason=reason)


def _record(
    model: type[R], customer_id: UUID, fields: dict[str, str], *, by: User, reason: str
) -> R:
    # Customers tell us about themselves; about others only whoever may.
    if not (by.is_active and by.pk == customer_id):
        steps.require_permission(by, PERMISSION, _("write customer records"))
    if not Customer.objects.filter(pk=customer_id).exists():
        raise UnknownRow(what=_("customer"), key=customer_id)
    latest = model._default_manager.filter(customer_id=customer_id).order_by("-pk").first()
    if latest and all(getattr(latest, name) == value for name, value in fields.items()):
        return latest
    row = model(customer_id=customer_id, **fields)
    _validated(row, exclude=["salt", "commitment"])
    changes.say(action=f"orders.record_{model._meta.model_name}", by=by, reason=reason)
    with transaction.atomic():
        row.save()
        AuditEvent.record(f"{model._meta.model_name}_recorded", subject=row)
    return row


def _clean_email(email: str) -> str:
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError as error:
        raise BadValue(
            field=_("E-mail address"), problem=_("this is no e-mail address.")
        ) from error
    return email


def _validated(row: models.Model, *, exclude: list[str]) -> None:
    try:
        row.clean_fields(exclude=exclude)
    except ValidationError as error:
        name, texts = next(iter(error.message_dict.items()))
        label = getattr(row._meta.get_field(name), "verbose_name", name)
        raise BadValue(field=label, problem=" ".join(texts)) from error
