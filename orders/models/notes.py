"""What staff tell each other about orders and customers, and who is at work on what."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.history import History
from backoffice.models import Audited
from backoffice.sealed import sealed
from orders.models.orders import Fact, Order


@sealed()
class OrderNote(Fact):
    """What staff tell each other about an order."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="notes")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="order_notes",
        verbose_name=_("author"),
    )
    body = models.TextField(_("note"), max_length=4000)

    class Meta(Fact.Meta):
        verbose_name = _("note")
        verbose_name_plural = _("notes")

    def __str__(self) -> str:
        return self.body[:60]


@sealed()
class CustomerNote(Fact):
    """What staff tell each other about a customer."""

    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="notes_about",
        verbose_name=_("customer"),
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="customer_notes",
        verbose_name=_("author"),
    )
    body = models.TextField(_("note"), max_length=4000)

    class Meta(Fact.Meta):
        verbose_name = _("customer note")
        verbose_name_plural = _("customer notes")

    def __str__(self) -> str:
        return self.body[:60]


class Mention(models.Model):
    """A colleague named in a note; it waits in their inbox until they have read it."""

    note = models.ForeignKey(OrderNote, models.PROTECT, null=True, related_name="mentions")
    customer_note = models.ForeignKey(
        CustomerNote, models.PROTECT, null=True, related_name="mentions"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="order_mentions"
    )
    read_at = models.DateTimeField(_("read"), null=True)

    class Meta:
        ordering = ["-id"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["note", "user"], name="mention_once"),
            models.UniqueConstraint(
                fields=["customer_note", "user"], name="mention_once_of_customer"
            ),
            models.CheckConstraint(
                condition=Q(note__isnull=True) ^ Q(customer_note__isnull=True),
                name="mention_in_one_note",
            ),
        ]
        indexes = [models.Index(fields=["user", "read_at"], name="mention_inbox")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.note_id or self.customer_note_id}"


class OrderTag(Audited):
    """A word on an order, to find it by."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="tags")
    name = models.CharField(_("tag"), max_length=40, db_index=True)

    named_by = ("order",)
    history = History(owner="order")

    class Meta:
        verbose_name = _("order tag")
        verbose_name_plural = _("order tags")
        ordering = ["name"]
        base_manager_name = "objects"
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["order", "name"], name="order_tag_once")]

    def __str__(self) -> str:
        return self.name


class Presence(models.Model):
    """Who has an order open at the moment; traffic, so it has no history."""

    order = models.OneToOneField(Order, models.CASCADE, related_name="presence")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="order_presences"
    )
    since = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.user_id} at {self.order_id}"
