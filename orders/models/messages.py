"""Letters to customers: what was written, to whom, and each try to deliver it."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.flows import Tone
from backoffice.models import PersonalRecord
from backoffice.refused import Text
from backoffice.sealed import sealed
from orders.models.orders import Fact, Order


class MessageQuerySet(models.QuerySet["Message"]):
    def with_state(self) -> Self:
        """Put the state of each letter on it: that of its last delivery, or "queued"."""
        last = Delivery.objects.filter(message=OuterRef("pk")).order_by("-id")
        return self.annotate(
            state=Coalesce(Subquery(last.values("state")[:1]), models.Value("queued")),
            error=Coalesce(Subquery(last.values("error")[:1]), models.Value("")),
        )

    def unsent(self) -> Self:
        """Return letters that nothing has become of yet, or whose last try failed."""
        return self.with_state().filter(state__in=("queued", Delivery.State.FAILED))


@sealed(erasable=["to", "subject", "text", "html", "salt"])
class Message(Fact, PersonalRecord):
    """A letter as it was written: once, under the click that caused it; only its words erasable."""

    class Template(models.TextChoices):
        CONFIRMATION = "confirmation", _("Confirmation")
        SHIPPED = "shipped", _("Shipped")
        CANCELLED = "cancelled", _("Cancelled")
        REFUNDED = "refunded", _("Refunded")

    personal_fields: ClassVar = ("to", "subject", "text", "html")
    seen_with: ClassVar = "orders.reveal_customer"
    state: str  # put here by MessageQuerySet.with_state
    error: str

    order = models.ForeignKey(Order, models.PROTECT, related_name="messages")
    template = models.CharField(_("letter"), max_length=20, choices=Template)
    to = models.EmailField(_("to"), blank=True)
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    text = models.TextField(_("text"), blank=True)
    html = models.TextField(_("HTML"), blank=True)
    resend_of = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="resends",
        verbose_name=_("sent again"),
    )

    objects = MessageQuerySet.as_manager()

    class Meta(Fact.Meta):
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        permissions = [("resend_message", "Can send a message again")]
        indexes = [
            models.Index(fields=["order", "-id"], name="message_order"),
            models.Index(fields=["template", "-id"], name="message_template"),
        ]

    def __str__(self) -> str:
        return str(self.get_template_display())

    @property
    def state_label(self) -> Text:
        return STATES[self.state][0]

    @property
    def state_tone(self) -> Tone:
        return STATES[self.state][1]

    @property
    def why_not(self) -> str:
        """Why it did not go out, in words; blank when it did."""
        return sentence_for(self.error)


@sealed()
class Delivery(models.Model):
    """One try to hand a letter to the mail server; it never holds whom it was for."""

    class State(models.TextChoices):
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed, tried again")
        REFUSED = "refused", _("Not sent")

    message = models.ForeignKey(Message, models.PROTECT, related_name="deliveries")
    at = models.DateTimeField(_("when"), default=timezone.now)
    state = models.CharField(_("state"), max_length=10, choices=State)
    error = models.CharField(
        _("why not"),
        max_length=80,
        blank=True,
        help_text=_("A key of REASONS, or the class of the mail server's error."),
    )

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["id"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["message"], condition=Q(state="sent"), name="delivery_sent_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()} {self.error}".strip()

    @property
    def why_not(self) -> str:
        return sentence_for(self.error)


STATES: dict[str, tuple[Text, Tone]] = {
    "queued": (_("Waiting"), "info"),
    "sent": (_("Sent"), "success"),
    "failed": (_("Failed"), "warning"),
    "refused": (_("Not sent"), "danger"),
}
# Why a letter did not go out and is not tried again.
REASONS: dict[str, Text] = {
    "no_address": _("There is no e-mail address on the order's contact."),
    "erased": _("The customer's data were erased."),
    "bad_address": _("The e-mail address is none."),
    "bad_header": _("The letter's head cannot be sent."),
    "rejected": _("The mail server does not know this address."),
}


def sentence_for(error: str) -> str:
    """Return why a letter did not go out, in words; a mail server's error keeps its name."""
    if not error or error in REASONS:
        return str(REASONS.get(error, ""))
    return str(_("The mail server did not take it ({error}).")).format(error=error)
