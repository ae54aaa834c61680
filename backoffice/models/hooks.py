"""Webhooks out: who listens, what happened, and each attempt to say so."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.history import GuardedQuerySet, History
from backoffice.ids import uuid7
from backoffice.models.base import Audited, TimestampedModel, UUIDModel, VersionedModel
from backoffice.refused import Text


def new_secret() -> str:
    return f"whsec_{secrets.token_urlsafe(32)}"


class WebhookEndpointQuerySet(GuardedQuerySet):
    def listening(self) -> Self:
        return self.filter(is_active=True)


class WebhookEndpoint(UUIDModel, TimestampedModel, VersionedModel, Audited):
    """An address of another system that wants to hear of events; its secret signs them."""

    url = models.CharField(_("address"), max_length=500)
    description = models.CharField(_("whose it is"), max_length=200, blank=True)
    events = models.JSONField(_("events"), default=list)
    secret = models.CharField(_("secret"), max_length=80, default=new_secret, editable=False)
    is_active = models.BooleanField(_("active"), default=True)
    paused_at = models.DateTimeField(
        _("paused"),
        null=True,
        editable=False,
        help_text=_("Set by itself when nothing got through for a day; what waits is kept."),
    )

    objects = WebhookEndpointQuerySet.as_manager()
    # The secret would be readable for good in the record.
    history = History(excluded_fields=["secret"])

    class Meta:
        verbose_name = _("webhook endpoint")
        verbose_name_plural = _("webhook endpoints")
        ordering = ["url", "id"]
        base_manager_name = "objects"
        default_permissions = ("add", "change", "view")

    def __str__(self) -> str:
        return self.description or self.url


class WebhookHealth(models.Model):
    """Since when an endpoint fails; written by every delivery, so kept out of the audited table."""

    unaudited: ClassVar[Text] = _("Traffic; that an endpoint was paused stands in its history.")

    endpoint = models.OneToOneField(WebhookEndpoint, models.CASCADE, related_name="health")
    failing_since = models.DateTimeField(_("failing since"), null=True)
    ok_at = models.DateTimeField(_("last success"), null=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.endpoint_id}"


class OutgoingEvent(models.Model):
    """Something that happened and that others are told; written in its own transaction."""

    unaudited: ClassVar[Text] = _("A copy for others of what stands in the order's history.")

    uuid = models.UUIDField(default=uuid7, unique=True, editable=False)
    kind = models.CharField(_("event"), max_length=40)
    facts = models.JSONField(_("facts"))
    at = models.DateTimeField(_("when"), default=timezone.now)
    change_set = models.ForeignKey(
        "backoffice.ChangeSet",
        models.PROTECT,
        related_name="outgoing_events",
        verbose_name=_("change set"),
    )

    class Meta:
        verbose_name = _("outgoing event")
        verbose_name_plural = _("outgoing events")
        default_permissions = ()

    def __str__(self) -> str:
        return self.kind


class WebhookDeliveryQuerySet(models.QuerySet["WebhookDelivery"]):
    def due(self, now: datetime) -> Self:
        return self.filter(
            state=WebhookDelivery.State.WAITING,
            next_at__lte=now,
            endpoint__is_active=True,
            endpoint__paused_at=None,
        )


class WebhookDelivery(models.Model):
    """One event for one endpoint, until it got through or was given up."""

    unaudited: ClassVar[Text] = _("Traffic; whoever has one sent again stands among the events.")

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DELIVERED = "delivered", _("Delivered")
        GIVEN_UP = "given_up", _("Given up")

    event = models.ForeignKey(
        OutgoingEvent, models.CASCADE, related_name="deliveries", verbose_name=_("event")
    )
    endpoint = models.ForeignKey(
        WebhookEndpoint, models.PROTECT, related_name="deliveries", verbose_name=_("endpoint")
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_at = models.DateTimeField(_("next attempt"), default=timezone.now)
    ended_at = models.DateTimeField(_("ended"), null=True)

    objects = WebhookDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [("resend_webhookdelivery", "Can send webhooks again")]
        constraints = [
            models.UniqueConstraint(fields=["event", "endpoint"], name="webhook_delivery_once")
        ]
        indexes = [
            models.Index(
                fields=["next_at"], name="webhook_due", condition=models.Q(state="waiting")
            )
        ]

    def __str__(self) -> str:
        return f"{self.event} → {self.endpoint}"


class WebhookAttempt(models.Model):
    """One try to deliver: what came back, and how long it took."""

    unaudited: ClassVar[Text] = _("Traffic.")

    delivery = models.ForeignKey(WebhookDelivery, models.CASCADE, related_name="attempts")
    at = models.DateTimeField(_("when"), default=timezone.now)
    status = models.PositiveSmallIntegerField(_("status"), null=True)
    milliseconds = models.PositiveIntegerField(_("ms"), default=0)
    excerpt = models.CharField(_("answer"), max_length=500, blank=True)
    problem = models.CharField(_("problem"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ["-id"]
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.status or self.problem)
