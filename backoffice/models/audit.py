"""The record of who did what: change sets, where they came from, and events without a row."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice import scrub
from backoffice.ids import uuid7
from backoffice.models.base import PersonalRecord
from backoffice.sealed import sealed

if TYPE_CHECKING:
    from backoffice.changes import Change


@sealed(erasable=["name", "ip", "user_agent", "salt"])
class Origin(PersonalRecord):
    """Who and from where, in words: the personal half of a change set."""

    personal_fields = ("name", "ip", "user_agent")

    name = models.CharField(_("name"), max_length=320, blank=True)
    ip = models.CharField(_("IP address"), max_length=45, blank=True)
    user_agent = models.CharField(_("browser"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("origin")
        verbose_name_plural = _("origins")
        default_permissions = ()
        indexes = [models.Index(fields=["ip"], name="origin_ip", condition=~models.Q(ip=""))]

    def __str__(self) -> str:
        return self.name or str(_("erased"))


@sealed()
class ChangeSet(models.Model):
    """One click, request, job or command that changed something; all that it wrote refers here."""

    class ActorKind(models.TextChoices):
        STAFF = "staff", _("Staff")
        CUSTOMER = "customer", _("Customer")
        TOKEN = "token", _("Token")
        JOB = "job", _("Job")
        SYSTEM = "system", _("System")

    class Channel(models.TextChoices):
        ADMIN = "admin", _("Console")
        API = "api", _("API")
        SHOP = "shop", _("Shop")
        IMPORT = "import", _("Import")
        COMMAND = "command", _("Command")
        WEBHOOK = "webhook", _("Webhook")
        JOB = "job", _("Job")

    uuid = models.UUIDField(_("public id"), default=uuid7, unique=True, editable=False)
    at = models.DateTimeField(_("when"), db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="change_sets",
        verbose_name=_("who"),
    )
    actor_kind = models.CharField(_("kind of actor"), max_length=10, choices=ActorKind)
    channel = models.CharField(_("door"), max_length=10, choices=Channel)
    action = models.CharField(_("action"), max_length=80, blank=True)
    reason_code = models.CharField(_("reason code"), max_length=40, blank=True)
    note = models.TextField(_("reason"), blank=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True)
    # The key of what must happen once: written with its first effect, so it tells whether it did.
    once_key = models.CharField(max_length=80, null=True, unique=True, editable=False)
    origin = models.OneToOneField(
        Origin, models.PROTECT, null=True, related_name="change_set", verbose_name=_("origin")
    )

    class Meta:
        verbose_name = _("change set")
        verbose_name_plural = _("change sets")
        ordering = ["-id"]
        default_permissions = ("view",)
        indexes = [
            models.Index(
                fields=["request_id"], name="change_set_request", condition=~models.Q(request_id="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action or self.get_channel_display()} {self.at:%Y-%m-%d %H:%M}"

    @classmethod
    def write(cls, change: Change) -> ChangeSet:
        """Write the row of an open change, and its origin; only `changes` calls this."""
        actor = change.actor
        if actor is not None and not actor.is_authenticated:
            actor = None
        origin = Origin(
            name=actor.get_full_name()[:320] if actor else "",
            ip=change.caller.ip[:45],
            user_agent=change.caller.user_agent[:300],
        )
        origin.save()
        kind = cls.ActorKind.SYSTEM
        if actor is not None:
            kind = cls.ActorKind.STAFF if actor.is_staff else cls.ActorKind.CUSTOMER
            kind = cls.ActorKind.TOKEN if change.is_token else kind
        row = cls(
            at=change.at or timezone.now(),
            actor_id=actor.pk if actor else None,
            actor_kind=kind,
            channel=change.channel,
            action=change.action[:80],
            reason_code=change.reason_code[:40],
            note=inert(change.note),
            request_id=change.caller.request_id[:64],
            once_key=change.once_key or None,
            origin=origin,
        )
        row.save(force_insert=True)
        return row

    @property
    def who(self) -> str:
        """Return the actor in words, as they were called then."""
        if self.actor_id is None:
            return str(_("System"))
        return self.origin.name if self.origin and self.origin.name else str(_("(erased)"))

    @property
    def why(self) -> str:
        """Return reason code and note in one line."""
        code = self.reason_code.replace("_", " ").capitalize()
        return " – ".join(part for part in (code, self.note) if part)


@sealed()
class AuditEvent(models.Model):
    """What is not a row change: sign-ins, exports, role changes, lifted protection."""

    # The kind that the verifier looks for beside each erased row.
    ERASURE = "erasure"
    REFUSED = "step_refused"

    change_set = models.ForeignKey(
        ChangeSet, models.PROTECT, related_name="events", verbose_name=_("change set")
    )
    at = models.DateTimeField(_("when"), db_index=True)
    kind = models.CharField(_("kind"), max_length=60)
    subject_kind = models.CharField(_("about"), max_length=80, blank=True)
    subject_key = models.CharField(_("key"), max_length=64, blank=True)
    detail = models.JSONField(_("detail"), default=dict, blank=True)

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        ordering = ["-id"]
        default_permissions = ("view",)
        indexes = [models.Index(fields=["kind", "-id"], name="event_kind")]

    def __str__(self) -> str:
        return self.kind

    @property
    def title(self) -> str:
        return self.kind.replace("_", " ").capitalize()

    @classmethod
    def record(cls, kind: str, *, subject: models.Model | None = None, **detail: Any) -> AuditEvent:
        """Record an event under the open change; detail: plain values, never personal data."""
        from backoffice import changes

        change_set = changes.require()
        return cls.objects.create(
            change_set=change_set,
            at=changes.moment(),
            kind=kind,
            subject_kind=subject._meta.label if subject is not None else "",
            subject_key=str(subject.pk) if subject is not None else "",
            detail={inert(name): _inert(value, name) for name, value in detail.items()},
        )


# Controls but for tab and line feed, and what turns the direction of writing: they could hide text
# from whoever reads the record in a terminal, a table or a file.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_SECRET_NAMES = re.compile(
    r"pass(word|phrase)?$|secret|api_?key|private_?key|^token$|cvv|cvc|card_?number|authorization",
    re.IGNORECASE,
)


def inert(text: str) -> str:
    """Return a text without card numbers, secrets and control characters."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", scrub.clean(text))


def _inert(value: Any, name: str = "") -> Any:
    """Return plain values in which every text is inert; what is called a secret is not kept."""
    if isinstance(value, str):
        return scrub.HIDDEN if value and _SECRET_NAMES.search(name) else inert(value)
    if isinstance(value, int) and not isinstance(value, bool):
        cleaned = inert(str(value))
        return value if cleaned == str(value) else cleaned
    if isinstance(value, dict):
        return {_inert(str(key)): _inert(part, str(key)) for key, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_inert(part, name) for part in value]
    return value
