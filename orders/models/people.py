"""Customers, and the immutable rows that carry their personal data."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.changes import UnauditedWrite
from backoffice.ids import uuid7
from backoffice.models import PersonalRecord, User
from backoffice.models.users import UserManager
from backoffice.sealed import sealed


class CustomerManager(UserManager):
    def get_queryset(self) -> Any:
        return super().get_queryset().filter(is_staff=False)


class Customer(User):
    """A user without staff status; seen with a permission of its own and a masked address."""

    seen_with: ClassVar = "orders.reveal_customer"

    objects = CustomerManager()

    class Meta:
        proxy = True
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        default_permissions = ("add", "view")
        permissions = [
            ("reveal_customer", "Can see customer data unmasked"),
            ("export_customer", "Can take customer data out of the house"),
            ("note_customer", "Can write notes on customers"),
            ("erase_customer", "Can erase the personal data of customers"),
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        # History and profile hang on User: a save through the proxy would leave neither.
        raise UnauditedWrite("Save the User; `customers.create_customer` does.")


class CustomerRecord(PersonalRecord):
    """A version of what a customer told us; an edit makes a new row."""

    uuid = models.UUIDField(default=uuid7, unique=True, editable=False)
    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="%(class)s_records",
        verbose_name=_("customer"),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        abstract = True


@sealed(erasable=["name", "email", "phone", "salt"])
class Contact(CustomerRecord):
    """How to reach whoever ordered."""

    personal_fields: ClassVar = ("name", "email", "phone")
    seen_with: ClassVar = "orders.reveal_customer"

    name = models.CharField(_("name"), max_length=200, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        default_permissions = ("view",)
        indexes = [models.Index(fields=["email"], name="contact_email")]

    def __str__(self) -> str:
        return self.name or str(_("(erased)"))


ADDRESS_FIELDS = ("name", "company", "line1", "line2", "postal_code", "city", "region", "country")


@sealed(erasable=[*ADDRESS_FIELDS, "salt"])
class Address(CustomerRecord):
    """Where a parcel or an invoice goes."""

    personal_fields: ClassVar = ADDRESS_FIELDS
    seen_with: ClassVar = "orders.view_address"

    name = models.CharField(_("name"), max_length=200, blank=True)
    company = models.CharField(_("company"), max_length=200, blank=True)
    line1 = models.CharField(_("street"), max_length=200, blank=True)
    line2 = models.CharField(_("addition"), max_length=200, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    city = models.CharField(_("city"), max_length=120, blank=True)
    region = models.CharField(_("region"), max_length=120, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)

    class Meta:
        verbose_name = _("address")
        verbose_name_plural = _("addresses")
        default_permissions = ("view",)

    def __str__(self) -> str:
        return ", ".join(self.printed_lines) or str(_("(erased)"))

    @property
    def printed_lines(self) -> list[str]:
        """The address as it stands on a label, without blank lines."""
        town = f"{self.postal_code} {self.city}".strip()
        return [
            line
            for line in (
                self.name,
                self.company,
                self.line1,
                self.line2,
                town,
                self.region,
                self.country,
            )
            if line
        ]
